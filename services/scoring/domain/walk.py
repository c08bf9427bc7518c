"""The walk from one coordinate to another, one cause a step.

First the facts move, entry by entry, under the rules of the first: what is known in order of position (backwards, where
less is known at the other), then the day; then the rubric changes; then the readings, one finding after the other in
the order of the rubric. Each step is what the one before left with one
thing changed, so what the steps do adds up to the whole, exactly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.scoring.domain import moments
from services.scoring.domain.abacus import Abacus
from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.coordinate import Coordinate, Moment
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.moves import Facts, Moved, facts, moved, ruling
from services.scoring.domain.placement import Placement, Placements
from shared.contracts.numbers import Fraction
from shared.rubric import trace
from shared.rubric.facts import Award, Determination, Figure
from shared.rubric.faults import NotPlaced
from shared.rubric.outcome import ZERO, Input
from shared.rubric.result import Ranked, Result, Tally

Json = dict[str, Any]
_NOTHING: Mapping[str, Result] = {}


@dataclass(frozen=True, slots=True)
class Order:
    """Who stands where, and why: what one step leaves for the next."""

    places: Mapping[str, Ranked]
    tallies: Mapping[str, Tally]

    def results(self, unit: str) -> Mapping[str, Result]:
        """Give what each of a unit's indicators is worth."""
        return self.tallies[unit].results if unit in self.tallies else _NOTHING

    def total(self, unit: str) -> Fraction:
        """Give a unit's total; nothing where it is not assessed."""
        return self.tallies[unit].total if unit in self.tallies else ZERO

    def rank(self, unit: str) -> int | None:
        """Give a unit's rank."""
        return self.places[unit].rank if unit in self.places else None


@dataclass(frozen=True, slots=True)
class Step:
    """One cause, and the standings before and after it."""

    cause: Json
    before: Order
    after: Order


def walk(
    ledger: Ledger, placements: Placements, asked: tuple[Coordinate, Coordinate], ends: tuple[Moment, Moment]
) -> Iterator[Step]:
    """Give the standing that the walk starts from, as a step without a cause, and then every step."""
    one, other = ends
    placement = placements.of(one.rubric)
    before, after = (facts(ledger, placement, one, each) for each in ends)
    abacus = counted(ledger, placement, one, before)
    order = _order(abacus)
    yield Step({}, order, order)
    slots = {pair: dict(held) for pair, held in before.slots.items()}
    for move in moved(ledger, placement, before, after, ends):
        _apply(ledger, abacus, slots, move)
        changed, reached = bool(abacus.settle()), order
        if changed:
            reached = _order(abacus)
        yield Step(_entry(ledger, placement, one, move), order, reached)
        order = reached
    for cause, moment in _rules(ledger, asked, ends):
        placed = placements.of(moment.rubric)
        reached = _order(counted(ledger, placed, moment, facts(ledger, placed, moment, other)))
        yield Step(cause, order, reached)
        order = reached


def counted(ledger: Ledger, placement: Placement, rules: Moment, known: Facts) -> Abacus:
    """Add up what bears, under the rules of a moment."""
    abacus = Abacus(placement, rules.rules)
    for pair, held in known.slots.items():
        abacus.put(ledger.rows[pair], [held[group] for group in sorted(held)])
    for pair, determination in known.determined.items():
        abacus.determine(pair, determination)
    abacus.settle()
    return abacus


def _order(abacus: Abacus) -> Order:
    return Order({place.unit: place for place in abacus.places()}, abacus.tallies)


def _apply(ledger: Ledger, abacus: Abacus, slots: dict[Pair, dict[int, int]], move: Moved) -> None:
    for pair, changed in move.slots.items():
        held = slots.setdefault(pair, {})
        for group, (_, came) in changed.items():
            if came is None:
                held.pop(group, None)
            else:
                held[group] = came
        abacus.put(ledger.rows[pair], [held[group] for group in sorted(held)])
    for pair, (_, came) in move.determined.items():
        abacus.determine(pair, came)


def _rules(
    ledger: Ledger, asked: tuple[Coordinate, Coordinate], ends: tuple[Moment, Moment]
) -> Iterator[tuple[Json, Moment]]:
    """Give the steps from one set of rules to the other: the rubric, then finding by finding."""
    one, other = ends
    at = replace(other, rubric=one.rubric, readings=one.readings, rules=one.rules)
    if one.rubric.digest != other.rubric.digest:
        at = _under(other, _carried(one, other))
        yield _adopted(ledger, asked, ends), at
    made = [moments.rulings_made(ledger, each.rubric, each.known_at) for each in ends]
    for finding in other.rubric.findings:
        before = at.readings.get(finding)
        if before == other.readings.get(finding):
            continue
        at = _under(other, {**at.readings, finding: other.readings[finding]})
        cause: Json = {"kind": "reading", "finding": finding, "clause": other.rubric.findings[finding].clause}
        cause |= {"from": before, "to": other.readings[finding]}
        if not any(finding in each.readings for each in asked):
            position = ruling(made[1].get(finding), made[0].get(finding), one, other)
            if position is not None:
                cause = {**cause, "kind": "ruling", **_named(ledger, position)}
        yield cause, at


def _under(moment: Moment, readings: Mapping[str, str]) -> Moment:
    table = moment.rubric.readings(readings)
    return replace(moment, readings=table, rules=moment.rubric.under(table))


def _carried(one: Moment, other: Moment) -> dict[str, str]:
    """Give the readings of the one that are not its rubric's defaults, as far as the other's rubric has them."""
    found: dict[str, str] = {}
    for finding, reading in one.readings.items():
        if reading != one.rubric.defaults.get(finding):
            try:
                other.rubric.admission.reading(finding, reading)
            except NotPlaced:
                continue
            found[finding] = reading
    return found


def _adopted(ledger: Ledger, asked: tuple[Coordinate, Coordinate], ends: tuple[Moment, Moment]) -> Json:
    cause: Json = {"kind": "rubric"}
    for word, moment in zip(("from", "to"), ends, strict=True):
        cause[word] = {"rubric": moment.rubric.id, "version": moment.rubric.version, "digest": moment.rubric.digest}
    if all(each.rubric is None for each in asked):
        newer = max(ends, key=lambda moment: moment.known_at)
        known = [edition.position for edition in ledger.editions if edition.position <= newer.known_at]
        cause |= _named(ledger, known[-1])
    return cause


# -- what a cause is


def _named(ledger: Ledger, position: int) -> Json:
    entry = ledger.entry_at(position)
    return {"position": position, "source": entry.source, "id": entry.id, "type": entry.type}


def _entry(ledger: Ledger, placement: Placement, rules: Moment, move: Moved) -> Json:
    """Say which entry, by which coordinate, and which facts bear now in the place of which."""
    found: list[Json] = []
    for pair, changed in move.slots.items():
        table = ledger.rows[pair]
        for gone, came in changed.values():
            rows = [None if row is None else _row(placement, table, row) for row in (gone, came)]
            found.append(_fact(rules, pair, *rows))
    found += [_fact(rules, pair, *both) for pair, both in move.determined.items()]
    return {"kind": "entry", "by": move.by, **_named(ledger, move.position), "facts": found}


def _row(placement: Placement, table: Columns, row: int) -> Figure | Award:
    figure = table.series_of(row).kind is Kind.FIGURE
    return placement.figure(table, row) if figure else placement.award(table, row)


def _fact(
    rules: Moment,
    pair: Pair,
    gone: Figure | Award | Determination | None,
    came: Figure | Award | Determination | None,
) -> Json:
    unit, indicator = pair
    owner = rules.rubric.indicators.get(indicator)
    taking = [] if owner is None else [line.id for line in owner.lines.values() if line.takes]
    said = trace.Said(rules.readings, taking)
    written = [None if each is None else trace.of_input(Input(each), said) for each in (gone, came)]
    for each in written:
        if each is not None:
            del each["used"]
    return {"unit": unit, "indicator": indicator, "gone": written[0], "came": written[1]}
