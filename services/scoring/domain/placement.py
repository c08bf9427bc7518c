"""How one rubric sees the rows: which it cannot place, and which of its readings would leave out which.

A row was admitted under the rubric in force then. Under another one (adopted since, or one of somebody's own) it is
placed anew; what has no place there stays in the ledger and counts for nothing.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Columns, Kind, Series
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.order import Orders
from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Determination, Figure
from shared.rubric.faults import NotPlaced
from shared.rubric.result import Result
from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import Rules

UNPLACED = -1
"""The code of a row that the rubric cannot place. 0 is a row that no reading leaves out."""

_NONE = np.empty(0, np.int16)
_WIDE = 1 << 62
_MOST = 8  # placements kept: rubrics of somebody's own come and go
_MOST_FACTS = 1 << 12  # facts of a table kept at hand


Excluded = tuple[tuple[int, str], ...]
"""Rows that a reading leaves out, each with its finding."""


Figures = dict[tuple[str, str], tuple[Figure, ...]]
"""Figures by (indicator, measure)."""


class Made(NamedTuple):
    """The facts that the rows of a table come to; `of` are those rows and those left out, on which they hang alone."""

    of: tuple[bytes, Excluded]
    figures: Figures
    awards: tuple[Award, ...]
    excluded: tuple[tuple[Figure | Award, str], ...]


class Worth(NamedTuple):
    """What an indicator was worth under some rules, and all that it hangs on."""

    rules: Rules
    determined: Determination | None
    made: tuple[Made | None, ...]
    result: Result


class Placement:
    """The rows of an assessment under one rubric: a code a row, 2 bytes, added to as rows are."""

    def __init__(self, rubric: Rubric, ledger: Ledger) -> None:
        self.rubric = rubric
        self.masks: list[int] = [0]
        """What each code stands for: the bits of the readings that leave the row out."""
        self._ledger = ledger
        self._codes: dict[Pair, tuple[NDArray[np.int16], int]] = {}  # with room behind the codes that are known
        self.orders = Orders(self)
        self.worth: dict[Pair, Worth] = {}
        """What each indicator was worth when it was last asked."""
        self._made: dict[Pair, Made] = {}
        self._facts: dict[Pair, dict[int, Figure | Award]] = {}

    def codes(self, rows: Columns) -> NDArray[np.int16]:
        """Give the code of every row."""
        pair = rows.unit, rows.indicator
        codes, known = self._codes.get(pair, (_NONE, 0))
        count = rows.count
        if known < count:
            fresh = self._one(rows, known) if count == known + 1 else self._fresh(rows, known, count)
            if count > len(codes):
                codes = np.concatenate([codes[:known], np.empty(count - known + (known >> 2), np.int16)])
            codes[known:count] = fresh  # whoever else is at it writes the same
            self._codes[pair] = codes, count
        return codes[:count]

    def leaves_out(self, excluded: int) -> NDArray[np.bool_]:
        """Tell for each code whether readings with these exclusions leave out its rows."""
        return np.array([bool(mask & excluded) for mask in self.masks], np.bool_)

    def lists(self, rows: Columns) -> NDArray[np.intp]:
        """Give for every series the first that stands for the same list.

        Where a measure has no lists there is one, whatever `occasion` its entries name.
        """
        if not any(series.kind is Kind.FIGURE and series.part is not None for series in rows.series):
            return np.arange(len(rows.series))
        first: dict[Series, int] = {}
        return np.array(
            [first.setdefault(self._list(rows, series), place) for place, series in enumerate(rows.series)], np.intp
        )

    def _list(self, rows: Columns, series: Series) -> Series:
        if series.kind is not Kind.FIGURE or series.part is None:
            return series
        owner = self.rubric.indicators.get(rows.indicator)
        measure = owner.measures.get(series.name) if owner is not None else None
        return series if measure is None or measure.lists else replace(series, part=None)

    def _one(self, rows: Columns, row: int) -> int:
        """Place one row, as `_fresh` does many."""
        edition = bisect_left(self._ledger.editions, int(rows.position[row]), key=lambda each: each.position) - 1
        admitted = self._ledger.editions[edition].rubric.digest == self.rubric.digest
        if admitted and not self._concerned(rows, rows.series_of(row)):
            return 0
        return self._code(rows, row, admitted=admitted)

    def _fresh(self, rows: Columns, start: int, count: int) -> NDArray[np.int16]:
        """Place rows: those admitted under this rubric that no reading can leave out need not be looked at."""
        codes = np.zeros(count - start, np.int16)
        asked = np.array([self._concerned(rows, series) for series in rows.series], np.bool_)[rows.code[start:count]]
        admitted = self._admitted(rows.position[start:count])
        places = np.flatnonzero(asked | ~admitted)
        if len(places):
            kinds = self._kinds(rows, start + places, admitted[places])
            _, firsts, which = np.unique(kinds, return_index=True, return_inverse=True)
            first: list[int] = places[firsts].tolist()
            found = [self._code(rows, start + place, admitted=bool(admitted[place])) for place in first]
            codes[places] = np.array(found, np.int16)[which]
        return codes

    def _kinds(self, rows: Columns, found: NDArray[np.intp], admitted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Number rows so that those with the same number are placed alike.

        They say the same, but for the day, of which no more matters than which of the days that the rubric counts from
        it lies before. A value that is no number is like no other.
        """
        aside = np.where(rows.scale[found] == ASIDE, found, -1)
        number = np.searchsorted(self.rubric.rows.days(rows.indicator), rows.occurred[found], side="right")
        for column in (rows.code[found], rows.scale[found], rows.tier[found], admitted, rows.value[found], aside):
            least, most = int(column.min()), int(column.max())
            if int(number.max() + 1) * (most - least + 1) > _WIDE:
                column, least = np.unique(column, return_inverse=True)[1], 0  # noqa: PLW2901 - the same, numbered
                number = np.unique(number, return_inverse=True)[1]
                most = int(column.max())
            number = number * (most - least + 1) + (column.astype(np.int64) - least)
        return number

    def _concerned(self, rows: Columns, series: Series) -> bool:
        return self.rubric.rows.concerns(rows.indicator, series.name if series.kind is Kind.FIGURE else None)

    def _admitted(self, positions: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Which entries were accepted while this rubric was in force."""
        editions = self._ledger.editions
        same = np.array([edition.rubric.digest == self.rubric.digest for edition in editions], np.bool_)
        return same[np.searchsorted([edition.position for edition in editions], positions) - 1]

    def since(self, rows: Columns) -> int:
        """Give the first day that counts for a table's awards under every reading, as an ordinal day."""
        owner = self.rubric.indicators.get(rows.indicator)
        return 0 if owner is None else owner.counts_from.get("", date.min).toordinal()

    def facts(self, rows: Columns, bearing: NDArray[np.intp], excluded: Excluded) -> Made:
        """Give the facts that rows come to; the same objects as the last time where it was the same rows."""
        of = bearing.tobytes(), excluded
        about = rows.unit, rows.indicator
        made = self._made.get(about)
        if made is None or made.of != of:
            made = self._made[about] = self._facts_of(rows, bearing, excluded, of)
        return made

    def _facts_of(
        self, rows: Columns, bearing: NDArray[np.intp], excluded: Excluded, of: tuple[bytes, Excluded]
    ) -> Made:
        left_out = tuple((self.fact(rows, row), by) for row, by in excluded)
        return Made(of, *self.parted(rows, bearing.tolist()), left_out)

    def parted(self, rows: Columns, bearing: Iterable[int]) -> tuple[Figures, tuple[Award, ...]]:
        """Give the facts that rows are: figures by (indicator, measure), of every measure of the table; awards."""
        figures: Figures = {(rows.indicator, series.name): () for series in rows.series if series.kind is Kind.FIGURE}
        awards: list[Award] = []
        for row in bearing:
            fact = self.fact(rows, row)
            if isinstance(fact, Figure):
                figures[rows.indicator, fact.measure] += (fact,)
            else:
                awards.append(fact)
        return figures, tuple(awards)

    def fact(self, rows: Columns, row: int) -> Figure | Award:
        """Give a row as the fact it is, the same object each time it is asked for soon.

        Raises:
            NotPlaced: No points were said, and the line is not fixed in this rubric.

        """
        known = self._facts.setdefault((rows.unit, rows.indicator), {})
        found = known.get(row)
        if found is None:
            if len(known) >= _MOST_FACTS:
                known.clear()
            found = known[row] = self._fact(rows, row)
        return found

    def _fact(self, rows: Columns, row: int) -> Figure | Award:
        return self.figure(rows, row) if rows.series_of(row).kind is Kind.FIGURE else self.award(rows, row)

    def figure(self, rows: Columns, row: int) -> Figure:
        """Give a row as the figure it is."""
        series = rows.series_of(row)
        value = rows.number(row)
        if value is None or series.provider is None:
            raise TypeError(series)
        position = int(rows.position[row])
        return Figure(
            rows.indicator, series.name, series.provider, value, rows.day(row), position, series.part, rows.tier_of(row)
        )

    def award(self, rows: Columns, row: int) -> Award:
        """Give a row as the award or deduction it is; a fixed line's points are the rubric's.

        Raises:
            NotPlaced: No points were said, and the line is not fixed in this rubric.

        """
        series = rows.series_of(row)
        points = rows.number(row)
        if not isinstance(points, Fraction):
            ask = self.rubric.admission.award if series.kind is Kind.AWARD else self.rubric.admission.deduction
            points = ask(rows.unit, rows.indicator, series.name, None)
        position = int(rows.position[row])
        return Award(rows.indicator, series.name, series.part or "", points, rows.day(row), position)

    def _code(self, rows: Columns, row: int, *, admitted: bool) -> int:
        try:
            if not admitted:
                self._admit(rows, row)
            mask = self.rubric.exclusions(self._fact(rows, row))
        except NotPlaced:
            return UNPLACED
        if mask not in self.masks:
            self.masks.append(mask)
        return self.masks.index(mask)

    def _admit(self, rows: Columns, row: int) -> None:
        series = rows.series_of(row)
        ask = self.rubric.admission
        if series.kind is Kind.FIGURE:
            said = {"value": rows.text(row), "occasion": series.part, "tier": rows.tier_of(row)}
            ask.figure(rows.unit, rows.indicator, series.name, series.provider, said)
        elif series.kind is Kind.AWARD:
            ask.award(rows.unit, rows.indicator, series.name, rows.text(row))
        else:
            ask.deduction(rows.unit, rows.indicator, series.name, rows.text(row))


class Placements:
    """The placements of one ledger's rows, by the rubric's digest; the least recently asked goes first."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[str, Placement] = {}

    def of(self, rubric: Rubric) -> Placement:
        """Give the placement of a rubric."""
        found = self._kept.pop(rubric.digest, None) or Placement(rubric, self._ledger)
        self._kept[rubric.digest] = found
        for oldest in list(self._kept)[:-_MOST]:  # a list, for others may be adding
            self._kept.pop(oldest, None)
        return found
