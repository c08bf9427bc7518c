"""Finds the position of a (source, id): by name while they are few, then with 12 bytes an entry.

Sorted runs of 64-bit hashes and their positions, merged as they grow. The hash is keyed, so nobody can choose two
identities that share one; should two share it all the same, both are found, and whoever asks compares them with the
entries themselves.
"""

from collections.abc import Iterator, Sequence
from threading import RLock
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

MANY = 1 << 17
"""So many entries are worth loading what is compiled."""

MOST_SINGLY = 1 << 14
"""So many that were looked up one by one are kept at hand."""

SEVERAL = -1
"""The position of what may be several."""

Run = tuple[NDArray[np.uint64], NDArray[np.int32]]


class Identities:
    """Positions by identity, a (source, id).

    One thread adds while others look up: what is sorted and merged for one is not to be seen half done by another.
    """

    OWN: ClassVar = np.array([hash("k0"), hash("k1")], np.int64).view(np.uint64)
    """The key of this process: what the interpreter keys its own hashes with, as it comes out of them."""

    def __init__(self, key: bytes | None = None) -> None:
        """Hash with this key of 16 bytes; without one, with a key of this process."""
        self.key: NDArray[np.uint64] = self.OWN if key is None else np.frombuffer(key, "<u8").astype(np.uint64)
        self._recent: dict[tuple[str, str], int] = {}
        self._runs: list[Run] = []
        self._added: list[Run] = []  # in no run yet: sorted when one is looked up
        self._at_hand: dict[tuple[str, str], list[int]] = {}  # what was looked up together
        self._singly: dict[tuple[str, str], list[int]] = {}  # what was asked for beside that
        self._lock = RLock()

    def copy(self) -> "Identities":
        """Give the same identities, to add others to; more may come in here meanwhile.

        Each moves from the recent to those added and on to a run, and stands in the next before it leaves the one
        before: looked at in this order, none is missed.
        """
        new = Identities()
        new.key = self.key
        new._recent, new._added, new._runs = self._recent.copy(), self._added.copy(), self._runs.copy()
        return new

    def add(self, source: str, id: str, position: int) -> None:
        """Remember where an identity stands."""
        self._recent[source, id] = position
        if len(self._recent) >= MANY:
            self._hash_recent()
            with self._lock:
                self._settle()

    def add_hashed(self, hashes: NDArray[np.uint64], first: int) -> None:
        """Remember many, which stand one behind the other from position `first` on, by what `scan` made of them."""
        with self._lock:
            self._added.append((hashes, np.arange(first, first + len(hashes), dtype=np.int32)))
            self._at_hand, self._singly = {}, {}

    def candidates(self, source: str, id: str) -> Iterator[int]:
        """Give the positions that may have this identity."""
        recent = self._recent.get((source, id))
        if recent is not None:
            yield recent
        if self._runs or self._added:
            with self._lock:
                found = tuple(self._kept((source, id)))
            yield from found

    def _kept(self, identity: tuple[str, str]) -> list[int]:
        found = self._at_hand.get(identity, self._singly.get(identity))
        if found is None:
            if len(self._singly) >= MOST_SINGLY:
                self._singly = {}
            found = self._singly[identity] = self._found([identity])[identity]
        return found

    def look_up(self, identities: Sequence[tuple[str, str]]) -> None:
        """Find many at once and have their candidates at hand, until the next are looked up."""
        if identities:
            with self._lock:
                self._at_hand = self._found(identities)

    def _found(self, identities: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[int]]:
        self._settle()
        at_hand: dict[tuple[str, str], list[int]] = {each: [] for each in identities}
        if not self._runs:
            return at_hand
        keys = self._hashed(list(at_hand))
        for hashes, positions in self._runs:
            firsts = np.searchsorted(hashes, keys, side="left").tolist()
            lasts = np.searchsorted(hashes, keys, side="right").tolist()
            for found, first, last in zip(at_hand.values(), firsts, lasts, strict=True):
                found.extend(positions[first:last].tolist())
        return at_hand

    def positions(self, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Give where each of many hashes stands: 0 where it does not, `SEVERAL` where it does more than once."""
        self._hash_recent()
        with self._lock:
            self._settle()
            found = np.zeros(len(hashes), np.int32)
            for run, positions in self._runs:
                first = np.searchsorted(run, hashes, side="left")
                here = np.flatnonzero(run[np.minimum(first, len(run) - 1)] == hashes)
                again = np.flatnonzero(run[np.minimum(first[here] + 1, len(run) - 1)] == hashes[here])
                again = again[first[here][again] + 1 < len(run)]
                found[here] = np.where(found[here] == 0, positions[first[here]], SEVERAL)
                found[here[again]] = SEVERAL
            return found

    def _hash_recent(self) -> None:
        if self._recent:
            hashes = self._hashed(list(self._recent))
            positions = np.fromiter(self._recent.values(), np.int32, len(self._recent))
            with self._lock:
                self._added.append((hashes, positions))
                for at_hand in (self._at_hand, self._singly):
                    for each in at_hand.keys() & self._recent.keys():
                        at_hand[each].append(self._recent[each])
                self._recent = {}

    def _settle(self) -> None:
        """Make a run of what was added, and merge runs while the one before is not much longer."""
        if not self._added:
            return
        added, runs = self._added.copy(), self._runs.copy()
        run = _sorted(*map(np.concatenate, zip(*added, strict=True)))
        while runs and len(runs[-1][0]) <= 2 * len(run[0]):
            run = _merged(runs.pop(), run)
        self._runs = [*runs, run]
        del self._added[: len(added)]

    def _hashed(self, identities: Sequence[tuple[str, str]]) -> NDArray[np.uint64]:
        from services.scoring.domain.compiled import scan  # noqa: PLC0415 - only where there are many

        return scan.identities(identities, self.key)


def _sorted(hashes: NDArray[np.uint64], positions: NDArray[np.int32]) -> Run:
    order = np.argsort(hashes)
    return hashes[order], positions[order]


def _merged(one: Run, other: Run) -> Run:
    from services.scoring.domain.compiled.runs import merge  # noqa: PLC0415 - only where there are many

    run = np.empty(len(one[0]) + len(other[0]), np.uint64), np.empty(len(one[0]) + len(other[0]), np.int32)
    merge(*one, *other, *run)
    return run
