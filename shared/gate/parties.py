"""Who speaks, and what they may do: by credential, or by the event's own `provider` where there are none."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.events import Event
from shared.contracts.refusals import Refusal, brief
from shared.gate.outcomes import Found
from shared.rubric.rubric import Rubric


class Fault(NamedTuple):
    """A code of refusal and one sentence; `by_credential` where the caller may not do this at all."""

    code: Refusal
    reason: str
    by_credential: bool = False


class Caller(Protocol):
    """What the gate asks of a credential; None stands for a file's line, where `provider` decides and nobody calls."""

    @property
    def is_open(self) -> bool:
        """Whether there are no credentials, so that the event's own `provider` decides."""
        ...

    @property
    def roles(self) -> frozenset[str]:
        """Some of `provider`, `assessor`, `unit`, `auditor`, `viewer`."""
        ...

    @property
    def provider(self) -> str | None:
        """The provider it speaks for; None bounds nothing."""
        ...

    @property
    def unit(self) -> str | None:
        """The unit it speaks for; None bounds nothing."""
        ...

    @property
    def authtype(self) -> str:
        """CloudEvents Auth Context: what kind of caller this is."""
        ...

    @property
    def authid(self) -> str | None:
        """The account's label."""
        ...

    def may_send_from(self, source: str) -> bool:
        """Whether this `source` is its own."""
        ...


def party(event: Event, assessor: str, caller: Caller | None) -> str:
    """Name who acts: the event's `provider`; where it names none the assessor, or the unit whose credential it is."""
    if event.provider is not None:
        return event.provider
    if caller is None or caller.is_open or "assessor" in caller.roles:
        return assessor
    return caller.unit or assessor


def reporter(found: Found, assessor: str) -> str:
    """Name who reported an entry."""
    return found.provider or assessor


def reporter_of(event: Event | Entry) -> str | None:
    """Name the reporter to keep with an entry: an appeal is its unit's, whoever sent it."""
    return event.subject if event.type == kinds.APPEAL_FILED else event.provider


def reaches(caller: Caller | None, target: Found) -> bool:
    """Whether a credential's roles reach an entry of its party: a unit may bear a provider's name, and only appeals."""
    if caller is None or caller.is_open or "assessor" in caller.roles:
        return True
    return ("unit" if target.type == kinds.APPEAL_FILED else "provider") in caller.roles


def role_faults(event: Event, rubric: Rubric) -> Iterator[Fault]:
    """Check by `provider` alone who may send this type; who may touch which entry is another question."""
    who, assessor = event.provider, rubric.assessor
    if event.type in kinds.ASSESSOR_TYPES:
        if who not in (None, assessor):
            yield Fault(
                Refusal.FORBIDDEN, f"only the assessor may send this type: leave provider out, or name {assessor}"
            )
    elif event.type in (kinds.PERIOD_REPORTED, kinds.ENTRY_CONFIRMED):
        if who not in (None, assessor) and who not in rubric.providers:
            known = ", ".join(rubric.providers)
            yield Fault(Refusal.FORBIDDEN, f"{brief(who)} is no provider: the providers are {known}")
    elif event.type == kinds.APPEAL_FILED and who not in (None, event.subject, assessor):
        yield Fault(
            Refusal.FORBIDDEN, f"only {brief(event.subject)} may appeal in its own name: provider is {brief(who)}"
        )


def credential_fault(event: Event, assessor: str | None, caller: Caller) -> str | None:
    """Say why this credential may not send this event at all, or None; `assessor` is None before the opening."""
    if not caller.may_send_from(event.source):
        return f"the credential may not send from {brief(event.source)}: begin source with its own prefix"
    if any(allowed(event, assessor, caller) for allowed in _ALLOWED[event.type]):
        return None
    roles = ", ".join(sorted(caller.roles)) or "none"
    return f"the credential (roles: {roles}) may not send this type for provider {brief(event.provider or 'none')}"


def _as_provider(event: Event, _assessor: str | None, caller: Caller) -> bool:
    if "provider" not in caller.roles or event.provider is None:
        return False
    return caller.provider is None or event.provider == caller.provider


def _as_assessor(event: Event, assessor: str | None, caller: Caller) -> bool:
    return "assessor" in caller.roles and (assessor is None or event.provider in (None, assessor))


def _as_unit(event: Event, _assessor: str | None, caller: Caller) -> bool:
    if "unit" not in caller.roles:
        return False
    return caller.unit is None or (event.subject == caller.unit and event.provider in (None, caller.unit))


def _as_appellant(event: Event, assessor: str | None, caller: Caller) -> bool:
    """A unit may correct or withdraw its own appeal, whose subject it need not repeat."""
    if event.subject is None and "unit" in caller.roles:
        return event.provider is None or event.provider == caller.unit
    return _as_unit(event, assessor, caller)


_ASSESSOR_ONLY = (_as_assessor,)
_ANY_PARTY = (_as_provider, _as_assessor, _as_appellant)
_ALLOWED = dict.fromkeys(kinds.ALL, _ASSESSOR_ONLY) | {
    kinds.SUBMISSION_RECEIVED: (_as_provider, _as_assessor),
    kinds.PERIOD_REPORTED: (_as_provider, _as_assessor),
    kinds.ENTRY_CONFIRMED: (_as_provider, _as_assessor),
    kinds.ENTRY_WITHDRAWN: _ANY_PARTY,
    kinds.ENTRY_CORRECTED: _ANY_PARTY,
    kinds.APPEAL_FILED: (_as_unit,),
}
