"""What was told, held against what is found when it is built anew; the same for every service that is derived."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from shared.chassis.record import Record
from shared.chassis.store import Conflict, Head, StoreError, Stream
from shared.contracts.records import decode_record

Parts = dict[str, Any]
"""What readers of a stream hold, part by part."""


class BrokenLog(StoreError):
    """A record does not name the one before it, or is another than was read; the message says which."""


class Difference(NamedTuple):
    """What was told of a part, and what was found; None where there is none."""

    part: str
    told: Any
    found: Any


class Rebuilt(NamedTuple):
    """What a rebuild came to, `entries` a position: `generation` is the newer one, where it took over."""

    assessment: str
    entries: int
    differences: Sequence[Difference] = ()
    disputed: Sequence[int] = ()
    """Closings that name another standing than the one found."""
    generation: int | None = None


def differences(told: Mapping[str, Any], found: Mapping[str, Any]) -> list[Difference]:
    """Give every part that is not the same on both sides, by name."""
    return [
        Difference(part, told.get(part), found.get(part))
        for part in sorted(told.keys() | found.keys())
        if told.get(part) != found.get(part)
    ]


def silent(position: int) -> None:
    """Hear of progress, and say nothing."""
    del position


class Told:
    """What readers of a stream hold at its last record that was read here; `take` takes in the `data` of one."""

    def __init__(self, take: Callable[[Parts, dict[str, Any]], None]) -> None:
        self.take = take
        self.generation = 1
        self.position = 0
        self.parts: Parts = {}

    def read_on(self, stream: Stream, until: int) -> None:
        """Take in what the stream has beyond, as far as a position; of a newer generation, all.

        :raises Conflict: it was told anew beyond that meanwhile
        """
        opening = stream.opening()
        if opening is None:
            return
        if opening[1] > until:
            raise Conflict(f"{stream.name} was told anew meanwhile; ask again.")
        if opening[0] != self.generation:
            self.generation, self.position, self.parts = opening[0], 0, {}
        after = max(self.position, opening[1] - 1)
        for states in upto(stream.scan(after, self.generation), after, until):
            for state in states:
                self.take(self.parts, decode_record(state).data)
            after += len(states)
        self.position = after


def upto(batches: Iterable[Sequence[bytes]], after: int, until: int) -> Iterator[Sequence[bytes]]:
    """Batches of what lies behind a position, as far as another one."""
    if after >= until:
        return
    for states in batches:
        yield states[: until - after]
        after += len(states)
        if after >= until:
            return


def chained(states: Sequence[bytes], last: Head | None, name: str, opens: int = 1) -> list[Record]:
    """Read records that follow the last one, each naming the one before it.

    :raises BrokenLog: one does not
    """
    records = [Record.read(state) for state in states]
    position, digest = (last.position, last.digest) if last else (opens - 1, None)
    for record in records:
        position += 1
        if record.position != position or record.previous != digest:
            raise BrokenLog(
                f"Record {position} of {name} does not name the one before it: it was changed, or is another history "
                "than the one read so far; begin anew, from a copy that is whole."
            )
        digest = record.digest
    return records
