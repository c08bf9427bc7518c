import math
import operator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import numbers
from shared.contracts.numbers import exact, fraction, plain, read_points, shown

LITERALS = {
    "5.0": "5",
    "-0": "0",
    "-0.0e5": "0",
    "1e3": "1000",
    "1E+2": "100",
    "12e-1": "1.2",
    "-12.340e-2": "-0.1234",
    "0e10": "0",
    "100": "100",
    "0.50": "0.5",
}


@pytest.mark.parametrize(("literal", "decimal"), LITERALS.items())
def test_a_number_becomes_the_shortest_plain_decimal(literal, decimal):
    """Exponents are written out, zeros that say nothing go, and there is no negative zero."""
    assert plain(literal) == decimal


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_a_number_keeps_its_value(literal):
    """Turning a literal into a plain decimal loses nothing, and doing it again changes nothing."""
    decimal = plain(literal)
    assert Fraction(decimal) == Fraction(Decimal(literal))
    assert fraction(decimal) == Fraction(decimal)
    assert plain(decimal) == decimal


@pytest.mark.parametrize("literal", ["1e4001", "1e-4001", "1e" + "9" * 100_000, "0e5000", "abc", "", "1.", ".5", "+1"])
def test_exponents_beyond_4000_and_what_is_no_number_are_refused(literal):
    """A short literal may not become a megabyte of zeros."""
    with pytest.raises(ValueError, match=r"exponent|not a JSON number"):
        plain(literal)


def test_the_largest_exponent_is_read():
    """±4000 is inside."""
    assert fraction(plain("1e4000")) == 10**4000
    assert fraction(plain("1e-4000")) == Fraction(1, 10**4000)


@pytest.mark.parametrize("text", ["", "+1", "1.", ".5", "1e3", " 1", "1\n", "٣", "５", "--1", "0x1", "1_000", "NaN"])
def test_only_ascii_decimals_are_fractions(text):
    r"""A decimal string is `-?[0-9]+(\.[0-9]+)?`, and nothing Python would also take."""
    with pytest.raises(ValueError, match="is not a decimal"):
        fraction(text)


def test_a_string_may_have_zeros_that_say_nothing():
    """Strings are not shortened, only read."""
    assert fraction("-007.500") == Fraction(-15, 2)


SHOWN = {
    Fraction(37, 2): "18.50",
    Fraction(1, 200): "0.01",
    Fraction(-1, 200): "-0.01",
    Fraction(-1, 1000): "0.00",
    Fraction(0): "0.00",
    Fraction(199999, 20000): "10.00",
    Fraction(-5): "-5.00",
}


@pytest.mark.parametrize(("value", "text"), SHOWN.items())
def test_points_are_shown_half_up_away_from_zero(value, text):
    """Two places, and `-0.00` is `0.00`."""
    assert shown(value) == text


def test_other_places_can_be_shown():
    """Places are counted from the point; none leaves the point out."""
    assert shown(Fraction(5, 2), 0) == "3"
    assert shown(Fraction(1, 16), 3) == "0.063"


def test_exact_points_are_reduced_fractions():
    """A whole number stands alone."""
    assert exact(Fraction(37, 2)) == "37/2"
    assert exact(Fraction(36, 2)) == "18"


@given(st.fractions())
def test_what_is_shown_is_nearest(value):
    """Shown and exact are never further apart than half of the last place."""
    assert abs(Fraction(shown(value)) - value) <= Fraction(1, 200)


@given(st.fractions())
def test_points_are_read_back_as_they_were_written(value):
    """Exact, and shown with as many places as they have."""
    assert read_points(exact(ours(value))) == value
    assert read_points(shown(value)) == Fraction(shown(value))


@pytest.mark.parametrize("text", ["", "1/0", "1/", "/2", "1/-2", "1/2/3", "1e3", "٣", " 1", "+1", "1_0"])
def test_what_no_standing_writes_is_no_points(text):
    """It is refused, not guessed at."""
    with pytest.raises(ValueError, match="write"):
        read_points(text)


WIDE = st.fractions() | st.builds(Fraction, st.integers(), st.integers(min_value=1))


@given(WIDE, WIDE)
def test_compiled_fractions_are_the_standard_librarys(one, other):
    """In every operation that is used, however wide the numbers; also where both kinds meet."""
    ours_one, ours_other = ours(one), ours(other)
    for operation in (operator.add, operator.sub, operator.mul, operator.lt, operator.le, operator.eq, min, max):
        assert operation(ours_one, ours_other) == operation(one, other) == operation(ours_one, other)
    if other:
        for operation in (operator.truediv, operator.floordiv, operator.mod):
            assert operation(ours_one, ours_other) == operation(one, other)
    for alone in (operator.neg, abs, hash, str, bool, round, int, math.floor, math.ceil):
        assert alone(ours_one) == alone(one)
    assert (ours_one.numerator, ours_one.denominator) == (one.numerator, one.denominator)


def ours(value: Fraction) -> numbers.Fraction:
    return numbers.Fraction(value.numerator, value.denominator)
