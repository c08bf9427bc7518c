"""Charts as SVG text. Everything in them is escaped here, and coloured by classes: the pages allow no `style=`."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from shared.contracts.numbers import Fraction, shown

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


@dataclass(frozen=True, slots=True)
class Line:
    """A unit through the year: its name and its total at each day; None where there is none."""

    name: str
    totals: Sequence[Fraction | None]


BROAD, NARROW = ("broad", 1000, 380, 170), ("narrow", 400, 300, 140)
"""Two drawings: class, width, height, and the room for names at the end."""

LABEL = 18


def lines(drawn: Sequence[Line], days: Sequence[str]) -> Markup:
    """Totals through the year, each line with its name at its end; broad, and narrow for phones.

    It is hidden from readers by ear: the table beside it has the figures.
    """
    return Markup("").join(_lines(drawn, days, *size) for size in (BROAD, NARROW))


def _lines(drawn: Sequence[Line], days: Sequence[str], kind: str, width: int, height: int, room: int) -> Markup:
    found = [total for line in drawn for total in line.totals if total is not None]
    low, high = min([ZERO, *found]), max([Fraction(1), *found])
    right, bottom = Fraction(width - room), Fraction(height - LABEL - 6)

    def x(place: int) -> Fraction:
        return right * place / max(1, len(days) - 1)

    def y(total: Fraction) -> Fraction:
        return bottom - (bottom - LABEL) * (total - low) / (high - low)

    pieces = [Markup('<svg class="lines {}" viewBox="0 0 {} {}" aria-hidden="true">').format(kind, width, height)]
    grid = Markup('<line class="grid" x1="0" y1="{0}" x2="{1}" y2="{0}"/><text class="soft" x="0" y="{0}">{2}</text>')
    pieces += [grid.format(shown(y(total)), shown(right), shown(total)) for total in dict.fromkeys((low, high))]
    day = Markup('<text class="soft{}" x="{}" y="{}">{}</text>')
    for place, end in dict.fromkeys(((0, ""), (len(days) - 1, " end"))) if days else ():
        pieces.append(day.format(end, shown(x(place)), height - 4, days[place]))
    ends: list[tuple[Fraction, int, str]] = []
    for number, line in enumerate(drawn):
        points = [(x(place), y(total)) for place, total in enumerate(line.totals) if total is not None]
        text = " ".join(f"{shown(left)},{shown(top)}" for left, top in points)
        pieces.append(Markup('<polyline class="line line-{}" points="{}"/>').format(number % 6 + 1, text))
        ends += [(points[-1][1], number, line.name)] if points else []
    label = Markup(
        '<line class="line-{0}" x1="{1}" y1="{2}" x2="{3}" y2="{4}"/><text class="name" x="{5}" y="{6}">{7}</text>'
    )
    for end, (top, number, name) in zip(sorted(ends), _apart(ends, bottom), strict=True):
        places = map(shown, (right, end[0], right + 10, top, right + 14, top + 5))
        pieces.append(label.format(number % 6 + 1, *places, name))
    return Markup("").join([*pieces, Markup("</svg>")])


def _apart(ends: Sequence[tuple[Fraction, int, str]], bottom: Fraction) -> list[tuple[Fraction, int, str]]:
    """Move names that would lie over each other apart, downwards, and all up where the last would leave the chart."""
    found: list[tuple[Fraction, int, str]] = []
    for top, number, name in sorted(ends):
        least = found[-1][0] + LABEL if found else top
        found.append((max(top, least), number, name))
    over = max(found[-1][0] - bottom, ZERO) if found else ZERO
    return [(top - over, number, name) for top, number, name in found]


def _rect(colour: str, start: Fraction, end: Fraction, full: Fraction, gap: Fraction) -> Markup:
    scale = WIDTH / full if full > 0 else ZERO
    left = min(start * scale, Fraction(WIDTH)) + gap
    width = max(min(end * scale, Fraction(WIDTH)) - left, ZERO)
    top, height = (8, 8) if colour == "reach" else (0, 24)
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        colour, shown(left), top, shown(width), height
    )
