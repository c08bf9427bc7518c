"""Many stored entries folded at once, into the same columns as one by one: for starting and rebuilding.

What `Ledger.fold` does for an entry in some twenty steps of the interpreter is done here for a batch, by loops that are
compiled. Rows, among them those that corrections bring in, are laid into their columns first; then the other entries
are taken in, in order.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Kind, Series, scaled
from services.scoring.domain.compiled.scan import OTHER, scan
from services.scoring.domain.ledger import IN_TABLES, NAMES, ROWS, Ledger, Touched, identity
from shared.contracts import kinds
from shared.contracts.entries import Entry, decode_entry

_NO_ROW = -1
_TABLE = 32  # a row's series in one number: its table's above these bits, its code in the table below
_CODE = (1 << _TABLE) - 1
_FEW = 16  # of so many entries one may be odd before they all go in one by one


class Bulk:
    """Folds batches into one ledger; it remembers which series it has met."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._series: dict[int, int] = {}

    def fold(self, states: Sequence[bytes]) -> None:
        """Take in the next entries, in their stored form.

        Raises:
            ValueError: One does not stand behind the last, or is no entry. The ledger is of no use any more.

        """
        found = scan(states)
        odd = np.flatnonzero(found["odd"]).tolist()
        in_order = np.array_equal(found["position"], np.arange(self.ledger.head + 1, self.ledger.head + 1 + len(found)))
        if len(odd) * _FEW > len(states) or not (in_order or odd):
            self._one_by_one(states)
            return
        start = 0
        for end in [*odd, len(states)]:
            self._fold(states[start:end], found[start:end])
            self._one_by_one(states[end : end + 1])
            start = end + 1

    def _one_by_one(self, states: Sequence[bytes]) -> None:
        touched = Touched()
        for state in states:
            self.ledger.fold(decode_entry(state), touched)

    def _fold(self, states: Sequence[bytes], found: NDArray[np.void]) -> None:
        """Take in entries none of which is odd."""
        if not len(found):
            return
        ledger, start, first = self.ledger, self.ledger.count, int(found["position"][0])
        if not ledger.assessment:
            ledger.assessment = decode_entry(states[0]).assessment
        ledger.make_room(first, len(found))
        ledger.identities.add_hashed(found["identity"], first)
        ledger.count, ledger.head = start + len(found), first + len(found) - 1
        batch = _Batch(ledger, states, found, self._codes(states, found))
        others = {place: decode_entry(states[place]) for place in np.flatnonzero(found["kind"] == OTHER).tolist()}
        ledger.identities.look_up([identity(named) for entry in others.values() if (named := _named(entry))])
        replaced = {
            place: target
            for place, entry in others.items()
            if entry.type == kinds.ENTRY_CORRECTED and (target := batch.correct(place, entry, start)) is not None
        }
        batch.lay(start, first)
        touched = Touched()
        for place, entry in others.items():
            if place in replaced:
                ledger.end(replaced[place], entry.position, touched)
            else:
                ledger.state(entry, touched)

    def _codes(self, states: Sequence[bytes], found: NDArray[np.void]) -> NDArray[np.int64]:
        """Give the series of each row in one number, `_NO_ROW` for what is none."""
        codes = np.full(len(found), _NO_ROW, np.int64)
        places = np.flatnonzero(found["kind"] != OTHER)
        met, firsts, which = np.unique(found["series"][places], return_index=True, return_inverse=True)
        known = np.empty(len(met), np.int64)
        for number, key in enumerate(met.tolist()):
            if key not in self._series:
                entry = decode_entry(states[int(places[firsts[number]])])
                kind = ROWS[entry.type]
                self._series[key] = _code(self.ledger, kind, entry.subject or "", entry.provider, entry.data)
            known[number] = self._series[key]
        codes[places] = known[which]
        return codes


class _Batch:
    """Entries that are being folded: what was read of them, and the series of those that are rows."""

    def __init__(
        self, ledger: Ledger, states: Sequence[bytes], found: NDArray[np.void], series: NDArray[np.int64]
    ) -> None:
        self.ledger = ledger
        self.states = states
        self.found = found
        self.series = series
        self.tiers: dict[int, str] = {}
        self.aside: dict[int, str] = {}
        self.evidence: dict[int, tuple[str, Mapping[str, Any]]] = {}

    def correct(self, place: int, entry: Entry, start: int) -> int | None:
        """Let a correction of a row stand as the row it brings in; the position of the row that it replaces, if any."""
        ledger = self.ledger
        target = ledger.find(entry.data["entry"])
        row = None if target is None else self._row(target, start)
        if row is None:
            return None
        (unit, series), data, found = row, entry.data["data"], self.found
        value = data["value"] if series.kind is Kind.FIGURE else data.get("points")
        found["value"][place], found["scale"][place] = scaled(value)
        found["occurred"][place] = ledger.day(data["occurred"])
        if found["scale"][place] == ASIDE:
            self.aside[place] = value
        if "tier" in data:
            self.tiers[place] = data["tier"]
        if series.kind is not Kind.FIGURE:
            self.evidence[place] = unit, data
        self.series[place] = _code(ledger, series.kind, unit, series.provider, data)
        return target

    def _row(self, position: int, start: int) -> tuple[str, Series] | None:
        """Give the unit and the series of a row, which may not be in its column yet."""
        place = self.ledger.place(position) - start
        if place < 0:
            found = self.ledger.row_at(position)
            return None if found is None else (found[0].unit, found[0].series_of(found[1]))
        code = int(self.series[place])
        if code == _NO_ROW:
            return None
        rows = self.ledger.tables[code >> _TABLE]
        return rows.unit, rows.series[code & _CODE]

    def lay(self, start: int, first: int) -> None:
        """Lay the rows into their columns, table by table. `start` and `first`: the place and position of the first."""
        ledger, places = self.ledger, np.flatnonzero(self.series != _NO_ROW)
        self._read_texts()
        found, tables = self.found[places], self.series[places] >> _TABLE
        columns: dict[str, NDArray[Any]] = {
            "position": first + places,
            "code": self.series[places] & _CODE,
            **{name: found[name] for name in ("occurred", "value", "scale")},
        }
        order = np.argsort(tables, kind="stable")
        at = np.empty(len(places), np.int64)
        for part in np.split(order, np.flatnonzero(np.diff(tables[order])) + 1) if len(order) else ():
            table = ledger.tables[int(tables[part[0]])]
            row = table.extend(len(part), **{name: column[part] for name, column in columns.items()})
            at[part] = np.arange(row, row + len(part))
        ledger.where[start + places] = IN_TABLES + tables << 32 | at
        for place, text in self.aside.items():
            table, row = ledger.row_at(first + place) or _nowhere(place)
            table.aside[row] = text
        for place, tier in self.tiers.items():
            table, row = ledger.row_at(first + place) or _nowhere(place)
            table.tier[row] = table.tier_code(tier)
        for place in sorted(self.evidence):
            unit, data = self.evidence[place]
            ledger.keep_evidence(unit, first + place, data)

    def _read_texts(self) -> None:
        """Read what is not a number: words and tiers, and the evidence of awards and deductions."""
        found, states = self.found, self.states
        for place in np.flatnonzero(found["text"][:, 1] * (found["scale"] == ASIDE)).tolist():
            self.aside[place] = _text(states[place], found["text"][place])
        for place in np.flatnonzero(found["tier"][:, 1]).tolist():
            self.tiers[place] = _text(states[place], found["tier"][place])
        for place in np.flatnonzero(found["evidence"] & (found["kind"] != Kind.FIGURE)).tolist():
            entry = decode_entry(states[place])
            self.evidence[place] = entry.subject or "", entry.data


def _named(entry: Entry) -> Mapping[str, Any] | None:
    """Give what an entry refers to."""
    return entry.data.get("entry") or entry.data.get("appeal")


def _code(ledger: Ledger, kind: Kind, unit: str, provider: str | None, data: Mapping[str, Any]) -> int:
    table = ledger.table((unit, data["indicator"]))
    name, part = NAMES[kind]
    series = kind, data[name], provider if kind is Kind.FIGURE else None, data.get(part)
    return table << _TABLE | ledger.tables[table].code_of(series)


def _text(state: bytes, span: NDArray[np.int32]) -> str:
    return state[span[0] : span[1]].decode()


def _nowhere(place: int) -> Any:
    raise AssertionError(f"the row at {place} of the batch was not laid")
