"""Stored entries in one piece of memory: what compiled loops read, and a sequence like any other."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

TOGETHER = 1 << 24
"""So many bytes are looked at together: what a step of the interpreter costs is shared by their entries."""

BEHIND = 64
"""So many bytes may be read behind the last one."""

Bytes = NDArray[np.uint8]
"""A text with room `BEHIND` it."""


class Stretch(Sequence[bytes]):
    """Entries of a text, each from where it starts to before its end; between them there may be others' bytes."""

    def __init__(self, text: Bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends

    @classmethod
    def of(cls, states: Sequence[bytes]) -> "Stretch":
        """Put entries together, one behind the other."""
        if isinstance(states, Stretch):
            return states
        ends = np.cumsum(np.fromiter(map(len, states), np.int64, len(states)))
        return cls(text_of(*states), np.concatenate([np.zeros(1, np.int64), ends])[:-1], ends)

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, place: int) -> bytes: ...
    @overload
    def __getitem__(self, place: slice) -> "Stretch": ...
    def __getitem__(self, place: int | slice) -> "bytes | Stretch":
        if isinstance(place, slice):
            return Stretch(self.text, self.starts[place], self.ends[place])
        return self.text[self.starts[place] : self.ends[place]].tobytes()


def gathered(batches: Iterable[Sequence[bytes]]) -> Iterator[Stretch]:
    """Put batches together, each as soon as it comes: what has just been read is still in the processor's cache."""
    parts: list[bytes] = []
    lengths: list[NDArray[np.int64]] = []
    for batch in batches:
        if isinstance(batch, Stretch):
            yield from _put_together(parts, lengths)
            yield batch
            continue
        parts.append(b"".join(batch))
        lengths.append(np.fromiter(map(len, batch), np.int64, len(batch)))
        if sum(map(len, parts)) >= TOGETHER:
            yield from _put_together(parts, lengths)
    yield from _put_together(parts, lengths)


def _put_together(parts: list[bytes], lengths: list[NDArray[np.int64]]) -> Iterator[Stretch]:
    if parts:
        many = np.concatenate(lengths)
        ends = np.cumsum(many)
        yield Stretch(text_of(*parts), ends - many, ends)
        parts.clear()
        lengths.clear()


def text_of(*parts: bytes) -> Bytes:
    """Put bytes together, with room behind them."""
    return np.frombuffer(bytearray().join([*parts, bytes(BEHIND)]), np.uint8)
