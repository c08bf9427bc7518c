"""Rank and total of every unit through the year: as known on each day, and as known now, in one pass of each.

What bears on points is found for all days at once; from one day to the next only what moved is scored again.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from services.scoring.domain import moments, standing
from services.scoring.domain.abacus import Abacus
from services.scoring.domain.columns import Columns
from services.scoring.domain.coordinate import Coordinate, Moment, Unanswerable
from services.scoring.domain.course import Axis, course
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.placement import Placement, Placements
from services.scoring.domain.scores import determination
from shared.contracts import kinds
from shared.contracts.numbers import exact, shown
from shared.rubric.facts import Determination
from shared.rubric.result import Ranked, Tally

Span = tuple[date | None, date | None]
"""The first day and the last; None is left open."""

MOST_STEPS = 4000
"""So many moments can be asked for at once: ten years, day by day."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the moments of a timeline lie apart: so many days, or whole weeks or months of the calendar."""

    word: str
    days: int = 1

    def ends(self, first: date, last: date) -> list[date]:
        """Give the last day of every step from `first` on; the last step ends with `last`. Gives up after too many."""
        found: list[date] = []
        start = first
        while start <= last and len(found) <= MOST_STEPS:
            end = min(self._end(start), last)
            found.append(end)
            if end == date.max:
                break
            start = end + timedelta(days=1)
        return found

    def _end(self, start: date) -> date:
        try:
            if self.word == "week":
                return start + timedelta(days=6 - start.weekday())
            if self.word == "month":
                return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
            return start + timedelta(days=self.days - 1)
        except OverflowError:
            return date.max


def read_step(text: str) -> Step:
    """Read `day`, `week`, `month`, or a number of days.

    Raises:
        Unanswerable: It is none of them.

    """
    if text in ("day", "week", "month"):
        return Step(text)
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) > 0:
        return Step("days", int(text))
    raise Unanswerable("bad-coordinate", f"a step of {text[:40]!r} cannot be taken: write day, week, month or 10")


@dataclass(frozen=True, slots=True)
class Seen:
    """The order at one moment, and what each unit had."""

    moment: Moment
    places: Sequence[Ranked]
    tallies: Mapping[str, Tally]


def timeline(
    ledger: Ledger,
    placements: Placements,
    coordinate: Coordinate,
    step: Step,
    span: Span = (None, None),
) -> dict[str, Any]:
    """Give rank and total of every unit at the end of every step, as known then and as known at the coordinate.

    The coordinate's as-of is the last day unless `span` names one; without either, the last day of the period, or that
    of the last entry that is known where this is earlier.

    Raises:
        Unanswerable: There is no answer at the coordinate, or there are too many steps.

    """
    now = moments.moment(ledger, coordinate)
    days = step.ends(*_span(ledger, coordinate, now, span))
    if len(days) > MOST_STEPS:
        reason = f"that makes more than {MOST_STEPS} steps: take longer ones, or fewer days"
        raise Unanswerable("bad-coordinate", reason)
    then = _moments_then(ledger, coordinate, now.known_at, days)
    as_then = iter(list(play(ledger, placements, [each for each in then if each is not None])))
    as_now = play(ledger, placements, [replace(now, as_of=day) for day in days])
    return {
        **{name: part for name, part in standing.heading_of(ledger, now).items() if name != "as_of"},
        "step": step.word if step.word != "days" else str(step.days),
        "units": [{"unit": unit.id, "name": unit.name} for unit in now.rubric.units.values()],
        "points": [
            {
                "as_of": day.isoformat(),
                "then": None if moment is None else _point(next(as_then), rules=True),
                "now": _point(seen, rules=False),
            }
            for day, moment, seen in zip(days, then, as_now, strict=True)
        ],
    }


def _span(ledger: Ledger, coordinate: Coordinate, now: Moment, span: Span) -> tuple[date, date]:
    start, end = ledger.period or (now.rubric.start, now.rubric.end)
    first, last = span[0] or start, span[1] or coordinate.as_of
    if last is None:
        known = moments.accepted(ledger, now.known_at).astimezone(ledger.zone).date()
        last = max(first, min(end, known))
    if last < first:
        raise Unanswerable("bad-coordinate", f"there is no day from {first} to {last}: let the first be the earlier")
    return first, last


def _moments_then(ledger: Ledger, coordinate: Coordinate, most: int, days: Sequence[date]) -> list[Moment | None]:
    """Give the moment of each day as it was: None where nothing was known, or no rules that could be asked by."""
    bends = sorted(
        position
        for kind in (kinds.RULING_MADE, *kinds.CARRIES_RUBRIC)
        for said in ledger.statements[kind]
        for position in (said.position, said.until)
    )
    found: list[Moment | None] = []
    rules: tuple[int, Moment | None] = -1, None
    for day, known_at in zip(days, moments.known_by(ledger, days, most), strict=True):
        if known_at is None:
            found.append(None)
            continue
        bend = bisect_right(bends, known_at)
        if bend != rules[0]:
            rules = bend, _moment(ledger, replace(coordinate, as_of=day, known_at=known_at))
        found.append(None if rules[1] is None else replace(rules[1], as_of=day, known_at=known_at))
    return found


def _moment(ledger: Ledger, coordinate: Coordinate) -> Moment | None:
    try:
        return moments.moment(ledger, coordinate)
    except Unanswerable:
        return None


def _point(seen: Seen, *, rules: bool) -> dict[str, Any]:
    moment = seen.moment
    named = {"known_at": moment.known_at, "version": moment.rubric.version, "readings": dict(moment.readings)}
    return {
        **(named if rules else {}),
        "provisional": any(tally.provisional for tally in seen.tallies.values()),
        "units": [_place(place, seen.tallies[place.unit]) for place in seen.places],
    }


def _place(place: Ranked, tally: Tally) -> dict[str, Any]:
    return {
        "unit": place.unit,
        "rank": place.rank,
        "tied": place.tied,
        "provisional": tally.provisional,
        "total": shown(tally.total),
        "exact": exact(tally.total),
        "attainable": shown(tally.attainable),
    }


# -- one pass


@dataclass(slots=True)
class _Pass:
    """What moves at which of some moments that leave out the same rows."""

    placement: Placement
    tables: list[tuple[Columns, Any]]
    moved: Mapping[int, list[int]]
    determined: Mapping[Pair, list[Determination | None]]


def play(ledger: Ledger, placements: Placements, at: Sequence[Moment]) -> Iterator[Seen]:
    """Give the order at each of some moments, whose days and positions never fall."""
    passes = _passes(ledger, placements, at)
    abacus: Abacus | None = None
    places: Sequence[Ranked] = ()
    for number, moment in enumerate(at):
        over, place = passes[number]
        if abacus is None or abacus.rules is not moment.rules:
            abacus = Abacus(over.placement, moment.rules)
            _put(abacus, over, place, range(len(over.tables)), before=None)
        else:
            _put(abacus, over, place, over.moved.get(place, ()), before=place - 1)
        if abacus.settle() or not places:
            places = abacus.places()
        yield Seen(moment, places, abacus.tallies)


def _put(abacus: Abacus, over: _Pass, place: int, tables: Sequence[int], before: int | None) -> None:
    for table in tables:
        rows, bears = over.tables[table]
        abacus.put(rows, bears.at(place))
    for pair, found in over.determined.items():
        if before is None or found[place] is not found[before]:
            abacus.determine(pair, found[place])


def _passes(ledger: Ledger, placements: Placements, at: Sequence[Moment]) -> list[tuple[_Pass, int]]:
    """Give for each moment its pass, and its place in it."""
    together: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, moment in enumerate(at):
        together[moment.rubric.digest, moment.rules.excluded].append(number)
    found: dict[int, tuple[_Pass, int]] = {}
    for numbers in together.values():
        over = _pass(ledger, placements.of(at[numbers[0]].rubric), [at[number] for number in numbers])
        found |= {number: (over, place) for place, number in enumerate(numbers)}
    return [found[number] for number in range(len(at))]


def _pass(ledger: Ledger, placement: Placement, at: Sequence[Moment]) -> _Pass:
    axis = Axis.of([(moment.as_of, moment.known_at) for moment in at])
    tables = [(table, course(table, placement, at[0].rules, axis)) for table in list(ledger.rows.values())]
    moved: defaultdict[int, list[int]] = defaultdict(list)
    for number, (_, bears) in enumerate(tables):
        for place in bears.moved.tolist():
            moved[place].append(number)
    return _Pass(placement, tables, moved, prevailing(ledger, placement, at))


def prevailing(ledger: Ledger, placement: Placement, at: Sequence[Moment]) -> dict[Pair, list[Determination | None]]:
    """Give what prevails on each indicator at every moment: the later day, then the later position."""
    placed = [
        (said, found)
        for said in list(ledger.statements[kinds.INDICATOR_DETERMINED])
        if (found := determination(said, placement)) is not None
    ]
    positions = [moment.known_at for moment in at]
    days = [moment.as_of for moment in at]
    by_pair: defaultdict[Pair, list[Determination | None]] = defaultdict(lambda: [None] * len(at))
    for said, found in sorted(placed, key=lambda each: (each[1].occurred, each[1].position)):
        first = max(bisect_right(positions, said.position - 1), bisect_right(days, found.occurred - timedelta(days=1)))
        last = bisect_right(positions, said.until - 1)
        if first < last:
            by_pair[said.unit or "", said.data["indicator"]][first:last] = [found] * (last - first)
    return by_pair
