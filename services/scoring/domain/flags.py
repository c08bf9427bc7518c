"""Flags: what a reader should know about the data behind a standing.

In order of code, unit, indicator, position, provider and period; the same each time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import Columns
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.placement import UNPLACED
from services.scoring.domain.scores import Scores, determination
from services.scoring.domain.statements import holding
from shared.contracts import kinds
from shared.contracts.shapes import ends
from shared.rubric.calendar import Period
from shared.rubric.calendar import periods as due
from shared.rubric.faults import NotPlaced

Flag = dict[str, Any]
Rows = NDArray[np.intp]
About = tuple[str, str, str]
"""Code, unit and indicator; each may be empty."""

encode = msgspec.json.encode
AT_ONCE = 1 << 16
_SPARE = 64
"""An array may have so many places for each number that is counted in it; beyond that they are sorted."""
_OF_AN_INDICATOR = frozenset({kinds.INDICATOR_DETERMINED, kinds.APPEAL_FILED})
"""The statements whose `indicator` is one; another's may be anything."""


class Table(NamedTuple):
    """The rows of one unit and indicator, and which of them are in force at the moment."""

    rows: Columns
    found: Rows


def flags(ledger: Ledger, scores: Scores, unit: str | None = None) -> "Flags":
    """Give all flags of a moment, or those about one unit."""
    moment = scores.moment
    tables = [
        Table(rows, rows.in_force(moment.known_at, moment.as_of.toordinal())) for rows in list(ledger.rows.values())
    ]
    confirmed = {each.about for each in holding(ledger.statements[kinds.ENTRY_CONFIRMED], moment.known_at)}
    sure = np.array(sorted(position for position in confirmed if position is not None), np.int32)
    found = Flags()
    for table in tables:
        if unit is None or table.rows.unit == unit:
            for code, rows in _of_rows(table, scores, sure):
                found.add_rows(code, table.rows, rows)
    single = [*_conflicts(scores), *_shared_evidence(ledger, scores), *_silent(ledger, scores, tables)]
    single += [*_open_appeals(ledger, scores), *_unplaced_statements(ledger, scores)]
    for flag in single:
        if unit is None or flag.get("unit") == unit:
            found.add(flag)
    return found


class Flags:
    """The flags of a moment, in order: there may be as many as there are entries, so they are made when asked for.

    Those of rows are kept as positions, by code, unit and indicator.
    """

    def __init__(self) -> None:
        self._single: defaultdict[About, list[Flag]] = defaultdict(list)
        self._rows: dict[About, NDArray[np.int32]] = {}

    def add(self, flag: Flag) -> None:
        """Add one."""
        self._single[_order(flag)[:3]].append(flag)

    def add_rows(self, code: str, table: Columns, rows: Rows) -> None:
        """Add one for each of these rows, which stand in order; once for each code and table."""
        if len(rows):
            self._rows[code, table.unit, table.indicator] = table.position[rows]

    def first(self, most: int) -> "Flags":
        """Give at most so many of each code, unit and indicator: the first ones."""
        some = Flags()
        some._rows = {about: positions[:most] for about, positions in self._rows.items() if most}
        for about, flags in self._single.items():
            both = Flags()
            both._single[about] = flags
            if about in some._rows:
                both._rows[about] = some._rows.pop(about)
            if kept := both._those(about)[:most]:
                some._single[about] = kept
        return some

    def counted(self) -> dict[str, int]:
        """Give how many there are of each code."""
        counts: Counter[str] = Counter()
        for (code, _, _), found in [*self._single.items(), *self._rows.items()]:
            counts[code] += len(found)
        return dict(sorted(counts.items()))

    def shown(self, most: int | None) -> dict[str, Any]:
        """Give them as members of an answer: all, or at most so many of each code, unit and indicator, and counts."""
        return {"flags": list(self)} if most is None else {"flagged": self.counted(), "flags": list(self.first(most))}

    def __len__(self) -> int:
        """How many there are."""
        return sum(map(len, self._single.values())) + sum(map(len, self._rows.values()))

    def __iter__(self) -> Iterator[Flag]:
        """Give each."""
        for about in sorted(self._single.keys() | self._rows.keys()):
            yield from self._those(about)

    def _those(self, about: About) -> list[Flag]:
        code, unit, indicator = about
        positions: list[int] = self._rows[about].tolist() if about in self._rows else []
        found = [{"code": code, "unit": unit, "indicator": indicator, "position": position} for position in positions]
        single = self._single.get(about)
        return sorted([*found, *single], key=_order) if single else found

    def encoded(self, between: bytes) -> Iterator[bytes]:
        """Give the JSON of all, piece by piece, with something between each and the next."""
        begun = False
        for about in sorted(self._single.keys() | self._rows.keys()):
            if about in self._single:
                pieces = [between + encode(flag) for flag in self._those(about)]
            else:
                pieces = _written(about, self._rows[about], between)
            for piece in pieces:
                yield piece if begun else piece[len(between) :]
                begun = True


def _written(about: About, positions: NDArray[np.int32], between: bytes) -> Iterator[bytes]:
    """Write the flags of rows, thousands at once: they differ in their digits alone."""
    code, unit, indicator = about
    head = between + encode({"code": code, "unit": unit, "indicator": indicator, "position": 0}).removesuffix(b"0}")
    for first in range(0, len(positions), AT_ONCE):
        some = positions[first : first + AT_ONCE]
        for digits in range(len(str(some[0])), len(str(some[-1])) + 1):
            low, high = np.searchsorted(some, [10 ** (digits - 1), 10**digits]).tolist()
            left = some[low:high]
            text = np.tile(np.frombuffer(head + b"0" * digits + b"}", np.uint8), (len(left), 1))
            for place in range(len(head) + digits - 1, len(head) - 1, -1):
                left, digit = np.divmod(left, 10)
                text[:, place] += digit.astype(np.uint8)
            yield text.tobytes()


def _order(flag: Flag) -> tuple[str, str, str, int, str, str]:
    words = [str(flag.get(name, "")) for name in ("code", "unit", "indicator", "provider", "period")]
    return words[0], words[1], words[2], int(flag.get("position", 0)), words[3], words[4]


def _conflicts(scores: Scores) -> Iterator[Flag]:
    for (unit, indicator), result in scores.results().items():
        if result.state == "conflict":
            yield {"code": "conflict", "unit": unit, "indicator": indicator}


def _of_rows(table: Table, scores: Scores, confirmed: NDArray[np.int32]) -> Iterator[tuple[str, Rows]]:
    """Say which rows have no place, restate another, or are the unit's own word."""
    rows, found = table
    placed = scores.placement.codes(rows)[found] != UNPLACED
    figures = found[placed & rows.takes_figures()[rows.code[found]]]
    own = figures[_those(rows, figures, [series.provider == rows.unit for series in rows.series])]
    yield "unplaced", found[~placed]
    yield "restated-figure", _repeated(rows, figures, scores.placement.lists(rows))
    yield "self-reported", own[~np.isin(rows.position[own], confirmed)]


def _those(rows: Columns, found: Rows, chosen: list[bool]) -> NDArray[np.bool_]:
    """Which rows belong to the chosen series."""
    return np.array(chosen, np.bool_)[rows.code[found]]


def _repeated(rows: Columns, found: Rows, lists: Rows) -> Rows:
    """Give the rows for whose list and day there is an earlier one."""
    if not len(found):
        return found
    days = rows.occurred[found] - rows.occurred[found].min()
    key = lists[rows.code[found]] * (int(days.max()) + 1) + days
    places = np.arange(len(found))
    if key.max() > _SPARE * len(found):
        _, first, key = np.unique(key, return_index=True, return_inverse=True)
    else:
        first = np.empty(int(key.max()) + 1, np.intp)
        first[key[::-1]] = places[::-1]  # what is written last, stays
    return found[first[key] != places]


def _shared_evidence(ledger: Ledger, scores: Scores) -> Iterator[Flag]:
    """Say which awards and deductions show a digest that an earlier one of another line of the unit shows."""
    for unit, shown in list(ledger.evidence.items()):
        lines: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        for position, digests in shown:
            line = _line_in_force(ledger, scores, position)
            if line is None:
                continue
            if any(lines[digest] - {line} for digest in digests):
                yield {"code": "shared-evidence", "unit": unit, "indicator": line[0], "position": position}
            for digest in digests:
                lines[digest].add(line)


def _line_in_force(ledger: Ledger, scores: Scores, position: int) -> tuple[str, str] | None:
    """Give the indicator and line that an entry stands on, if it counts for anything at this moment."""
    moment = scores.moment
    found = ledger.row_at(position) if position <= moment.known_at else None
    if found is None:
        return None
    rows, row = found
    if rows.until[row] <= moment.known_at or rows.occurred[row] > moment.as_of.toordinal():
        return None
    if scores.placement.codes(rows)[row] == UNPLACED:
        return None
    return rows.indicator, rows.series_of(row).name


def _silent(ledger: Ledger, scores: Scores, tables: Sequence[Table]) -> Iterator[Flag]:
    """Say of which periods that ended before the as-of date nothing is known."""
    moment, rubric = scores.moment, scores.moment.rubric
    first, last = ledger.period or (rubric.start, rubric.end)
    spoken = _days_with_figures(tables)
    reported = _reported(ledger, moment.known_at)
    for provider in rubric.providers.values():
        days = sorted(spoken.get(provider.id, ()))
        for period in due(provider.calendar, first, last):
            if period.end >= moment.as_of or _any_within(days, period):
                continue
            if not any(start <= period.start and period.end <= end for start, end in reported.get(provider.id, ())):
                yield {"code": "silent-period", "provider": provider.id, "period": period.id}


def _any_within(days: list[int], period: Period) -> bool:
    place = int(np.searchsorted(days, period.start.toordinal())) if days else 0
    return place < len(days) and days[place] <= period.end.toordinal()


def _days_with_figures(tables: Sequence[Table]) -> dict[str, set[int]]:
    """Give for each provider the days that its figures in force are true for."""
    spoken: defaultdict[str, set[int]] = defaultdict(set)
    for rows, found in tables:
        for provider in {series.provider for series in rows.series if series.provider is not None}:
            its = found[_those(rows, found, [series.provider == provider for series in rows.series])]
            spoken[provider].update(_distinct(rows.occurred[its]).tolist())
    return spoken


def _distinct(days: NDArray[np.int32]) -> NDArray[np.intp]:
    if not len(days):
        return days.astype(np.intp)
    first = int(days.min())
    if int(days.max()) - first > _SPARE * len(days):
        return np.unique(days).astype(np.intp)
    return first + np.flatnonzero(np.bincount(days - first))


def _reported(ledger: Ledger, known_at: int) -> dict[str, list[tuple[Any, Any]]]:
    found: defaultdict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for said in holding(ledger.statements[kinds.PERIOD_REPORTED], known_at):
        found[said.provider or ""].append(ends(said.data["period"]))
    return found


def _open_appeals(ledger: Ledger, scores: Scores) -> Iterator[Flag]:
    known_at = scores.moment.known_at
    decided = {said.about for said in holding(ledger.statements[kinds.APPEAL_DECIDED], known_at)}
    for said in holding(ledger.statements[kinds.APPEAL_FILED], known_at):
        if said.position not in decided:
            flag: Flag = {"code": "appeal-open", "unit": said.unit, "position": said.position}
            indicator = said.data.get("indicator") or indicator_of(ledger, said.about)
            yield flag | ({"indicator": indicator} if indicator else {})


def indicator_of(ledger: Ledger, position: int | None) -> str | None:
    """Give the indicator of an entry, if it is about one."""
    if position is None:
        return None
    found, said = ledger.row_at(position), ledger.statement_at(position)
    if found is not None:
        return found[0].indicator
    return said.data.get("indicator") if said is not None and said.kind in _OF_AN_INDICATOR else None


def _unplaced_statements(ledger: Ledger, scores: Scores) -> Iterator[Flag]:
    """Say which determinations and rulings the rubric has no place for."""
    moment = scores.moment
    for said in holding(ledger.statements[kinds.INDICATOR_DETERMINED], moment.known_at):
        if said.data["occurred"] <= moment.as_of.isoformat() and determination(said, scores.placement) is None:
            indicator = said.data["indicator"]
            yield {"code": "unplaced", "unit": said.unit, "indicator": indicator, "position": said.position}
    for said in holding(ledger.statements[kinds.RULING_MADE], moment.known_at):
        try:
            moment.rubric.admission.reading(said.data["finding"], said.data["reading"])
        except NotPlaced:
            yield {"code": "unplaced", "position": said.position}
