"""One pass over the rows of a table: what of them can count at a moment, without an array for any step between."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import ASIDE, UNSAID
from services.scoring.domain.compiled import compiled
from services.scoring.domain.order import DECIMALS, LARGE, TOGETHER, Asked, Order

SIDES = 4
"""Awards of a series are told apart by whether they occurred too early, and whether their points are unsaid."""

_POWERS = np.array([10**power for power in range(DECIMALS + 1)], np.int64)
_NONE = -1


class Table(NamedTuple):
    """Columns, and what a rubric makes of each row: see `Columns` and `Placement`."""

    occurred: NDArray[np.int32]
    until: NDArray[np.int32]
    code: NDArray[np.int32]
    value: NDArray[np.int64]
    scale: NDArray[np.int16]
    placed: NDArray[np.int16]


class Looked(NamedTuple):
    """What to look for: by placement code whether it is out, by series its list (`_NONE` for awards), and when."""

    out: NDArray[np.bool_]
    lists: NDArray[np.int64]
    known_at: int
    last_day: int
    since: int


def counting(table: Table, looked: Looked, start: int, end: int) -> tuple[NDArray[np.intp], NDArray[np.intp]] | None:
    """Give the rows from `start` to `end` that can count, and those that a reading leaves out; in order of position.

    Of figures the latest of each list, of awards the highest of each series; None where points are too wide to be
    compared here. A placement code below 0 is that of a row with no place.
    """
    series = len(looked.lists)
    latest = np.full(series, _NONE, np.int64)
    highest = np.full(SIDES * series, _NONE, np.int64)
    points = np.zeros(SIDES * series, np.int64)
    excluded = _reduce(table, looked, start, end, latest, highest, points)
    if excluded < 0:
        return None
    left = np.empty(excluded, np.int64)
    if excluded:
        _excluded(table, looked, start, end, left)
    figures, awards = latest[latest >= 0] & 0xFFFFFFFF, highest[highest >= 0]
    return np.sort(np.concatenate([figures, awards])).astype(np.intp), left.astype(np.intp)


@compiled
def _reduce(
    table: Table,
    looked: Looked,
    start: int,
    end: int,
    latest: NDArray[np.int64],
    highest: NDArray[np.int64],
    points: NDArray[np.int64],
) -> int:
    excluded = 0
    for row in range(
        np.uint64(start), np.uint64(end)
    ):  # from the end counts what may be below 0: asking that costs half
        day, placed = table.occurred[row], table.placed[row]
        if table.until[row] <= looked.known_at or day > looked.last_day or placed < 0:
            continue
        if looked.out[np.uint64(placed)]:
            excluded += 1
            continue
        code = np.uint64(table.code[row])
        where = looked.lists[code]
        if where >= 0:
            # Rows stand in order of position, so one number ranks them: the day, then the row.
            key = np.int64(day) << 32 | np.int64(row)
            if key > latest[np.uint64(where)]:  # noqa: PLR1730 - `max` would write every time
                latest[np.uint64(where)] = key
            continue
        scale, value = table.scale[row], table.value[row]
        if scale == ASIDE or scale > DECIMALS or value > LARGE or value < -LARGE:
            return -1
        side = np.uint64(SIDES) * code + np.uint64(2 * (day < looked.since) + (scale == UNSAID))
        number = value * _POWERS[np.uint64(DECIMALS - max(scale, 0))]
        if highest[side] < 0 or number > points[side]:
            highest[side], points[side] = np.int64(row), number
    return excluded


@compiled
def _excluded(table: Table, looked: Looked, start: int, end: int, left: NDArray[np.int64]) -> None:
    found = 0
    for row in range(start, end):
        if table.until[row] <= looked.known_at or table.occurred[row] > looked.last_day or table.placed[row] < 0:
            continue
        if looked.out[table.placed[row]]:
            left[found] = row
            found += 1


def firsts_of(order: Order, occurred: NDArray[np.int32], until: NDArray[np.int32], asked: Asked) -> NDArray[np.int32]:
    """Give of each group in order the first row that holds; `_NONE` where there is none."""
    firsts = np.full(max(len(order.starts) - 1, 0), _NONE, np.int32)
    _firsts(order, occurred, until, asked, firsts)
    return firsts


@compiled
def _firsts(
    order: Order, occurred: NDArray[np.int32], until: NDArray[np.int32], asked: Asked, firsts: NDArray[np.int32]
) -> None:
    for group in range(len(firsts)):
        place, end = order.starts[group], order.starts[group + 1]
        while place < end and firsts[group] == _NONE:
            block = place // TOGETHER
            last = min((block + 1) * TOGETHER, end)
            if order.least_row[block] < asked.known and order.least_day[block] <= asked.last_day:
                firsts[group] = _first(order.rows[place:last], occurred, until, asked)
            place = last


@compiled
def _first(rows: NDArray[np.int32], occurred: NDArray[np.int32], until: NDArray[np.int32], asked: Asked) -> int:
    for row in rows:
        if row < asked.known and occurred[row] <= asked.last_day and until[row] > asked.known_at:
            return row
    return _NONE
