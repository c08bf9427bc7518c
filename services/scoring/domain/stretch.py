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
        return _put_together(states, [_lengths(states)])

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
        ready = isinstance(batch, Stretch)
        if not ready:
            parts.append(b"".join(batch))
            lengths.append(_lengths(batch))
        if parts and (ready or sum(map(len, parts)) >= TOGETHER):
            yield _put_together(parts, lengths)
            parts, lengths = [], []
        if ready:
            yield batch
    if parts:
        yield _put_together(parts, lengths)


def _lengths(states: Sequence[bytes]) -> NDArray[np.int64]:
    return np.fromiter(map(len, states), np.int64, len(states))


def _put_together(parts: Sequence[bytes], lengths: Sequence[NDArray[np.int64]]) -> Stretch:
    """Lay out bytes, and the entries of these lengths in them."""
    many = np.concatenate(lengths)
    ends = np.cumsum(many)
    return Stretch(text_of(*parts), ends - many, ends)


def text_of(*parts: bytes) -> Bytes:
    """Put bytes together, with room behind them."""
    return np.frombuffer(bytearray().join([*parts, bytes(BEHIND)]), np.uint8)
