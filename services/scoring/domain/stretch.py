"""Stored entries in one piece of memory: what compiled loops read, and a sequence like any other."""

from collections.abc import Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

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


def text_of(*parts: bytes) -> Bytes:
    """Put bytes together, with room behind them."""
    return np.frombuffer(bytearray().join([*parts, bytes(BEHIND)]), np.uint8)
