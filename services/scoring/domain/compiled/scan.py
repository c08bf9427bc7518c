"""Reads what columns hold straight from the stored bytes of entries, without an object of the interpreter for any.

What is spelt otherwise than stored entries are, and texts that need an escape where one is read, are `odd`: they are
read the slow way.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, UNSAID, WIDEST, Kind
from services.scoring.domain.compiled import compiled, members
from services.scoring.domain.compiled.members import INNER, ODD, SPANS, apart, bit_of
from services.scoring.domain.compiled.siphash import siphash
from services.scoring.domain.compiled.words import WORD, put_word, word_at
from services.scoring.domain.stretch import Bytes, Stretch, text_of
from shared.contracts import kinds

FOUND = np.dtype(
    [
        ("identity", np.uint64),  # hash of its source and id
        ("target", np.uint64),  # of a correction or a withdrawal: that of the entry it names
        ("position", np.int64),
        ("value", np.int64),
        ("series", np.int32),  # the number of all that its rows share, or of the names that a correction brings in
        ("occurred", np.int32),
        ("text", np.int32, (2,)),  # where the text of its value begins and ends
        ("tier", np.int32, (2,)),
        ("previous", np.int32, (2,)),
        ("scale", np.int16),
        ("kind", np.int8),  # a `Kind`, or what stands below
        ("evidence", np.bool_),
        ("odd", np.bool_),
    ]
)
"""What is read of one entry; spans of bytes begin and end at 0 where there is none."""

OTHER, FIGURE_CORRECTED, LINE_CORRECTED, WITHDRAWAL = 3, 4, 5, 6
"""Kinds of entries that are no rows. A correction brings in a value, or the points of a line: of which of the two the
entry is that it names, nobody has looked at. What else it may bring in makes it one of the others."""

_LONGEST = 4096  # bytes of a name that is put together
_MINUS, _POINT, _ZERO, _NINE, _QUOTE, _OPEN = b'-.09"{'
_FIGURE, _AWARD, _DEDUCTION = int(Kind.FIGURE), int(Kind.AWARD), int(Kind.DEDUCTION)
_FEBRUARY, _MONTHS = 2, 12
_ABSENT, _END = 0xFE, 0xFF  # bytes that UTF-8 has not
_FREE = np.uint64(0)  # no series has this hash, or it is met anew every time

_ID, _SOURCE, _TYPE, _BODY = members.ID, members.SOURCE, members.TYPE, members.BODY
_POSITION, _PREVIOUS, _PROVIDER, _SUBJECT = members.POSITION, members.PREVIOUS, members.PROVIDER, members.SUBJECT
_EVIDENCE, _TIER, _VALUE, _POINTS = members.EVIDENCE, members.TIER, members.VALUE, members.POINTS
_INDICATOR, _MEASURE, _LINE = members.INDICATOR, members.MEASURE, members.LINE
_OCCASION, _INCIDENT, _OCCURRED = members.OCCASION, members.INCIDENT, members.OCCURRED
_CORRECTED, _TARGET, _TARGET_SOURCE = members.CORRECTED, members.TARGET, members.TARGET_SOURCE
_NAMES = np.array([_INDICATOR, _MEASURE, _LINE, _OCCASION, _INCIDENT])


def _bits(*rows: int) -> np.uint64:
    return np.uint64(sum(1 << row for row in rows))


_NEEDED = _bits(_ID, _SOURCE, _TYPE, members.ACCEPTED, members.ASSESSMENT, members.TIME)
_NAMED = _bits(_TARGET, _TARGET_SOURCE)
_TEXTS = _bits(*_NAMES.tolist(), _OCCURRED, _POINTS, _TIER, _VALUE)
_DEEPER = np.uint64(INNER)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


_SUBMISSION, _BONUS, _DEDUCTED = map(_bytes, (kinds.SUBMISSION_RECEIVED, kinds.BONUS_AWARDED, kinds.DEDUCTION_ISSUED))
_CORRECTION, _WITHDRAWN = map(_bytes, (kinds.ENTRY_CORRECTED, kinds.ENTRY_WITHDRAWN))


class Met(NamedTuple):
    """The series met so far, by their hashes: a table of places with room between, and how many there are."""

    hashes: NDArray[np.uint64]
    numbers: NDArray[np.int32]
    many: NDArray[np.int64]


def none_met(room: int = 1024) -> Met:
    """Give room for so many, a power of two."""
    return Met(np.zeros(2 * room, np.uint64), np.zeros(2 * room, np.int32), np.zeros(1, np.int64))


def with_room(met: Met, more: int) -> Met:
    """Give the same series with room for more."""
    needed = int(met.many[0]) + more
    if 2 * needed <= len(met.hashes):
        return met
    wider = none_met(1 << needed.bit_length())
    taken = met.hashes != _FREE
    _move(met.hashes[taken], met.numbers[taken], wider.hashes, wider.numbers)
    wider.many[0] = met.many[0]
    return wider


def scan(stretch: Stretch, key: NDArray[np.uint64], met: Met) -> NDArray[np.void]:
    """Read entries: one `FOUND` each, spans counted from the beginning of its own bytes.

    `met`, under the same key, has room for as many series as there are entries; those that it lacks get the next
    numbers.
    """
    starts, ends = stretch.starts, stretch.ends
    found = np.zeros(len(ends), FOUND)
    longest = int((ends - starts).max(initial=0))
    room = np.zeros((SPANS, 2), np.int64), np.empty(longest + 3, np.int64), text_of(bytes(_LONGEST))
    _scan(stretch.text, starts, ends, key, found, room, (met.hashes, met.numbers, met.many))
    return found


def identities(named: Sequence[tuple[str, str]], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash each (source, id) as `scan` does."""
    texts = [part.encode() for one in named for part in one]
    text = text_of(b"\xff".join([*texts, b""]))
    hashes = np.empty(len(named), np.uint64)
    _hash(text, np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)[1::2], key, hashes)
    return hashes


@compiled
def _hash(text: Bytes, ends: NDArray[np.int64], key: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> None:
    start = 0
    for place in range(len(ends)):
        hashes[place] = siphash(text, start, ends[place], key)
        start = ends[place]


@compiled
def _scan(
    text: Bytes,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    key: NDArray[np.uint64],
    found: NDArray[np.void],
    room: tuple[NDArray[np.int64], NDArray[np.int64], Bytes],
    met: tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int64]],
) -> None:
    spans, quotes, name = room
    for place in range(len(ends)):
        one = found[place]
        there, texts = apart(text, starts[place], ends[place], quotes, spans)
        whole = there != ODD and _read(text, starts[place], there, texts, spans, key, name, one)
        if whole and one["kind"] != OTHER and one["kind"] != WITHDRAWAL:
            length = _named(text, spans, one["kind"], name)
            whole = length >= 0
            if whole:
                one["series"] = _number(siphash(name, 0, length, key), met)
        one["odd"] = not whole


@compiled
def _number(series: np.uint64, met: tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int64]]) -> int:
    """Which number a series has, a new one where it has none."""
    hashes, numbers, many = met
    mask = len(hashes) - 1
    at = np.int64(series & np.uint64(mask))
    while hashes[at] != series:
        if hashes[at] == _FREE:
            hashes[at], numbers[at] = series, many[0]
            many[0] += 1
            return numbers[at]
        at = (at + 1) & mask
    return numbers[at]


@compiled
def _move(
    hashes: NDArray[np.uint64],
    numbers: NDArray[np.int32],
    others: NDArray[np.uint64],
    their: NDArray[np.int32],
) -> None:
    mask = len(others) - 1
    for place in range(len(hashes)):
        at = np.int64(hashes[place] & np.uint64(mask))
        while others[at] != _FREE:
            at = (at + 1) & mask
        others[at], their[at] = hashes[place], numbers[place]


@compiled
def _read(
    text: Bytes,
    start: int,
    there: np.uint64,
    texts: np.uint64,
    spans: NDArray[np.int64],
    key: NDArray[np.uint64],
    name: Bytes,
    one: np.void,
) -> bool:
    """Read what all entries have, then what is read of its kind; False where it is odd."""
    if texts & _NEEDED != _NEEDED or there & ~texts & bit_of(_PREVIOUS):
        return False
    if not spans[_BODY, 1] or text[spans[_BODY, 0]] != _OPEN:
        return False
    one["position"] = _position(text, spans[_POSITION, 0], spans[_POSITION, 1])
    known, one["identity"] = _identity(text, spans, _SOURCE, _ID, key, name)
    if not known or one["position"] <= 0:
        return False
    for side in range(2):
        one["previous"][side] = spans[_PREVIOUS, side] - start if spans[_PREVIOUS, 1] else 0
    kind = _kind(text, spans[_TYPE, 0], spans[_TYPE, 1])
    if kind == FIGURE_CORRECTED or kind == WITHDRAWAL:
        kind = _disputed(text, there, texts, spans, key, name, one, kind)
    elif kind != OTHER:
        if there & ~texts & (_TEXTS | bit_of(_SUBJECT) | bit_of(_PROVIDER)):
            return False
        one["evidence"] = spans[_EVIDENCE, 1] > 0
        value = _VALUE if kind == _FIGURE else _POINTS
        for side in range(2):
            one["text"][side] = spans[value, side] - start if spans[value, 1] else 0
            one["tier"][side] = spans[_TIER, side] - start if spans[_TIER, 1] else 0
        if not _row(text, spans, 0, value, _MEASURE if kind == _FIGURE else _LINE, one):
            return False
    one["kind"] = kind
    return True


@compiled
def _identity(
    text: Bytes, spans: NDArray[np.int64], source: int, id: int, key: NDArray[np.uint64], name: Bytes
) -> tuple[bool, np.uint64]:
    """Hash a (source, id), and whether there was room to put it together."""
    length = _copied(text, spans[source, 0], spans[source, 1], name, 0)
    length = _copied(text, spans[id, 0], spans[id, 1], name, length)
    return length >= 0, siphash(name, 0, max(length, 0), key)


@compiled
def _disputed(
    text: Bytes,
    there: np.uint64,
    texts: np.uint64,
    spans: NDArray[np.int64],
    key: NDArray[np.uint64],
    name: Bytes,
    one: np.void,
    kind: int,
) -> int:
    """Read a correction or a withdrawal; which of the kinds of entries it is."""
    if texts & _NAMED != _NAMED:
        return OTHER
    known, one["target"] = _identity(text, spans, _TARGET_SOURCE, _TARGET, key, name)
    if not known:
        return OTHER
    if kind == WITHDRAWAL:
        return kind
    if not spans[_CORRECTED, 1] or text[spans[_CORRECTED, 0]] != _OPEN or there & ~texts & (_TEXTS << _DEEPER):
        return OTHER
    figure = spans[_VALUE + INNER, 1] > 0
    if spans[_EVIDENCE + INNER, 1] or spans[_TIER + INNER, 1] or (figure and spans[_POINTS + INNER, 1]):
        return OTHER
    if not _row(text, spans, INNER, _VALUE if figure else _POINTS, _MEASURE if figure else _LINE, one):
        return OTHER
    if one["scale"] == ASIDE:
        return OTHER
    return FIGURE_CORRECTED if figure else LINE_CORRECTED


@compiled
def _row(text: Bytes, spans: NDArray[np.int64], inner: int, value: int, name: int, one: np.void) -> bool:
    """Read what columns hold; False where it is odd."""
    value += inner
    one["occurred"] = _day(text, spans[_OCCURRED + inner, 0], spans[_OCCURRED + inner, 1])
    one["value"], one["scale"] = _scaled(text, spans[value, 0], spans[value, 1])
    return one["occurred"] > 0 and spans[_INDICATOR + inner, 1] > 0 and spans[name + inner, 1] > 0


@compiled
def _named(text: Bytes, spans: NDArray[np.int64], kind: int, name: Bytes) -> int:
    """Put together all that the rows of a series share, or the names a correction brings in; its length, or -1."""
    name[0] = kind
    length = 1
    if kind == FIGURE_CORRECTED or kind == LINE_CORRECTED:
        for row in _NAMES:
            length = _copied(text, spans[row + INNER, 0], spans[row + INNER, 1], name, length)
        return length
    length = _copied(text, spans[_SUBJECT, 0], spans[_SUBJECT, 1], name, length)
    length = _copied(text, spans[_INDICATOR, 0], spans[_INDICATOR, 1], name, length)
    first = _MEASURE if kind == _FIGURE else _LINE
    second = _INCIDENT if kind == _DEDUCTION else _OCCASION
    length = _copied(text, spans[first, 0], spans[first, 1], name, length)
    length = _copied(text, spans[second, 0], spans[second, 1], name, length)
    if kind == _FIGURE:
        length = _copied(text, spans[_PROVIDER, 0], spans[_PROVIDER, 1], name, length)
    return length


@compiled
def _copied(text: Bytes, start: int, end: int, name: Bytes, length: int) -> int:
    """Copy a text behind what is in `name` already; where it ends, or -1 where there is no room."""
    behind = length + end - start
    if length < 0 or behind + 1 > _LONGEST:
        return -1
    while length < behind:
        put_word(name, length, word_at(text, start))
        start += WORD
        length += WORD
    name[behind] = _END if end else _ABSENT
    return behind + 1


@compiled
def _kind(text: Bytes, start: int, end: int) -> int:
    if _same(text, start, end, _SUBMISSION):
        return _FIGURE
    if _same(text, start, end, _BONUS):
        return _AWARD
    if _same(text, start, end, _DEDUCTED):
        return _DEDUCTION
    if _same(text, start, end, _CORRECTION):
        return FIGURE_CORRECTED
    return WITHDRAWAL if _same(text, start, end, _WITHDRAWN) else OTHER


@compiled
def _same(text: Bytes, start: int, end: int, other: NDArray[np.uint8]) -> bool:
    if end - start != len(other):
        return False
    for number in range(len(other)):
        if text[start + number] != other[number]:
            return False
    return True


@compiled
def _whole(text: Bytes, start: int, end: int) -> int:
    """Read a whole number without a sign; -1 where there is none."""
    number = 0
    if not 0 < end - start <= WIDEST:
        return -1
    for at in range(start, end):
        if not _ZERO <= text[at] <= _NINE:
            return -1
        number = 10 * number + text[at] - _ZERO
    return number


@compiled
def _position(text: Bytes, start: int, end: int) -> int:
    """Read a whole number from 1 on as JSON writes it; -1 where there is none."""
    written = start < end and text[start] != _ZERO and text[start - 1] != _QUOTE
    return _whole(text, start, end) if written else -1


@compiled
def _scaled(text: Bytes, start: int, end: int) -> tuple[int, int]:
    """Read a decimal as `columns.scaled` does."""
    if end == 0:
        return 0, UNSAID
    if end - start > WIDEST:
        return 0, ASIDE
    negative = start < end and text[start] == _MINUS
    number, digits, scale, point = 0, 0, 0, False
    for at in range(start + negative, end):
        if text[at] == _POINT and not point and digits:
            point, digits = True, 0
        elif _ZERO <= text[at] <= _NINE:
            number = 10 * number + text[at] - _ZERO
            digits += 1
            scale += point
        else:
            return 0, ASIDE
    if not digits:
        return 0, ASIDE
    return (-number if negative else number), scale


@compiled
def _day(text: Bytes, start: int, end: int) -> int:
    """Read a date (RFC 3339) as an ordinal day, day 1 being 0001-01-01; 0 where it is none."""
    if end - start != len("YYYY-MM-DD") or text[start + 4] != _MINUS or text[start + 7] != _MINUS:
        return 0
    year, month, day = _whole(text, start, start + 4), _whole(text, start + 5, start + 7), _whole(text, end - 2, end)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 30 + (month + month // 8) % 2 if month != _FEBRUARY else 28 + leap
    if year < 1 or not 1 <= month <= _MONTHS or not 1 <= day <= longest:
        return 0
    before = year - 1
    ordinal = 365 * before + before // 4 - before // 100 + before // 400 + (367 * month - 362) // 12 + day
    return ordinal - (0 if month <= _FEBRUARY else 2 - leap)
