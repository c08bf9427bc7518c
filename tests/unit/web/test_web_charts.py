import re
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from web.charts import BROAD, LABEL, NARROW, Line, Part, bar, lines, progress

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


POLYLINE = re.compile(r'points="([^"]*)"')
NAMES = re.compile(r'<text class="name" x="([^"]*)" y="([^"]*)">')
TOTALS = st.lists(st.one_of(st.none(), POINTS), min_size=3, max_size=3)


@given(st.lists(TOTALS, max_size=8))
def test_lines_stay_within_their_drawing_and_names_apart(totals):
    """Whatever the totals, also negative, all alike, or none: every point and name lies in its drawing."""
    drawn = lines([Line(f"u{number}", each) for number, each in enumerate(totals)], ["a", "b", "c"])
    for svg, (_, width, height, room) in zip(drawn.split("</svg>"), (BROAD, NARROW), strict=False):
        pairs = [point.split(",") for text in POLYLINE.findall(svg) for point in text.split()]
        assert all(0 <= Fraction(x) <= width - room and 0 <= Fraction(y) <= height for x, y in pairs)
        names = [Fraction(y) for _, y in NAMES.findall(svg)]
        assert len(names) == sum(any(each is not None for each in some) for some in totals)
        assert all(later - earlier >= LABEL - Fraction(1, 50) for earlier, later in pairwise(names))
        assert all(y <= height for y in names)


def test_lines_follow_totals():
    """Two days, from 0 to the greatest: left and low, then right and high; what is unknown is left out."""
    drawn = lines([Line("<b>", [Fraction(0), Fraction(50)]), Line("c", [None, Fraction(50)])], ["d1", "d2"])
    assert POLYLINE.findall(drawn)[:2] == ["0.00,356.00 830.00,18.00", "830.00,18.00"]
    assert "<b>" not in drawn
    assert "&lt;b&gt;" in drawn
