"""Takes stored entries apart: where the members begin and end that columns are made of, byte for byte.

A pass over sixty-four bytes at once finds every quote; what is between two quotes need not be looked at. Stored entries
are canonical JSON (RFC 8785): there is no space between tokens, and equal texts are equal bytes.
"""

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.compiled import compiled
from services.scoring.domain.compiled.words import BLOCK, MASKS, WORD, lowest, those_that_are, word_at
from services.scoring.domain.stretch import Bytes

ENVELOPE = (
    "acceptedtime", "assessment", "data", "id", "position", "previous", "provider", "source", "subject", "time", "type",
)  # fmt: skip
DATA = (
    "data", "entry", "evidence", "incident", "indicator", "line", "measure", "occasion", "occurred", "points", "tier",
    "value",
)  # fmt: skip
NAMED = ("id", "source")

(
    ACCEPTED, ASSESSMENT, BODY, ID, POSITION, PREVIOUS, PROVIDER, SOURCE, SUBJECT, TIME, TYPE,
    CORRECTED, ENTRY, EVIDENCE, INCIDENT, INDICATOR, LINE, MEASURE, OCCASION, OCCURRED, POINTS, TIER, VALUE,
    TARGET, TARGET_SOURCE,
) = range(len(ENVELOPE) + len(DATA) + len(NAMED))  # fmt: skip
"""Rows of spans, by member: of an entry, of its `data`, and of the entry that is named there."""

INNER = TARGET_SOURCE + 1 - CORRECTED
"""So many rows behind a member of `data` stands the same one of the `data` in it, which a correction brings in."""

SPANS = CORRECTED + INNER + len(DATA)

ODD = np.uint64(0)
"""What is found in an entry that is spelt otherwise, or cut off."""

_QUOTE, _BACKSLASH, _COMMA, _COLON = b'"\\,:'
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = b"{}[]"
_ONE = np.uint64(1)

# Levels of objects whose members are asked for: the entry, its `data`, the `data` in it, the entry that is named.
_LEVELS = (
    {name: row for row, name in enumerate(ENVELOPE)},
    {name: CORRECTED + row for row, name in enumerate(DATA)},
    {name: CORRECTED + INNER + row for row, name in enumerate(DATA)},
    {name: TARGET + row for row, name in enumerate(NAMED)},
)
_DEEPER = np.zeros(SPANS, np.int64)
_DEEPER[[BODY, CORRECTED, ENTRY]] = 1, 2, 3
_ABOVE = np.array([-1, 0, 1, 1])

_NAMES = sorted({name for level in _LEVELS for name in level})
_WORDS = np.frombuffer(b"".join(name.encode().ljust(2 * WORD, b"\0") for name in _NAMES), "<u8").reshape(-1, 2).copy()
_LENGTHS = np.array([len(name) for name in _NAMES])
_ROWS = np.array([[level.get(name, -1) for name in _NAMES] for level in _LEVELS])
_SHIFT = np.uint64(58)
_PLACES = 64


def _mixing() -> tuple[np.uint64, NDArray[np.int64]]:
    """A factor that brings every name to a place of its own, and which name is where."""
    factor = 0x9E3779B97F4A7C15
    while True:
        places = [((one ^ two << 1) * factor % (1 << 64)) >> int(_SHIFT) for one, two in _WORDS.tolist()]
        if len(set(places)) == len(places):
            break
        factor = (factor * 0xD1342543DE82EF95 + 2) % (1 << 64) | 1
    table = np.full(_PLACES, -1)
    table[places] = range(len(places))
    return np.uint64(factor), table


_FACTOR, _TABLE = _mixing()


@compiled
def apart(
    text: Bytes, start: int, end: int, quotes: NDArray[np.int64], spans: NDArray[np.int64]
) -> tuple[np.uint64, np.uint64]:
    """Find the members of the entry from `start` to before `end`: a bit for each row that is there, or `ODD`.

    Then a bit for each that is a text which is spelt as it reads. `spans`, of `SPANS` rows, says where each value
    begins and ends, a text without its quotes; both are 0 where there is none. `quotes` is room for three numbers more
    than the entry has bytes.
    """
    spans[:] = 0
    backslashes = _find_quotes(text, start, end, quotes)
    if start >= end or text[start] != _OPEN:
        return ODD, ODD
    there, texts = ODD, ODD
    at, level, number = start + 1, 0, 0
    while True:
        closing = quotes[number + 1]
        if quotes[number] != at or closing >= end or text[closing + 1] != _COLON:
            return ODD, ODD
        row = _row(text, level, at + 1, closing)
        if row < 0 and backslashes and _escaped(text, at + 1, closing):
            return ODD, ODD  # spelt so, it may be any name
        bit = bit_of(row) if row >= 0 else ODD
        if there & bit:
            return ODD, ODD  # it had one before
        there |= bit
        number += 2
        at = closing + 2
        first = text[at]
        if first == _QUOTE:
            closing = quotes[number + 1]
            if row >= 0:
                spans[row, 0], spans[row, 1] = at + 1, closing
                if not (backslashes and _escaped(text, at + 1, closing)):
                    texts |= bit
            number += 2
            at = closing + 1
        elif first == _OPEN and row >= 0 and _DEEPER[row]:
            spans[row, 0], spans[row, 1] = at, at + 1
            level = _DEEPER[row]
            at += 1
            if text[at] != _CLOSE:
                continue
        else:
            behind, number = _behind(text, at, end, quotes, number)
            if row >= 0:
                spans[row, 0], spans[row, 1] = at, behind
            at = behind
        while at < end and text[at] == _CLOSE and level >= 0:
            level = _ABOVE[level]
            at += 1
        if level < 0:
            return (there, texts) if at == end else (ODD, ODD)
        if at >= end or text[at] != _COMMA:
            return ODD, ODD
        at += 1


@compiled
def bit_of(row: int) -> np.uint64:
    """Give the bit of a row."""
    return _ONE << np.uint64(row)


@compiled
def _escaped(text: Bytes, start: int, end: int) -> bool:
    """Whether there is a backslash in a text."""
    for at in range(start, end):
        if text[at] == _BACKSLASH:
            return True
    return False


@compiled
def _find_quotes(text: Bytes, start: int, end: int, quotes: NDArray[np.int64]) -> bool:
    """Find where texts begin and end, and whether there is a backslash; three more stand behind the entry."""
    count, backslashes = 0, np.uint64(0)
    for at in range(start, end, BLOCK):
        found = those_that_are(text, at, np.uint8(_QUOTE))
        back = those_that_are(text, at, np.uint8(_BACKSLASH))
        if end - at < BLOCK:
            mask = (_ONE << np.uint64(end - at)) - _ONE
            found &= mask
            back &= mask
        backslashes |= back
        while found:
            quotes[count] = at + lowest(found)
            count += 1
            found &= found - _ONE
    if backslashes:
        count = _find_closing(text, start, end, quotes)
    quotes[count] = quotes[count + 1] = quotes[count + 2] = end
    return bool(backslashes)


@compiled
def _find_closing(text: Bytes, start: int, end: int, quotes: NDArray[np.int64]) -> int:
    """Find the same where some stand behind a backslash: in a text they belong to it."""
    count, inside, at = 0, False, start
    while at < end:
        if text[at] == _QUOTE:
            quotes[count] = at
            count += 1
            inside = not inside
        at += 2 if inside and text[at] == _BACKSLASH else 1
    return count


@compiled
def _row(text: Bytes, level: int, start: int, end: int) -> int:
    """Which row a member has whose name stands there; -1 where nobody asks for it."""
    length = end - start
    if not 0 < length <= 2 * WORD:
        return -1
    one = word_at(text, start) & MASKS[min(length, WORD)]
    two = word_at(text, start + WORD) & MASKS[max(length - WORD, 0)]
    name = _TABLE[np.int64(((one ^ two << _ONE) * _FACTOR) >> _SHIFT)]
    if name < 0 or _WORDS[name, 0] != one or _WORDS[name, 1] != two or _LENGTHS[name] != length:
        return -1
    return _ROWS[level, name]


@compiled
def _behind(text: Bytes, at: int, end: int, quotes: NDArray[np.int64], number: int) -> tuple[int, int]:
    """Where a value that is no text ends, and which quote comes next; `end` where it does not."""
    depth = 0
    while at < end:
        byte = text[at]
        if byte == _QUOTE:
            if depth == 0 or quotes[number] != at:
                return end, number
            at = quotes[number + 1]
            number += 2
        elif byte == _OPEN or byte == _OPEN_LIST:
            depth += 1
        elif byte == _CLOSE or byte == _CLOSE_LIST:
            if depth <= 1:
                return at + depth, number  # a number or a word ends before it
            depth -= 1
        elif byte == _COMMA and depth == 0:
            return at, number
        at += 1
    return end, number
