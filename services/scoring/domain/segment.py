"""Entries as columns take them in, many at once; kept in this form, none needs to be decoded again."""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from services.scoring.domain.columns import Kind
from services.scoring.domain.ledger import NAMES

ROW = np.dtype(
    [
        ("identity", "<u8"),  # hash of its source and id
        ("value", "<i8"),
        ("series", "<i4"),  # its number in `Segment.series`, or `NO_ROW`
        ("occurred", "<i4"),
        ("scale", "<i2"),
        ("tier", "<i2"),  # its number in `Segment.tiers`, or -1
    ]
)
"""What a segment holds of each entry: 28 bytes. See `Columns` for the parts."""

NO_ROW = -1


class Series(msgspec.Struct, frozen=True, array_like=True):
    """What rows share, and where they stand: see `columns.Series`."""

    unit: str
    indicator: str
    kind: Kind
    name: str
    provider: str | None
    part: str | None


class Segment(msgspec.Struct, frozen=True, array_like=True):
    """Entries from position `first` on: their rows (bytes of an array of `ROW`), and what is no number, by place.

    `others` are the entries that are no rows, in their stored form. Without `rows` all are there, to be folded one by
    one.
    """

    assessment: str
    first: int
    rows: bytes
    series: list[Series]
    tiers: list[str]
    aside: dict[int, str]
    evidence: dict[int, tuple[str, ...]]
    others: dict[int, bytes]

    @property
    def count(self) -> int:
        """How many entries there are."""
        return len(self.rows) // ROW.itemsize or len(self.others)


def series_of(kind: Kind, unit: str, provider: str | None, data: Mapping[str, Any]) -> Series:
    """Give the series of an entry that is a row."""
    name, part = NAMES[kind]
    return Series(unit, data["indicator"], kind, data[name], provider if kind is Kind.FIGURE else None, data.get(part))


encode = msgspec.msgpack.Encoder().encode
"""Give the bytes of segments, as they are kept."""

decode = msgspec.msgpack.Decoder(list[Segment]).decode
"""Read segments; msgspec.DecodeError where the bytes are none."""
