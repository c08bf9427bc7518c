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
        ("series", np.int32),  # its number among those met, or `NO_ROW`
        ("occurred", np.int32),
        ("scale", np.int16),
        ("tier", np.int16),  # its number in `Segment.tiers`, or -1
    ]
)
"""What a segment holds of each entry. See `Columns` for the parts."""

DISPUTE = np.dtype(
    [
        ("target", np.uint64),  # hash of the source and id that it names
        ("place", np.int32),
        ("brought", np.int32),  # the number of the names that it brings in, among the series met; or `NO_ROW`
        ("figure", np.bool_),  # it brings in a value, and not the points of a line
    ]
)
"""A withdrawal, or a correction that brings in a row, whose parts stand where a row's do; if it names a row at all."""

NO_ROW = -1


class Series(NamedTuple):
    """What rows share, and where they stand: see `columns.Series`."""

    unit: str
    indicator: str
    kind: Kind
    name: str
    provider: str | None
    part: str | None


class Brought(NamedTuple):
    """What a correction says of its series; the unit, provider and kind are those of what it corrects."""

    indicator: str
    measure: str | None
    line: str | None
    occasion: str | None
    incident: str | None


class Segment(NamedTuple):
    """Entries from position `first` on: an array of `ROW`, one of `DISPUTE`, and what is no number, by place.

    `series` are those met for the first time, numbered on from what the segments before have met. `others` are the
    places of entries that are neither rows nor disputes of rows; if they are all of that kind they have no row but
    their identity, and are to be folded one by one. `states` are all of them, as they are stored.
    """

    assessment: str
    first: int
    rows: NDArray[np.void]
    disputes: NDArray[np.void]
    series: Sequence[Series | Brought]
    tiers: Sequence[str]
    aside: Mapping[int, str]
    evidence: Mapping[int, tuple[str, ...]]
    others: Sequence[int]
    states: Sequence[bytes]


def series_of(kind: Kind, unit: str, provider: str | None, data: Mapping[str, Any]) -> Series:
    """Give the series of an entry that is a row."""
    name, part = NAMES[kind]
    return Series(unit, data["indicator"], kind, data[name], provider if kind is Kind.FIGURE else None, data.get(part))


def brought_by(data: Mapping[str, Any]) -> Brought:
    """Give the names in what a correction brings in."""
    return Brought(data["indicator"], *map(data.get, Brought._fields[1:]))
