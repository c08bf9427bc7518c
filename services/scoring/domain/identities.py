"""Finds the position of a (source, id) with 12 bytes an entry.

Sorted runs of 64-bit hashes and their positions, merged as they grow. The hash is the interpreter's own, keyed for this
process, so it is never stored and nobody can choose two identities that share one; should two share it all the same,
both are found, and whoever asks compares them with the entries themselves.
"""

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

_RECENT = 4096

_hashed = hash
Run = tuple[NDArray[np.int64], NDArray[np.int32]]


class Identities:
    """Positions by the hash of their identity, a (source, id)."""

    def __init__(self) -> None:
        self._recent: dict[int, int] = {}
        self._runs: list[Run] = []

    def add(self, source: str, id: str, position: int) -> None:
        """Remember where an identity stands."""
        key = _hashed((source, id))
        if key in self._recent or len(self._recent) >= _RECENT:
            self._settle()
        self._recent[key] = position

    def add_all(self, identities: Sequence[tuple[str, str]], first: int) -> None:
        """Remember many, which stand one behind the other from position `first` on."""
        keys = dict(zip(map(_hashed, identities), count(first)))
        if len(keys) < len(identities) or keys.keys() & self._recent.keys():
            for position, (source, id) in enumerate(identities, first):
                self.add(source, id, position)
            return
        self._recent |= keys
        if len(self._recent) >= _RECENT:
            self._settle()

    def candidates(self, source: str, id: str) -> Iterator[int]:
        """Give the positions that may have this identity."""
        key = _hashed((source, id))
        if key in self._recent:
            yield self._recent[key]
        for hashes, positions in self._runs:
            first = int(np.searchsorted(hashes, key, side="left"))
            last = int(np.searchsorted(hashes, key, side="right"))
            yield from positions[first:last].tolist()

    def _settle(self) -> None:
        """Turn what is recent into a run, and merge runs while the one before is not much longer."""
        run = _sorted(
            np.fromiter(self._recent, np.int64, len(self._recent)),
            np.fromiter(self._recent.values(), np.int32, len(self._recent)),
        )
        self._recent = {}
        while self._runs and len(self._runs[-1][0]) <= 2 * len(run[0]):
            hashes, positions = self._runs.pop()
            run = _sorted(np.concatenate([hashes, run[0]]), np.concatenate([positions, run[1]]))
        self._runs.append(run)


def _sorted(hashes: NDArray[np.int64], positions: NDArray[np.int32]) -> Run:
    order = np.argsort(hashes, kind="stable")
    return hashes[order], positions[order]
