"""Which rows bear on points at a moment: in force, in time, placed, not left out by a reading, and not outdone."""

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.order import Asked, at_one_scale, first_of_each, sides
from services.scoring.domain.placement import UNPLACED, Excluded, Placement

Rows = NDArray[np.intp]
MANY_ROWS = 1 << 12
"""So many rows are worth loading what is compiled, and putting in order."""


def bearing(
    rows: Columns, placement: Placement, moment: Moment, start: int = 0, *, every_award: bool = False
) -> tuple[Rows, Excluded]:
    """Give the rows from `start` on that bear on points, in order of position, and those that a reading leaves out.

    Of figures that is the latest of each list; of awards and deductions the highest of each line and occasion, or
    `every_award`.
    """
    if not every_award and rows.count - start >= MANY_ROWS:
        found = (start == 0 and _ordered(rows, placement, moment)) or scanning(rows, placement, moment, start)
        if found is not None:
            return found
    counted, excluded = _counted(rows, placement, moment, start)
    return outdoing(rows, placement, counted, every_award=every_award), excluded


def with_one_more(rows: Columns, placement: Placement, moment: Moment, row: int, before: Rows) -> Rows | None:
    """Give the rows that bear once one more has come in, of those that bore before it.

    None where that takes a closer look: at an award, or where a reading leaves the row out. Live, nearly every entry
    is one more figure, and nearly all of the time of a look at many goes into calls that have one row to work on.
    """
    if rows.series_of(row).kind is not Kind.FIGURE:
        return None
    code = placement.codes(rows)[row]
    if code != UNPLACED and placement.masks[code] & moment.rules.excluded:
        return None
    day = rows.occurred[row]
    if code == UNPLACED or rows.until[row] <= moment.known_at or day > moment.as_of.toordinal():
        return before
    lists = placement.lists(rows)
    rival = np.flatnonzero(lists[rows.code[before]] == lists[rows.code[row]])
    if len(rival) and rows.occurred[before[rival[0]]] > day:
        return before
    return np.append(np.delete(before, rival), row)


def outdoing(rows: Columns, placement: Placement, counted: Rows, *, every_award: bool = False) -> Rows:
    """Leave of rows that count the latest figure of each list, and the highest award; in order of position."""
    of_figures = rows.takes_figures()[rows.code[counted]]
    figures, awards = counted[of_figures], counted[~of_figures]
    latest = _latest(rows, figures, placement.lists(rows)) if len(figures) else figures
    return np.sort(np.concatenate([latest, awards if every_award else _highest(rows, placement, awards)]))


def _ordered(rows: Columns, placement: Placement, moment: Moment) -> tuple[Rows, Excluded] | None:
    order = placement.orders.of(rows, moment.rules.excluded)
    if order is None:
        return None
    known = rows.known(moment.known_at)
    asked = Asked(min(known, order.upto), moment.known_at, moment.as_of.toordinal())
    found, left = first_of_each(rows, order, asked)
    excluded = _named(left, placement.codes(rows), placement, moment)
    if known > order.upto:
        added, more = bearing(rows, placement, moment, order.upto)
        return outdoing(rows, placement, np.concatenate([found, added])), excluded + more
    return found, excluded


def scanning(rows: Columns, placement: Placement, moment: Moment, start: int) -> tuple[Rows, Excluded] | None:
    """Give what bears by one compiled pass over the rows from `start` on; None where points are too wide for it."""
    from services.scoring.domain.compiled.fold import Looked, Table, counting  # noqa: PLC0415 - only where there are many

    placed = placement.codes(rows)
    lists = np.where(rows.takes_figures(), placement.lists(rows), -1).astype(np.int64)
    out = placement.leaves_out(moment.rules.excluded)
    columns = rows.occurred, rows.until, rows.code, rows.value, rows.scale
    when = moment.known_at, moment.as_of.toordinal(), placement.since(rows)
    found = counting(Table(*columns, placed), Looked(out, lists, *when), start, rows.known(moment.known_at))
    if found is None:
        return None
    counted, left = found
    return counted, _named(left, placed, placement, moment)


def _counted(rows: Columns, placement: Placement, moment: Moment, start: int) -> tuple[Rows, Excluded]:
    found = rows.in_force(moment.known_at, moment.as_of.toordinal(), start)
    every = placement.codes(rows)
    codes = every[found]
    left_out = [code for code, mask in enumerate(placement.masks) if mask & moment.rules.excluded]
    placed = codes != UNPLACED
    if not left_out:
        return found[placed], ()
    out = np.isin(codes, left_out)
    return found[placed & ~out], _named(found[out], every, placement, moment)


def _named(left: Rows, codes: NDArray[np.int16], placement: Placement, moment: Moment) -> Excluded:
    rules, masks = moment.rules, placement.masks
    return tuple((row, rules.excluding(masks[codes[row]] & rules.excluded)) for row in left.tolist())


def _latest(rows: Columns, found: Rows, lists: Rows) -> Rows:
    """Give for each list the row of the latest date, and of the latest position among those."""
    # Rows stand in order of position, so one number ranks them: the day, then the row.
    key = (rows.occurred[found].astype(np.int64) << 32) | found
    best = np.full(len(rows.series), -1, np.int64)
    np.maximum.at(best, lists[rows.code[found]], key)
    return (best[best >= 0] & 0xFFFFFFFF).astype(np.intp)


def _highest(rows: Columns, placement: Placement, found: Rows) -> Rows:
    """Give for each line and occasion the row with most points, the earliest of those.

    Rows from before the day that the rubric counts from are told apart, and those that leave a fixed line's points
    unsaid. Where points are too wide to be compared as whole numbers, every row is given.
    """
    points = at_one_scale(rows.value[found], rows.scale[found])
    if len(found) < 2 or points is None:
        return found
    group = sides(rows, found, placement.since(rows))
    order = np.lexsort((found, -points, group))
    return found[order[np.diff(group[order], prepend=-1) != 0]]
