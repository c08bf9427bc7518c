"""Many stored entries folded at once, into the same columns as one by one: for starting and rebuilding.

What `Ledger.fold` does for an entry in some twenty steps of the interpreter is done here for a batch, part by part, by
functions that loop in C. Rows, among them those that corrections bring in, are laid into their columns first; then
the other entries are taken in, in order.
"""

from collections.abc import Sequence
from itertools import compress
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Kind, scaled
from services.scoring.domain.ledger import IN_TABLES, ROWS, Ledger, Touched
from shared.contracts import kinds
from shared.contracts.entries import decode_entry


class _Data(msgspec.Struct, gc=False):
    """What columns hold of `data`, and what a correction names."""

    indicator: str | None = None
    measure: str | None = None
    line: str | None = None
    occasion: str | None = None
    incident: str | None = None
    value: str | None = None
    points: str | None = None
    occurred: str | None = None
    tier: str | None = None
    evidence: list[dict[str, Any]] | None = None
    data: Any = None
    entry: Any = None


class _Entry(msgspec.Struct, gc=False):
    assessment: str
    source: str
    id: str
    type: str
    position: int
    data: _Data
    subject: str | None = None
    provider: str | None = None


_Key = tuple[str | None, ...]
_decode = msgspec.json.Decoder(list[_Entry]).decode
_identity = attrgetter("source", "id")
_data = attrgetter("data")
_of_data = attrgetter("indicator", "measure", "line", "occasion", "incident")
_key = attrgetter(
    "type", "subject", "provider", "data.indicator", "data.measure", "data.line", "data.occasion", "data.incident"
)
_NO_ROW = -1
_TABLE, _KIND = 34, 32  # a row's series in one number: its table's above these bits, its kind, its code in the table
_TYPES = {kind: name for name, kind in ROWS.items()}


class Bulk:
    """Folds batches into one ledger; it remembers which series it has met."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._series: dict[_Key, int] = {}

    def fold(self, states: Sequence[bytes]) -> None:
        """Take in the next entries, in their stored form.

        Raises:
            ValueError: One does not stand behind the last, or is no entry. The ledger is of no use any more.

        """
        batch = self._read(states)
        if batch is None:
            touched = Touched()
            for state in states:
                self.ledger.fold(decode_entry(state), touched)
            return
        ledger, start = self.ledger, self.ledger.count
        if not ledger.assessment:
            ledger.assessment = batch[0].assessment
        ledger.make_room(batch[0].position, len(batch))
        ledger.identities.add_all(list(map(_identity, batch)), batch[0].position)
        ledger.count, ledger.head = start + len(batch), batch[-1].position
        keys = list(map(_key, batch))
        series = [
            self._code(key) if code is None else code
            for code, key in zip(map(self._series.get, keys), keys, strict=True)
        ]
        said = list(map(_data, batch))
        others = [place for place, code in enumerate(series) if code == _NO_ROW]
        replaced = {
            place: target
            for place in others
            if batch[place].type == kinds.ENTRY_CORRECTED
            and (target := self._correction(place, start, said, series)) is not None
        }
        self._lay(np.array(series, np.int64), said, start, batch[0].position)
        touched = Touched()
        for place in others:
            if place in replaced:
                ledger.end(replaced[place], batch[place].position, touched)
            else:
                ledger.state(decode_entry(states[place]), touched)

    def _read(self, states: Sequence[bytes]) -> list[_Entry] | None:
        """Decode a batch; None where it must go in one by one: other members of `data` are anybody's, of any type."""
        try:
            batch = _decode(b"[" + b",".join(states) + b"]")
        except msgspec.ValidationError:
            return None
        follows = batch and batch[0].position == self.ledger.head + 1
        return batch if follows and batch[-1].position - batch[0].position == len(batch) - 1 else None

    def _code(self, key: _Key) -> int:
        """Give the series of a row in one number, `_NO_ROW` for what is none."""
        code = self._series.get(key)
        if code is None:
            kind_of, unit, provider, indicator, measure, line, occasion, incident = key
            code, kind = _NO_ROW, ROWS.get(kind_of or "")
            if kind is not None:
                number = self.ledger.table((unit or "", indicator or ""))
                name = measure if kind is Kind.FIGURE else line
                part = incident if kind is Kind.DEDUCTION else occasion
                reporter = provider if kind is Kind.FIGURE else None
                code = (
                    number << _TABLE
                    | kind << _KIND
                    | self.ledger.tables[number].code_of((kind, name or "", reporter, part))
                )
            self._series[key] = code
        return code

    def _correction(self, place: int, start: int, said: list[_Data], series: list[int]) -> int | None:
        """Let a correction of a row stand as the row it brings in; the position of the row that it replaces, if any."""
        ledger = self.ledger
        target = ledger.find(said[place].entry)
        if target is None:
            return None
        before = ledger.place(target) - start
        if before < 0:
            found = ledger.row_at(target)
            if found is None:
                return None
            rows = found[0]
            old = rows.series_of(found[1])
        elif series[before] == _NO_ROW:
            return None
        else:
            rows = ledger.tables[series[before] >> _TABLE]
            old = rows.series[series[before] & 0xFFFFFFFF]
        said[place] = msgspec.convert(said[place].data, _Data)
        series[place] = self._code((_TYPES[old.kind], rows.unit, old.provider, *_of_data(said[place])))
        return target

    def _lay(self, series: NDArray[np.int64], said: list[_Data], start: int, first: int) -> None:
        """Lay the rows of a batch into their columns, table by table."""
        ledger = self.ledger
        places = np.flatnonzero(series != _NO_ROW)
        rows = [said[place] for place in places.tolist()]
        series = series[places]
        texts = list(map(attrgetter("value"), rows))
        for number in np.flatnonzero(series >> _KIND & 3).tolist():
            texts[number] = rows[number].points
            if rows[number].evidence:
                unit = ledger.tables[int(series[number] >> _TABLE)].unit
                ledger.keep_evidence(unit, first + int(places[number]), {"evidence": rows[number].evidence})
        scales = list(map(scaled, texts))
        columns = {
            "position": first + places,
            "occurred": np.fromiter(map(ledger.day, map(attrgetter("occurred"), rows)), np.int32, len(rows)),
            "code": series & 0xFFFFFFFF,
            "value": np.fromiter(map(itemgetter(0), scales), np.int64, len(rows)),
            "scale": np.fromiter(map(itemgetter(1), scales), np.int16, len(rows)),
        }
        tables = series >> _TABLE
        order = np.argsort(tables, kind="stable")
        cuts = np.flatnonzero(np.diff(tables[order])) + 1
        at = np.empty(len(rows), np.int64)
        for part in np.split(order, cuts) if len(order) else ():
            number = int(tables[part[0]])
            row = ledger.tables[number].extend(len(part), **{name: column[part] for name, column in columns.items()})
            at[part] = np.arange(row, row + len(part))
        ledger.where[start + places] = IN_TABLES + tables << 32 | at
        for number in np.flatnonzero(columns["scale"] == ASIDE).tolist():
            ledger.tables[int(tables[number])].aside[int(at[number])] = texts[number]
        tiers = list(map(attrgetter("tier"), rows))
        for number in compress(range(len(rows)), tiers):
            table = ledger.tables[int(tables[number])]
            table.tier[int(at[number])] = table.tier_code(tiers[number])
