"""Many stored entries folded at once, into the same columns as one by one: for starting and rebuilding.

What `Ledger.fold` does for an entry in some twenty steps of the interpreter is done here for a segment. Rows, among
them those that corrections bring in, are laid into their columns first; then the other entries are taken in, in order.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Columns, Kind, scaled
from services.scoring.domain.columns import Series as Shared
from services.scoring.domain.ledger import IN_TABLES, Ledger, Touched, digests_of, identity, named_by
from services.scoring.domain.segment import NO_ROW, Brought, Segment, Series, series_of
from shared.contracts import kinds
from shared.contracts.entries import Entry, decode_entry

_TABLE = 32  # a row's series in one number: its table's above these bits, its code in the table below
_CODE = (1 << _TABLE) - 1
_DISPUTES = {kinds.ENTRY_CORRECTED, kinds.ENTRY_WITHDRAWN}


class Layer:
    """Lays segments into a ledger, one behind the other."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._brought: dict[int, Brought] = {}
        self._moved: dict[tuple[int, int], int] = {}
        self._codes = np.empty(0, np.int64)  # by the number of a series

    def lay(self, segment: Segment) -> None:
        """Take in the next entries.

        Raises:
            ValueError: One does not stand behind the last, or is no entry. The ledger is of no use any more.

        """
        touched = Touched()
        if len(segment.others) == len(segment.rows):
            for state in segment.states:
                self.ledger.fold(decode_entry(state), touched)
        self._meet(segment.series)
        if len(segment.others) < len(segment.rows):
            _Batch(self, segment).lay(touched)

    def codes(self, numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give the codes of series by their numbers; `NO_ROW` is itself."""
        return np.append(self._codes, NO_ROW)[numbers]  # which is -1, and finds the last

    def moved(self, code: int, brought: int, *, figure: bool) -> int:
        """Give the code of the series into which a correction moves a row of another; `NO_ROW` if it cannot be."""
        found = self._moved.get((code, brought))
        if found is None:
            rows = self.ledger.tables[code >> _TABLE]
            series = rows.series[code & _CODE]
            fits = (series.kind is Kind.FIGURE) == figure
            data = self._brought[brought]._asdict()
            found = _code(self.ledger, series_of(series.kind, rows.unit, series.provider, data)) if fits else NO_ROW
            self._moved[code, brought] = found
        return found

    def _meet(self, series: Sequence[Series | Brought]) -> None:
        if not series:
            return
        known = len(self._codes)
        codes = np.full(len(series), NO_ROW)
        for number, each in enumerate(series):
            if isinstance(each, Brought):
                self._brought[known + number] = each
            else:
                codes[number] = _code(self.ledger, each)
        self._codes = np.concatenate([self._codes, codes])


class Dispute(NamedTuple):
    """A correction or withdrawal of the batch: what it names and brings in, as far as the compiled loops have read it.

    `behind` is how far behind the batch's beginning it stands what it names; if that is before, `code` is its series.
    """

    place: int
    target: int = 0
    behind: int = NO_ROW
    code: int = NO_ROW
    brought: int = NO_ROW
    figure: bool = False


class _Batch:
    """A segment on its way into a ledger."""

    def __init__(self, layer: Layer, segment: Segment) -> None:
        self.layer, self.ledger = layer, layer.ledger
        self.segment = segment
        self.rows = segment.rows.copy()  # corrections put theirs among them
        self.tiers = list(segment.tiers)
        self.aside = dict(segment.aside)
        self.start, self.first = self.ledger.count, segment.first
        self.series = layer.codes(segment.rows["series"])
        self.evidence = {place: (self._table(place).unit, digests) for place, digests in segment.evidence.items()}

    def lay(self, touched: Touched) -> None:
        ledger, count = self.ledger, len(self.rows)
        ledger.make_room(self.first, count)
        ledger.assessment = ledger.assessment or self.segment.assessment
        ledger.identities.add_hashed(self.rows["identity"], self.first)
        ledger.count, ledger.head = self.start + count, self.first + count - 1
        others = {place: self._entry(place) for place in self.segment.others}
        ended = self._dispute(others)
        self._lay_rows()
        self._look_up(others)
        for _, entry in sorted(others.items()):
            ledger.state(entry, touched)
        if ended:
            ledger.end_rows(*np.array(ended, np.int32).T)

    def _look_up(self, others: Mapping[int, Entry]) -> None:
        """Have at hand where what these name stands."""
        every = [named_by(entry.type, entry.data) for entry in others.values()]
        self.ledger.identities.look_up([identity(named) for named in every if named is not None])

    def _dispute(self, others: dict[int, Entry]) -> list[tuple[int, int]]:
        """Let corrections of rows stand as the rows they bring in; give each row that is ended, and from where on.

        What is taken in so leaves the others, and what turns out to be about no row joins them.
        """
        read = list(self._disputes())
        slow = [Dispute(place) for place, entry in others.items() if entry.type in _DISPUTES]
        self._look_up(others)
        ended: list[tuple[int, int]] = []
        for each in sorted([*read, *slow]) if slow else read:
            target = each.target if self._is_taken(each) else None
            if target is None:
                entry = others[each.place] = others.get(each.place) or self._entry(each.place)
                target = self._take(each.place, entry)
            if target is not None:
                others.pop(each.place, None)
                ended.append((target, self.first + each.place))
        return ended

    def _disputes(self) -> Iterator["Dispute"]:
        """Give what the compiled loops have read of corrections and withdrawals, and where it is what they name."""
        disputes = self.segment.disputes
        if not len(disputes):
            return iter(())
        ledger, codes = self.ledger, np.full(len(disputes), NO_ROW, np.int64)
        positions = ledger.identities.positions(disputes["target"])
        places = ledger.places(np.maximum(positions, ledger.runs[0][0]))
        before = np.flatnonzero((positions > 0) & (places < self.start))
        tables, rows = ledger.where[places[before]] >> 32, ledger.where[places[before]] & 0xFFFFFFFF
        numbers: list[int] = np.unique(tables[tables >= IN_TABLES]).tolist()
        for number in numbers:
            at, table = tables == number, number - IN_TABLES
            codes[before[at]] = table << _TABLE | ledger.tables[table].code[rows[at]].astype(np.int64)
        read = disputes["place"], positions, places - self.start, codes, disputes["brought"], disputes["figure"]
        return map(Dispute, *(column.tolist() for column in read))

    def _is_taken(self, each: "Dispute") -> bool:
        """Let a correction stand as a row, if it names one, and it can be told from what was read; or a withdrawal."""
        if not 0 < each.target < self.first + each.place:
            return False
        code = each.code if each.behind < 0 else int(self.series[each.behind])
        if NO_ROW in (code, each.brought):
            return code != NO_ROW
        moved = self.layer.moved(code, each.brought, figure=each.figure)
        self.series[each.place] = moved
        return moved != NO_ROW

    def _entry(self, place: int) -> Entry:
        return decode_entry(self.segment.states[place])

    def _table(self, place: int) -> Columns:
        return self.ledger.tables[int(self.series[place]) >> _TABLE]

    def _take(self, place: int, entry: Entry) -> int | None:
        """Let a correction stand as the row it brings in; the position of the row that is disputed, None of no row."""
        target = self.ledger.find(entry.data["entry"], entry.position)
        row = None if target is None else self._row(target)
        if row is None or entry.type == kinds.ENTRY_WITHDRAWN:
            return row and target
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
        tables = self.series[places] >> _TABLE
        narrow = tables.astype(np.uint16) if len(ledger.tables) <= 1 << 16 else tables  # sorted in two passes
        order = np.argsort(narrow, kind="stable")
        places, tables = places[order], tables[order]
        rows, at = self.rows[places], np.empty(len(places), np.int64)
        columns: dict[str, NDArray[Any]] = {
            "position": self.first + places,
            "code": self.series[places] & _CODE,
            **{name: rows[name] for name in ("occurred", "value", "scale")},
        }
        starts = np.flatnonzero(np.diff(tables, prepend=-1)).tolist()
        for start, end in pairwise([*starts, len(places)]):
            table, here = ledger.tables[int(tables[start])], slice(start, end)
            more = {"tier": self._tier_codes(table, rows["tier"][here])} if self.tiers else {}
            row = table.extend(end - start, **{name: column[here] for name, column in columns.items()}, **more)
            at[here] = np.arange(row, row + end - start)
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
