"""Many stored entries folded at once, into the same columns as one by one: for starting and rebuilding.

What `Ledger.fold` does for an entry in some twenty steps of the interpreter is done here for a segment. Rows, among
them those that corrections bring in, are laid into their columns first; then the other entries are taken in, in order.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Columns, Kind, scaled
from services.scoring.domain.columns import Series as Shared
from services.scoring.domain.ledger import IN_TABLES, Ledger, Touched, digests_of, identity, named_by
from services.scoring.domain.segment import NO_ROW, Segment, Series, series_of
from shared.contracts import kinds
from shared.contracts.entries import Entry, decode_entry

_TABLE = 32  # a row's series in one number: its table's above these bits, its code in the table below
_CODE = (1 << _TABLE) - 1


def lay(ledger: Ledger, segment: Segment) -> None:
    """Take in the next entries.

    Raises:
        ValueError: One does not stand behind the last, or is no entry. The ledger is of no use any more.

    """
    others = {place: decode_entry(state) for place, state in segment.others.items()}
    touched = Touched()
    if len(others) == len(segment.rows):
        for entry in others.values():
            ledger.fold(entry, touched)
        return
    _Batch(ledger, segment).lay(others, touched)


class _Batch:
    """A segment on its way into a ledger."""

    def __init__(self, ledger: Ledger, segment: Segment) -> None:
        self.ledger = ledger
        self.assessment = segment.assessment
        self.rows = segment.rows.copy()  # corrections put theirs among them
        self.tiers = list(segment.tiers)
        self.aside = dict(segment.aside)
        self.start, self.first = ledger.count, segment.first
        codes = np.array([_code(ledger, each) for each in segment.series] or [NO_ROW], np.int64)
        numbers = self.rows["series"]
        self.series = np.where(numbers == NO_ROW, NO_ROW, codes[numbers])
        units = {place: segment.series[int(numbers[place])].unit for place in segment.evidence}
        self.evidence = {place: (units[place], digests) for place, digests in segment.evidence.items()}

    def lay(self, others: Mapping[int, Entry], touched: Touched) -> None:
        ledger, count = self.ledger, len(self.rows)
        ledger.make_room(self.first, count)
        ledger.assessment = ledger.assessment or self.assessment
        ledger.identities.add_hashed(self.rows["identity"], self.first)
        ledger.count, ledger.head = self.start + count, self.first + count - 1
        ledger.identities.look_up(
            [identity(named) for each in others.values() if (named := named_by(each.type, each.data)) is not None]
        )
        replaced = {
            place: target
            for place, entry in others.items()
            if entry.type == kinds.ENTRY_CORRECTED and (target := self._correct(place, entry)) is not None
        }
        self._lay_rows()
        ended: list[tuple[int, int]] = []
        for place, entry in others.items():
            if place in replaced:
                ended.append((replaced[place], entry.position))
            elif entry.type == kinds.ENTRY_WITHDRAWN and (target := self._withdrawn(entry)) is not None:
                ended.append((target, entry.position))
            else:
                ledger.state(entry, touched)
        if ended:
            ledger.end_rows(*np.array(ended, np.int32).T)

    def _withdrawn(self, entry: Entry) -> int | None:
        """Give the position of the row that an entry withdraws, if it is one."""
        target = self.ledger.find(entry.data["entry"])
        return target if target is not None and self.ledger.is_row(target) else None

    def _correct(self, place: int, entry: Entry) -> int | None:
        """Let a correction of a row stand as the row it brings in; the position of the row that it replaces, if any."""
        target = self.ledger.find(entry.data["entry"])
        row = None if target is None else self._row(target)
        if row is None:
            return None
        (unit, series), data, rows = row, entry.data["data"], self.rows
        value = data["value"] if series.kind is Kind.FIGURE else data.get("points")
        rows["value"][place], rows["scale"][place] = scaled(value)
        rows["occurred"][place] = self.ledger.day(data["occurred"])
        if rows["scale"][place] == ASIDE:
            self.aside[place] = value
        if series.kind is not Kind.FIGURE:
            self.evidence[place] = unit, digests_of(data)
        elif data.get("tier") is not None:
            rows["tier"][place] = _number(self.tiers, data["tier"])
        self.series[place] = _code(self.ledger, series_of(series.kind, unit, series.provider, data))
        return target

    def _row(self, position: int) -> tuple[str, Shared] | None:
        """Give the unit and the series of a row, which may not be in its column yet."""
        place = self.ledger.place(position) - self.start
        if place < 0:
            found = self.ledger.row_at(position)
            return None if found is None else (found[0].unit, found[0].series_of(found[1]))
        code = int(self.series[place])
        if code == NO_ROW:
            return None
        rows = self.ledger.tables[code >> _TABLE]
        return rows.unit, rows.series[code & _CODE]

    def _lay_rows(self) -> None:
        """Lay the rows into their columns, table by table."""
        ledger, places = self.ledger, np.flatnonzero(self.series != NO_ROW)
        rows, tables = self.rows[places], self.series[places] >> _TABLE
        columns: dict[str, NDArray[Any]] = {
            "position": self.first + places,
            "code": self.series[places] & _CODE,
            **{name: rows[name] for name in ("occurred", "value", "scale")},
        }
        order = np.argsort(tables, kind="stable")
        at = np.empty(len(places), np.int64)
        for part in np.split(order, np.flatnonzero(np.diff(tables[order])) + 1) if len(order) else ():
            table = ledger.tables[int(tables[part[0]])]
            tiers = self._tier_codes(table, rows["tier"][part])
            row = table.extend(len(part), tier=tiers, **{name: column[part] for name, column in columns.items()})
            at[part] = np.arange(row, row + len(part))
        ledger.where[self.start + places] = IN_TABLES + tables << 32 | at
        for place, text in self.aside.items():
            table, row = ledger.row_at(self.first + place) or _nowhere(place)
            table.aside[row] = text
        for place in sorted(self.evidence):
            unit, digests = self.evidence[place]
            ledger.keep_evidence(unit, self.first + place, digests)

    def _tier_codes(self, table: Columns, tiers: NDArray[np.int16]) -> NDArray[np.int16]:
        codes = np.full(len(self.tiers) + 1, -1, np.int16)
        used: list[int] = np.unique(tiers[tiers >= 0]).tolist()
        for number in used:
            codes[number] = table.tier_code(self.tiers[number])
        return codes[tiers]  # -1 finds the last


def _code(ledger: Ledger, series: Series) -> int:
    table = ledger.table((series.unit, series.indicator))
    return table << _TABLE | ledger.tables[table].code_of((series.kind, series.name, series.provider, series.part))


def _number(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _nowhere(place: int) -> Any:
    raise AssertionError(f"the row at {place} of the batch was not laid")
