"""What an entry says, held against the rubric in force and the calendar: the same for a correction's new data."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from shared.contracts import kinds
from shared.contracts.refusals import Refusal, brief
from shared.contracts.shapes import EXPLAINED, attribute_fault, ends, reason_missing, shape_fault, whole
from shared.contracts.times import day
from shared.gate.parties import Fault
from shared.gate.state import LedgerState, Lookup
from shared.rubric.faults import NotPlaced, RubricError
from shared.rubric.model import DISTRICT
from shared.rubric.rubric import Rubric


class Statement(msgspec.Struct, frozen=True, gc=False):
    """What is to be judged: an entry's data, or what a correction puts in its place."""

    kind: str
    subject: str | None
    provider: str | None
    """The reporter: for a correction, the first entry's."""
    data: dict[str, Any]


def shape_of(statement: Statement) -> str | None:
    """Say what is missing or ill-typed, or None; nothing else may be asked before."""
    return attribute_fault(statement.kind, statement.subject, statement.provider) or shape_fault(
        statement.kind, statement.data
    )


def content_faults(
    statement: Statement, state: LedgerState, rubric: Rubric, moment: datetime, lookup: Lookup
) -> Iterator[Fault]:
    """Yield what is wrong with a statement of sound shape, in any order; `moment` is its acceptance."""
    kind, data = statement.kind, statement.data
    if kind in kinds.DATED:
        yield from _date_faults(data["occurred"], state, moment)
    if kind in EXPLAINED and reason_missing(data):
        yield Fault(Refusal.REASON_MISSING, "data.reason is missing or blank: say why")
    check = _CHECKS.get(kind)
    if check is not None:
        yield from check(statement, state, rubric, lookup)


def _date_faults(text: str, state: LedgerState, moment: datetime) -> Iterator[Fault]:
    occurred = day(text)
    if not state.start <= occurred <= state.end:
        yield Fault(Refusal.OUTSIDE_PERIOD, f"{text} lies outside the period, {state.start} to {state.end}")
    if occurred >= moment.date() and occurred > state.today(moment):  # no zone is a whole day behind UTC
        yield Fault(Refusal.IN_THE_FUTURE, f"{text} lies after the day of acceptance, {state.today(moment)}")


def _placed(faults: list[NotPlaced]) -> Iterator[Fault]:
    for fault in faults:
        yield Fault(Refusal(fault.code), fault.reason)


def _figure(statement: Statement, _state: LedgerState, rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    data, admission = statement.data, rubric.admission
    indicator, measure = data["indicator"], data["measure"]
    yield from _placed(admission.figure_faults(statement.subject or "", indicator, measure, statement.provider, data))
    if reason_missing(data) and admission.needs_reason(indicator, measure):
        yield Fault(Refusal.REASON_MISSING, f"{measure} of {indicator} is judged: say why in data.reason")


def _award(statement: Statement, _state: LedgerState, rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    data = statement.data
    faults = rubric.admission.award_faults
    yield from _placed(faults(statement.subject or "", data["indicator"], data["line"], data.get("points")))


def _deduction(statement: Statement, _state: LedgerState, rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    data = statement.data
    faults = rubric.admission.deduction_faults
    yield from _placed(faults(statement.subject or "", data["indicator"], data["line"], data.get("points")))


def _determination(statement: Statement, _state: LedgerState, rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    data = statement.data
    faults = rubric.admission.determination_faults
    yield from _placed(faults(statement.subject or "", data["indicator"], data["outcome"], data.get("points")))


def _ruling(statement: Statement, _state: LedgerState, rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    try:
        rubric.admission.reading(statement.data["finding"], statement.data["reading"])
    except NotPlaced as fault:
        yield Fault(Refusal(fault.code), fault.reason)


def _report(statement: Statement, state: LedgerState, _rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    first, last = ends(statement.data["period"])
    if last < state.start or first > state.end:
        reason = f"{statement.data['period']} lies outside the period, {state.start} to {state.end}"
        yield Fault(Refusal.OUTSIDE_PERIOD, reason)


def _appeal(statement: Statement, _state: LedgerState, rubric: Rubric, lookup: Lookup) -> Iterator[Fault]:
    unit, data = statement.subject, statement.data
    if unit == DISTRICT:
        yield Fault(Refusal.NOT_THIS_UNIT, f"{DISTRICT} is no assessed unit: only units appeal")
    elif unit not in rubric.units:
        yield Fault(
            Refusal.UNKNOWN_UNIT, f"{brief(unit)} is not assessed here: the units are {', '.join(rubric.units)}"
        )
    name = data.get("indicator")
    if name is not None:
        indicator = rubric.indicators.get(name)
        if indicator is None:
            yield Fault(
                Refusal.UNKNOWN_INDICATOR,
                f"there is no indicator {brief(name)}: they are {', '.join(rubric.indicators)}",
            )
        elif unit in rubric.units and unit not in indicator.units:
            yield Fault(Refusal.NOT_THIS_UNIT, f"{name} does not assess {unit}")
    entry = data.get("entry")
    if entry is not None:
        found = lookup(entry["source"], entry["id"])
        if found is None:
            yield Fault(Refusal.UNKNOWN_ENTRY, f"there is no entry {brief(entry['id'])} from {brief(entry['source'])}")
        elif found.subject not in (None, DISTRICT, unit):
            yield Fault(
                Refusal.NOT_YOUR_ENTRY, f"the entry is about {found.subject}: {brief(unit)} may appeal against its own"
            )


def _decision(statement: Statement, _state: LedgerState, _rubric: Rubric, lookup: Lookup) -> Iterator[Fault]:
    appeal = statement.data["appeal"]
    found = lookup(appeal["source"], appeal["id"])
    if found is None or found.type != kinds.APPEAL_FILED:
        yield Fault(Refusal.UNKNOWN_ENTRY, f"there is no appeal {brief(appeal['id'])} from {brief(appeal['source'])}")


def _freeze(statement: Statement, state: LedgerState, _rubric: Rubric, _lookup: Lookup) -> Iterator[Fault]:
    known_at = whole(statement.data["known_at"])
    if not 1 <= known_at <= state.position:
        yield Fault(
            Refusal.OUT_OF_RANGE, f"known_at is {brief(known_at)}: it must lie between 1 and the head, {state.position}"
        )


def _closing(statement: Statement, state: LedgerState, rubric: Rubric, lookup: Lookup) -> Iterator[Fault]:
    yield from _freeze(statement, state, rubric, lookup)
    version = whole(statement.data["rubric"])
    named = state.rubrics.get(version)
    if named is None:
        known = ", ".join(map(str, state.rubrics))
        yield Fault(
            Refusal.OUT_OF_RANGE, f"no rubric of version {brief(version)} was ever in force: the versions are {known}"
        )
        return
    for finding, reading in statement.data["readings"].items():
        try:
            named.admission.reading(finding, reading)
        except NotPlaced as fault:
            yield Fault(Refusal(fault.code), fault.reason)


def _restatement(statement: Statement, state: LedgerState, rubric: Rubric, lookup: Lookup) -> Iterator[Fault]:
    yield from _closing(statement, state, rubric, lookup)
    position = whole(statement.data["supersedes"])
    if position not in state.statements:
        yield Fault(Refusal.UNKNOWN_ENTRY, f"there is no closing or restatement at position {brief(position)}")
    elif position != state.statement:
        yield Fault(Refusal.ENTRY_SUPERSEDED, f"the statement that holds is at {state.statement}: supersede that one")


_CHECKS: dict[str, Callable[[Statement, LedgerState, Rubric, Lookup], Iterator[Fault]]] = {
    kinds.SUBMISSION_RECEIVED: _figure,
    kinds.BONUS_AWARDED: _award,
    kinds.DEDUCTION_ISSUED: _deduction,
    kinds.INDICATOR_DETERMINED: _determination,
    kinds.RULING_MADE: _ruling,
    kinds.PERIOD_REPORTED: _report,
    kinds.APPEAL_FILED: _appeal,
    kinds.APPEAL_DECIDED: _decision,
    kinds.ASSESSMENT_FROZEN: _freeze,
    kinds.ASSESSMENT_CLOSED: _closing,
    kinds.ASSESSMENT_RESTATED: _restatement,
}


def carried_rubric(data: dict[str, Any], load: Callable[[str], Rubric]) -> Rubric:
    """Load the rubric that an entry carries and hold it against what the entry says of it.

    Raises:
        ValueError: With one sentence: the digest differs, the text is no rubric, or `id` or `version` are not its own.

    """
    said = data["rubric"]
    digest = "sha256:" + hashlib.sha256(said["content"].encode()).hexdigest()
    if said["digest"] != digest:
        message = f"data.rubric.digest is not that of its content, {digest}: send the file's exact text"
        raise ValueError(message)
    try:
        rubric = load(said["content"])
    except RubricError as error:
        message = f"data.rubric.content is no rubric: {error.faults[0]}"
        raise ValueError(message) from None
    if (said["id"], whole(said["version"])) != (rubric.id, rubric.version):
        own = f"{rubric.id}, version {rubric.version}"
        message = f"data.rubric is called {brief(said['id'])}, version {brief(said['version'])}: its text says {own}"
        raise ValueError(message)
    return rubric


def zone_fault(name: str) -> str | None:
    """Say that there is no such time zone, or None."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return f"{brief(name)} is no time zone: name it as in Asia/Shanghai"
    return None
