"""Facts at one moment: of the rows in force, what the rules look at.

Of figures the latest date counts, then the later position, for each measure, provider and list; of awards and
deductions for each line and occasion (or incident) the one with most points, then the earlier position: no rule counts
another of them, so only a trace asks for all. What a reading leaves out is removed first, and kept aside for the trace.
"""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, UNSAID, Columns, Kind
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.ledger import Pair
from services.scoring.domain.placement import UNPLACED, Placement
from shared.rubric.facts import Award, Figure, UnitFacts

Rows = NDArray[np.intp]
_NO_ROWS: Rows = np.empty(0, np.intp)
_DECIMALS, _LARGE = (
    6,
    10**11,
)  # points with so many decimals, and below this as a whole number, fit 64 bits at one scale


class Folded(NamedTuple):
    """What the first rows of a table came to: those that bear on points, and those left out with the finding.

    It holds while no row is taken out of force, which `ends` tells.
    """

    seen: int = 0
    ends: int = 0
    bearing: Rows = _NO_ROWS
    excluded: tuple[tuple[int, str], ...] = ()


class Sheet:
    """The facts of every unit under one set of rules, as of one day.

    Those of one indicator can be put in the place of earlier ones. Where rows were only added since, the latest of all
    is the latest of what was and what is new: then only the new ones are looked at.
    """

    def __init__(self, *, every_award: bool = False) -> None:
        """Take whether awards that a higher one of the same line and occasion outdoes are wanted too: for traces."""
        self._every_award = every_award
        self._figures: defaultdict[str, dict[tuple[str, str], tuple[Figure, ...]]] = defaultdict(dict)
        self._awards: defaultdict[str, dict[str, tuple[Award, ...]]] = defaultdict(dict)
        self._excluded: defaultdict[str, dict[str, tuple[tuple[Figure | Award, str], ...]]] = defaultdict(dict)
        self._folded: dict[Pair, Folded] = {}
        self.units: dict[str, UnitFacts] = {}
        """The facts as rules take them."""

    def put(self, rows: Columns, placement: Placement, moment: Moment) -> None:
        """Take in what is known of one unit and indicator at a moment."""
        unit, indicator = rows.unit, rows.indicator
        if unit not in self.units:
            self.units[unit] = UnitFacts(self._figures[unit], self._awards[unit], self._excluded[unit])
        counted, excluded, known = self._counted(rows, placement, moment)
        takes_figures = np.fromiter((series.kind is Kind.FIGURE for series in rows.series), np.bool_, len(rows.series))
        of_figures = takes_figures[rows.code[counted]]
        latest, others = _latest(rows, counted[of_figures], placement.lists(rows)), counted[~of_figures]
        if not self._every_award:
            others = _highest(rows, placement, others)
        self._folded[unit, indicator] = Folded(*known, np.concatenate([latest, others]), excluded)
        self._put_figures(rows, placement, latest)
        self._awards[unit][indicator] = tuple(placement.award(rows, row) for row in others.tolist())
        self._excluded[unit][indicator] = tuple(
            (placement.figure(rows, row) if takes_figures[rows.code[row]] else placement.award(rows, row), finding)
            for row, finding in excluded
        )

    def _counted(
        self, rows: Columns, placement: Placement, moment: Moment
    ) -> tuple[Rows, tuple[tuple[int, str], ...], tuple[int, int]]:
        """Give the rows that may count, those that a reading leaves out, and how much of the table was looked at."""
        known = rows.known(moment.known_at), rows.ends
        folded = self._folded.get((rows.unit, rows.indicator), Folded())
        if folded.ends != rows.ends:
            folded = Folded()
        counted, excluded = _counted(rows, placement, moment, folded.seen)
        return np.concatenate([folded.bearing, counted]), folded.excluded + excluded, known

    def _put_figures(self, rows: Columns, placement: Placement, latest: Rows) -> None:
        figures = self._figures[rows.unit]
        for series in rows.series:
            if series.kind is Kind.FIGURE:
                figures[rows.indicator, series.name] = ()
        for row in latest.tolist():
            figure = placement.figure(rows, row)
            figures[rows.indicator, figure.measure] += (figure,)


def _counted(
    rows: Columns, placement: Placement, moment: Moment, start: int
) -> tuple[Rows, tuple[tuple[int, str], ...]]:
    """Part the rows in force from `start` on: those that count, those that a reading leaves out with its finding."""
    found = rows.in_force(moment.known_at, moment.as_of.toordinal(), start)
    codes = placement.codes(rows)[found]
    rules, masks = moment.rules, placement.masks
    left_out = [code for code, mask in enumerate(masks) if mask & rules.excluded]
    placed = codes != UNPLACED
    if not left_out:
        return found[placed], ()
    out = np.isin(codes, left_out)
    left: list[tuple[int, int]] = list(zip(found[out].tolist(), codes[out].tolist(), strict=True))
    excluded = tuple((row, rules.excluding(masks[code] & rules.excluded)) for row, code in left)
    return found[placed & ~out], excluded


def _latest(rows: Columns, found: Rows, lists: Rows) -> Rows:
    """Give for each list the row of the latest date, and of the latest position among those; in order of series."""
    if not len(found):
        return found
    # Rows stand in order of position, so one number ranks them: the day, then the row.
    key = (rows.occurred[found].astype(np.int64) << 32) | found
    best = np.full(len(rows.series), -1, np.int64)
    np.maximum.at(best, lists[rows.code[found]], key)
    return (best[best >= 0] & 0xFFFFFFFF).astype(np.intp)


def _highest(rows: Columns, placement: Placement, found: Rows) -> Rows:
    """Give for each line and occasion the row with most points, the earliest of those; in order of position.

    Rows from before the day that the rubric counts from are told apart, and those that leave a fixed line's points
    unsaid. Where points are too long to be compared as whole numbers, every row is given.
    """
    scale, value = rows.scale[found], rows.value[found]
    if len(found) < 2 or (scale == ASIDE).any() or scale.max() > _DECIMALS or np.abs(value).max() > _LARGE:
        return found
    early = rows.occurred[found] < placement.since(rows)
    group = (rows.code[found].astype(np.int64) << 2) | (early << 1) | (scale == UNSAID)
    points = value * 10 ** (_DECIMALS - np.maximum(scale, 0)).astype(np.int64)
    order = np.lexsort((found, -points, group))
    first = np.ones(len(found), np.bool_)
    first[1:] = np.diff(group[order]) != 0
    return np.sort(found[order[first]])
