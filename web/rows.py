"""A unit of a standing as a page shows it: its place, its bar, its blocks in order, and what is wanting."""

from dataclasses import dataclass

from markupsafe import Markup

from shared.contracts.numbers import Fraction, read_points, shown
from web.answers import BlockPoints, IndicatorPoints, LastChange, Standing, UnitRow
from web.charts import SUPERVISION, Part, bar
from web.names import Names

DEFAULT_FULL = Fraction(100)


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a unit's total with its name and colour; `block` is the block it belongs to."""

    block: str
    name: str
    colour: str
    points: Fraction
    max: Fraction

    @property
    def shown(self) -> str:
        """The points to two places."""
        return shown(self.points)

    @property
    def shown_max(self) -> str:
        """The maximum without empty places."""
        return plain(self.max)


@dataclass(frozen=True, slots=True)
class Row:
    """One unit, ready to be shown."""

    unit: str
    name: str
    rank: int | None
    tied: bool
    total: str
    attainable: str
    provisional: bool
    moved: int
    last: LastChange | None
    grade: str | None
    segments: tuple[Segment, ...]
    bar: Markup
    pending: tuple[str, ...]
    conflicts: tuple[str, ...]
    indicators: dict[str, IndicatorPoints]


def plain(value: Fraction) -> str:
    """A number with as many places as it needs, at most two."""
    return shown(value).removesuffix("0").removesuffix("0").removesuffix(".") if "." in shown(value) else shown(value)


def quantity(text: str | None) -> str:
    """An exact figure as people write it: a decimal where there is a short one, else two places; a word as it is."""
    if text is None:
        return "—"
    try:
        value = read_points(text)
    except ValueError:
        return text
    places = next((places for places in range(7) if (value * 10**places).denominator == 1), 2)
    return shown(value, places)


def number(text: str | None) -> Fraction:
    """A number of a standing, exact or shown; 0 where there is none."""
    try:
        return read_points(text) if text else Fraction(0)
    except ValueError:
        return Fraction(0)


def rounded(exact: str) -> str:
    """A change with its sign, to two places."""
    value = number(exact)
    return f"+{shown(value)}" if value > 0 else shown(value)


def rows(standing: Standing, names: Names) -> list[Row]:
    """Every unit of a standing, in its order, with bars on one scale."""
    full = names.full() or max((_full(unit) for unit in standing.units), default=DEFAULT_FULL) or DEFAULT_FULL
    return [row(unit, names, full) for unit in standing.units]


def row(unit: UnitRow, names: Names, full: Fraction) -> Row:
    """One unit, its bar on a scale of `full` points."""
    parts = segments(unit, names)
    return Row(
        unit=unit.unit,
        name=names.unit(unit.unit) if names.rubric else unit.name or unit.unit,
        rank=unit.rank,
        tied=unit.tied,
        total=unit.total,
        attainable=unit.attainable,
        provisional=unit.provisional,
        moved=unit.moved,
        last=unit.last,
        grade=unit.grade,
        segments=parts,
        bar=bar([Part(part.colour, part.points) for part in parts], number(unit.attainable), full),
        pending=in_state(unit, "pending"),
        conflicts=in_state(unit, "conflict"),
        indicators=unit.indicators,
    )


def in_state(unit: UnitRow, state: str) -> tuple[str, ...]:
    """The ids of a unit's indicators in a state."""
    return tuple(name for name, points in unit.indicators.items() if points.state == state)


def segments(unit: UnitRow, names: Names) -> tuple[Segment, ...]:
    """A unit's blocks in order; an indicator that only deducts is taken out of its block and stands for itself."""
    found: list[Segment] = []
    for block in names.blocks(unit.blocks):
        held = unit.blocks.get(block, BlockPoints())
        if held.points is None:
            continue
        points, most = number(held.exact or held.points), number(held.max)
        apart: list[Segment] = []
        for name, each in unit.indicators.items():
            if names.takes(name) and names.block_of(name) == block:
                apart.append(Segment(block, names.indicator(name), SUPERVISION, number(each.exact), number(each.max)))
        points -= sum(part.points for part in apart)
        most -= sum(part.max for part in apart)
        found += [Segment(block, names.block(block), names.colour(block, unit.blocks), points, most), *apart]
    return tuple(found)


def _full(unit: UnitRow) -> Fraction:
    return sum((number(block.max) for block in unit.blocks.values()), Fraction(0))
