"""Entries on their way into columns, many at once."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import Kind
from services.scoring.domain.ledger import NAMES

ROW = np.dtype(
    [
        ("identity", np.uint64),  # hash of its source and id
        ("value", np.int64),
        ("series", np.int32),  # its number in `Segment.series`, or `NO_ROW`
        ("occurred", np.int32),
        ("scale", np.int16),
        ("tier", np.int16),  # its number in `Segment.tiers`, or -1
    ]
)
"""What a segment holds of each entry. See `Columns` for the parts."""

NO_ROW = -1


class Series(NamedTuple):
    """What rows share, and where they stand: see `columns.Series`."""

    unit: str
    indicator: str
    kind: Kind
    name: str
    provider: str | None
    part: str | None


class Segment(NamedTuple):
    """Entries from position `first` on: an array of `ROW`, and what is no number, by place.

    `others` are the entries that are no rows, in their stored form. Those which are to be folded one by one are all
    there, and have no row at all but its identity.
    """

    assessment: str
    first: int
    rows: NDArray[np.void]
    series: Sequence[Series]
    tiers: Sequence[str]
    aside: Mapping[int, str]
    evidence: Mapping[int, tuple[str, ...]]
    others: Mapping[int, bytes]


def series_of(kind: Kind, unit: str, provider: str | None, data: Mapping[str, Any]) -> Series:
    """Give the series of an entry that is a row."""
    name, part = NAMES[kind]
    return Series(unit, data["indicator"], kind, data[name], provider if kind is Kind.FIGURE else None, data.get(part))
