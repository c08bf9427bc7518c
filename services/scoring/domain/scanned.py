"""Turns stored entries into segments, by loops that are compiled: what `decode_entry` does for one, for a batch."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Kind
from services.scoring.domain.compiled.leaves import leaves, named
from services.scoring.domain.compiled.scan import (
    FIGURE_CORRECTED,
    OTHER,
    WITHDRAWAL,
    identities,
    none_met,
    scan,
    with_room,
)
from services.scoring.domain.ledger import ROWS, digests_of
from services.scoring.domain.segment import DISPUTE, NO_ROW, ROW, Brought, Segment, Series, brought_by, series_of
from services.scoring.domain.stretch import Stretch
from shared.contracts.entries import decode_entry

_FEW = 16  # of so many entries one may be odd before they all go in one by one


class Unlinked(ValueError):
    """An entry does not stand behind the one before it, or does not name it."""

    def __init__(self, position: int) -> None:
        """Say where it should have stood."""
        super().__init__(f"entry {position} does not name the one before it")
        self.position = position


class Links:
    """Checks that each entry names the one before it, by the leaf hash of its bytes."""

    def __init__(self, last: bytes | None) -> None:
        """Go on behind an entry, or begin with the first."""
        self._last = None if last is None else leaves(Stretch.of([last]))[0]

    def check(self, states: Stretch, found: NDArray[np.void], first: int) -> None:
        """Take the next entries, which stand from position `first` on.

        Raises:
            Unlinked: One is not the next.

        """
        names = named(states, found["previous"])
        positions = found["position"].copy()
        absent = found["previous"][:, 1] == 0
        for place in np.flatnonzero(found["odd"]).tolist():
            entry = decode_entry(states[place])
            positions[place], absent[place] = entry.position, entry.previous is None
            names[place] = _digest(entry.previous)
        hashes = leaves(states)
        good = positions == np.arange(first, first + len(states))
        good[1:] &= (names[1:] == hashes[:-1]).all(1) & ~absent[1:]
        good[0] &= absent[0] if self._last is None else (names[0] == self._last).all() and not absent[0]
        if not good.all():
            raise Unlinked(first + int(np.argmin(good)))
        self._last = hashes[-1].copy()


class Scanner:
    """Reads batches, one behind the other; it remembers which series it has met."""

    def __init__(self, key: NDArray[np.uint64]) -> None:
        """Hash identities with this key."""
        self._key = key
        self._met = none_met()

    def scanned(
        self, batches: Iterable[Sequence[bytes]], first: int, links: Links | None = None
    ) -> Iterator[list[Segment]]:
        """Give the segments of each batch, from position `first` on; with `links` the chain is checked.

        Raises:
            msgspec.DecodeError: One is no entry.
            Unlinked: One is not the next.

        """
        for batch in batches:
            states = Stretch.of(batch)
            known = self._known
            found = self._scan(states)
            if links is not None and len(states):
                links.check(states, found, first)
            yield list(self._segments(states, found, first, self._series(states, found, known)))
            first += len(states)

    def hashes(self, states: Sequence[bytes]) -> NDArray[np.uint64]:
        """Hash the identities of entries that are folded already."""
        found = self._scan(Stretch.of(states))
        for place in np.flatnonzero(found["odd"]).tolist():
            entry = decode_entry(states[place])
            found["identity"][place] = identities([(entry.source, entry.id)], self._key)[0]
        return found["identity"]

    @property
    def _known(self) -> int:
        """How many series were met."""
        return int(self._met.many[0])

    def _scan(self, states: Stretch) -> NDArray[np.void]:
        self._met = with_room(self._met, len(states))
        return scan(states, self._key, self._met)

    def _series(self, states: Stretch, found: NDArray[np.void], known: int) -> list[Series | Brought]:
        """Give the series that were met for the first time."""
        if known == self._known:
            return []
        numbers = np.where(found["odd"] | (found["kind"] == OTHER) | (found["kind"] == WITHDRAWAL), -1, found["series"])
        first = np.empty(self._known - known, np.int64)
        later = np.flatnonzero(numbers >= known)[::-1]
        first[numbers[later] - known] = later  # the last one that is written is the first
        return [_met(states[place]) for place in first.tolist()]

    def _segments(
        self, states: Stretch, found: NDArray[np.void], first: int, series: list[Series | Brought]
    ) -> Iterator[Segment]:
        """Part the entries where one is odd: such a one stands alone."""
        odd = np.flatnonzero(found["odd"]).tolist()
        in_order = found["odd"] | (found["position"] == np.arange(first, first + len(found)))
        if len(odd) * _FEW > len(states) or not in_order.all():
            yield self._singly(states, first, series)
            return
        start = 0
        for end in [*odd, len(states)]:
            if end > start:
                yield self._segment(states[start:end], found[start:end], first + start, series)
                series = []
            if end < len(states):
                yield self._singly(states[end : end + 1], first + end, series)
                series = []
            start = end + 1

    def _segment(self, states: Stretch, found: NDArray[np.void], first: int, series: list[Series | Brought]) -> Segment:
        kind = found["kind"]
        rows = np.empty(len(found), ROW)
        for name in ("identity", "value", "occurred", "scale"):
            rows[name] = found[name]
        rows["series"] = np.where(kind < OTHER, found["series"], NO_ROW)
        rows["tier"] = -1
        tiers: dict[str, int] = {}
        for place in np.flatnonzero(found["tier"][:, 1] * (kind == Kind.FIGURE)).tolist():
            rows["tier"][place] = tiers.setdefault(_text(states[place], found["tier"][place]), len(tiers))
        aside = np.flatnonzero(found["text"][:, 1] * (found["scale"] == ASIDE) * (kind < OTHER)).tolist()
        evident = np.flatnonzero(found["evidence"] & (kind != Kind.FIGURE)).tolist()
        return Segment(
            decode_entry(states[0]).assessment,
            first,
            rows,
            _disputes(found),
            series,
            list(tiers),
            {place: _text(states[place], found["text"][place]) for place in aside},
            {place: digests_of(decode_entry(states[place]).data) for place in evident},
            np.flatnonzero(kind == OTHER).tolist(),
            states,
        )

    def _singly(self, states: Stretch, first: int, series: list[Series | Brought]) -> Segment:
        """Give entries that are to be folded one by one."""
        entries = [decode_entry(state) for state in states]
        rows = np.zeros(len(states), ROW)
        rows["identity"] = identities([(entry.source, entry.id) for entry in entries], self._key)
        rows["series"] = NO_ROW
        none, all_ = np.empty(0, DISPUTE), range(len(states))
        return Segment(entries[0].assessment, first, rows, none, series, [], {}, {}, all_, states)


def _met(state: bytes) -> Series | Brought:
    """Give the series of an entry that is a row, or what a correction brings in of one."""
    entry = decode_entry(state)
    kind = ROWS.get(entry.type)
    return (
        brought_by(entry.data["data"])
        if kind is None
        else series_of(kind, entry.subject or "", entry.provider, entry.data)
    )


def _disputes(found: NDArray[np.void]) -> NDArray[np.void]:
    places = np.flatnonzero(found["kind"] > OTHER)
    some = found[places]
    disputes = np.empty(len(places), DISPUTE)
    disputes["target"], disputes["place"] = some["target"], places
    disputes["brought"] = np.where(some["kind"] == WITHDRAWAL, NO_ROW, some["series"])
    disputes["figure"] = some["kind"] == FIGURE_CORRECTED
    return disputes


def _digest(text: str | None) -> NDArray[np.uint8]:
    scheme, _, digits = (text or "").partition(":")
    whole = scheme == "sha256" and len(digits) == 64 and set(digits) <= set("0123456789abcdef")
    return np.frombuffer(bytes.fromhex(digits) if whole else bytes(32), np.uint8)


def _text(state: bytes, span: NDArray[np.int32]) -> str:
    return state[span[0] : span[1]].decode()
