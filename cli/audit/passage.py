"""Entries through the gate once more, in little memory: identities by hash, the entries themselves from the file."""

from collections.abc import Callable, Sequence

import msgspec

from cli.audit.opened import Entries
from cli.audit.report import Check
from services.scoring.domain.identities import Identities as Places
from shared.contracts import kinds
from shared.contracts.events import Event, Malformed, parse_event
from shared.gate.outcomes import Accepted, Found, Known, Refused
from shared.gate.parties import reporter_of
from shared.gate.replay import Replay
from shared.gate.state import Identities
from shared.rubric.rubric import Rubric


class Passage:
    """Puts the entries of a bundle through the gate, which must say to each what it said when it took it in."""

    def __init__(self, entries: Entries, load: Callable[[str], Rubric]) -> None:
        self.check = Check("gate")
        self._identities = Looked(entries)
        self._replay = Replay(load)
        self._replay.identities = self._identities

    def read(self, lines: Sequence[bytes], previous: Sequence[str | None]) -> list[Accepted | None]:
        """Take in the next lines, each with the digest that it names; None for one that the gate would not take."""
        self._identities.look_up(lines)
        return [self._one(line, before) for line, before in zip(lines, previous, strict=True)]

    def _one(self, line: bytes, previous: str | None) -> Accepted | None:
        state = self._replay.state
        state.digest = previous  # whether it is the right one is the chain's to say
        self._identities.number += 1
        try:
            outcome = self._replay.read(line)
        except LookupError:  # it names an entry that cannot be read
            self.check.fault("not-as-stored", position=self._identities.number)
            return None
        if isinstance(outcome, Accepted):
            if outcome.stored != line:
                self.check.fault("not-as-stored", position=outcome.position)
            return outcome
        if isinstance(outcome, Known):
            self.check.fault("twice", position=self._identities.number, first=outcome.position)
        else:
            self._refused(outcome, self._identities.number)
        return None

    def _refused(self, outcome: Refused, position: int) -> None:
        self.check.fault(
            "refused",
            position=position,
            source=outcome.source,
            id=outcome.id,
            refusal=str(outcome.code),
            reason=outcome.reason,
        )


class _Reference(msgspec.Struct, gc=False):
    source: str
    id: str


class _Inner(msgspec.Struct, gc=False):
    entry: _Reference | None = None
    appeal: _Reference | None = None


class _Data(msgspec.Struct, gc=False):
    entry: _Reference | None = None
    appeal: _Reference | None = None
    data: _Inner | None = None


class _Mentioning(msgspec.Struct, gc=False):
    source: str
    id: str
    data: _Data


_mentions = msgspec.json.Decoder(_Mentioning).decode


class Looked(Identities):
    """What the gate asks of identities, answered from where their hashes stand and the lines themselves."""

    def __init__(self, entries: Entries) -> None:
        super().__init__()
        self.number = 0
        """Of the line in hand."""
        self._entries = entries
        self._places = Places()
        self._ended: set[int] = set()

    def look_up(self, lines: Sequence[bytes]) -> None:
        """Find all identities that lines mention at once."""
        wanted: dict[tuple[str, str], None] = {}
        for line in lines:
            try:
                found = _mentions(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue  # the gate will say what is wrong with it, and look up one by one what it needs
            wanted[found.source, found.id] = None
            inner = found.data.data
            named = (found.data.entry, found.data.appeal, inner and inner.entry, inner and inner.appeal)
            wanted |= {(each.source, each.id): None for each in named if each}
        self._places.look_up(list(wanted))

    def __call__(self, source: str, id: str) -> Found | None:
        """Look one up."""
        number = self._number(source, id)
        if number is None:
            return None
        first = event = self._event(number)
        while first.type == kinds.ENTRY_CORRECTED:  # it stands as what it corrects in the end
            named = first.data["entry"]
            corrected = self._number(named["source"], named["id"])
            if corrected is None:
                raise LookupError(number)
            first = self._event(corrected)
        in_force = number not in self._ended
        return Found(number, event.content, first.type, first.subject, reporter_of(first), in_force)

    def _number(self, source: str, id: str) -> int | None:
        for number in list(self._places.candidates(source, id)):
            event = self._event(number)
            if (event.source, event.id) == (source, id):
                return number
        return None

    def _event(self, number: int) -> Event:
        try:
            return parse_event(self._entries.line(number), stored=True)
        except Malformed as fault:
            raise LookupError(number) from fault

    def learn(self, accepted: Accepted) -> None:
        """Add an accepted entry, and take what it replaces out of force."""
        if accepted.replaces is not None:
            ended = self._number(*accepted.replaces)
            assert ended is not None  # noqa: S101  the gate has looked it up
            self._ended.add(ended)
        self._places.add(accepted.event.source, accepted.event.id, self.number)
