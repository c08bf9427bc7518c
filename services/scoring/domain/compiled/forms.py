"""Forms of entries met before: most entries are, but for a few values, the same bytes as another one.

A form is such an entry and where those values stand in it. What is spelt like a form but for them is of its kind and
series, and need not be taken apart: that it is spelt so is looked at, byte for byte, and hashes only say which form to
try. What fits none is taken apart by `scan`, and becomes a form where it can.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.compiled import compiled
from services.scoring.domain.compiled.text import MASKS, WORD, Text, text_of

MOST = 4096
_POOL = 1 << 21
_BUCKETS, _DEEP = 1 << 12, 8
_SLOTS = 10
_BEGINNINGS = 4
_SEEN = 5 * WORD  # bytes of `data`, from its first member on, that say which form may fit: no value can begin in them

ACCEPTED, OCCURRED, VALUE, ID, POSITION, PREVIOUS, OTHER_TEXT = range(7)
"""What may differ: texts, but for the position. An `OTHER_TEXT` is one that no column holds."""

_BODY = np.frombuffer(b'"data":{', "<u8")[0]
_MIXING = np.uint64(0x9E3779B97F4A7C15)
_QUOTES, _BACKSLASHES, _ONES, _TOPS = (np.uint64(0x0101010101010101 * byte) for byte in (*b'"\\', 1, 0x80))
_QUOTE, _ZERO, _NINE = b'"09'


class Forms(NamedTuple):
    """All forms; what each has by its number, spans counted from where its entry begins."""

    pool: Text
    used: NDArray[np.int64]
    """Bytes of the pool, and forms, that are in use; then how many places of `beginnings`."""
    base: NDArray[np.int64]
    """Where the entry begins in the pool, and behind it where the next one would."""
    slots: NDArray[np.int32]
    """(form, slot): what it is, and where it begins and ends; in the order in which they stand."""
    many: NDArray[np.int64]
    source: NDArray[np.int64]
    """Where the text of the source begins and ends."""
    kind: NDArray[np.int8]
    series: NDArray[np.uint64]
    buckets: NDArray[np.int16]
    beginnings: NDArray[np.int64]
    """How far behind an entry's beginning its `data` has begun."""


def no_forms() -> Forms:
    """Give room for forms; memory is taken as they come."""
    return Forms(
        text_of([bytes(_POOL)]),
        np.zeros(3, np.int64),
        np.zeros(MOST + 1, np.int64),
        np.zeros((MOST, _SLOTS, 3), np.int32),
        np.zeros(MOST, np.int64),
        np.zeros((MOST, 2), np.int64),
        np.zeros(MOST, np.int8),
        np.zeros(MOST, np.uint64),
        np.full(_BUCKETS * _DEEP, -1, np.int16),
        np.zeros(_BEGINNINGS, np.int64),
    )


@compiled
def fitting(text: Text, start: int, end: int, forms: Forms, spans: NDArray[np.int64]) -> int:
    """Which form an entry fits, or -1; `spans` are those of what differs, by what it is, in the text."""
    first = _bucket(text, start, end, forms)
    if first < 0:
        return -1
    for place in range(first, first + _DEEP):
        form = forms.buckets[place]
        spans[:] = 0  # of what the one before has read until it did not fit
        if form < 0 or _fits(text, start, end, forms, form, spans):
            return form
    return -1


@compiled
def learn(text: Text, start: int, end: int, forms: Forms, slots: NDArray[np.int64], source: NDArray[np.int64]) -> int:
    """Make an entry a form and give its number, -1 where there is no room; `slots` are spans in the text, by what."""
    form, base = forms.used[1], forms.used[0]
    if form == MOST or base + end - start > _POOL:
        return -1
    first = _bucket(text, start, end, forms)
    if first < 0:
        return -1
    place = first
    while place < first + _DEEP and forms.buckets[place] >= 0:
        place += 1
    if place == first + _DEEP:
        return -1
    for at in range(end - start):
        forms.pool.bytes[base + at] = text.bytes[start + at]
    count = 0
    last = 0
    while True:  # the next one that stands behind the last
        chosen = -1
        for each in range(len(slots)):
            if slots[each, 1] > last and (chosen < 0 or slots[each, 0] < slots[chosen, 0]):
                chosen = each
        if chosen < 0:
            break
        last = slots[chosen, 1]
        forms.slots[form, count, 0] = min(chosen, OTHER_TEXT)
        forms.slots[form, count, 1] = slots[chosen, 0] - start
        forms.slots[form, count, 2] = slots[chosen, 1] - start
        count += 1
    forms.many[form] = count
    forms.base[form], forms.base[form + 1] = base, base + end - start
    forms.source[form, 0], forms.source[form, 1] = base + source[0] - start, base + source[1] - start
    forms.used[0], forms.used[1] = base + end - start, form + 1
    forms.buckets[place] = form
    return form


@compiled
def begins(forms: Forms, offset: int) -> None:
    """Remember how far behind an entry's beginning its `data` begins."""
    for each in range(forms.used[2]):
        if forms.beginnings[each] == offset:
            return
    if forms.used[2] < _BEGINNINGS:
        forms.beginnings[forms.used[2]] = offset
        forms.used[2] += 1


@compiled
def _bucket(text: Text, start: int, end: int, forms: Forms) -> int:
    for each in range(forms.used[2]):
        data = start + forms.beginnings[each]
        if data + _SEEN <= end and text.words[data - WORD] == _BODY:
            mixed = np.uint64(0)
            for at in range(data, data + _SEEN, WORD):
                mixed = (mixed ^ text.words[at]) * _MIXING
                mixed ^= mixed >> np.uint64(29)
            return _DEEP * int(np.int64(mixed >> np.uint64(52)))
    return -1


@compiled
def _fits(text: Text, start: int, end: int, forms: Forms, form: int, spans: NDArray[np.int64]) -> bool:
    at, base = start, forms.base[form]
    same = base
    for slot in range(forms.many[form]):
        length = base + forms.slots[form, slot, 1] - same
        if at + length > end or not _alike(text, at, forms.pool, same, length):
            return False
        at += length
        what = forms.slots[form, slot, 0]
        spans[what, 0] = at
        at = _digits(text, at, end) if what == POSITION else _plain(text, at, end)
        if at < 0:
            return False
        spans[what, 1] = at
        same = base + forms.slots[form, slot, 2]
    length = forms.base[form + 1] - same
    return at + length == end and _alike(text, at, forms.pool, same, length)


@compiled
def _alike(one: Text, at: int, other: Text, there: int, length: int) -> bool:
    whole = length - length % WORD
    for offset in range(0, whole, WORD):
        if one.words[at + offset] != other.words[there + offset]:
            return False
    return not (one.words[at + whole] ^ other.words[there + whole]) & MASKS[length - whole]


@compiled
def _digits(text: Text, at: int, end: int) -> int:
    while at < end and _ZERO <= text.bytes[at] <= _NINE:
        at += 1
    return at


@compiled
def _plain(text: Text, at: int, end: int) -> int:
    """Where the quote stands that closes a text; -1 where a backslash comes before."""
    while at < end:
        quotes, backslashes = text.words[at] ^ _QUOTES, text.words[at] ^ _BACKSLASHES
        if not (((quotes - _ONES) & ~quotes) | ((backslashes - _ONES) & ~backslashes)) & _TOPS:
            at += WORD
            continue
        while text.bytes[at] != _QUOTE:
            if text.bytes[at] == _BACKSLASHES & np.uint64(0xFF):
                return -1
            at += 1
        return at if at < end else -1
    return -1
