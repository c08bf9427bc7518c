"""Sorted runs of hashes and what stands where, merged."""

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.compiled import compiled

Hashes, Positions = NDArray[np.uint64], NDArray[np.int32]


@compiled
def merge(one: Hashes, its: Positions, other: Hashes, their: Positions, hashes: Hashes, positions: Positions) -> None:
    """Merge two runs into a third that has room for both."""
    first, second, place = 0, 0, 0
    while first < len(one) and second < len(other):
        before = one[first] <= other[second]
        hashes[place] = one[first] if before else other[second]
        positions[place] = its[first] if before else their[second]
        first += before
        second += not before
        place += 1
    left = len(one) - first
    hashes[place : place + left] = one[first:]
    positions[place : place + left] = its[first:]
    hashes[place + left :] = other[second:]
    positions[place + left :] = their[second:]
