"""Columns as they are kept: what a stretch of a ledger brought in, table by table, and what it ended.

Laying a block down copies arrays; no entry is decoded but the few that are neither rows nor end one.
"""

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Columns, Kind
from services.scoring.domain.ledger import IN_TABLES, Ledger, Touched, identity, named_by
from shared.contracts.entries import decode_entry

COLUMNS = {"position": "<i4", "occurred": "<i4", "code": "<i4", "value": "<i8", "scale": "<i2", "tier": "<i2"}
"""The columns of a part, 26 bytes a row. `code` and `tier` are numbers in the lists of the part; -1 is no tier."""

_MARGIN = 1.05  # of rows that are still coming: blocks are not quite alike

ENDED = np.dtype([("target", "<i4"), ("until", "<i4")])
"""The position of a row, and from where on it holds no longer."""


class Series(msgspec.Struct, frozen=True, array_like=True):
    """What rows of a part share: see `columns.Series`."""

    kind: Kind
    name: str
    provider: str | None
    part: str | None


class Part(msgspec.Struct, frozen=True, array_like=True):
    """The rows of one table; `aside` holds what is no number, by row of the part."""

    unit: str
    indicator: str
    series: list[Series]
    tiers: list[str]
    aside: dict[int, str]
    columns: dict[str, bytes]


class Block(msgspec.Struct, frozen=True, array_like=True):
    """The entries from position `first` on, `count` of them without a gap.

    `identities` are 8 bytes of hash each, `ended` an array of `ENDED`; `evidence` has the unit and the digests by
    position; `others` are the stored forms of entries that are no rows and end none.
    """

    assessment: str
    first: int
    count: int
    identities: bytes
    parts: list[Part]
    ended: bytes
    evidence: dict[int, tuple[str, tuple[str, ...]]]
    others: dict[int, bytes]


encode = msgspec.msgpack.Encoder().encode
"""Give the bytes of a block, as they are kept."""

decode = msgspec.msgpack.Decoder(Block).decode
"""Read a block; msgspec.DecodeError where the bytes are none."""


def block_of(
    ledger: Ledger, first: int, identities: NDArray[np.uint64], stored_at: Callable[[int], bytes | None]
) -> Block:
    """Give the block of the entries from `first` on, as many as there are hashes of `identities`.

    `stored_at` gives the stored form of the entry at a position.
    """
    last = first + len(identities) - 1
    start = ledger.place(first)
    tables = ledger.where[start : start + len(identities)] >> 32
    every = [_ended(rows, first, last) for rows in ledger.tables]
    ended = np.concatenate(every) if every else np.empty(0, ENDED)
    others = first + np.flatnonzero(tables < IN_TABLES)
    others = others[~np.isin(others, ended["until"])]
    return Block(
        ledger.assessment,
        first,
        len(identities),
        identities.astype("<u8").tobytes(),
        [part for rows in ledger.tables if (part := _part(rows, first, last)) is not None],
        ended.tobytes(),
        {
            position: (unit, digests)
            for unit, every in ledger.evidence.items()
            for position, digests in every
            if first <= position <= last
        },
        {position: stored_at(position) or b"" for position in others.tolist()},
    )


def _ended(rows: Columns, first: int, last: int) -> NDArray[np.void]:
    until = rows.until[: rows.count]
    found = np.flatnonzero((until >= first) & (until <= last))
    ended = np.empty(len(found), ENDED)
    ended["target"], ended["until"] = rows.position[found], until[found]
    return ended


def _part(rows: Columns, first: int, last: int) -> Part | None:
    begin, end = np.searchsorted(rows.position[: rows.count], (first, last + 1)).tolist()
    if begin == end:
        return None
    here = slice(begin, end)
    codes, code = np.unique(rows.code[here], return_inverse=True)
    tiers, tier = np.unique(rows.tier[here], return_inverse=True)
    named = tiers[tiers >= 0]
    columns = {
        "position": rows.position[here],
        "occurred": rows.occurred[here],
        "code": code,
        "value": rows.value[here],
        "scale": rows.scale[here],
        "tier": tier - (len(tiers) - len(named)),
    }
    used: list[int] = codes.tolist()
    series = [rows.series[each] for each in used]
    return Part(
        rows.unit,
        rows.indicator,
        [Series(each.kind, each.name, each.provider, each.part) for each in series],
        [rows.tiers[each] for each in named.tolist()],
        {row - begin: rows.aside[row] for row in (begin + np.flatnonzero(rows.scale[here] == ASIDE)).tolist()},
        {name: columns[name].astype(kind).tobytes() for name, kind in COLUMNS.items()},
    )


def lay(ledger: Ledger, block: Block, coming: int = 0) -> None:
    """Take in the next entries; room is made at once for those that are still `coming`, if they are like these.

    Raises:
        ValueError: They do not stand behind the last. The ledger is of no use any more.

    """
    start = ledger.count
    ledger.make_room(block.first, block.count + coming)
    ledger.assessment = ledger.assessment or block.assessment
    ledger.identities.add_hashed(np.frombuffer(block.identities, "<u8"), block.first)
    ledger.count, ledger.head = start + block.count, block.first + block.count - 1
    for part in block.parts:
        _lay(ledger, part, start - block.first, (block.count + coming) / block.count)
    ended = np.frombuffer(block.ended, ENDED)
    ledger.end_rows(ended["target"], ended["until"])
    for position, (unit, digests) in sorted(block.evidence.items()):
        ledger.keep_evidence(unit, position, digests)
    others = [decode_entry(state) for _, state in sorted(block.others.items())]
    ledger.identities.look_up(
        [identity(named) for each in others if (named := named_by(each.type, each.data)) is not None]
    )
    touched = Touched()
    for entry in others:
        ledger.state(entry, touched)


def _lay(ledger: Ledger, part: Part, offset: int, times: float) -> None:
    number = ledger.table((part.unit, part.indicator))
    table = ledger.tables[number]
    columns: Mapping[str, NDArray[np.int64]] = {
        name: np.frombuffer(part.columns[name], kind) for name, kind in COLUMNS.items()
    }
    codes = np.array(
        [table.code_of((each.kind, each.name, each.provider, each.part)) for each in part.series], np.int32
    )
    tiers = np.array([*map(table.tier_code, part.tiers), -1], np.int16)  # -1 finds the last
    position = columns["position"]
    if len(position) + table.count > len(table.position):
        table.make_room(int(len(position) * (1 + (times - 1) * _MARGIN)))
    row = table.extend(len(position), **{**columns, "code": codes[columns["code"]], "tier": tiers[columns["tier"]]})
    ledger.where[offset + position] = IN_TABLES + number << 32 | np.arange(row, row + len(position))
    for at, text in part.aside.items():
        table.aside[row + at] = text
