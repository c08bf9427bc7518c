import re
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from web.charts import Part, bar, progress

POINTS = st.fractions(-10, 60, max_denominator=1000)
RECT = re.compile(r'<rect class="([^"]*)" x="([^"]*)" y="[^"]*" width="([^"]*)"')


@given(st.lists(POINTS, max_size=6), POINTS, st.sampled_from([Fraction(0), Fraction(120)]))
def test_a_bar_never_leaves_its_track(points, attainable, full):
    """Whatever the points: negative, beyond the full, or on no scale at all."""
    drawn = RECT.findall(bar([Part("part-1", each) for each in points], attainable, full))
    for _, left, width in drawn:
        assert Fraction(width) >= 0
        assert 0 <= Fraction(left) <= 1002
        assert Fraction(left) + Fraction(width) <= 1000 or not Fraction(width)


def test_segments_lie_side_by_side_in_proportion():
    """30 and 15 of 120 points, then a line to 60."""
    drawn = RECT.findall(bar([Part("part-1", Fraction(30)), Part("part-2", Fraction(15))], Fraction(60), Fraction(120)))
    assert drawn[1:] == [("part-1", "0.00", "250.00"), ("part-2", "252.00", "123.00"), ("reach", "377.00", "123.00")]


def test_what_stands_in_a_chart_is_escaped():
    """A colour comes from our own code; even so it cannot leave its attribute."""
    assert '"><script>' not in bar([Part('"><script>', Fraction(1))], Fraction(0), Fraction(2))
    assert '"><script>' not in progress(Fraction(1), '"><script>')
