"""Bytes as compiled loops read them: one by one, or eight at once wherever they begin."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WORD = 8
MASKS = np.array([(1 << 8 * length) - 1 for length in range(WORD)] + [(1 << 64) - 1], np.uint64)
"""What keeps so many of the bytes of a word, the first in the lowest."""

_PADDING = bytes(2 * WORD)  # two words may be read at the last byte


class Text(NamedTuple):
    """Bytes, and the eight from each on as a word, little-endian: a view of the same memory."""

    bytes: NDArray[np.uint8]
    words: NDArray[np.uint64]


def text_of(parts: Iterable[bytes]) -> Text:
    """Put bytes together, with room behind them to read words at the last."""
    text = np.frombuffer(bytearray().join([*parts, _PADDING]), np.uint8)
    words = np.lib.stride_tricks.as_strided(text[:WORD].view("<u8"), (len(text) - WORD + 1,), (1,))
    return Text(text, words)


def joined(states: Sequence[bytes]) -> tuple[Text, NDArray[np.int64]]:
    """Put entries together, and say where each ends."""
    return text_of(states), np.cumsum(np.fromiter(map(len, states), np.int64, len(states)))
