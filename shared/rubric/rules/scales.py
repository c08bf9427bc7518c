"""Points read off a scale: fixed points, a judged value, a table, bands, steps per amount, a line between points."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import floor
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Value
from shared.rubric.outcome import Amount, Case, Outcome
from shared.rubric.reader import Reader, number_in
from shared.rubric.rules.conditions import COMPARISONS
from shared.rubric.rules.grammar import Env, Points, Quantity, gives_points, quantity

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Points):
    """A number of points that the rubric states."""

    rule: ClassVar[str] = "points"

    def score(self, case: Case) -> Outcome:  # noqa: ARG002  the same for every unit
        """Give them."""
        return Outcome(self, self.max, self.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Points):
    """What all scales share: one quantity, and points for each of its values.

    `unreported` are the points where nothing is reported; None leaves that pending.
    """

    of: Quantity
    unreported: Fraction | None = None

    def score(self, case: Case) -> Outcome:
        """Find the quantity on the scale."""
        amount = self.of.amount(case)
        if self.unreported is not None and amount.value is None and amount.conflict is None:
            return self.settled(self.unreported, ("unreported",), amount)
        unsettled = self.unsettled(amount)
        if unsettled is not None or amount.value is None:
            return unsettled or self.conflicting(("missing", ""))
        return self.settled(self.at(amount.value), (self.rule, _note(amount)), amount)

    def at(self, value: Value) -> Fraction:
        """Give the points for a value."""
        raise NotImplementedError


def _note(amount: Amount) -> Value:
    return amount.value if amount.value is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(Scale):
    """The judged value itself, between 0 and the maximum."""

    rule: ClassVar[str] = "judged"

    def at(self, value: Value) -> Fraction:
        """Give the value as points."""
        return min(max(value, ZERO), self.max) if isinstance(value, Fraction) else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Scale):
    """Points by word or number: verdicts, ranks, grades."""

    rule: ClassVar[str] = "table"
    points: Mapping[Value, Fraction]
    otherwise: Fraction

    def at(self, value: Value) -> Fraction:
        """Look it up."""
        return self.points.get(value, self.otherwise)


Band = tuple[Callable[[Fraction, Fraction], bool], Fraction, Fraction]
"""How it compares, the threshold, the points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands(Scale):
    """Points by thresholds, inclusive or not: the first that holds."""

    rule: ClassVar[str] = "bands"
    bands: tuple[Band, ...]
    otherwise: Fraction

    def at(self, value: Value) -> Fraction:
        """Find the first band that holds."""
        if isinstance(value, str):
            return self.otherwise
        return next((points for compare, edge, points in self.bands if compare(value, edge)), self.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`points` for every `per` of the quantity; only whole ones unless `part` counts too."""

    per: Fraction
    points: Fraction
    part: bool

    def points_for(self, distance: Fraction) -> Fraction:
        """Give the points of a distance from the base, which is not negative."""
        steps = distance / self.per
        return self.points * (steps if self.part else floor(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps(Scale):
    """`start` points at the base, more or fewer for each amount above and below it, between `least` and the maximum."""

    rule: ClassVar[str] = "steps"
    base: Quantity
    start: Fraction
    above: Step | None
    under: Step | None

    def score(self, case: Case) -> Outcome:
        """Count the steps from the base."""
        amount, base = self.of.amount(case), self.base.amount(case)
        unsettled = self.unsettled(amount, base)
        if unsettled is not None or not isinstance(amount.value, Fraction) or not isinstance(base.value, Fraction):
            return unsettled or self.conflicting(("not-a-number",))
        points = self.at(amount.value - base.value)
        return self.settled(points, ("steps", amount.value, base.value, self.start), amount, base)

    def at(self, value: Value) -> Fraction:
        """Give the points at a distance from the base."""
        distance = value if isinstance(value, Fraction) else ZERO
        points = self.start
        if distance > 0 and self.above is not None:
            points += self.above.points_for(distance)
        elif distance < 0 and self.under is not None:
            points += self.under.points_for(-distance)
        points = min(points, self.max)
        return points if self.low is None else max(points, self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piecewise(Scale):
    """Straight lines between standard values; flat outside of them."""

    rule: ClassVar[str] = "piecewise"
    through: tuple[tuple[Fraction, Fraction], ...]

    def at(self, value: Value) -> Fraction:
        """Interpolate exactly."""
        if isinstance(value, str):
            return ZERO
        left = self.through[0]
        if value <= left[0]:
            return left[1]
        for right in self.through[1:]:
            if value <= right[0]:
                return left[1] + (right[1] - left[1]) * (value - left[0]) / (right[0] - left[0])
            left = right
        return left[1]


@gives_points("points")
def fixed(reader: Reader, env: Env) -> Points:
    """`5`, or `{points: 5}`."""
    value = reader.read(Reader.number)
    return Fixed(clause=env.clause, max=value, low=value)


def _optional(reader: Reader, name: str) -> Fraction | None:
    none: Fraction | None = None
    return reader.field(name, Reader.number, none)


@gives_points("judged")
def judged(reader: Reader, env: Env) -> Points:
    """`{judged: judgement}`: the judged value is the points."""
    if reader.is_mapping() and reader.get("of") is not None:
        reader.only("of", "max", "unreported")
        of, most, unreported = quantity(reader.need("of"), env), env.maximum(reader), _optional(reader, "unreported")
    else:
        of, most, unreported = quantity(reader, env), env.maximum(reader), None
    return Judged(clause=env.clause, max=most, of=of, unreported=unreported)


@gives_points("table")
def table(reader: Reader, env: Env) -> Points:
    """`{of: city_rank, points: {1: 5, 2: 4}, otherwise: 0, unreported: 0}`."""
    reader.only("of", "points", "otherwise", "unreported", "max")
    found = reader.need("points").read(_listed)
    otherwise = reader.field("otherwise", Reader.number, ZERO)
    given = (*found.values(), otherwise)
    stated = reader.get("max")
    return Table(
        clause=env.clause,
        max=stated.read(Reader.number) if stated is not None else max(given),
        low=min(given),
        of=quantity(reader.need("of"), env),
        unreported=_optional(reader, "unreported"),
        points=found,
        otherwise=otherwise,
    )


def _listed(reader: Reader) -> dict[Value, Fraction]:
    found: dict[Value, Fraction] = {}
    for name, item in reader.pairs():
        if _key(name) in found:
            item.fault(f"{name} stands here twice", "keep one of the two")
        found[_key(name)] = item.read(Reader.number)
    return found


def _key(name: str) -> Value:
    value = number_in(name)
    return name if value is None else value


@gives_points("bands")
def bands(reader: Reader, env: Env) -> Points:
    """`{of: share, steps: [{at_least: 90, points: 10}, {above: 80, points: 5}], otherwise: 0}`."""
    reader.only("of", "steps", "otherwise", "unreported", "max")
    found = reader.need("steps").each(_band)
    otherwise = reader.field("otherwise", Reader.number, ZERO)
    given = (*(points for _, _, points in found), otherwise)
    stated = reader.get("max")
    return Bands(
        clause=env.clause,
        max=stated.read(Reader.number) if stated is not None else max(given),
        low=min(given),
        of=quantity(reader.need("of"), env),
        unreported=_optional(reader, "unreported"),
        bands=found,
        otherwise=otherwise,
    )


def _band(reader: Reader) -> Band:
    reader.only("points", *COMPARISONS)
    found = [word for word in COMPARISONS if reader.get(word) is not None]
    if len(found) != 1:
        reader.fail("a band has one edge", f"write one of {', '.join(COMPARISONS)}")
    return COMPARISONS[found[0]], reader.need(found[0]).read(Reader.number), reader.need("points").read(Reader.number)


@gives_points("steps")
def steps(reader: Reader, env: Env) -> Points:
    """`{of: firms, base: 100, start: 5, above: {per: 10, points: 1}, below: {per: 10, points: -1}, least: 0}`."""
    reader.only("of", "base", "start", "above", "below", "least", "max")
    none: Step | None = None
    zero: Quantity = quantity(reader.need("base"), env)
    return Steps(
        clause=env.clause,
        max=env.maximum(reader),
        low=reader.field("least", Reader.limit, ZERO),
        of=quantity(reader.need("of"), env),
        base=zero,
        start=reader.field("start", Reader.number, ZERO),
        above=reader.field("above", _step, none),
        under=reader.field("below", _step, none),
    )


def _step(reader: Reader) -> Step:
    reader.only("per", "points", "part")
    per = reader.need("per").read(Reader.number)
    if per <= 0:
        reader.fail("a step of 0 or less never ends", "state a `per` above 0")
    part = reader.field("part", Reader.flag, False)
    return Step(per=per, points=reader.need("points").read(Reader.number), part=part)


@gives_points("piecewise")
def piecewise(reader: Reader, env: Env) -> Points:
    """`{of: rate, through: [[60, 0], [80, 6], [100, 10]]}`."""
    reader.only("of", "through", "unreported")
    found = reader.need("through").each(_corner)
    if len(found) < 2 or any(left[0] >= right[0] for left, right in pairwise(found)):
        reader.need("through").fail(
            "the values of a line rise from one point to the next", "write [[60, 0], [80, 6], [100, 10]]"
        )
    given = [points for _, points in found]
    return Piecewise(
        clause=env.clause,
        max=max(given),
        low=min(given),
        of=quantity(reader.need("of"), env),
        unreported=_optional(reader, "unreported"),
        through=found,
    )


def _corner(reader: Reader) -> tuple[Fraction, Fraction]:
    ends = reader.each(Reader.number)
    return (ends[0], ends[1]) if len(ends) == 2 else reader.fail("a point is a value and its points", "write [60, 0]")
