"""SipHash-1-3 (Aumasson and Bernstein, 2012): 64 bits under a key of 128 that nobody outside knows.

So nobody can make up names that share a hash. With one round a word and three at the end it is what Python's own
dictionaries stand on.
"""

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.compiled import compiled
from services.scoring.domain.compiled.words import MASKS, WORD, word_at
from services.scoring.domain.stretch import Bytes


@compiled
def siphash(text: Bytes, start: int, end: int, key: NDArray[np.uint64]) -> np.uint64:
    """Hash the bytes from `start` to before `end`."""
    v0 = key[0] ^ np.uint64(0x736F6D6570736575)
    v1 = key[1] ^ np.uint64(0x646F72616E646F6D)
    v2 = key[0] ^ np.uint64(0x6C7967656E657261)
    v3 = key[1] ^ np.uint64(0x7465646279746573)
    at = start
    while at + WORD <= end:
        word = word_at(text, at)
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
        at += WORD
    last = (word_at(text, at) & MASKS[end - at]) | np.uint64((end - start) & 0xFF) << np.uint64(56)
    v3 ^= last
    v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    v0 ^= last
    v2 ^= np.uint64(0xFF)
    v0, v1, v2, v3 = _round(*_round(*_round(v0, v1, v2, v3)))
    return v0 ^ v1 ^ v2 ^ v3


@compiled
def _round(v0: np.uint64, v1: np.uint64, v2: np.uint64, v3: np.uint64) -> tuple[np.uint64, ...]:
    v0 += v1
    v2 += v3
    v1 = _turned(v1, 13) ^ v0
    v3 = _turned(v3, 16) ^ v2
    v0 = _turned(v0, 32)
    v2 += v1
    v0 += v3
    v1 = _turned(v1, 17) ^ v2
    v3 = _turned(v3, 21) ^ v0
    v2 = _turned(v2, 32)
    return v0, v1, v2, v3


@compiled
def _turned(word: np.uint64, by: int) -> np.uint64:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))
