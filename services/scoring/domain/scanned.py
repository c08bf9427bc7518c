"""Turns stored entries into segments, by loops that are compiled: what `decode_entry` does for one, for a batch."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Kind
from services.scoring.domain.compiled.forms import no_forms
from services.scoring.domain.compiled.leaves import leaves, named
from services.scoring.domain.compiled.scan import OTHER, identities, scan_text
from services.scoring.domain.compiled.text import Text, joined
from services.scoring.domain.ledger import ROWS, digests_of
from services.scoring.domain.segment import NO_ROW, ROW, Segment, Series, series_of
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
        self._last = None if last is None else leaves(*joined([last]))[0]

    def check(
        self, states: Sequence[bytes], text: Text, ends: NDArray[np.int64], found: NDArray[np.void], first: int
    ) -> None:
        """Take the next entries, which stand from position `first` on.

        Raises:
            Unlinked: One is not the next.

        """
        names = named(text, ends, found["previous"])
        positions = found["position"].copy()
        absent = found["previous"][:, 1] == 0
        for place in np.flatnonzero(found["odd"]).tolist():
            entry = decode_entry(states[place])
            positions[place], absent[place] = entry.position, entry.previous is None
            names[place] = _digest(entry.previous)
        hashes = leaves(text, ends)
        good = positions == np.arange(first, first + len(ends))
        good[1:] &= (names[1:] == hashes[:-1]).all(1) & ~absent[1:]
        good[0] &= absent[0] if self._last is None else (names[0] == self._last).all() and not absent[0]
        if not good.all():
            raise Unlinked(first + int(np.argmin(good)))
        self._last = hashes[-1].copy()


class Scanner:
    """Reads batches; it remembers which series it has met."""

    def __init__(self, key: NDArray[np.uint64]) -> None:
        """Hash identities with this key."""
        self._key = key
        self._met: dict[int, Series] = {}
        self._forms = no_forms()

    def scanned(
        self, batches: Iterable[Sequence[bytes]], first: int, links: Links | None = None
    ) -> Iterator[list[Segment]]:
        """Give the segments of each batch, from position `first` on; with `links` the chain is checked.

        Raises:
            msgspec.DecodeError: One is no entry.
            Unlinked: One is not the next.

        """
        for states in batches:
            text, ends = joined(states)
            found = scan_text(text, ends, self._key, self._forms)
            if links is not None and len(ends):
                links.check(states, text, ends, found, first)
            yield list(self._segments(states, found, first))
            first += len(states)

    def segments(self, states: Sequence[bytes], first: int) -> Iterator[Segment]:
        """Part the entries from position `first` on where one is odd: such a one stands alone.

        Raises:
            msgspec.DecodeError: One is no entry.

        """
        return self._segments(states, scan_text(*joined(states), self._key, self._forms), first)

    def hashes(self, states: Sequence[bytes]) -> NDArray[np.uint64]:
        """Hash the identities of entries that are folded already."""
        found = scan_text(*joined(states), self._key, self._forms)
        for place in np.flatnonzero(found["odd"]).tolist():
            entry = decode_entry(states[place])
            found["identity"][place] = identities([(entry.source, entry.id)], self._key)[0]
        return found["identity"]

    def _segments(self, states: Sequence[bytes], found: NDArray[np.void], first: int) -> Iterator[Segment]:
        odd = np.flatnonzero(found["odd"]).tolist()
        in_order = found["odd"] | (found["position"] == np.arange(first, first + len(found)))
        if len(odd) * _FEW > len(states) or not in_order.all():
            yield self._singly(states, first)
            return
        start = 0
        for end in [*odd, len(states)]:
            if end > start:
                yield self._segment(states[start:end], found[start:end], first + start)
            if end < len(states):
                yield self._singly(states[end : end + 1], first + end)
            start = end + 1

    def _segment(self, states: Sequence[bytes], found: NDArray[np.void], first: int) -> Segment:
        rows = np.zeros(len(found), ROW)
        for name in ("identity", "value", "occurred", "scale"):
            rows[name] = found[name]
        rows["tier"] = -1
        tiers: dict[str, int] = {}
        for place in np.flatnonzero(found["tier"][:, 1] * (found["kind"] == Kind.FIGURE)).tolist():
            rows["tier"][place] = tiers.setdefault(_text(states[place], found["tier"][place]), len(tiers))
        aside = np.flatnonzero(found["text"][:, 1] * (found["scale"] == ASIDE)).tolist()
        evident = np.flatnonzero(found["evidence"] & (found["kind"] != Kind.FIGURE)).tolist()
        series = self._series(states, found, rows)
        return Segment(
            decode_entry(states[0]).assessment,
            first,
            rows,
            series,
            list(tiers),
            {place: _text(states[place], found["text"][place]) for place in aside},
            {place: digests_of(decode_entry(states[place]).data) for place in evident},
            {place: states[place] for place in np.flatnonzero(found["kind"] == OTHER).tolist()},
        )

    def _series(self, states: Sequence[bytes], found: NDArray[np.void], rows: NDArray[np.void]) -> list[Series]:
        """Give the series of the rows, and each row the number of its own."""
        rows["series"] = NO_ROW
        places = np.flatnonzero(found["kind"] != OTHER)
        met, firsts, which = np.unique(found["series"][places], return_index=True, return_inverse=True)
        for number, key in enumerate(met.tolist()):
            if key not in self._met:
                entry = decode_entry(states[int(places[firsts[number]])])
                self._met[key] = series_of(ROWS[entry.type], entry.subject or "", entry.provider, entry.data)
        rows["series"][places] = which
        return [self._met[key] for key in met.tolist()]

    def _singly(self, states: Sequence[bytes], first: int) -> Segment:
        """Give entries that are to be folded one by one."""
        entries = [decode_entry(state) for state in states]
        rows = np.zeros(len(states), ROW)
        rows["identity"] = identities([(entry.source, entry.id) for entry in entries], self._key)
        rows["series"] = NO_ROW
        return Segment(entries[0].assessment, first, rows, [], [], {}, {}, dict(enumerate(states)))


def _digest(text: str | None) -> NDArray[np.uint8]:
    scheme, _, digits = (text or "").partition(":")
    whole = scheme == "sha256" and len(digits) == 64 and set(digits) <= set("0123456789abcdef")
    return np.frombuffer(bytes.fromhex(digits) if whole else bytes(32), np.uint8)


def _text(state: bytes, span: NDArray[np.int32]) -> str:
    return state[span[0] : span[1]].decode()
