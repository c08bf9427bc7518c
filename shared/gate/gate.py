"""The gate: every entry is accepted once, or refused with the first code that applies."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from shared.contracts import kinds
from shared.contracts.entries import leaf_hash, stamp, stored_form
from shared.contracts.events import Event
from shared.contracts.refusals import Refusal, brief
from shared.contracts.shapes import ASSESSMENT, MEMBERS, attribute_fault, shape_fault, whole
from shared.gate.content import Statement, carried_rubric, content_faults, shape_of, zone_fault
from shared.gate.outcomes import Accepted, Found, Identity, Known, Outcome, Refused
from shared.gate.parties import (
    Caller,
    Fault,
    credential_fault,
    party,
    reaches,
    reporter,
    reporter_of,
    role_faults,
)
from shared.gate.state import LedgerState, Lookup
from shared.rubric.rubric import Rubric

NOT_IN_FORCE = (
    "the entry is not in force: if it was corrected, name the correction; if it was withdrawn, send it anew under"
    " another id"
)


def mentioned(event: Event) -> list[Identity]:
    """List the identities that the gate will look up for this event: a store can fetch a batch's in one go."""
    named = [event.data.get(name) for name in ("entry", "appeal")]
    inner = event.data.get("data")
    if isinstance(inner, dict):
        named += [inner.get(name) for name in ("entry", "appeal")]  # pyright: ignore[reportUnknownMemberType]
    return [(event.source, event.id), *(pair for each in named if (pair := _identity(each)) is not None)]


def _identity(value: Any) -> Identity | None:
    if not isinstance(value, dict):
        return None
    source, id_ = value.get("source"), value.get("id")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return (source, id_) if isinstance(source, str) and isinstance(id_, str) else None


class Gate:
    """Judges events against the state of one ledger, which it does not change: `evolve` does."""

    def __init__(self, state: LedgerState, load: Callable[[str], Rubric]) -> None:
        """Take the state, and how a rubric's text is loaded (it raises RubricError)."""
        self.state = state
        self.load = load

    def admit(
        self,
        event: Event,
        caller: Caller | None,
        now: datetime,
        lookup: Lookup,
        *,
        position: int | None = None,
        authtype: str | None = None,
        authid: str | None = None,
    ) -> Outcome:
        """Judge one event.

        `now` is when it would be accepted (aware); acceptance never goes behind the entry before. `position` and the
        auth context are given for a line that carries its own.
        """
        found = lookup(event.source, event.id)
        if found is not None:
            if found.content == event.content:
                return Known(found.position)
            reason = f"position {found.position} has this source and id with other content: choose a new id"
            return _refused(event, Fault(Refusal.ID_CONFLICT, reason))
        first = self._barred(event, caller) or self._unreadable(event) or self._elsewhere(event)
        if first is not None:
            return _refused(event, first)
        now = now.astimezone(UTC)
        passage = _Passage(self.state, event, caller, max(now, self.state.accepted or now), lookup)
        first = passage.first_fault(self.load)
        if first is not None:
            return _refused(event, first)
        if caller is not None:
            authtype, authid = caller.authtype, caller.authid
        return passage.accepted(position or self.state.position + 1, authtype, authid)

    def _barred(self, event: Event, caller: Caller | None) -> Fault | None:
        """Send away who may not do this at all, before anything is said of the entry or kept of it."""
        if caller is None or caller.is_open or event.type not in MEMBERS:
            return None
        assessor = self.state.rubric.assessor if self.state.rubric is not None else None
        fault = credential_fault(event, assessor, caller)
        return None if fault is None else Fault(Refusal.FORBIDDEN, fault, by_credential=True)

    def _unreadable(self, event: Event) -> Fault | None:
        if event.fault is not None:
            return Fault(Refusal.MALFORMED, event.fault)
        if event.type not in MEMBERS:
            return Fault(Refusal.UNKNOWN_TYPE, f"{brief(event.type)} is no type of entry: see the list of events")
        fault = attribute_fault(event.type, event.subject, event.provider) or shape_fault(event.type, event.data)
        return None if fault is None else Fault(Refusal.MALFORMED, fault)

    def _elsewhere(self, event: Event) -> Fault | None:
        state = self.state
        if state.rubric is None and event.type != kinds.ASSESSMENT_OPENED:
            name = state.assessment or event.assessment
            return Fault(Refusal.UNKNOWN_ASSESSMENT, f"{brief(name)} has not been opened: open it first")
        if state.assessment is not None and event.assessment != state.assessment:
            reason = f"this is {state.assessment}, the entry names {brief(event.assessment)}: send it there"
            return Fault(Refusal.ASSESSMENT_MISMATCH, reason)
        return None


def _refused(event: Event, fault: Fault) -> Refused:
    return Refused(fault.code, fault.reason, event.source, event.id, fault.by_credential)


class _Passage:
    """One event on its way through: new, sound in shape and in the right place."""

    def __init__(
        self, state: LedgerState, event: Event, caller: Caller | None, moment: datetime, lookup: Lookup
    ) -> None:
        self.state, self.event, self.caller, self.moment, self.lookup = state, event, caller, moment, lookup
        self.carried: Rubric | None = None
        self.target: Found | None = None

    def first_fault(self, load: Callable[[str], Rubric]) -> Fault | None:
        """Give the first fault in the contract's order; `closed` only where there is no other."""
        event, rubric = self.event, self.state.rubric
        if event.type in kinds.CARRIES_RUBRIC:
            try:
                self.carried = carried_rubric(event.data, load)
            except ValueError as error:
                return Fault(Refusal.MALFORMED, str(error))
            if event.type == kinds.ASSESSMENT_OPENED and not self.state.position:
                rubric = self.carried
        assert rubric is not None  # noqa: S101  all other types were sent away by `_elsewhere`
        first = min(self._faults(rubric), key=_order, default=None)
        if first is None and self.state.closed and event.type not in kinds.AFTER_CLOSE:
            return Fault(Refusal.CLOSED, "the assessment is closed: only a restatement can change what it says")
        return first

    def _faults(self, rubric: Rubric) -> Iterator[Fault]:
        event = self.event
        yield from role_faults(event, rubric)
        statement = Statement(event.type, event.subject, event.provider, event.data)
        yield from content_faults(statement, self.state, rubric, self.moment, self.lookup)
        if event.type == kinds.ENTRY_CONFIRMED:
            yield from self._confirmation_faults(event.data, party(event, rubric.assessor, self.caller), rubric)
        elif event.type in (kinds.ENTRY_WITHDRAWN, kinds.ENTRY_CORRECTED):
            yield from self._change_faults(rubric)
        elif event.type == kinds.ASSESSMENT_OPENED:
            yield from self._opening_faults()
        elif event.type == kinds.RUBRIC_ADOPTED:
            yield from self._adoption_faults(rubric)

    def _opening_faults(self) -> Iterator[Fault]:
        event = self.event
        if not ASSESSMENT.fullmatch(event.assessment):
            reason = "assessment must be an id of ASCII letters, digits, `.`, `_` and `-`, at most 128"
            yield Fault(Refusal.MALFORMED, reason)
        fault = zone_fault(event.data["timezone"])
        if fault is not None:
            yield Fault(Refusal.MALFORMED, fault)
        if self.state.position:
            yield Fault(Refusal.FORBIDDEN, f"{self.state.assessment} is open already: a new rubric is adopted")

    def _adoption_faults(self, rubric: Rubric) -> Iterator[Fault]:
        replaced = whole(self.event.data["supersedes"])
        if replaced != rubric.version:
            yield Fault(Refusal.OUT_OF_RANGE, f"version {rubric.version} is in force: supersede that one")
        carried = self.carried
        if carried is not None:
            same = self.state.rubrics.get(carried.version, carried)
            if same.digest != carried.digest:
                reason = f"there was another rubric of version {carried.version}: give this one its own version"
                yield Fault(Refusal.OUT_OF_RANGE, reason)

    def _confirmation_faults(self, data: dict[str, Any], who: str, rubric: Rubric) -> Iterator[Fault]:
        named = data["entry"]
        confirmed = self.lookup(named["source"], named["id"])
        if confirmed is None:
            yield Fault(Refusal.UNKNOWN_ENTRY, f"there is no entry {brief(named['id'])} from {brief(named['source'])}")
            return
        if who == reporter(confirmed, rubric.assessor):
            yield Fault(Refusal.FORBIDDEN, f"{who} reported the entry: somebody else must confirm it")
        if not confirmed.in_force:
            yield Fault(Refusal.ENTRY_SUPERSEDED, NOT_IN_FORCE)

    def _change_faults(self, rubric: Rubric) -> Iterator[Fault]:
        event, named = self.event, self.event.data["entry"]
        target = self.target = self.lookup(named["source"], named["id"])
        if target is None:
            yield Fault(Refusal.UNKNOWN_ENTRY, f"there is no entry {brief(named['id'])} from {brief(named['source'])}")
            return
        who, whose = party(event, rubric.assessor, self.caller), reporter(target, rubric.assessor)
        if who not in (whose, rubric.assessor):
            yield Fault(Refusal.NOT_YOUR_ENTRY, f"the entry is {whose}'s: it or the assessor may change it")
        elif not reaches(self.caller, target):
            reason = f"a unit changes its appeals, a provider what it reported: {whose} has another credential for this"
            yield Fault(Refusal.NOT_YOUR_ENTRY, reason)
        if target.type in kinds.LASTING:
            yield Fault(Refusal.FORBIDDEN, f"an entry of type {target.type} stands: it cannot be changed")
        if not target.in_force:
            yield Fault(Refusal.ENTRY_SUPERSEDED, NOT_IN_FORCE)
        if event.type == kinds.ENTRY_CORRECTED and target.type not in kinds.LASTING:
            yield from self._correction_faults(target, rubric)

    def _correction_faults(self, target: Found, rubric: Rubric) -> Iterator[Fault]:
        data = self.event.data
        for place in (data, data["entry"]):
            if place.get("type") not in (None, target.type):
                yield Fault(Refusal.MALFORMED, f"a correction keeps the type, {target.type}")
            if place.get("subject") not in (None, target.subject):
                yield Fault(Refusal.MALFORMED, f"a correction keeps the subject, {target.subject}")
        if self.event.subject not in (None, target.subject):
            yield Fault(Refusal.MALFORMED, f"a correction keeps the subject, {target.subject}")
        statement = Statement(target.type, target.subject, target.provider, data["data"])
        fault = shape_of(statement)
        if fault is not None:
            yield Fault(Refusal.MALFORMED, f"in the correction, {fault}")
            return
        yield from content_faults(statement, self.state, rubric, self.moment, self.lookup)
        if target.type == kinds.ENTRY_CONFIRMED:
            yield from self._confirmation_faults(statement.data, reporter(target, rubric.assessor), rubric)

    def accepted(self, position: int, authtype: str | None, authid: str | None) -> Accepted:
        """Give the entry as it is to be stored, and what there is to remember of it."""
        event, target = self.event, self.target
        acceptedtime = stamp(self.moment)
        stored = stored_form(
            event,
            position=position,
            acceptedtime=acceptedtime,
            previous=self.state.digest,
            authtype=authtype,
            authid=authid,
        )
        found = Found(position, event.content, event.type, event.subject, reporter_of(event))
        replaces = None
        if target is not None:
            replaces = event.data["entry"]["source"], event.data["entry"]["id"]
            if event.type == kinds.ENTRY_CORRECTED:
                found = Found(position, event.content, target.type, target.subject, target.provider)
        return Accepted(
            event, position, stored, leaf_hash(stored), self.moment, acceptedtime, found, replaces, self.carried
        )


def _order(fault: Fault) -> int:
    return fault.code.order
