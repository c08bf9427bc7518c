"""Where events are decided, in groups: the gate over the ledger's state, and what to write for all of them at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from services.intake.store import (
    NOWHERE,
    LedgerStore,
    Unreadable,
    accepted_writes,
    entries,
    load_rubric,
    refusal_digest,
    rejected,
    storable,
)
from shared.chassis.problems import Problem
from shared.chassis.store import Append, Statement, Transaction
from shared.contracts import kinds
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import decode_entry, identity
from shared.contracts.events import Event, Malformed
from shared.contracts.shapes import ASSESSMENT
from shared.contracts.times import instant, stamp
from shared.gate.gate import Gate, mentioned
from shared.gate.outcomes import Accepted, Found, Identity, Known, Outcome, Refused
from shared.gate.parties import Caller
from shared.gate.state import Identities, LedgerState, evolve

SAMPLE = "sample"
"""`data.clock` of an opening whose entries are accepted at the time they name; only where the settings allow it."""


class Receipt(msgspec.Struct, frozen=True):
    """What an accepted event is answered with."""

    assessment: str
    source: str
    id: str
    position: int
    digest: str
    acceptedtime: str
    known: bool = False
    """The same event was in the ledger already."""


Answer = Receipt | Refused


@dataclass(frozen=True, slots=True)
class Request:
    """Events that one caller sends together, each parsed or with the fault that kept it from being."""

    assessment: str
    """The assessment that the address (or the inbox's event) names."""
    events: Sequence[Event | Malformed]
    raw: Sequence[bytes]
    """The events as received, to be kept with a refusal."""
    caller: Caller
    dry_run: bool = False
    keep_all: bool = False
    """Keep a refusal by credential too: who sends to an inbox hears of it in no other way."""
    if_match: int | None = None
    """The head that the caller saw; 412 when it has moved."""


@dataclass(slots=True)
class Ledger:
    """One assessment while a group is decided: its state is a copy until the group is written."""

    name: str
    state: LedgerState
    sample_clock: bool
    identities: "Asking"
    accepted: list[Accepted] = field(default_factory=list[Accepted])
    refused: list[tuple[Refused, bytes]] = field(default_factory=list[tuple[Refused, bytes]])


class Desk:
    """Decides requests; see `GroupCommitter`. Only ever called on the store's writing thread."""

    def __init__(self, store: LedgerStore, clock: Callable[[], datetime], *, sample_clock: bool = False) -> None:
        """Decide over this store, at the time the clock tells."""
        self.store = store
        self.clock = clock
        self.allow_sample_clock = sample_clock
        self._states: dict[str, tuple[LedgerState, bool]] = {}
        self._decided: dict[str, Ledger] = {}

    def decide(self, jobs: Sequence[Request]) -> tuple[Transaction, Sequence[list[Answer] | Exception]]:
        """Decide all requests in order; the later ones see what the earlier ones bring in."""
        now = self.clock()
        ledgers: dict[str, Ledger] = {}
        unreadable: dict[str, Unreadable] = {}
        for name in {job.assessment for job in jobs}:
            try:
                ledgers[name] = self._ledger(name, [job for job in jobs if job.assessment == name])
            except Unreadable as error:
                unreadable[name] = error
        answers = [unreadable.get(job.assessment) or self._request(job, ledgers[job.assessment], now) for job in jobs]
        self._decided = ledgers
        return self._writes(ledgers.values(), now), answers

    def settled(self) -> None:
        """What was decided is on the disk: it is the state now."""
        for name, ledger in self._decided.items():
            if ledger.accepted:
                self._states[name] = (ledger.state, ledger.sample_clock)
        self._decided = {}

    def reload(self) -> None:
        """Forget every state: it is read from the store when it is asked for."""
        self._states = {}
        self._decided = {}

    def _ledger(self, name: str, jobs: Sequence[Request]) -> Ledger:
        state, sample = self._current(name)
        wanted = {key for job in jobs for event in job.events if isinstance(event, Event) for key in mentioned(event)}
        known = self.store.found(name, wanted)
        asking = Asking(known, wanted, lambda key: self.store.found(name, [key]).get(key))
        return Ledger(name, state.copy(), sample, asking)

    def _current(self, name: str) -> tuple[LedgerState, bool]:
        """Give the state at the head, which another replica may have moved: no refusal may rest on less."""
        head = self.store.head(name)
        kept = self._states.get(name)
        if kept is not None and head is not None and (kept[0].position, kept[0].digest) == head[1:]:
            return kept
        loaded = self.store.load(name)
        if loaded is None:
            return LedgerState(assessment=name), False
        self._states[name] = loaded, self._is_sample(name)
        return self._states[name]

    def _is_sample(self, name: str) -> bool:
        return self.allow_sample_clock and self.store.entry(name, 1).data.get("clock") == SAMPLE

    def _request(self, job: Request, ledger: Ledger, now: datetime) -> list[Answer] | Exception:
        if job.if_match not in (None, ledger.state.position) and not _all_known(job, ledger):
            head = ledger.state.position
            detail = f"The head of {job.assessment} is at {head}, not at {job.if_match}; look again and decide anew."
            return Problem(412, "head-moved", detail, position=head)
        if job.dry_run:
            identities, accepted = ledger.identities.copy(), list(ledger.accepted)
            trial = Ledger(ledger.name, ledger.state.copy(), ledger.sample_clock, identities, accepted)
            return [self._one(trial, event, raw, job, now) for event, raw in zip(job.events, job.raw, strict=True)]
        return [self._one(ledger, event, raw, job, now) for event, raw in zip(job.events, job.raw, strict=True)]

    def _one(self, ledger: Ledger, event: Event | Malformed, raw: bytes, job: Request, now: datetime) -> Answer:
        outcome = self._outcome(ledger, event, job.caller, now)
        if isinstance(outcome, Refused):
            if job.keep_all or not outcome.by_credential:
                ledger.refused.append((outcome, raw))
            return outcome
        if isinstance(outcome, Known):
            return self._first_receipt(ledger, outcome.position)
        ledger.accepted.append(outcome)
        ledger.identities.learn(outcome)
        evolve(ledger.state, outcome)
        return Receipt(
            outcome.event.assessment,
            outcome.event.source,
            outcome.event.id,
            outcome.position,
            outcome.digest,
            outcome.acceptedtime,
        )

    def _outcome(self, ledger: Ledger, event: Event | Malformed, caller: Caller, now: datetime) -> Outcome:
        if isinstance(event, Malformed):
            return Refused(event.code, event.reason, event.source, event.id)
        if event.type == kinds.ASSESSMENT_OPENED and ledger.state.position == 0:
            ledger.sample_clock = self.allow_sample_clock and event.data.get("clock") == SAMPLE
        moment = instant(event.time) if ledger.sample_clock else now
        return Gate(ledger.state, load_rubric).admit(event, caller, moment, ledger.identities)

    def _first_receipt(self, ledger: Ledger, position: int) -> Receipt:
        if ledger.accepted and position >= ledger.accepted[0].position:
            each = ledger.accepted[position - ledger.accepted[0].position]
            return Receipt(
                ledger.name, each.event.source, each.event.id, position, each.digest, each.acceptedtime, known=True
            )
        receipt = receipt_at(self.store, ledger.name, position)
        if receipt is None:
            message = f"position {position} of {ledger.name} is known by its identity and cannot be read"
            raise LookupError(message)
        return receipt

    def _writes(self, ledgers: Iterable[Ledger], now: datetime) -> Transaction:
        appends: list[Append] = []
        statements: list[Statement] = []
        for ledger in ledgers:
            more, beside = accepted_writes(ledger.name, ledger.accepted)
            appends += more
            statements += beside
        kept: dict[str, list[tuple[Refused, bytes]]] = {}
        for ledger in ledgers:
            if ledger.refused:
                name = ledger.name if ASSESSMENT.fullmatch(ledger.name) else NOWHERE
                kept.setdefault(name, []).extend(ledger.refused)
        for name, refusals in kept.items():
            more, beside = self._refusals(name, refusals, stamp(now))
            appends += more
            statements += beside
        return Transaction(append=appends, execute=statements)

    def _refusals(
        self, assessment: str, refusals: Sequence[tuple[Refused, bytes]], now: str
    ) -> tuple[list[Append], list[Statement]]:
        digests = [refusal_digest(refused, raw) for refused, raw in refusals]
        before = self.store.refused_before(assessment, digests)
        number = first = self.store.last_refused(assessment) + 1
        states: list[bytes] = []
        rows: list[tuple[Any, ...]] = []
        again: list[tuple[Any, ...]] = []
        for digest, (refused, raw) in zip(digests, refusals, strict=True):
            if digest in before:
                again.append((now, assessment, digest))
                continue
            before.add(digest)
            key = (
                identity(refused.source, refused.id) if refused.source is not None and refused.id is not None else None
            )
            rows.append(
                (
                    assessment,
                    digest,
                    number,
                    storable(refused.source),
                    storable(refused.id),
                    key,
                    str(refused.code),
                    storable(refused.reason),
                    now,
                    now,
                    1,
                )
            )
            states.append(rejection(assessment, number, refused, raw, now))
            number += 1
        statements = [
            Statement("INSERT INTO refused VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows),
            Statement("UPDATE refused SET times = times + 1, last_time = ? WHERE assessment = ? AND digest = ?", again),
        ]
        return [Append(rejected(assessment), first, states)] if states else [], [
            each for each in statements if each.rows
        ]


def _all_known(job: Request, ledger: Ledger) -> bool:
    """Whether the ledger holds all of it: sent again, because the answer was lost, it gets its receipt all the same."""
    for event in job.events:
        if isinstance(event, Malformed):
            return False
        found = ledger.identities(event.source, event.id)
        if found is None or found.content != event.content:
            return False
    return True


class Asking(Identities):
    """Identities that a group mentions, looked up together; any other one by one, when the gate asks for it."""

    def __init__(
        self, known: dict[Identity, Found], asked: set[Identity], ask: Callable[[Identity], Found | None]
    ) -> None:
        """Start with what is known of those `asked` for already."""
        super().__init__(known)
        self.asked = asked
        self.ask = ask

    def copy(self) -> "Asking":
        """Give a copy for trying entries on."""
        return Asking(dict(self.known), set(self.asked), self.ask)

    def __call__(self, source: str, id: str) -> Found | None:
        """Look one up; asked of the store at most once."""
        key = (source, id)
        if key not in self.known and key not in self.asked:
            self.asked.add(key)
            found = self.ask(key)
            if found is not None:
                self.known[key] = found
        return self.known.get(key)


def receipt_at(store: LedgerStore, assessment: str, position: int) -> Receipt | None:
    """Give the receipt of the entry at a position, or None where there is none."""
    stored = store.store.stream(entries(assessment)).get(position)
    if stored is None:
        return None
    entry = decode_entry(stored)
    return Receipt(assessment, entry.source, entry.id, position, leaf_hash(stored), entry.acceptedtime, known=True)


KEPT_WHOLE = 512 * 1024
"""Bytes of a refused event that are kept, in no more than twice as many of JSON; of a larger one only the beginning."""
_json = msgspec.json.encode


def rejection(assessment: str, number: int, refused: Refused, raw: bytes, now: str) -> bytes:
    """Give the record of a refusal for `meritlog.rejected`, with the event as text, as it was received."""
    return _json(
        {
            "assessment": assessment,
            "position": number,
            "code": str(refused.code),
            "reason": refused.reason,
            "source": refused.source,
            "id": refused.id,
            "time": now,
            "size": len(raw),
            "event": _kept(raw),
        }
    )


def _kept(raw: bytes) -> str:
    if len(raw) <= KEPT_WHOLE:
        text = raw.decode("utf-8", "replace")
        if len(_json(text)) <= 2 * KEPT_WHOLE:
            return text
    return raw[:1024].decode("utf-8", "replace")


def utc_now() -> datetime:
    """The shell's clock."""
    return datetime.now(UTC)
