"""Facts made up to try rules on: the same ones each time, small, and full of the values where rules bend."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from itertools import pairwise, zip_longest
from math import ceil
from typing import Any, TypeVar, cast

from shared.contracts.numbers import Fraction
from shared.rubric.checks.edges import edges, met
from shared.rubric.facts import Award, Figure, UnitFacts, Value
from shared.rubric.model import DISTRICT, Indicator, Line, Measure
from shared.rubric.outcome import Case
from shared.rubric.rubric import Rubric
from shared.rubric.rules.grammar import Condition, Points, Quantity
from shared.rubric.rules.limits import Cliff
from shared.rubric.rules.occasions import Group
from shared.rubric.rules.proportion import Proportion
from shared.rubric.rules.quantities import Number, Reported, Vote
from shared.rubric.rules.scales import Step
from shared.rubric.ruleset import Rules
from shared.rubric.trial import facts_of

T = TypeVar("T")
Row = Figure | Award
Rows = Mapping[str, Sequence[Row]]
"""Made-up facts by unit, and under `district` those of none."""

Values = Mapping[tuple[str, str], Fraction]
"""Values by (indicator, measure)."""

_NAMES = ("a", "b", "c", "d")
_CROWDED = 5
_PLAIN = tuple(Fraction(number) for number in (0, 1, 2, 10, 100))
_MOST_VALUES = 60
_MOST_NAMES = 400


class Walk:
    """Picks without chance: a fixed sequence that looks as if it were one (a linear congruence, Knuth's constants)."""

    def __init__(self, start: int = 1) -> None:
        """Start somewhere."""
        self._state = start

    def below(self, bound: int) -> int:
        """Give a number from 0 to `bound` - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % bound

    def pick(self, among: Sequence[T]) -> T:
        """Give one of several."""
        return among[self.below(len(among))]


def known(rows: Rows, rules: Rules) -> dict[str, UnitFacts]:
    """Give the facts as the rules take them: without what their readings leave out, of figures the latest."""
    return {
        unit: facts_of(
            rules,
            [row for row in own if isinstance(row, Figure)],
            [row for row in own if isinstance(row, Award)],
        )
        for unit, own in rows.items()
    }


class Situations:
    """Made-up facts for one indicator: what its rule looks at under any of some tables of readings."""

    def __init__(self, rubric: Rubric, owner: Indicator, tables: Sequence[Mapping[str, str]]) -> None:
        """Look what the rule uses, and which numbers stand in it."""
        compiled = [rubric.compiled(owner.id, table) for table in tables]
        self.owner = owner
        self.cohort = any(uses.cohort for _, uses in compiled)
        nodes = [node for rule, _ in compiled if rule is not None for node in _nodes(rule)]
        numbers = [number for table in rubric.baselines.values() for number in table.values()]
        stated = _numbers(nodes)
        self._numbers = _interesting([*stated, *numbers])
        self._lists = tuple(dict.fromkeys(name for node in nodes if isinstance(node, Vote) for name in node.worth))
        asked = {measure for _, uses in compiled for measure in uses.measures}
        self._measures = [
            (indicator, rubric.indicators[indicator].measures[name], district)
            for indicator, name, district in sorted(asked)
        ]
        holders = dict.fromkeys([owner.id, *sorted(name for _, uses in compiled for name in uses.indicators)])
        self._lines = [(name, line) for name in holders for line in rubric.indicators[name].lines.values()]
        self._alone = _one_each(self._measures, self._numbers)
        self._even = _even_shares(nodes)
        self._rules, self._edges = rubric.under(tables[0]), edges(nodes)
        self._crowd = _crowd([line for _, line in self._lines], [*stated, *map(Fraction, _kept(nodes))])
        starts = {day for name in holders for day in rubric.indicators[name].counts_from.values()}
        turns = (rubric.start, rubric.end, *starts, *(day - timedelta(days=1) for day in starts))
        self._days = sorted({day for day in turns if rubric.start <= day <= rubric.end})

    def each(self, most: int) -> Iterator[Rows]:
        """Give as many situations as asked for, plain ones first."""
        walk = Walk()
        for count in range(most):
            # At first few facts at a time, then more of them; now and then as many awards as any cap could hold.
            dense = 1 + count % 6
            names = self._crowd if count % 18 == _CROWDED else _NAMES
            units = self.owner.units if self.cohort else (walk.pick(self.owner.units),)
            rows = {unit: self._rows(walk, dense, names, district=False) for unit in units}
            district = self._rows(walk, dense, names, district=True)
            yield self._aimed(count, {**rows, DISTRICT: district})

    def alone(self, line: Line, points: Fraction) -> Rows:
        """Give the situation where one award or deduction is all there is."""
        row = Award(self.owner.id, line.id, "a", points, self._days[-1], 1)
        return {self.owner.units[0]: [row]}

    def _aimed(self, count: int, rows: Rows) -> Rows:
        """Let figures take values that chance may pass over: each of its own, the same share of targets, or an edge."""
        if count % 4 == 3 and self._edges:
            return self._at_an_edge(count // 4, rows)
        turns = self._alone if count % 2 == 0 else self._even if count % 4 == 1 else []
        if not turns:
            return rows
        values = turns[count // 4 % len(turns)] if turns is self._even else turns[count // 2 % len(turns)]
        return {unit: [_with(row, values) for row in own] for unit, own in rows.items()}

    def _at_an_edge(self, turn: int, rows: Rows) -> Rows:
        """Move one figure of one unit to where a rule just bends."""
        units = [unit for unit in self.owner.units if rows.get(unit)]
        numbers = [(indicator, m) for indicator, m, _ in self._measures if not (m.words or m.tiers)]
        if not units or not numbers:
            return rows
        turn, which = divmod(turn, len(numbers))
        indicator, measure = numbers[which]
        edge, unit = self._edges[turn % len(self._edges)], units[turn % len(units)]

        def moved(value: Fraction) -> Rows:
            return {**rows, unit: [_with(row, {(indicator, measure.id): value}) for row in rows[unit]]}

        def distance(value: Fraction) -> Fraction | None:
            return edge(Case(unit, self.owner.id, known(moved(value), self._rules), self._rules))

        value = met(distance, _possible(measure, self._numbers))
        return rows if value is None or value not in _possible(measure, [value]) else moved(value)

    def _rows(self, walk: Walk, dense: int, names: Sequence[str], *, district: bool) -> list[Row]:
        rows: list[Row] = []
        for indicator, measure, of_district in self._measures:
            if of_district == district:
                rows += self._figures(walk, dense, indicator, measure)
        if not district:
            rows += self._awards(walk, dense, names)
        return [_placed(row, position) for position, row in enumerate(rows, 1)]

    def _figures(self, walk: Walk, dense: int, indicator: str, measure: Measure) -> Iterator[Figure]:
        lists = (self._lists or _NAMES[:2]) if measure.lists else (None,)
        for provider in measure.providers:
            for name in lists:
                for _ in range(1 + walk.below(2)):
                    # Where there is one place for a figure it is mostly filled; where there are many, less.
                    if walk.below(6) < max(dense, 5 - len(measure.providers) * len(lists)):
                        value, tier = self._value(walk, measure)
                        day = walk.pick(self._days)
                        yield Figure(indicator, measure.id, provider, value, day, 0, name, tier)

    def _value(self, walk: Walk, measure: Measure) -> tuple[Value, str | None]:
        if measure.words:
            return walk.pick(measure.words), None
        if measure.tiers:
            tier = walk.pick(list(measure.tiers.values()))
            middle = (tier.low + tier.high) / 2
            near = [tier.low + Fraction(1, 2), tier.low + Fraction(1, 4), middle]
            return walk.pick([tier.low, tier.high, *(value for value in near if value <= tier.high)]), tier.id
        return walk.pick(_possible(measure, self._numbers)), None

    def _awards(self, walk: Walk, dense: int, names: Sequence[str]) -> Iterator[Award]:
        for indicator, line in self._lines:
            for name in names:
                if walk.below(12) < dense:
                    points = walk.pick([line.low, line.high, (line.low + line.high) / 2])
                    yield Award(indicator, line.id, name, points, walk.pick(self._days), 0)


def _placed(row: Row, position: int) -> Row:
    if isinstance(row, Award):
        return Award(row.indicator, row.line, row.name, row.points, row.occurred, position)
    return Figure(row.indicator, row.measure, row.provider, row.value, row.occurred, position, row.occasion, row.tier)


def _possible(measure: Measure, numbers: Sequence[Fraction]) -> list[Fraction]:
    """Give the values of a measure among some numbers, or the nearest."""
    bounds = [bound for bound in (measure.low, measure.high) if bound is not None]
    able = {
        number
        for number in (*bounds, *numbers)
        if (measure.low is None or number >= measure.low)
        and (measure.high is None or number <= measure.high)
        and (not measure.whole or number.denominator == 1)
    }
    return sorted(able) or list(bounds) or [Fraction(0)]


def _interesting(numbers: Sequence[Fraction]) -> list[Fraction]:
    """Give numbers where a rule may bend: those that stand in it, shares of them, and what lies beside and between."""
    stated = sorted({*numbers, *_PLAIN})
    shares = [number for number in stated if 0 < number < 1]
    between = [(left + right) / 2 for left, right in pairwise(stated)]
    beside = [number + step for number in stated for step in (-1, 1)]
    parts = [number * share for number in stated for share in (*shares, Fraction(1, 2))]
    found = dict.fromkeys([*stated, *parts, *beside, *between])
    return list(found)[:_MOST_VALUES]


def _nodes(node: Any) -> Iterator[Any]:
    """Give every node of a compiled rule."""
    yield node
    for field in fields(node):
        for each in _spread(getattr(node, field.name)):
            if is_dataclass(each) and isinstance(each, Points | Quantity | Condition | Step):
                yield from _nodes(each)


def _spread(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for each in cast("tuple[Any, ...]", value):
            yield from _spread(each)
    elif isinstance(value, Mapping):
        for pair in cast("Mapping[Any, Any]", value).items():
            yield from pair
    else:
        yield value


def _numbers(nodes: Sequence[Any]) -> list[Fraction]:
    found = [each for node in nodes for field in fields(node) for each in _spread(getattr(node, field.name))]
    return list(dict.fromkeys(number for number in found if isinstance(number, Fraction)))


def _with(row: Row, values: Values) -> Row:
    if isinstance(row, Award) or (row.indicator, row.measure) not in values:
        return row
    return replace(row, value=values[row.indicator, row.measure])


def _one_each(measures: Sequence[tuple[str, Measure, bool]], numbers: Sequence[Fraction]) -> list[Values]:
    """Give each measure each of its values, in turns."""
    able = [[(i, m.id, value) for value in _possible(m, numbers)] for i, m, _ in measures if not (m.words or m.tiers)]
    turns = zip_longest(*able)
    return [{(each[0], each[1]): each[2]} for turn in turns for each in turn if each is not None]


def _even_shares(nodes: Sequence[Any]) -> list[Values]:
    """Give every measure that has a number for a target the same share of it, for each share that a rule states."""
    targets = [
        (node.actual.indicator, node.actual.measure, node.target.value)
        for node in nodes
        if isinstance(node, Proportion) and isinstance(node.actual, Reported) and isinstance(node.target, Number)
    ]
    shares = dict.fromkeys(node.share for node in nodes if isinstance(node, Cliff))
    return [
        {
            (indicator, measure.id): target * share
            for indicator, measure, target in targets
            if not measure.whole or (target * share).denominator == 1
        }
        for share in shares
    ]


def _kept(nodes: Sequence[Any]) -> list[int]:
    return [node.keep for node in nodes if isinstance(node, Group) and node.keep is not None]


def _crowd(lines: Sequence[Line], numbers: Sequence[Fraction]) -> tuple[str, ...]:
    """Give so many names that awards on every second one come to more than any number, on whatever line."""
    least = min((line.high for line in lines), default=Fraction(1))
    most = max((abs(number) for number in numbers), default=Fraction(0))
    return tuple(f"n{n}" for n in range(min(_MOST_NAMES, 2 * ceil(most / least) + len(_NAMES))))
