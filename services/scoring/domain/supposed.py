"""Entries that nobody sent, supposed behind what is known: what would the standing be with them?

They go through the gate as the lines of a file do: `provider` says who sends, `time` when. Only what can move points
can be supposed.
"""

from collections.abc import Callable, Sequence

from services.scoring.domain import moments
from services.scoring.domain.branch import branch
from services.scoring.domain.columns import FOREVER
from services.scoring.domain.coordinate import Unanswerable
from services.scoring.domain.ledger import Ledger, Touched
from shared.contracts import kinds
from shared.contracts.entries import Entry, decode_entry
from shared.contracts.events import Event, Malformed
from shared.contracts.refusals import Refusal
from shared.contracts.times import instant
from shared.gate.gate import Gate
from shared.gate.outcomes import Accepted, Found, Known, Refused
from shared.gate.parties import reporter_of
from shared.gate.state import LedgerState

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
    """An entry that is supposed could not be accepted; `code` is the gate's, `place` the entry's, from 1."""

    def __init__(self, place: int, code: str, why: str) -> None:
        super().__init__(code, f"supposed entry {place}: {why}")
        self.place, self.why = place, why


Parse = Callable[[], Event]


def supposed(ledger: Ledger, known_at: int, events: Sequence[Parse]) -> Ledger:
    """Give a ledger in which these events stand behind what was known at a position; the first is not touched.

    Raises:
        Unanswerable: There are too many.
        Unsupposable: One of them could not be accepted.

    """
    if len(events) > MOST:
        raise Unanswerable("too-large", f"{len(events)} entries are supposed at once: at most {MOST} are taken")
    new, added = branch(ledger, known_at)
    for place, parse in enumerate(events, 1):
        try:
            outcome = _judged(new, parse())
        except Malformed as fault:
            outcome = Refused(fault.code, fault.reason, fault.source, fault.id)
        if isinstance(outcome, Refused):
            raise Unsupposable(place, outcome.code, outcome.reason)
        entry = added[outcome.position] = decode_entry(outcome.stored)
        new.fold(entry, Touched())
    return new


def _judged(ledger: Ledger, event: Event) -> Accepted | Refused:
    def lookup(source: str, id_: str) -> Found | None:
        return _found(ledger, source, id_)

    known = lookup(event.source, event.id)
    if known is not None:
        reason = f"position {known.position} has this source and id already: choose a new id"
        return Refused(Refusal.ID_CONFLICT, reason, event.source, event.id)
    if event.type in kinds.ALL and event.type not in MOVING:
        reason = f"an entry of type {event.type} moves no points: leave it out"
        return Refused(Refusal.UNKNOWN_TYPE, reason, event.source, event.id)
    outcome = Gate(_state(ledger), ledger.load).admit(event, None, instant(event.time), lookup)
    assert not isinstance(outcome, Known)  # noqa: S101  its identity was looked up above
    return outcome


def _state(ledger: Ledger) -> LedgerState:
    """Give what the gate knows of a ledger at its head."""
    state = LedgerState(ledger.assessment, ledger.head, accepted=moments.accepted(ledger, ledger.head))
    if ledger.period is not None:
        (state.start, state.end), state.zone = ledger.period, ledger.zone
    for edition in ledger.editions:
        state.rubric = state.rubrics[edition.rubric.version] = edition.rubric
    state.statements = tuple(closing.position for closing in ledger.closings)
    state.statement = state.statements[-1] if state.statements else None
    return state


def _found(ledger: Ledger, source: str, id_: str) -> Found | None:
    """Give what the gate knows of an entry."""
    position = ledger.find({"source": source, "id": id_})
    if position is None:
        return None
    first = _first(ledger, position)
    row, said = ledger.row_at(position), ledger.statement_at(position)
    until = row[0].until[row[1]] if row is not None else said.until if said is not None else FOREVER
    return Found(position, b"", first.type, first.subject, reporter_of(first), in_force=bool(until == FOREVER))


def _first(ledger: Ledger, position: int) -> Entry:
    """Give the entry that a chain of corrections began with."""
    entry = ledger.entry_at(position)
    while entry.type == kinds.ENTRY_CORRECTED:
        before = ledger.find(entry.data["entry"])
        if before is None:
            break
        entry = ledger.entry_at(before)
    return entry
