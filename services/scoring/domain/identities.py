"""Finds the position of a (source, id) with 12 bytes an entry.

Sorted runs of 64-bit hashes and their positions, merged as they grow: two may share a hash, so what is found are
candidates, and whoever asks compares them with the entries themselves.
"""

import sys
from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

_RECENT = 4096

Run = tuple[NDArray[np.int64], NDArray[np.int32]]


def _hashed(source: str, id: str) -> bytes:
    return blake2b(f"{source}\n{id}".encode(), digest_size=8).digest()


class Identities:
    """Positions by the hash of their identity."""

    def __init__(self) -> None:
        self._recent: dict[bytes, int] = {}
        self._runs: list[Run] = []

    def add(self, source: str, id: str, position: int) -> None:
        """Remember where an identity stands."""
        key = _hashed(source, id)
        if key in self._recent or len(self._recent) >= _RECENT:
            self._settle()
        self._recent[key] = position

    def candidates(self, source: str, id: str) -> Iterator[int]:
        """Give the positions that may have this identity."""
        recent = _hashed(source, id)
        if recent in self._recent:
            yield self._recent[recent]
        key = int.from_bytes(recent, sys.byteorder, signed=True)
        for hashes, positions in self._runs:
            first = int(np.searchsorted(hashes, key, side="left"))
            last = int(np.searchsorted(hashes, key, side="right"))
            yield from positions[first:last].tolist()

    def _settle(self) -> None:
        """Turn what is recent into a run, and merge runs while the one before is not much longer."""
        run = _sorted(
            np.frombuffer(b"".join(self._recent), np.int64),
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
