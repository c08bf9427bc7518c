"""Which rows of a table bear on points, at each of many moments in one pass.

Of each list the latest figure bears, and of each line and occasion the award (or deduction) with most points: the rules
count no other. A row is in force from one moment on and, if something ended it, until another: so the best of each
group is a running maximum, and only rows that were ended are looked at one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, Columns
from services.scoring.domain.placement import Placement
from shared.rubric.ruleset import Rules

Ints = NDArray[np.int64]
NOBODY = -1
_ROW = 32  # a key holds the row in its lower bits
_ROWS = (1 << _ROW) - 1
_SCALES = 32  # more than there are scales


@dataclass(frozen=True, slots=True)
class Axis:
    """Moments in order: the day of each, as an ordinal, and the position known then; neither ever falls."""

    days: Ints
    positions: Ints

    @classmethod
    def of(cls, moments: Sequence[tuple[date, int]]) -> "Axis":
        """Give the axis of these days and positions."""
        days = [day.toordinal() for day, _ in moments]
        return cls(np.array(days, np.int64), np.array([known_at for _, known_at in moments], np.int64))

    def from_day(self, occurred: NDArray[Any]) -> Ints:
        """Give for each row the first moment by which it occurred."""
        first, last = int(self.days[0]), int(self.days[-1])
        by_day = np.searchsorted(self.days, np.arange(first, last + 2))
        return by_day[np.clip(occurred, first, last + 1) - first]

    def from_position(self, positions: NDArray[Any]) -> Ints:
        """Give for each of some rising positions the first moment at which it is known."""
        known = np.searchsorted(positions, self.positions, side="right")
        return np.repeat(np.arange(len(known)), np.diff(known, prepend=0))

    def __len__(self) -> int:
        """How many moments there are."""
        return len(self.days)


@dataclass(frozen=True, slots=True)
class Course:
    """The rows of one table that bear, a line a group and a column a moment; `NOBODY` where there is none.

    `moved` are the moments at which another fact bears than at the one before.
    """

    rows: Ints
    moved: Ints

    def at(self, moment: int) -> list[int]:
        """Give the rows that bear at a moment, in the order of their groups."""
        rows = self.rows[:, moment]
        return rows[rows != NOBODY].tolist()


def course(table: Columns, placement: Placement, rules: Rules, axis: Axis) -> Course:
    """Find what bears at every moment."""
    known = table.known(int(axis.positions[-1]))
    start = np.maximum(axis.from_day(table.occurred[:known]), axis.from_position(table.position[:known]))
    found = np.flatnonzero((start < len(axis)) & _counted(placement, rules, table, known))
    figures = table.takes_figures()
    of_figures = figures[table.code[found]]
    awards = found[~of_figures]
    found = np.concatenate([found[of_figures], awards[table.occurred[awards] >= placement.since(table)]])
    keys = np.concatenate(
        [_by_day(table, found[: of_figures.sum()]), _by_points(table, placement, found[of_figures.sum() :])]
    )
    groups, group = np.unique(placement.lists(table)[table.code[found]], return_inverse=True)
    best = _best(group, keys, start[found], _stops(table, found, axis), (len(groups), len(axis)))
    of_awards = ~figures[groups][:, None] if len(groups) else np.zeros((0, 1), np.bool_)
    rows = np.where(best == NOBODY, NOBODY, np.where(of_awards, _ROWS - (best & _ROWS), best & _ROWS))
    # Awards of equal points on one line and occasion are worth the same, whichever of them it is.
    facts = np.where(of_awards, best >> _ROW, best)
    return Course(rows, np.flatnonzero((facts[:, 1:] != facts[:, :-1]).any(axis=0)) + 1)


def _counted(placement: Placement, rules: Rules, table: Columns, known: int) -> NDArray[np.bool_]:
    """Which rows have a place, and are not left out by a reading."""
    codes = placement.codes(table)[:known]
    out = placement.leaves_out(rules.excluded)
    return (codes >= 0) & ~out[codes]


def _stops(table: Columns, found: Ints, axis: Axis) -> Ints:
    """Give for each row the first moment at which it holds no longer."""
    stops = np.full(len(found), len(axis))
    until = table.until[found]
    ended = np.flatnonzero(until <= axis.positions[-1])
    stops[ended] = np.searchsorted(axis.positions, until[ended], side="left")
    return stops


def _by_day(table: Columns, found: Ints) -> Ints:
    """Rank figures: the latest day, then the later position, which is the later row."""
    return (table.occurred[found].astype(np.int64) << _ROW) | found


def _by_points(table: Columns, placement: Placement, found: Ints) -> Ints:
    """Rank awards: most points, then the lower position."""
    if not len(found):
        return found
    scale = table.scale[found].astype(np.int64)
    values, value = np.unique(table.value[found], return_inverse=True)
    alike = (table.code[found].astype(np.int64) * len(values) + value) * _SCALES + scale + 2
    alike = np.where(scale == ASIDE, -1 - found, alike)
    _, firsts, which = np.unique(alike, return_index=True, return_inverse=True)
    points = [placement.award(table, row).points for row in found[firsts].tolist()]
    ranks = {each: rank for rank, each in enumerate(sorted(set(points)))}
    rank = np.fromiter((ranks[each] for each in points), np.int64, len(points))[which]
    return (rank << _ROW) | (_ROWS - found)


def _best(group: Ints, keys: Ints, start: Ints, stop: Ints, shape: tuple[int, int]) -> Ints:
    """Give the greatest key of every group at every moment, among those that hold then."""
    moments = shape[1]
    best = np.full(shape, NOBODY, np.int64)
    lasting = stop == moments
    np.maximum.at(best.reshape(-1), (group * moments + start)[lasting], keys[lasting])
    np.maximum.accumulate(best, axis=1, out=best)
    ended = np.flatnonzero(~lasting & (start < stop))
    # What a lasting row beats already when it begins never shows.
    ended = ended[keys[ended] > best[group[ended], start[ended]]]
    for one, first, last, key in zip(*(each[ended].tolist() for each in (group, start, stop, keys)), strict=True):
        shown = best[one, first:last]
        np.maximum(shown, key, out=shown)
    return best
