"""The entries of one assessment, folded in order of position into columns and a few statements.

Nothing is ever taken back: a correction or withdrawal ends what it names (`until`), so every earlier position can still
be asked.
"""

import bisect
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import FOREVER, Columns, Kind
from services.scoring.domain.identities import Identities
from services.scoring.domain.statements import Closing, Edition, Statement
from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.shapes import whole
from shared.rubric import loading
from shared.rubric.rubric import Rubric

Pair = tuple[str, str]
"""(unit, indicator)."""

ROWS = {
    kinds.SUBMISSION_RECEIVED: Kind.FIGURE,
    kinds.BONUS_AWARDED: Kind.AWARD,
    kinds.DEDUCTION_ISSUED: Kind.DEDUCTION,
}
NAMES = {Kind.FIGURE: ("measure", "occasion"), Kind.AWARD: ("line", "occasion"), Kind.DEDUCTION: ("line", "incident")}
IN_TABLES = 2
"""Where an entry is: 0 nowhere, 1 among the statements, `IN_TABLES` and its number in a table."""
_STATES = frozenset({kinds.ASSESSMENT_FROZEN, kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED})
_NAMING = {
    kinds.APPEAL_DECIDED: "appeal",
    kinds.APPEAL_FILED: "entry",
    kinds.ENTRY_CONFIRMED: "entry",
    kinds.ENTRY_CORRECTED: "entry",
    kinds.ENTRY_WITHDRAWN: "entry",
}
_NOTHING: Mapping[str, Any] = {}


@dataclass(slots=True)
class Touched:
    """What one entry may have changed: facts or determinations of some indicators, the rules, or the state."""

    pairs: set[Pair] = field(default_factory=set[Pair])
    rules: bool = False
    state: bool = False


@runtime_checkable
class LooksUpMany(Protocol):
    """Looks up entries that lie in a database, where asking for each of many alone takes long."""

    def many(self, positions: Sequence[int]) -> Mapping[int, Entry]:
        """Give these entries, by position."""
        ...


class Ledger:
    """What the entries said, and from when until when it held."""

    def __init__(
        self,
        entry_at: Callable[[int], Entry],
        rubric: Rubric | None = None,
        load: Callable[[str], Rubric] = loading.load,
        key: bytes | None = None,
    ) -> None:
        """Take how to look an entry up, the rubric in force before any is opened, and how one is read from its text.

        `key` is that of the hashes of identities.
        """
        self.load = load
        self.assessment = ""
        self.head = 0
        self.period: tuple[date, date] | None = None
        self.zone = ZoneInfo("UTC")
        self.editions: list[Edition] = []
        self.rows: dict[Pair, Columns] = {}
        self.statements: defaultdict[str, list[Statement]] = defaultdict(list)
        self.closings: list[Closing] = []
        self.evidence: defaultdict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
        self.entry_at = entry_at
        self.identities = Identities(key)
        self.tables: list[Columns] = []
        self.numbers: dict[Pair, int] = {}
        self.said: list[Statement] = []
        self.count = 0
        self.runs: list[tuple[int, int]] = []  # (position, place): where positions leave some out, a new run begins
        self.where = np.zeros(0, np.int64)  # by place: where it is, and the row there in the lower half
        self._days: dict[str, int] = {}
        self.day_ends: dict[date, int] = {}
        """How many entries were accepted by the end of a day that is over, as far as anybody asked."""
        self.because: tuple[int, tuple[tuple[int, tuple[tuple[str, str] | str, ...]], ...]] = 0, ()
        """Up to where entries were looked at for what they say they are because of, and what they say, by position."""
        if rubric is not None:
            self._begin(Edition(0, rubric), rubric.start, rubric.end, rubric.timezone)

    # -- looking up

    def entries(self, positions: Sequence[int]) -> Mapping[int, Entry]:
        """Give many entries by position: at once, where what looks them up can."""
        look_up = self.entry_at
        if isinstance(look_up, LooksUpMany):
            return look_up.many(positions)
        return {position: look_up(position) for position in positions}

    def find(self, reference: Mapping[str, Any], before: int | None = None) -> int | None:
        """Give the position of the entry that (`source`, `id`) names, of those before a position; the latest."""
        source, id_ = identity(reference)
        last = self.head if before is None else before - 1
        found = [position for position in self.identities.candidates(source, id_) if position <= last]
        if len(found) == 1:  # the gate has seen that there is one
            return found[0]
        for position in sorted(found, reverse=True):
            entry = self.entry_at(position)
            if (entry.source, entry.id) == (source, id_):
                return position
        return None

    def place(self, position: int) -> int:
        """Give how many entries stand before a position; a file may leave positions out."""
        if len(self.runs) == 1:
            return max(0, min(position - self.runs[0][0], self.count))
        run = bisect.bisect_right(self.runs, position, key=lambda each: each[0]) - 1
        if run < 0:
            return 0
        first, place = self.runs[run]
        end = self.runs[run + 1][1] if run + 1 < len(self.runs) else self.count
        return min(place + position - first, end)

    def places(self, positions: NDArray[np.int32]) -> NDArray[np.int64]:
        """Give `place` of many entries that are there."""
        starts = np.array(self.runs or [(0, 0)], np.int64)
        run = np.searchsorted(starts[:, 0], positions, side="right") - 1
        return starts[run, 1] + positions - starts[run, 0]

    def position(self, place: int) -> int:
        """Give the position of the entry at a place, from 0."""
        first, start = self.runs[bisect.bisect_right(self.runs, place, key=lambda each: each[1]) - 1]
        return first + place - start

    def row_at(self, position: int) -> tuple[Columns, int] | None:
        """Give the row that an entry brought in."""
        table, row = divmod(int(self.where[self.place(position)]), 1 << 32)
        return (self.tables[table - IN_TABLES], row) if table >= IN_TABLES else None

    def statement_at(self, position: int) -> Statement | None:
        """Give the statement that an entry made."""
        table, row = divmod(int(self.where[self.place(position)]), 1 << 32)
        return self.said[row] if table == 1 else None

    # -- folding

    def fold(self, entry: Entry, touched: Touched) -> None:
        """Take in the next entry, and add to what has been touched.

        Raises:
            ValueError: It does not stand behind the last one, or too far out.

        """
        position = entry.position
        if position != self.head + 1 or self.count == len(self.where):
            self.make_room(position, 1)
        self.count += 1
        self.identities.add(entry.source, entry.id, position)
        row = ROWS.get(entry.type)
        if row is not None:
            self._add_row(row, entry.subject or "", entry.provider, position, entry.data, touched)
        else:
            self.state(entry, touched)
        if not self.assessment:
            self.assessment = entry.assessment
        self.head = position

    def state(self, entry: Entry, touched: Touched) -> None:
        """Take in an entry that is no row: its identity is known already, and all before it is in place."""
        if entry.type == kinds.ENTRY_CORRECTED:
            self._correct(entry, touched)
        elif entry.type == kinds.ENTRY_WITHDRAWN:
            target = self.find(entry.data["entry"], entry.position)
            if target is not None:
                self.end(target, entry.position, touched)
        else:
            self._state(entry.type, entry.subject, entry.provider, entry.position, entry.data, touched)

    def make_room(self, position: int, entries: int) -> None:
        """Begin a new run where positions leave some out; grow where there is no place for so many more entries."""
        if not self.head < position <= FOREVER - entries:
            raise ValueError(f"position {position} cannot follow {self.head}: give the entries in order of position")
        if position != self.head + 1 or not self.count:
            self.runs.append((position, self.count))
        if self.count + entries > len(self.where):
            fresh = np.zeros(max(16, self.count + entries, self.count + (self.count >> 2)), np.int64)
            fresh[: self.count] = self.where[: self.count]
            self.where = fresh

    def day(self, text: str) -> int:
        """Give a date as an ordinal day."""
        day = self._days.get(text)
        if day is None:
            day = self._days[text] = date.fromisoformat(text).toordinal()
        return day

    def table(self, pair: Pair) -> int:
        """Give the number of the table of a unit and indicator."""
        number = self.numbers.get(pair)
        if number is None:
            number = self.numbers[pair] = len(self.tables)
            self.tables.append(Columns(*pair))
            self.rows[pair] = self.tables[number]
        return number

    def _add_row(
        self, kind: Kind, unit: str, provider: str | None, position: int, data: Mapping[str, Any], touched: Touched
    ) -> None:
        pair = unit, data["indicator"]
        table = self.table(pair)
        name, part = NAMES[kind]
        if kind is Kind.FIGURE:
            series, value, tier = (kind, data[name], provider, data.get(part)), data["value"], data.get("tier")
        else:
            series, value, tier = (kind, data[name], None, data[part]), data.get("points"), None
            self.keep_evidence(unit, position, digests_of(data))
        added = self.tables[table].append(position, self.day(data["occurred"]), series, value, tier)
        self.where[self.place(position)] = IN_TABLES + table << 32 | added
        touched.pairs.add(pair)

    def keep_evidence(self, unit: str, position: int, digests: tuple[str, ...]) -> None:
        """Remember what an award or a deduction names as its evidence."""
        if digests:
            self.evidence[unit].append((position, digests))

    def _correct(self, entry: Entry, touched: Touched) -> None:
        target = self.find(entry.data["entry"], entry.position)
        if target is None:
            return
        self.end(target, entry.position, touched)
        found, said = self.row_at(target), self.statement_at(target)
        if found is not None:
            rows, row = found
            series = rows.series_of(row)
            self._add_row(series.kind, rows.unit, series.provider, entry.position, entry.data["data"], touched)
        elif said is not None:
            self._state(said.kind, said.unit, said.provider, entry.position, entry.data["data"], touched)

    def end(self, target: int, position: int, touched: Touched) -> None:
        """Let the entry at `target` hold no longer from `position` on."""
        found, said = self.row_at(target), self.statement_at(target)
        if found is not None:
            rows, row = found
            rows.end(row, position)
            touched.pairs.add((rows.unit, rows.indicator))
        elif said is not None:
            said.until = position
            self._touch(said, touched)

    def is_row(self, position: int) -> bool:
        """Whether an entry brought in a row."""
        return bool(self.where[self.place(position)] >= IN_TABLES << 32)

    def end_rows(self, targets: NDArray[np.int32], positions: NDArray[np.int32]) -> None:
        """Let rows hold no longer, each from its own position on; of one that is named twice the last counts."""
        found = self.where[self.places(targets)]
        tables, rows = found >> 32, found & 0xFFFFFFFF
        numbers: list[int] = np.unique(tables).tolist()
        for number in numbers:
            here = tables == number
            self.tables[number - IN_TABLES].end(rows[here], positions[here])

    def _state(
        self,
        kind: str,
        unit: str | None,
        provider: str | None,
        position: int,
        data: Mapping[str, Any],
        touched: Touched,
    ) -> None:
        if kind in kinds.CARRIES_RUBRIC:
            self._adopt(position, kind, data)
            data = _NOTHING
        elif kind in (kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED):
            self.closings.append(_closing(position, kind, data))
        named = named_by(kind, data)
        about = None if named is None else self.find(named, position)
        if kind == kinds.ENTRY_CONFIRMED:
            data = _NOTHING
        said = Statement(position, kind, unit, provider, data, about)
        self.where[self.place(position)] = 1 << 32 | len(self.said)
        self.said.append(said)
        self.statements[kind].append(said)
        self._touch(said, touched)

    def _touch(self, said: Statement, touched: Touched) -> None:
        if said.kind == kinds.INDICATOR_DETERMINED:
            touched.pairs.add((said.unit or "", said.data["indicator"]))
        elif said.kind == kinds.RULING_MADE or said.kind in kinds.CARRIES_RUBRIC:
            touched.rules = True
        elif said.kind in _STATES:
            touched.state = True

    def _adopt(self, position: int, kind: str, data: Mapping[str, Any]) -> None:
        edition = Edition(position, self.load(data["rubric"]["content"]))
        if kind != kinds.ASSESSMENT_OPENED:
            self.editions.append(edition)
            return
        first, last = (date.fromisoformat(data["period"][end]) for end in ("from", "to"))
        self._begin(edition, first, last, data["timezone"])

    def _begin(self, edition: Edition, first: date, last: date, timezone: str) -> None:
        self.editions = [edition]
        self.period = first, last
        self.zone = ZoneInfo(timezone)


def digests_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the digests of what an entry names as its evidence."""
    return tuple(str(one["digest"]) for one in data.get("evidence") or () if "digest" in one)


def identity(reference: Mapping[str, Any]) -> tuple[str, str]:
    """Give the (source, id) of what an entry refers to."""
    return str(reference.get("source")), str(reference.get("id"))


def named_by(kind: str, data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the `source` and `id` of the entry or appeal that an entry of this type names, or None.

    In the data of another type a member of that name may be anything.
    """
    return data.get(_NAMING[kind]) if kind in _NAMING else None


def _closing(position: int, kind: str, data: Mapping[str, Any]) -> Closing:
    return Closing(
        position,
        date.fromisoformat(data["as_of"]),
        whole(data["known_at"]),
        whole(data["rubric"]),
        data.get("readings") or {},
        str(data["standing"]),
        whole(data["supersedes"]) if kind == kinds.ASSESSMENT_RESTATED else None,
    )
