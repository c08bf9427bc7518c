"""Exact numbers: decimal strings in, fractions inside, two shown places out.

Nothing here is ever a float: `5605` people and `0.1` points are read and kept exactly.
"""

import re
import sys

from quicktions import Fraction  # the standard library's, compiled; takes a tenth of the time

# Points are sums of exact fractions, and an exponent of 4000 is legal: Python's guard against long conversions (4300
# digits) would refuse them. Length is bounded where text comes in: 8192 characters a value, 256 KiB an entry.
sys.set_int_max_str_digits(0)

LARGEST_EXPONENT = 4000
"""JSON exponents beyond this, either way, are refused: `1e999999` would be a megabyte of zeros."""

DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
"""A decimal string, to be matched in full."""

_LITERAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?)0*([0-9]+))?")


def fraction(text: str) -> Fraction:
    r"""Read a decimal string such as `-12.50` exactly.

    Raises:
        ValueError: The text is not `-?[0-9]+(\.[0-9]+)?` in ASCII.

    """
    if not DECIMAL.fullmatch(text):
        message = f"{text[:40]!r} is not a decimal: write digits, with at most one point, as in 12.5"
        raise ValueError(message)
    whole, _, decimals = text.partition(".")
    return Fraction(int(whole + decimals), 10 ** len(decimals)) if decimals else Fraction(int(whole))


def read_points(text: str) -> Fraction:
    """Read a number as a standing writes it, exact or shown: `37/2`, `18.50`.

    Raises:
        ValueError: No standing writes this.

    """
    above, slash, below = text.partition("/")
    if not slash:
        return fraction(above)
    if below.strip("0") == "" or not below.isdecimal():
        message = f"{text[:40]!r} is no fraction: write 37/2"
        raise ValueError(message)
    return fraction(above) / fraction(below)


def plain(literal: str) -> str:
    """Turn a JSON number literal into the shortest plain decimal: `5.0` to `5`, `-0` to `0`, `1e3` to `1000`.

    Raises:
        ValueError: The literal is no JSON number, or its exponent lies beyond ±4000.

    """
    if literal.isdecimal() and literal.isascii() and literal[0] != "0":
        return literal
    match = _LITERAL.fullmatch(literal)
    if match is None:
        message = f"{literal[:40]!r} is not a JSON number"
        raise ValueError(message)
    sign, whole, decimals, direction, size = match.groups("")
    if len(size) > len(str(LARGEST_EXPONENT)) or int(size or 0) > LARGEST_EXPONENT:
        message = f"the exponent of {literal[:40]} lies beyond ±{LARGEST_EXPONENT}: write the number out"
        raise ValueError(message)
    exponent = -int(size or 0) if direction == "-" else int(size or 0)
    return _placed(sign, whole + decimals, len(whole) + exponent)


def _placed(sign: str, digits: str, point: int) -> str:
    """Write `digits` with the decimal point before index `point`, which may lie outside of them."""
    if point > len(digits):
        digits = digits.ljust(point, "0")
    elif point < 0:
        digits, point = digits.rjust(len(digits) - point, "0"), 0
    whole = digits[:point].lstrip("0") or "0"
    decimals = digits[point:].rstrip("0")
    text = f"{whole}.{decimals}" if decimals else whole
    return text if text == "0" else sign + text


def exact(value: Fraction) -> str:
    """Write a fraction in its lowest terms: `37/2`, `18`."""
    return str(value)


def rounded(value: Fraction, places: int = 2) -> int:
    """Round half up, away from zero, to `places` decimals, and give the number without its point: 1850 for 18.50."""
    numerator, denominator = value.numerator, value.denominator
    nearest = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    return -nearest if numerator < 0 else nearest


def shown(value: Fraction, places: int = 2) -> str:
    """Write a number rounded half up, away from zero, to `places` decimals: `18.50`; never `-0.00`."""
    number = rounded(value, places)
    digits = str(abs(number)).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits
