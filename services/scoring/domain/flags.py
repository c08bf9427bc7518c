"""Flags: what a reader should know about the data behind a standing.

In order of code, unit, indicator, position, provider and period; the same each time.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import Columns, Kind
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


def flags(ledger: Ledger, scores: Scores) -> list[Flag]:
    """Give all flags of a moment."""
    confirmed = {each.about for each in holding(ledger.statements[kinds.ENTRY_CONFIRMED], scores.moment.known_at)}
    sure = np.array(sorted(position for position in confirmed if position is not None), np.int32)
    found = [*_conflicts(scores), *_shared_evidence(ledger, scores), *_silent(ledger, scores)]
    found += [*_open_appeals(ledger, scores), *_unplaced_statements(ledger, scores)]
    for rows in list(ledger.rows.values()):
        found += _of_rows(rows, scores, sure)
    return sorted(found, key=_order)


def _order(flag: Flag) -> tuple[str, str, str, int, str, str]:
    words = [str(flag.get(name, "")) for name in ("code", "unit", "indicator", "provider", "period")]
    return words[0], words[1], words[2], int(flag.get("position", 0)), words[3], words[4]


def _conflicts(scores: Scores) -> Iterator[Flag]:
    for (unit, indicator), result in scores.results().items():
        if result.state == "conflict":
            yield {"code": "conflict", "unit": unit, "indicator": indicator}


def _of_rows(rows: Columns, scores: Scores, confirmed: NDArray[np.int32]) -> Iterator[Flag]:
    """Say which rows have no place, restate another, or are the unit's own word."""
    moment = scores.moment
    found = rows.in_force(moment.known_at, moment.as_of.toordinal())
    placed = scores.placement.codes(rows)[found] != UNPLACED
    figures = found[placed & _those(rows, found, [series.kind is Kind.FIGURE for series in rows.series])]
    own = figures[_those(rows, figures, [series.provider == rows.unit for series in rows.series])]
    unconfirmed = own[~np.isin(rows.position[own], confirmed)]
    for code, several in (
        ("unplaced", found[~placed]),
        ("restated-figure", _repeated(rows, figures, scores.placement.lists(rows))),
        ("self-reported", unconfirmed),
    ):
        for position in rows.position[several].tolist():
            yield {"code": code, "unit": rows.unit, "indicator": rows.indicator, "position": position}


def _those(rows: Columns, found: Rows, chosen: list[bool]) -> NDArray[np.bool_]:
    """Which rows belong to the chosen series."""
    return np.array(chosen, np.bool_)[rows.code[found]]


def _repeated(rows: Columns, found: Rows, lists: Rows) -> Rows:
    """Give the rows for whose list and day there is an earlier one."""
    key = (lists[rows.code[found]].astype(np.int64) << 32) | rows.occurred[found]
    order = np.argsort(key, kind="stable")
    again = np.flatnonzero(key[order][1:] == key[order][:-1]) + 1
    return found[order[again]]


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


def _silent(ledger: Ledger, scores: Scores) -> Iterator[Flag]:
    """Say of which periods that ended before the as-of date nothing is known."""
    moment, rubric = scores.moment, scores.moment.rubric
    first, last = ledger.period or (rubric.start, rubric.end)
    spoken = _days_with_figures(ledger, scores)
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


def _days_with_figures(ledger: Ledger, scores: Scores) -> dict[str, set[int]]:
    """Give for each provider the days that its figures in force are true for."""
    spoken: defaultdict[str, set[int]] = defaultdict(set)
    for rows in list(ledger.rows.values()):
        found = rows.in_force(scores.moment.known_at, scores.moment.as_of.toordinal())
        for provider in {series.provider for series in rows.series if series.provider is not None}:
            its = found[_those(rows, found, [series.provider == provider for series in rows.series])]
            spoken[provider].update(np.unique(rows.occurred[its]).tolist())
    return spoken


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
            indicator = said.data.get("indicator") or _indicator_of(ledger, said.about)
            yield flag | ({"indicator": indicator} if indicator else {})


def _indicator_of(ledger: Ledger, position: int | None) -> str | None:
    """Give the indicator of an entry, if it is about one."""
    if position is None:
        return None
    found, said = ledger.row_at(position), ledger.statement_at(position)
    if found is not None:
        return found[0].indicator
    return said.data.get("indicator") if said is not None else None


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
