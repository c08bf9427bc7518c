"""Charts as SVG text. Everything in them is escaped here, and coloured by classes: the pages allow no `style=`."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from markupsafe import Markup

from shared.contracts.numbers import shown

COLOURS = ("part-1", "part-2", "part-3")
SUPERVISION = "part-4"
WIDTH = 1000
HAIR = Fraction(2)
ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A segment of a bar: its colour's class and its points; what is below 0 is not drawn."""

    colour: str
    points: Fraction


def bar(parts: Sequence[Part], attainable: Fraction, full: Fraction) -> Markup:
    """A stacked bar on a track of `full` points, with a thin line on to what can still be reached.

    It is hidden from readers by ear: the figures are printed beside it.
    """
    pieces = [Markup('<svg class="bar" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">')]
    pieces.append(Markup('<rect class="track" x="0" y="0" width="1000" height="24"/>'))
    at = ZERO
    for part in parts:
        start, at = at, at + max(part.points, ZERO)
        pieces.append(_rect(part.colour, start, at, full, HAIR if start else ZERO))
    if attainable > at:
        pieces.append(_rect("reach", at, attainable, full, HAIR))
    pieces.append(Markup("</svg>"))
    return Markup("").join(pieces)


def progress(ratio: Fraction, colour: str | None = None) -> Markup:
    """How much of a target is reached; beyond it the bar is full. Without a colour it tells reached from not yet."""
    width = min(max(ratio, ZERO), Fraction(1)) * WIDTH
    return Markup(
        '<svg class="bar progress" viewBox="0 0 1000 24" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="track" x="0" y="0" width="1000" height="24"/>'
        '<rect class="{}" x="0" y="0" width="{}" height="24"/></svg>'
    ).format(colour or ("reached" if ratio >= 1 else "part-1"), shown(width))


def _rect(colour: str, start: Fraction, end: Fraction, full: Fraction, gap: Fraction) -> Markup:
    scale = WIDTH / full if full > 0 else ZERO
    left = min(start * scale, Fraction(WIDTH)) + gap
    width = max(min(end * scale, Fraction(WIDTH)) - left, ZERO)
    top, height = (8, 8) if colour == "reach" else (0, 24)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        colour, shown(left), top, shown(width), height
    )
