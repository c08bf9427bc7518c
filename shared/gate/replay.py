"""The gate over a file: what it says to each line, with no server and no clock but the file's own."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from shared.contracts import kinds
from shared.contracts.events import Event, Malformed, parse_event
from shared.contracts.refusals import Refusal
from shared.contracts.times import instant
from shared.gate.gate import Gate
from shared.gate.outcomes import Accepted, Outcome, Refused
from shared.gate.state import Identities, LedgerState, evolve
from shared.rubric.rubric import Rubric


class Line(NamedTuple):
    """A line of a file, counted from 1 with the blank ones, and what the gate said to it."""

    number: int
    outcome: Outcome


class Replay:
    """A file on its way through the gate, line by line.

    Lines that carry `position` and `acceptedtime` keep them, so that an exported ledger comes out byte for byte:
    positions must rise, and may leave some out where lines were refused or are missing. Other lines take the next
    position, and their `time` for the moment of acceptance, which never goes backwards.
    """

    def __init__(self, load: Callable[[str], Rubric], rubric: Rubric | None = None) -> None:
        """Start before the first line; with a `rubric` the file need not open its assessment."""
        self.state = LedgerState() if rubric is None else LedgerState.under(rubric)
        self.identities = Identities()
        self.missing: list[tuple[int, int]] = []
        """Ranges of positions, both ends included, that no line carried."""
        self._gate = Gate(self.state, load)
        self._last_carried = 0

    def read(self, raw: bytes) -> Outcome:
        """Judge one line that is not blank, and go on from it if it is accepted."""
        try:
            event = parse_event(raw, stored=b'"acceptedtime"' in raw and b'"position"' in raw)
        except Malformed as fault:
            return Refused(fault.code, fault.reason, fault.source, fault.id)
        outcome = self._judge(event)
        if type(outcome) is Accepted:
            evolve(self.state, outcome)
            self.identities.learn(outcome)
        return outcome

    def _judge(self, event: Event) -> Outcome:
        if not event.added or self.identities(event.source, event.id) is not None:
            return self._gate.admit(event, None, instant(event.time), self.identities)
        try:
            position, moment = self._carried(event)
        except ValueError as error:
            return Refused(Refusal.MALFORMED, str(error), event.source, event.id)
        return self._gate.admit(
            event,
            None,
            moment,
            self.identities,
            position=position,
            authtype=_text(event.added.get("authtype")),
            authid=_text(event.added.get("authid")),
        )

    def _carried(self, event: Event) -> tuple[int | None, datetime]:
        """Read the position and the moment of acceptance that a line carries."""
        said, accepted = event.added.get("position"), event.added.get("acceptedtime")
        moment = instant(event.time) if accepted is None else instant(_text(accepted) or "")
        return (None if said is None else self._position(event, said)), moment

    def _position(self, event: Event, said: Any) -> int:
        text = str(said)
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            message = "position must be a whole number from 1"
            raise ValueError(message)
        position, before = int(text), self.state.position
        if position <= before:
            message = f"position {position} does not come after {before}: lines stand in the order of the ledger"
            raise ValueError(message)
        if event.type == kinds.ASSESSMENT_OPENED and position != 1:
            message = f"position is {position}: an assessment is opened at position 1"
            raise ValueError(message)
        expected = max(before, self._last_carried) + 1
        if position > expected:
            self.missing.append((expected, position - 1))
        self._last_carried = max(position, self._last_carried)
        return position


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def check_lines(lines: Iterable[bytes], load: Callable[[str], Rubric], rubric: Rubric | None = None) -> Iterator[Line]:
    """Judge the lines of a file in order; blank ones count for the number and say nothing."""
    replay = Replay(load, rubric)
    for number, raw in enumerate(lines, 1):
        text = raw.rstrip(b"\r\n")
        if text and not text.isspace():
            yield Line(number, replay.read(text))


def report(lines: Iterable[Line]) -> dict[str, Any]:
    """Give the report of `merit check`: how many were accepted, and every refusal; duplicates are neither."""
    accepted = 0
    refused: list[dict[str, Any]] = []
    for number, outcome in lines:
        if isinstance(outcome, Accepted):
            accepted += 1
        elif isinstance(outcome, Refused):
            refused.append(refusal(number, outcome))
    return {"accepted": accepted, "refused": refused}


def refusal(number: int, outcome: Refused) -> dict[str, Any]:
    """Give one line of that report."""
    return {
        "line": number,
        "source": outcome.source,
        "id": outcome.id,
        "code": str(outcome.code),
        "reason": outcome.reason,
    }
