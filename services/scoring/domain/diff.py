"""From one standing to another: which entries, rulings and clauses moved which points.

The parts are what the steps of a walk did, so they add up to the whole exactly; where two causes interact, the later
step carries what they do together.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scoring.domain import moments, standing
from services.scoring.domain.coordinate import Coordinate, Moment
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.placement import Placements
from services.scoring.domain.walk import Order, Step, walk
from shared.contracts.numbers import Fraction, exact, shown
from shared.rubric.outcome import ZERO
from shared.rubric.result import Result

Json = dict[str, Any]
Shift = tuple[Fraction, Result | None, Result | None]
"""How far an indicator moved, and what it was worth before and after."""

ORDER = ("entries", "rubric", "readings")
NOTE = (
    "entries one by one under the rules of `from`: what came to be known or was ended, in order of position "
    "(backwards, where less is known at `to`), then what the other day lets in or out; then the rubric, then readings "
    "in the rubric's order; where causes interact, the later one carries what they do together"
)
NOTE_ZH = (
    "先用起点的规则逐条计入记录：其间得知或失效的按序号（终点所知较少时倒序），再计截止日期所增减的；再换细则，再按细则次序逐项换解读；"
    "相互影响的部分计入后者"
)


@dataclass(slots=True)
class Part:
    """What one cause did to one unit: its number, the total, the rank, and each indicator."""

    cause: int
    total: Fraction
    rank: tuple[int | None, int | None]
    indicators: dict[str, Shift] = field(default_factory=dict[str, Shift])

    @property
    def limits(self) -> Fraction:
        """What is left of the total beside the indicators: limits of blocks, and vetoes that hold a total."""
        return self.total - sum((change for change, _, _ in self.indicators.values()), ZERO)


def diff(ledger: Ledger, placements: Placements, one: Coordinate, other: Coordinate) -> Json:
    """Say what changed from one coordinate to the other, and what caused each part of it.

    Raises:
        Unanswerable: There is no answer at one of them.

    """
    ends = moments.moment(ledger, one), moments.moment(ledger, other)
    first, *steps = walk(ledger, placements, (one, other), ends)
    last = steps[-1].after if steps else first.after
    causes: list[Json] = []
    parts: dict[str, list[Part]] = {}
    silent = 0
    for step in steps:
        found = dict(_parts(len(causes), step))
        if not found and step.cause["kind"] == "entry":
            silent += 1
            continue
        for unit, part in found.items():
            parts.setdefault(unit, []).append(part)
        causes.append(step.cause | {"clauses": _clauses(found.values())})
    units = [*last.places, *(unit for unit in first.after.places if unit not in last.places)]
    names = {**{each.id: each.name for moment in ends for each in moment.rubric.units.values()}}
    return {
        "assessment": ledger.assessment,
        **{word: _end(ledger, moment) for word, moment in zip(("from", "to"), ends, strict=True)},
        "order": list(ORDER),
        "note": NOTE,
        "note_zh": NOTE_ZH,
        "causes": causes,
        "without_effect": silent,
        "units": [_unit(unit, names[unit], first.after, last, parts.get(unit, [])) for unit in units],
    }


def _end(ledger: Ledger, moment: Moment) -> Json:
    heading = standing.heading_of(ledger, moment)
    return {name: heading[name] for name in ("as_of", "known_at", "rules")}


# -- what a step did


def _clauses(parts: Iterable[Part]) -> list[str]:
    """Name the clauses of the indicators whose points a cause moves."""
    results = [after or before for part in parts for _, before, after in part.indicators.values()]
    return list(dict.fromkeys(result.clause for result in results if result is not None))


def _parts(cause: int, step: Step) -> Iterator[tuple[str, Part]]:
    """Give what a step did to each unit to which it did anything."""
    before, after = step.before, step.after
    if before is after:
        return
    for unit in dict.fromkeys([*after.places, *before.places]):
        part = Part(cause, after.total(unit) - before.total(unit), (before.rank(unit), after.rank(unit)))
        one, other = before.results(unit), after.results(unit)
        for name in dict.fromkeys([*other, *one]) if one is not other else ():
            gone, came = one.get(name), other.get(name)
            if gone is not came and _visible(gone) != _visible(came):
                change = (ZERO if came is None else came.points) - (ZERO if gone is None else gone.points)
                part.indicators[name] = change, gone, came
        if part.total or part.indicators or part.rank[0] != part.rank[1]:
            yield unit, part


def _visible(result: Result | None) -> tuple[object, ...] | None:
    return None if result is None else result.visible


def _unit(unit: str, name: str, one: Order, other: Order, parts: Sequence[Part]) -> Json:
    results = one.results(unit), other.results(unit)
    moved_ = dict.fromkeys(each for part in parts for each in part.indicators)
    ordered = [each for each in dict.fromkeys([*results[1], *results[0]]) if each in moved_]
    return {
        "unit": unit,
        "name": name,
        "rank": {"from": one.rank(unit), "to": other.rank(unit)},
        "total": {"from": _total(one, unit), "to": _total(other, unit)},
        "change": exact(other.total(unit) - one.total(unit)),
        "parts": [_part(part) for part in parts],
        "indicators": {each: _indicator(each, *results, parts) for each in ordered},
    }


def _total(order: Order, unit: str) -> Json | None:
    tally = order.tallies.get(unit)
    if tally is None:
        return None
    return {"total": shown(tally.total), "exact": exact(tally.total), "provisional": tally.provisional}


def _part(part: Part) -> Json:
    said: Json = {"cause": part.cause, "change": exact(part.total)}
    if part.limits:
        said["limits"] = exact(part.limits)
    if part.rank[0] != part.rank[1]:
        said["rank"] = {"from": part.rank[0], "to": part.rank[1]}
    return said


def _indicator(name: str, one: Mapping[str, Result], other: Mapping[str, Result], parts: Sequence[Part]) -> Json:
    before, after = one.get(name), other.get(name)
    result = after or before
    change = (ZERO if after is None else after.points) - (ZERO if before is None else before.points)
    return {
        "from": None if before is None else standing.indicator(before),
        "to": None if after is None else standing.indicator(after),
        "change": exact(change),
        "clauses": [] if result is None else list(result.clauses),
        "parts": [
            {"cause": part.cause, "change": exact(part.indicators[name][0]), **_state(*part.indicators[name][1:])}
            for part in parts
            if name in part.indicators
        ],
    }


def _state(before: Result | None, after: Result | None) -> Json:
    states = [None if each is None else each.state for each in (before, after)]
    return {} if states[0] == states[1] else {"state": {"from": states[0], "to": states[1]}}
