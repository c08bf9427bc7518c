"""Rows of a long table in the order in which they would bear: then a question looks at a few of them, and not at all.

Of each list the latest figure comes first, of each line and occasion the award with most points. The first row that a
question finds in force and in time is the one that bears; where many in a row lie beyond it, they are passed over at
once, by the least row and the least day among them.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, UNSAID, Columns

if TYPE_CHECKING:
    from services.scoring.domain.placement import Placement

Rows = NDArray[np.intp]
Numbers = NDArray[np.int64]

MOST = 4
"""Under so many sets of exclusions orders are kept; the one asked for longest ago goes first."""

FEW = 1 << 12
"""So many rows may be missing of an order before it is made again."""

TOGETHER = 64
"""So many rows are passed over at once."""

DECIMALS = 6
LARGE = 10**11
"""Points with up to `DECIMALS` decimals, and below `LARGE` as a whole number, fit 64 bits at one scale."""


class Order(NamedTuple):
    """The rows up to `upto` that a rubric places and no reading in force leaves out, by group, the best first.

    `starts` are the places where groups begin, and the end; `least_row` and `least_day` those of every `TOGETHER` rows.
    `left` are the rows that a reading leaves out, in order of position.
    """

    upto: int
    rows: NDArray[np.int32]
    starts: Numbers
    least_row: NDArray[np.int32]
    least_day: NDArray[np.int32]
    left: Rows


class Orders:
    """The orders of a placement's tables, under the sets of exclusions that were asked for last."""

    def __init__(self, placement: "Placement") -> None:
        self._placement = placement
        self._kept: dict[int, dict[tuple[str, str], Order | None]] = {}
        self._wide: set[tuple[str, str]] = set()

    def of(self, rows: Columns, excluded: int) -> Order | None:
        """Give the rows in the order in which they bear where these exclusions hold; the last few may be missing.

        None the first time, since one question alone is answered sooner without, and where they cannot be ordered.
        """
        about = rows.unit, rows.indicator
        if about in self._wide:
            return None
        kept = self._kept[excluded] = self._kept.pop(excluded, None) or {}
        for oldest in list(self._kept)[:-MOST]:  # a list, for others may be adding
            self._kept.pop(oldest, None)
        asked, found = about in kept, kept.setdefault(about, None)
        if asked and (found is None or rows.count - found.upto > max(found.upto >> 2, FEW)):
            found = kept[about] = self._order(rows, excluded)
            if found is None:
                self._wide.add(about)
        return found

    def _order(self, rows: Columns, excluded: int) -> Order | None:
        placement = self._placement
        codes = placement.codes(rows)
        placed = codes >= 0
        out = placed & placement.leaves_out(excluded)[codes]
        counted = np.flatnonzero(placed & ~out)
        figures = rows.takes_figures()[rows.code[counted]]
        awards = counted[~figures]
        points = at_one_scale(rows.value[awards], rows.scale[awards])
        if points is None:
            return None
        of_lists = placement.lists(rows)[rows.code[counted[figures]]]
        of_series = sides(rows, awards, placement.since(rows))
        latest = _best_first(of_lists, rows.occurred[counted[figures]])
        # Of equal points the earliest counts, so the last rows are taken first.
        highest = len(awards) - 1 - _best_first(of_series[::-1], points[::-1])
        ordered = np.concatenate([counted[figures][latest], awards[highest]]).astype(np.int32)
        group = np.concatenate([of_lists[latest], len(rows.series) + of_series[highest]])
        blocks = np.arange(0, len(ordered), TOGETHER)
        return Order(
            len(codes),
            ordered,
            np.flatnonzero(np.diff(group, prepend=-1, append=-1)),
            _least(ordered, blocks),
            _least(rows.occurred[ordered], blocks),
            np.flatnonzero(out),
        )


def _best_first(group: NDArray[Any], rank: NDArray[Any]) -> Rows:
    """Give the places by group, then by rank, the greatest and last first."""
    places = np.argsort(_narrow(rank), kind="stable")
    return places[np.argsort(_narrow(group)[places], kind="stable")][::-1]


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Give numbers that compare as these; 16 bits each if they fit, which are sorted digit by digit."""
    if not len(numbers):
        return numbers
    low = numbers.min()
    return (numbers - low).astype(np.uint16) if numbers.max() - low < 1 << 16 else numbers


def _least(numbers: NDArray[np.int32], blocks: Rows) -> NDArray[np.int32]:
    return np.minimum.reduceat(numbers, blocks) if len(blocks) else numbers


class Asked(NamedTuple):
    """Which rows are asked for: before `known` and in force at a position, and occurred by a day."""

    known: int
    known_at: int
    last_day: int


def at_one_scale(value: NDArray[np.int64], scale: NDArray[np.int16]) -> Numbers | None:
    """Give points as whole numbers that compare as they do; None where one is too wide for that."""
    if len(value) and ((scale == ASIDE).any() or scale.max() > DECIMALS or np.abs(value).max() > LARGE):
        return None
    return value * 10 ** (DECIMALS - np.maximum(scale, 0)).astype(np.int64)


def sides(rows: Columns, awards: Rows, since: int) -> Numbers:
    """Part awards of a series: those from before the day that counts, and those that leave a line's points unsaid."""
    early, unsaid = rows.occurred[awards] < since, rows.scale[awards] == UNSAID
    return (rows.code[awards].astype(np.int64) << 2) | (early << 1) | unsaid


def first_of_each(rows: Columns, found: Order, asked: Asked) -> tuple[Rows, Rows]:
    """Give the first of every group that holds, and which of the rows left out do; in order of position."""
    from services.scoring.domain.compiled.fold import firsts_of  # noqa: PLC0415 - only where there are many

    firsts = firsts_of(found, rows.occurred, rows.until, asked)
    left = found.left[: found.left.searchsorted(asked.known)]
    holding = (rows.until[left] > asked.known_at) & (rows.occurred[left] <= asked.last_day)
    return np.sort(firsts[firsts >= 0]).astype(np.intp), left[holding]
