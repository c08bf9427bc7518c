"""What the gate knows of one assessment, folded from its entries, and its identities."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.times import day, instant
from shared.gate.outcomes import Accepted, Found, Identity
from shared.rubric.rubric import Rubric

Lookup = Callable[[str, str], Found | None]
"""What the ledger knows under (source, id)."""

PILLARS = frozenset(
    {
        kinds.ASSESSMENT_OPENED,
        kinds.RUBRIC_ADOPTED,
        kinds.ASSESSMENT_FROZEN,
        kinds.ASSESSMENT_CLOSED,
        kinds.ASSESSMENT_RESTATED,
    }
)
"""The types that change the state beyond its head: a restart needs to read no others."""

_PHASES = {
    kinds.ASSESSMENT_FROZEN: "frozen",
    kinds.ASSESSMENT_CLOSED: "closed",
    kinds.ASSESSMENT_RESTATED: "restated",
}


@dataclass(slots=True)
class LedgerState:
    """The head of a ledger and what is in force there. `assessment` is None until a file's first entry names it."""

    assessment: str | None = None
    position: int = 0
    digest: str | None = None
    """Of the entry at the head: the next one's `previous`."""
    accepted: datetime | None = None
    """When the head was accepted, in UTC; the clock of acceptance never goes behind it."""
    start: date = date.min
    end: date = date.max
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    rubric: Rubric | None = None
    """The rubric in force; None until the assessment is opened."""
    rubrics: dict[int, Rubric] = field(default_factory=dict[int, Rubric])
    phase: str = "open"
    """`open`, `frozen`, `closed` or `restated`, as the entries say."""
    statement: int | None = None
    """Position of the closing or restatement that holds."""
    statements: tuple[int, ...] = ()
    """Positions of the closing and all restatements."""

    @classmethod
    def under(cls, rubric: Rubric) -> Self:
        """Start a file that need not open its assessment: period and time zone are the rubric's."""
        state = cls()
        state._adopt(rubric)
        state.start, state.end, state.zone = rubric.start, rubric.end, ZoneInfo(rubric.timezone)
        return state

    @property
    def closed(self) -> bool:
        """Whether the assessment has been closed."""
        return self.statement is not None

    def copy(self) -> Self:
        """Give a copy to try entries on: a dry run, or a batch whose commit may fail."""
        twin = copy.copy(self)
        twin.rubrics = dict(self.rubrics)
        return twin

    def today(self, moment: datetime) -> date:
        """Give the day of a moment in the assessment's time zone; the last day where the calendar ends."""
        try:
            return moment.astimezone(self.zone).date()
        except OverflowError:
            return date.max if moment.year > 1 else date.min

    def turn(self, kind: str, position: int, data: dict[str, Any], rubric: Rubric | None) -> None:
        """Take in what an entry of one of the `PILLARS` changes; `rubric` is the one it carries."""
        if kind == kinds.ASSESSMENT_OPENED:
            self.start, self.end = day(data["period"]["from"]), day(data["period"]["to"])
            self.zone = ZoneInfo(data["timezone"])
            self.rubrics = {}
        if rubric is not None:
            self._adopt(rubric)
        if kind in _PHASES and not (kind == kinds.ASSESSMENT_FROZEN and self.closed):
            self.phase = _PHASES[kind]
        if kind in (kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED):
            self.statement = position
            self.statements = (*self.statements, position)

    def _adopt(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.rubrics[rubric.version] = rubric


def evolve(state: LedgerState, accepted: Accepted) -> None:
    """Move the head on to an accepted entry, in place."""
    state.assessment = accepted.event.assessment
    state.position, state.digest, state.accepted = accepted.position, accepted.digest, accepted.accepted
    if accepted.event.type in PILLARS:
        state.turn(accepted.event.type, accepted.position, accepted.event.data, accepted.rubric)


def restored(pillars: Iterable[Entry], head: Entry, digest: str, load: Callable[[str], Rubric]) -> LedgerState:
    """Give the state of a ledger from its entries of the `PILLARS` types, in order, its head and the head's digest.

    Raises:
        RubricError: A rubric in the ledger cannot be loaded: it was written for a later version of this program.

    """
    state = LedgerState(head.assessment, head.position, digest, instant(head.acceptedtime))
    for entry in pillars:
        rubric = load(entry.data["rubric"]["content"]) if entry.type in kinds.CARRIES_RUBRIC else None
        state.turn(entry.type, entry.position, entry.data, rubric)
    return state


class Identities:
    """Identities in memory: all of a file's, or those that a batch asks for and its store has looked up."""

    def __init__(self, known: dict[Identity, Found] | None = None) -> None:
        """Start with what is known; the dict is kept and added to."""
        self.known = known if known is not None else {}

    def __call__(self, source: str, id: str) -> Found | None:
        """Look one up: this object is a `Lookup`."""
        return self.known.get((source, id))

    def learn(self, accepted: Accepted) -> None:
        """Add an accepted entry, and take what it replaces out of force."""
        event = accepted.event
        self.known[event.source, event.id] = accepted.found
        if accepted.replaces is not None:
            old = self.known[accepted.replaces]
            self.known[accepted.replaces] = Found(
                old.position, old.content, old.type, old.subject, old.provider, in_force=False
            )
