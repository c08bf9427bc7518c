"""Entries that nobody sent, supposed behind what is known: what would the standing be with them?

They are held against the rubric as the gate would hold them, but for who sends them and when. Only what can move points
can be supposed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.scoring.domain.branch import branch
from services.scoring.domain.columns import FOREVER
from services.scoring.domain.coordinate import Unanswerable
from services.scoring.domain.ledger import Ledger, Touched
from shared.contracts import kinds, shapes, times
from shared.contracts.entries import decode_entry, stored_form
from shared.contracts.events import Event, Malformed
from shared.rubric.faults import NotPlaced, RubricError
from shared.rubric.rubric import Rubric

MOVING = frozenset(
    {
        *kinds.DATED,
        kinds.ENTRY_CONFIRMED,
        kinds.ENTRY_CORRECTED,
        kinds.ENTRY_WITHDRAWN,
        kinds.RULING_MADE,
        kinds.RUBRIC_ADOPTED,
    }
)
"""What can be supposed."""

MOST = 1000
"""So many entries at once."""


class Unsupposable(Unanswerable):
    """An entry that is supposed could not be accepted; `code` is the gate's."""


Parse = Callable[[], Event]


def supposed(ledger: Ledger, known_at: int, events: Sequence[Parse]) -> Ledger:
    """Give a ledger in which these events stand behind what was known at a position; the first is not touched.

    Raises:
        Unsupposable: One of them could not be accepted; it is named by its place, from 1.

    """
    if len(events) > MOST:
        raise Unsupposable("too-large", f"{len(events)} entries are supposed at once: at most {MOST} are taken")
    new, added = branch(ledger, known_at)
    clock = new.entry_at(new.position(new.count - 1)).acceptedtime
    for number, parse in enumerate(events, 1):
        try:
            event = parse()
            _check(new, event)
            clock = max(clock, event.time, key=times.instant)
            accepted = times.stamp(times.instant(clock))
            stored = stored_form(event, position=new.head + 1, acceptedtime=accepted, previous=None)
            entry = added[new.head + 1] = decode_entry(stored)
            new.fold(entry, Touched())
        except (Malformed, NotPlaced) as fault:
            raise Unsupposable(str(fault.code), f"supposed entry {number}: {fault.reason}") from None
        except RubricError as error:
            raise Unsupposable("malformed", f"supposed entry {number}: {error.faults[0]}") from None
    return new


def _check(ledger: Ledger, event: Event) -> None:
    if event.assessment != ledger.assessment:
        raise NotPlaced("assessment-mismatch", f"it names {event.assessment[:40]}, the ledger {ledger.assessment}")
    if event.type not in MOVING:
        raise NotPlaced("unknown-type", f"{event.type[:60]} moves no points, or is no type: leave it out")
    if ledger.find({"source": event.source, "id": event.id}) is not None:
        raise NotPlaced("id-conflict", f"there is an entry {event.id[:60]} from {event.source[:60]} already")
    fault = event.fault or shapes.attribute_fault(event.type, event.subject, event.provider)
    fault = fault or shapes.shape_fault(event.type, event.data)
    if fault is not None:
        raise NotPlaced("malformed", fault)
    if event.type in (kinds.ENTRY_CONFIRMED, kinds.ENTRY_WITHDRAWN, kinds.ENTRY_CORRECTED):
        _about(ledger, event)
    else:
        _place(ledger, event.type, event.subject, event.provider, event.data)


def _about(ledger: Ledger, event: Event) -> None:
    """Hold what names another entry against it."""
    named = event.data["entry"]
    position = ledger.find(named)
    if position is None:
        raise NotPlaced("unknown-entry", f"there is no entry {named['id'][:60]} from {named['source'][:60]}")
    found, said = ledger.row_at(position), ledger.statement_at(position)
    until = int(found[0].until[found[1]]) if found is not None else said.until if said is not None else 0
    if until != FOREVER:
        raise NotPlaced("entry-superseded", f"the entry at {position} was corrected or withdrawn at {until}")
    target = ledger.entry_at(position)
    if event.type == kinds.ENTRY_CONFIRMED:
        return
    if target.type in kinds.LASTING:
        raise NotPlaced("forbidden", f"an entry of type {target.type} can be neither corrected nor withdrawn")
    if event.type == kinds.ENTRY_CORRECTED:
        kind, provider = _first(ledger, position)
        data = event.data["data"]
        fault = shapes.attribute_fault(kind, target.subject, provider) or shapes.shape_fault(kind, data)
        if fault is not None:
            raise NotPlaced("malformed", fault)
        _place(ledger, kind, target.subject, provider, data)


def _first(ledger: Ledger, position: int) -> tuple[str, str | None]:
    """Give type and reporter of the entry that a chain of corrections began with."""
    entry = ledger.entry_at(position)
    while entry.type == kinds.ENTRY_CORRECTED:
        before = ledger.find(entry.data["entry"])
        if before is None:
            break
        entry = ledger.entry_at(before)
    return entry.type, entry.provider


def _place(ledger: Ledger, kind: str, unit: str | None, provider: str | None, data: Mapping[str, Any]) -> None:
    """Hold what an entry says against the rubric in force and the period."""
    if not ledger.editions:
        raise NotPlaced("unknown-assessment", "the assessment has no rubric yet")
    if kind in kinds.DATED and ledger.period is not None:
        first, last = ledger.period
        if not first <= times.day(data["occurred"]) <= last:
            raise NotPlaced("outside-period", f"{data['occurred']} lies outside the period, {first} to {last}")
    if kind in shapes.EXPLAINED and shapes.reason_missing(data):
        raise NotPlaced("reason-missing", "data.reason is missing or blank: say why")
    for fault in _faults(ledger.editions[-1].rubric, kind, unit or "", provider, data):
        raise fault


def _faults(rubric: Rubric, kind: str, unit: str, provider: str | None, data: Mapping[str, Any]) -> Iterator[NotPlaced]:
    ask = rubric.admission
    if kind == kinds.SUBMISSION_RECEIVED:
        yield from ask.figure_faults(unit, data["indicator"], data["measure"], provider, data)
    elif kind == kinds.BONUS_AWARDED:
        yield from ask.award_faults(unit, data["indicator"], data["line"], data.get("points"))
    elif kind == kinds.DEDUCTION_ISSUED:
        yield from ask.deduction_faults(unit, data["indicator"], data["line"], data.get("points"))
    elif kind == kinds.INDICATOR_DETERMINED:
        yield from ask.determination_faults(unit, data["indicator"], data["outcome"], data.get("points"))
    elif kind == kinds.RULING_MADE:
        ask.reading(data["finding"], data["reading"])
