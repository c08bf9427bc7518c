"""Reads what columns hold straight from the stored bytes of entries, without an object of the interpreter for any.

Stored entries are canonical JSON (RFC 8785): there is no space between tokens, and equal texts are equal bytes. What is
written otherwise, and texts that need an escape, are `odd`: they are read the slow way.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, UNSAID, WIDEST, Kind
from services.scoring.domain.compiled import compiled
from services.scoring.domain.compiled.forms import (
    ACCEPTED,
    ID,
    OCCURRED,
    OTHER_TEXT,
    POSITION,
    PREVIOUS,
    VALUE,
    Forms,
    begins,
    fitting,
    learn,
    no_forms,
)
from services.scoring.domain.compiled.siphash import siphash
from services.scoring.domain.compiled.text import MASKS, WORD, Text, text_of
from shared.contracts import kinds

FOUND = np.dtype(
    [
        ("identity", np.uint64),  # hash of its source and id
        ("series", np.uint64),  # of a row: hash of all that its rows share, `Series` and where it stands
        ("position", np.int64),
        ("value", np.int64),
        ("occurred", np.int32),
        ("text", np.int32, (2,)),  # where the text of its value begins and ends
        ("tier", np.int32, (2,)),
        ("previous", np.int32, (2,)),
        ("scale", np.int16),
        ("kind", np.int8),  # a `Kind`, or `OTHER`
        ("evidence", np.bool_),
        ("odd", np.bool_),
    ]
)
"""What is read of one entry; spans of bytes begin and end at 0 where there is none."""

OTHER = 3
_NO_MEMBER = -2

_ENVELOPE = (
    "id", "position", "previous", "provider", "source", "subject", "type", "data", "acceptedtime", "time",
)  # fmt: skip
_DATA = ("evidence", "incident", "indicator", "line", "measure", "occasion", "occurred", "points", "tier", "value",
         "reason", "note")  # fmt: skip
_ID, _POSITION, _PREVIOUS, _PROVIDER, _SOURCE, _SUBJECT, _TYPE, _BODY, _ACCEPTED, _TIME = range(len(_ENVELOPE))
_EVIDENCE, _INCIDENT, _INDICATOR, _LINE, _MEASURE, _OCCASION, _OCCURRED, _POINTS, _TIER, _VALUE, _REASON, _NOTE = range(
    len(_DATA)
)
_LONGEST = 4096  # bytes of a name that is put together
_QUOTE, _BACKSLASH, _COMMA, _COLON, _MINUS, _POINT, _ZERO, _NINE = b'"\\,:-.09'
_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = b"{}[]"
_FIGURE, _AWARD, _DEDUCTION = int(Kind.FIGURE), int(Kind.AWARD), int(Kind.DEDUCTION)
_FEBRUARY, _MONTHS = 2, 12
_ABSENT, _END = 0xFE, 0xFF  # bytes that UTF-8 has not
_QUOTES, _BACKSLASHES, _ONES, _TOPS = (np.uint64(0x0101010101010101 * byte) for byte in (_QUOTE, _BACKSLASH, 1, 0x80))


def _words(names: tuple[str, ...]) -> NDArray[np.uint64]:
    """Give each name of up to 16 bytes as two words."""
    padded = b"".join(name.encode().ljust(2 * WORD, b"\0") for name in names)
    return np.frombuffer(padded, "<u8").reshape(-1, 2).astype(np.uint64)


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


_ENVELOPE_WORDS, _DATA_WORDS = _words(_ENVELOPE), _words(_DATA)
_SUBMISSION, _BONUS, _DEDUCTED = map(_bytes, (kinds.SUBMISSION_RECEIVED, kinds.BONUS_AWARDED, kinds.DEDUCTION_ISSUED))


class Room(NamedTuple):
    """What an entry is taken apart in: spans of its members and those of `data`, and a name put together of parts."""

    head: NDArray[np.int64]
    data: NDArray[np.int64]
    name: Text
    slots: NDArray[np.int64]


def scan_text(
    text: Text, ends: NDArray[np.int64], key: NDArray[np.uint64], forms: Forms | None = None
) -> NDArray[np.void]:
    """Read entries that stand one behind the other, and where each ends: see `text.joined`.

    One `FOUND` each, spans counted from the beginning of its own bytes.

    `forms`, under the same key, are those met before; more are learned.
    """
    found = np.zeros(len(ends), FOUND)
    room = Room(
        np.zeros((len(_ENVELOPE), 2), np.int64),
        np.zeros((len(_DATA), 2), np.int64),
        text_of([bytes(_LONGEST)]),
        np.zeros((OTHER_TEXT + 3, 2), np.int64),
    )
    _scan(text, ends, key, found, room, no_forms() if forms is None else forms)
    return found


def identities(named: Sequence[tuple[str, str]], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash each (source, id) as `scan` does."""
    texts = [part.encode() for one in named for part in one]
    text = text_of([b"\xff".join([*texts, b""])])
    hashes = np.empty(len(named), np.uint64)
    _hash(text, np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)) + 1)[1::2], key, hashes)
    return hashes


@compiled
def _hash(text: Text, ends: NDArray[np.int64], key: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> None:
    start = 0
    for place in range(len(ends)):
        hashes[place] = siphash(text, start, ends[place], key)
        start = ends[place]


@compiled
def _scan(
    text: Text,
    ends: NDArray[np.int64],
    key: NDArray[np.uint64],
    found: NDArray[np.void],
    room: Room,
    forms: Forms,
) -> None:
    start = 0
    for place in range(len(ends)):
        end = ends[place]
        if not _formed(text, start, end, key, found[place], room, forms):
            _apart(text, start, end, key, found[place], room, forms)
        start = end


@compiled
def _formed(text: Text, start: int, end: int, key: NDArray[np.uint64], one: np.void, room: Room, forms: Forms) -> bool:
    """Read an entry of a form met before; False where there is none."""
    slots = room.slots
    form = fitting(text, start, end, forms, slots)
    if form < 0:
        return False
    day = _day(text, slots[OCCURRED, 0], slots[OCCURRED, 1])
    position = _position(text, slots[POSITION, 0], slots[POSITION, 1])
    length = _copied(forms.pool, forms.source[form, 0], forms.source[form, 1], room.name, 0)
    length = _copied(text, slots[ID, 0], slots[ID, 1], room.name, length)
    if day <= 0 or position <= 0 or length < 0:
        return False
    one["identity"] = siphash(room.name, 0, length, key)
    one["series"] = forms.series[form]
    one["kind"] = forms.kind[form]
    one["position"], one["occurred"] = position, day
    one["value"], one["scale"] = _scaled(text, slots[VALUE, 0], slots[VALUE, 1])
    for side in range(2):
        one["text"][side] = slots[VALUE, side] - start if slots[VALUE, 1] else 0
        one["previous"][side] = slots[PREVIOUS, side] - start if slots[PREVIOUS, 1] else 0
    return True


@compiled
def _apart(text: Text, start: int, end: int, key: NDArray[np.uint64], one: np.void, room: Room, forms: Forms) -> None:
    """Take an entry apart, and make it a form where it has but what columns hold."""
    whole = _entry(text, start, end, key, one, room)
    if whole and one["kind"] != OTHER:
        whole = _row(text, start, key, one, room)
        if whole and not one["evidence"] and not one["tier"][1]:
            _learn(text, start, end, one, room, forms)
    one["odd"] = not whole


@compiled
def _learn(text: Text, start: int, end: int, one: np.void, room: Room, forms: Forms) -> None:
    head, data, slots = room.head, room.data, room.slots
    if data[_REASON, 1] and not _is_text(text, data[_REASON, 0], data[_REASON, 1]):
        return
    if data[_NOTE, 1] and not _is_text(text, data[_NOTE, 0], data[_NOTE, 1]):
        return
    value = _VALUE if one["kind"] == _FIGURE else _POINTS
    for side in range(2):
        slots[ACCEPTED, side], slots[ID, side] = head[_ACCEPTED, side], head[_ID, side]
        slots[POSITION, side], slots[PREVIOUS, side] = head[_POSITION, side], head[_PREVIOUS, side]
        slots[OCCURRED, side], slots[VALUE, side] = data[_OCCURRED, side], data[value, side]
        slots[OTHER_TEXT, side], slots[OTHER_TEXT + 1, side] = data[_REASON, side], data[_NOTE, side]
        slots[OTHER_TEXT + 2, side] = head[_TIME, side]
    begins(forms, head[_BODY, 0] + 1 - start)
    form = learn(text, start, end, forms, slots, head[_SOURCE])
    if form >= 0:
        forms.kind[form], forms.series[form] = one["kind"], one["series"]


@compiled
def _entry(text: Text, start: int, end: int, key: NDArray[np.uint64], one: np.void, room: Room) -> bool:
    """Read what all entries have; False where it is odd."""
    head = room.head
    if not _envelope(text, start, end, room):
        return False
    for name in (_ID, _SOURCE, _TYPE):
        if not _is_text(text, head[name, 0], head[name, 1]):
            return False
    length = _copied(text, head[_SOURCE, 0], head[_SOURCE, 1], room.name, 0)
    length = _copied(text, head[_ID, 0], head[_ID, 1], room.name, length)
    if length < 0:
        return False
    one["identity"] = siphash(room.name, 0, length, key)
    one["position"] = _position(text, head[_POSITION, 0], head[_POSITION, 1])
    one["kind"] = _kind(text, head[_TYPE, 0], head[_TYPE, 1])
    for side in range(2):
        one["previous"][side] = head[_PREVIOUS, side] - start if head[_PREVIOUS, 1] else 0
    return one["position"] > 0


@compiled
def _row(text: Text, start: int, key: NDArray[np.uint64], one: np.void, room: Room) -> bool:
    """Read what columns hold of a figure, an award or a deduction; False where it is odd."""
    head, data, kind = room.head, room.data, one["kind"]
    if not _are_texts(text, head, data):
        return False
    one["evidence"] = data[_EVIDENCE, 1] > 0
    value, name, part = (_VALUE, _MEASURE, _OCCASION) if kind == _FIGURE else (_POINTS, _LINE, _OCCASION)
    if kind == _DEDUCTION:
        part = _INCIDENT
    room.name.bytes[0] = kind
    length = _copied(text, head[_SUBJECT, 0], head[_SUBJECT, 1], room.name, 1)
    for each in (_INDICATOR, name, part):
        length = _copied(text, data[each, 0], data[each, 1], room.name, length)
    if kind == _FIGURE:
        length = _copied(text, head[_PROVIDER, 0], head[_PROVIDER, 1], room.name, length)
    if length < 0:
        return False
    one["series"] = siphash(room.name, 0, length, key)
    one["occurred"] = _day(text, data[_OCCURRED, 0], data[_OCCURRED, 1])
    one["value"], one["scale"] = _scaled(text, data[value, 0], data[value, 1])
    for side in range(2):
        one["text"][side] = data[value, side] - start if data[value, 1] else 0
        one["tier"][side] = data[_TIER, side] - start if data[_TIER, 1] else 0
    return one["occurred"] > 0 and data[_INDICATOR, 1] > 0 and data[name, 1] > 0


@compiled
def _are_texts(text: Text, head: NDArray[np.int64], data: NDArray[np.int64]) -> bool:
    """Whether what is no list is a text, where it is there."""
    for name in (_SUBJECT, _PROVIDER):
        if head[name, 1] and not _is_text(text, head[name, 0], head[name, 1]):
            return False
    for name in range(_EVIDENCE + 1, _REASON):
        if data[name, 1] and not _is_text(text, data[name, 0], data[name, 1]):
            return False
    return True


@compiled
def _envelope(text: Text, at: int, end: int, room: Room) -> bool:
    """Find the members of an entry, and of its data."""
    room.head[:] = 0
    room.data[:] = 0
    if at >= end or text.bytes[at] != _OPEN:
        return False
    while text.bytes[at] != _CLOSE:
        name, first = _member(text, at + 1, end, _ENVELOPE_WORDS)
        if name == _NO_MEMBER:
            return False
        at = _members(text, first, end, room.data) if name == _BODY else _behind(text, first, end)
        if not _ends_member(text, at, end) or not _note(text, first, at, room.head, name):
            return False
    return at == end - 1


@compiled
def _members(text: Text, at: int, end: int, spans: NDArray[np.int64]) -> int:
    """Find the members of `data`; where it ends, or `end` where it is no object, or spelt otherwise."""
    if text.bytes[at] != _OPEN:
        return end
    if text.bytes[at + 1] == _CLOSE:
        return at + 2
    while text.bytes[at] != _CLOSE:
        name, first = _member(text, at + 1, end, _DATA_WORDS)
        if name == _NO_MEMBER:
            return end
        at = _behind(text, first, end)
        if not _ends_member(text, at, end) or not _note(text, first, at, spans, name):
            return end
    return at + 1


@compiled
def _member(text: Text, at: int, end: int, names: NDArray[np.uint64]) -> tuple[int, int]:
    """Which of these names begins here, and where its value begins; -1 for another name.

    A name that is spelt with an escape may be any of them.
    """
    if at >= end or text.bytes[at] != _QUOTE:
        return _NO_MEMBER, at
    closing = _closing(text, at + 1, end)
    if closing + 2 >= end or text.bytes[closing + 1] != _COLON:
        return _NO_MEMBER, at
    name = _name(text, at + 1, closing, names)
    if name < 0 and not _is_text(text, at + 1, closing):
        return _NO_MEMBER, at
    return name, closing + 2


@compiled
def _ends_member(text: Text, at: int, end: int) -> bool:
    return at < end and (text.bytes[at] == _COMMA or text.bytes[at] == _CLOSE)


@compiled
def _note(text: Text, first: int, at: int, spans: NDArray[np.int64], name: int) -> bool:
    """Keep where a value begins and ends, a text without its quotes; False where the name had one before."""
    if name >= 0:
        if spans[name, 1]:
            return False
        quoted = text.bytes[first] == _QUOTE
        spans[name, 0] = first + quoted
        spans[name, 1] = at - quoted
    return True


@compiled
def _name(text: Text, start: int, end: int, names: NDArray[np.uint64]) -> int:
    """Which of these names stands there; -1 for another."""
    length = end - start
    if length > 2 * WORD:
        return -1
    one = text.words[start] & MASKS[min(length, WORD)]
    two = text.words[start + WORD] & MASKS[max(length - WORD, 0)]
    for name in range(len(names)):
        if names[name, 0] == one and names[name, 1] == two:
            return name
    return -1


@compiled
def _closing(text: Text, at: int, end: int) -> int:
    """Where the quote stands that closes a text: eight bytes at once are looked at for a quote or a backslash."""
    while at < end:
        quotes, backslashes = text.words[at] ^ _QUOTES, text.words[at] ^ _BACKSLASHES
        if not (((quotes - _ONES) & ~quotes) | ((backslashes - _ONES) & ~backslashes)) & _TOPS:
            at += WORD
            continue
        while text.bytes[at] != _QUOTE and text.bytes[at] != _BACKSLASH:
            at += 1
        if text.bytes[at] == _QUOTE:
            return at
        at += 2
    return end


@compiled
def _behind(text: Text, at: int, end: int) -> int:
    """Where the value that begins here ends."""
    depth = 0
    while at < end:
        byte = text.bytes[at]
        if byte == _QUOTE:
            at = _closing(text, at + 1, end)
        elif byte == _OPEN or byte == _OPEN_LIST:
            depth += 1
        elif byte == _CLOSE or byte == _CLOSE_LIST:
            depth -= 1
            if depth < 0:  # a number or a word ended here
                return at
        elif byte == _COMMA and depth == 0:
            return at
        elif depth == 0:
            at += 1
            continue
        at += 1
        if depth == 0:
            return at
    return end


@compiled
def _is_text(text: Text, start: int, end: int) -> bool:
    """Whether a value is a text that is spelt as it reads."""
    if end == 0 or text.bytes[start - 1] != _QUOTE:
        return False
    for at in range(start, end):
        if text.bytes[at] == _BACKSLASH:
            return False
    return True


@compiled
def _copied(text: Text, start: int, end: int, name: Text, length: int) -> int:
    """Copy a text behind what is in `name` already; where it ends, or -1 where there is no room."""
    if length < 0 or length + end - start + 1 > _LONGEST:
        return -1
    for at in range(start, end):
        name.bytes[length] = text.bytes[at]
        length += 1
    name.bytes[length] = _END if end else _ABSENT
    return length + 1


@compiled
def _kind(text: Text, start: int, end: int) -> int:
    if _same(text, start, end, _SUBMISSION):
        return _FIGURE
    if _same(text, start, end, _BONUS):
        return _AWARD
    return _DEDUCTION if _same(text, start, end, _DEDUCTED) else OTHER


@compiled
def _same(text: Text, start: int, end: int, other: NDArray[np.uint8]) -> bool:
    if end - start != len(other):
        return False
    for number in range(len(other)):
        if text.bytes[start + number] != other[number]:
            return False
    return True


@compiled
def _whole(text: Text, start: int, end: int) -> int:
    """Read a whole number without a sign; -1 where there is none."""
    number = 0
    if not 0 < end - start <= WIDEST:
        return -1
    for at in range(start, end):
        if not _ZERO <= text.bytes[at] <= _NINE:
            return -1
        number = 10 * number + text.bytes[at] - _ZERO
    return number


@compiled
def _position(text: Text, start: int, end: int) -> int:
    """Read a whole number from 1 on as JSON writes it; -1 where there is none."""
    written = start < end and text.bytes[start] != _ZERO and text.bytes[start - 1] != _QUOTE
    return _whole(text, start, end) if written else -1


@compiled
def _scaled(text: Text, start: int, end: int) -> tuple[int, int]:
    """Read a decimal as `columns.scaled` does."""
    if end == 0:
        return 0, UNSAID
    if end - start > WIDEST:
        return 0, ASIDE
    negative = start < end and text.bytes[start] == _MINUS
    number, digits, scale, point = 0, 0, 0, False
    for at in range(start + negative, end):
        if text.bytes[at] == _POINT and not point and digits:
            point, digits = True, 0
        elif _ZERO <= text.bytes[at] <= _NINE:
            number = 10 * number + text.bytes[at] - _ZERO
            digits += 1
            scale += point
        else:
            return 0, ASIDE
    if not digits:
        return 0, ASIDE
    return (-number if negative else number), scale


@compiled
def _day(text: Text, start: int, end: int) -> int:
    """Read a date (RFC 3339) as an ordinal day, day 1 being 0001-01-01; 0 where it is none."""
    if end - start != len("YYYY-MM-DD") or text.bytes[start + 4] != _MINUS or text.bytes[start + 7] != _MINUS:
        return 0
    year, month, day = _whole(text, start, start + 4), _whole(text, start + 5, start + 7), _whole(text, end - 2, end)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 30 + (month + month // 8) % 2 if month != _FEBRUARY else 28 + leap
    if year < 1 or not 1 <= month <= _MONTHS or not 1 <= day <= longest:
        return 0
    before = year - 1
    ordinal = 365 * before + before // 4 - before // 100 + before // 400 + (367 * month - 362) // 12 + day
    return ordinal - (0 if month <= _FEBRUARY else 2 - leap)
