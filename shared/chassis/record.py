"""A record of a stream as a reader sees it, and the one rule of where it belongs."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Self

import msgspec

from shared.chassis.store import Head
from shared.contracts.entries import leaf_hash


class Envelope(msgspec.Struct):
    """What a reader must know of a record before its service looks at it."""

    assessment: str
    position: int
    generation: msgspec.Raw = msgspec.Raw(b"1")
    previous: str | None = None
    acceptedtime: msgspec.Raw = msgspec.Raw()
    data: msgspec.Raw = msgspec.Raw()


class Opening(msgspec.Struct):
    """The mark of a snapshot in `data`."""

    snapshot: bool = False


ENVELOPE = msgspec.json.Decoder(Envelope)
GENERATION = msgspec.json.Decoder(int)
OPENING = msgspec.json.Decoder(Opening)


class Unreadable(ValueError):
    """These bytes are no record of ours."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: `body` is its exact bytes, `digest` their leaf hash.

    Ledger entries (what has been accepted) are all of generation 1: an attribute of that name is their sender's own.
    """

    assessment: str
    generation: int
    position: int
    digest: str
    previous: str | None
    body: bytes
    snapshot: bool = False

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The record in these bytes.

        :raises Unreadable: not a record of ours
        """
        try:
            envelope = ENVELOPE.decode(body)
            generation = 1 if envelope.acceptedtime else GENERATION.decode(envelope.generation)
            opens = generation > 1 and OPENING.decode(envelope.data).snapshot
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(str(error)) from error
        if envelope.position < 1 or generation < 1:
            raise Unreadable(f"position {envelope.position}, generation {generation}")
        return cls(
            envelope.assessment,
            generation,
            envelope.position,
            leaf_hash(body),
            envelope.previous,
            body,
            snapshot=opens,
        )

    @property
    def head(self) -> Head:
        """What is stored when this was the last record read."""
        return Head(self.generation, self.position, self.digest)


class Place(Enum):
    """Where a record stands beside the head of what was read."""

    NEXT = auto()
    """The next one, naming the head as the one before it, or the snapshot that opens a newer generation."""
    KNOWN = auto()
    """The head itself."""
    OLD = auto()
    """Before the head: the same as then, or a fork, which the kept digests tell."""
    STALE = auto()
    """Of a generation that has been replaced."""
    GAP = auto()
    """Others belong between."""
    FORK = auto()
    """Another history than the one read so far."""


def place(head: Head | None, record: Record) -> Place:
    """The one rule of reading a stream."""
    if record.generation != (head.generation if head else 1):
        if head and record.generation < head.generation:
            return Place.STALE
        return Place.NEXT if record.snapshot else Place.GAP
    position = head.position if head else 0
    if record.position == position + 1:
        return Place.NEXT if record.previous == (head.digest if head else None) else Place.FORK
    if record.position > position:
        return Place.GAP
    if record.position < position:
        return Place.OLD
    return Place.KNOWN if head and record.digest == head.digest else Place.FORK
