"""Leaf hashes (RFC 6962) of many entries: SHA-256 (FIPS 180-4) of sixty-four side by side.

`hashlib` holds the interpreter while it hashes anything as short as an entry. Here sixty-four take each step
together: processors do sixteen in one instruction, and the next while one is on its way. Other threads run meanwhile.
"""

from math import isqrt

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.compiled import compiled
from services.scoring.domain.compiled.words import MASKS, WORD, word_at
from services.scoring.domain.stretch import Bytes, Stretch

Numbers = NDArray[np.uint32]
"""Of all lanes: those of the first number, then those of the second, and so on."""

LANES = 64
_ROUNDS, _BLOCK, _WORDS, _STATE, _DIGEST = 64, 64, 16, 8, 32
_SCHEME = np.frombuffer(b"sha256:", np.uint8)
_DIGITS = np.full(256, 16, np.uint8)
_DIGITS[np.frombuffer(b"0123456789abcdef", np.uint8)] = range(16)


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _cube_root(number: int) -> int:
    root = round(number ** (1 / 3))
    while root**3 > number:
        root -= 1
    while (root + 1) ** 3 <= number:
        root += 1
    return root


# The first 32 bits behind the point of the roots of the first primes.
_START = np.array([isqrt(prime << 64) & 0xFFFFFFFF for prime in _primes(_STATE)], np.uint32)
_STEPS = np.array([_cube_root(prime << 96) & 0xFFFFFFFF for prime in _primes(_ROUNDS)], np.uint32)


def leaves(stretch: Stretch) -> NDArray[np.uint8]:
    """Give the leaf hash of each entry, 32 bytes a row."""
    found = np.empty((len(stretch), _DIGEST), np.uint8)
    words, state = np.empty(_ROUNDS * LANES, np.uint32), np.empty(_STATE * LANES, np.uint32)
    _leaves(stretch.text, stretch.starts, stretch.ends, found, words, state)
    return found


def named(stretch: Stretch, spans: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Give the digest that each entry names as that of the one before it, zeros where it names none."""
    found = np.zeros((len(stretch), _DIGEST), np.uint8)
    _named(stretch.text, stretch.starts, spans, found)
    return found


@compiled
def _named(text: Bytes, starts: NDArray[np.int64], spans: NDArray[np.int32], found: NDArray[np.uint8]) -> None:
    for place in range(len(starts)):
        begin = starts[place] + spans[place, 0]
        if spans[place, 1] - spans[place, 0] != len(_SCHEME) + 2 * _DIGEST:
            continue
        good = True
        for at in range(len(_SCHEME)):
            good &= text[begin + at] == _SCHEME[at]
        begin += len(_SCHEME)
        for at in range(_DIGEST):
            high, low = _DIGITS[text[begin + 2 * at]], _DIGITS[text[begin + 2 * at + 1]]
            good &= high < 16 and low < 16
            found[place, at] = 16 * high + low
        if not good:
            found[place] = 0


@compiled
def _leaves(
    text: Bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    found: NDArray[np.uint8],
    words: Numbers,
    state: Numbers,
) -> None:
    left = np.zeros(LANES, np.int64)  # blocks, by lane
    for first in range(0, len(ends), LANES):
        lanes = min(LANES, len(ends) - first)
        left[:] = 0
        for lane in range(lanes):
            left[lane] = _blocks(ends[first + lane] - starts[first + lane])
        for at in range(_STATE * LANES):
            state[at] = _START[at // LANES]
        for block in range(left.max()):
            for lane in range(lanes):
                _load(text, starts[first + lane], ends[first + lane], block, words, lane)
            _mix(words, state, left)
            left -= 1
        for lane in range(lanes):
            for at in range(_DIGEST):
                found[first + lane, at] = state[LANES * (at // 4) + lane] >> np.uint32(24 - 8 * (at % 4))


@compiled
def _blocks(length: int) -> int:
    """How many blocks a leaf takes: a byte before the entry, one behind it, and its length in eight."""
    return (length + 1 + 1 + WORD + _BLOCK - 1) // _BLOCK


@compiled
def _load(text: Bytes, start: int, end: int, block: int, words: Numbers, lane: int) -> None:
    """Read a block of a leaf, which begins one byte before its entry."""
    length = end - start
    for pair in range(_WORDS // 2):
        at = _BLOCK * block + WORD * pair - 1  # in the entry
        if at < 0:
            word = _read(text, start, min(length, WORD - 1)) << np.uint64(8) | _mark(length + 1)
        elif at <= length:
            word = _read(text, start + at, min(length - at, WORD)) | _mark(length - at)
        else:
            word = np.uint64(0)
        words[LANES * 2 * pair + lane] = _swapped(word)
        words[LANES * (2 * pair + 1) + lane] = _swapped(word >> np.uint64(32))
    if block == _blocks(length) - 1:
        bits = np.uint64(8 * (length + 1))
        words[LANES * (_WORDS - 2) + lane] = bits >> np.uint64(32)
        words[LANES * (_WORDS - 1) + lane] = bits & np.uint64(0xFFFFFFFF)


@compiled
def _read(text: Bytes, at: int, length: int) -> np.uint64:
    return word_at(text, at) & MASKS[length]


@compiled
def _mark(place: int) -> np.uint64:
    """The byte that ends a message, at a place of a word."""
    return np.uint64(0x80) << np.uint64(8 * place) if place < WORD else np.uint64(0)


@compiled
def _swapped(word: np.uint64) -> np.uint32:
    """The lower half of a word, its first byte the highest."""
    low = np.uint32(word & np.uint64(0xFFFFFFFF))
    return np.uint32(
        (low >> np.uint32(24))
        | ((low >> np.uint32(8)) & np.uint32(0xFF00))
        | ((low << np.uint32(8)) & np.uint32(0xFF0000))
        | ((low << np.uint32(24)) & np.uint32(0xFF000000))
    )


@compiled
def _rotated(number: np.uint32, by: int) -> np.uint32:
    return np.uint32((number >> np.uint32(by)) | (number << np.uint32(32 - by)))


@compiled
def _mix(words: Numbers, state: Numbers, left: NDArray[np.int64]) -> None:
    """One block of every lane that has one left."""
    for step in range(_WORDS, _ROUNDS):
        for at in range(LANES * step, LANES * step + LANES):
            two, fifteen = words[at - 2 * LANES], words[at - 15 * LANES]
            small0 = _rotated(fifteen, 7) ^ _rotated(fifteen, 18) ^ (fifteen >> np.uint32(3))
            small1 = _rotated(two, 17) ^ _rotated(two, 19) ^ (two >> np.uint32(10))
            words[at] = np.uint32(words[at - 16 * LANES] + small0 + words[at - 7 * LANES] + small1)
    now = state.copy()
    for step in range(0, _ROUNDS, 8):
        k0, k1, k2, k3 = _STEPS[step], _STEPS[step + 1], _STEPS[step + 2], _STEPS[step + 3]
        k4, k5, k6, k7 = _STEPS[step + 4], _STEPS[step + 5], _STEPS[step + 6], _STEPS[step + 7]
        base = LANES * step
        for lane in range(LANES):
            a, b, c, d = now[lane], now[LANES + lane], now[2 * LANES + lane], now[3 * LANES + lane]
            e, f, g, h = now[4 * LANES + lane], now[5 * LANES + lane], now[6 * LANES + lane], now[7 * LANES + lane]
            at = base + lane
            d, h = _step(a, b, c, d, e, f, g, h + k0 + words[at])
            c, g = _step(h, a, b, c, d, e, f, g + k1 + words[at + LANES])
            b, f = _step(g, h, a, b, c, d, e, f + k2 + words[at + 2 * LANES])
            a, e = _step(f, g, h, a, b, c, d, e + k3 + words[at + 3 * LANES])
            h, d = _step(e, f, g, h, a, b, c, d + k4 + words[at + 4 * LANES])
            g, c = _step(d, e, f, g, h, a, b, c + k5 + words[at + 5 * LANES])
            f, b = _step(c, d, e, f, g, h, a, b + k6 + words[at + 6 * LANES])
            e, a = _step(b, c, d, e, f, g, h, a + k7 + words[at + 7 * LANES])
            now[lane], now[LANES + lane], now[2 * LANES + lane], now[3 * LANES + lane] = a, b, c, d
            now[4 * LANES + lane], now[5 * LANES + lane] = e, f
            now[6 * LANES + lane], now[7 * LANES + lane] = g, h
    for at in range(8 * LANES):
        if left[at % LANES] > 0:
            state[at] = np.uint32(state[at] + now[at])


@compiled
def _step(
    a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, e: np.uint32, f: np.uint32, g: np.uint32, h: np.uint64
) -> tuple[np.uint32, np.uint32]:
    """One round: what `d` and `h` become, `h` with the word and the constant of the round added."""
    large1 = _rotated(e, 6) ^ _rotated(e, 11) ^ _rotated(e, 25)
    large0 = _rotated(a, 2) ^ _rotated(a, 13) ^ _rotated(a, 22)
    one = np.uint32(h + large1 + ((e & f) ^ (~e & g)))
    two = np.uint32(large0 + ((a & b) ^ (a & c) ^ (b & c)))
    return np.uint32(d + one), np.uint32(one + two)
