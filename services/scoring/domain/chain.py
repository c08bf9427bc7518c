"""What bore in one place from one moment to another, step by step: each by the entry that came, or that ended one.

A place is a list of a figure, or a line with its occasion or incident, or what is determined of an indicator. What is
known moves first, entry by entry; then the day does.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from services.scoring.domain.bearing import Rows
from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.placement import UNPLACED, Placement


class Life(NamedTuple):
    """Something that can bear: since when, until when and from what day on, and what puts it before others."""

    position: int
    until: int
    occurred: date
    order: Any
    what: Any
    """A row of its table, or a determination."""


class Link(NamedTuple):
    """One step: by which entry, whether by what is known or by the day, and what bore before and after."""

    position: int
    by: str
    gone: Life | None
    came: Life | None


def chain(lives: Sequence[Life], one: Moment, other: Moment) -> Iterator[Link]:
    """Give the steps from one moment to the other, in the order in which they are taken."""
    held = _bearing(lives, one.known_at, one.as_of)
    for position, known_at in _positions(lives, one.known_at, other.known_at):
        found = _bearing(lives, known_at, one.as_of)
        if found is not held:
            yield Link(position, "known-at", held, found)
            held = found
    found = _bearing(lives, other.known_at, other.as_of)
    if found is not held:
        mover = found if found is not None and found.occurred > one.as_of else held
        if mover is None:
            raise AssertionError((held, found))
        yield Link(mover.position, "as-of", held, found)


def _positions(lives: Sequence[Life], before: int, after: int) -> list[tuple[int, int]]:
    """Give every position at which one comes or ends, with what is known once it is passed; backwards, if need be."""
    low, high = sorted((before, after))
    found = sorted({each for life in lives for each in (life.position, life.until) if low < each <= high})
    return [(each, each) for each in found] if before <= after else [(each, each - 1) for each in reversed(found)]


def _bearing(lives: Sequence[Life], known_at: int, as_of: date) -> Life | None:
    there = (life for life in lives if life.position <= known_at < life.until and life.occurred <= as_of)
    return max(there, key=lambda life: life.order, default=None)


def rows_of(table: Columns, placement: Placement, group: int, ends: tuple[Moment, Moment]) -> list[Life]:
    """Give the rows of a group that may bear between two moments, under the rules of the first.

    What is outdone all the time by one that holds all the time is left out.
    """
    rows = _candidates(table, placement, group, ends)
    if table.series[group].kind is Kind.FIGURE:
        orders: list[Any] = list(zip(table.occurred[rows].tolist(), rows.tolist(), strict=True))
    else:
        points = [placement.award(table, row).points for row in rows.tolist()]
        orders = [(each, -row) for each, row in zip(points, rows.tolist(), strict=True)]
    return [
        Life(int(table.position[row]), int(table.until[row]), table.day(row), order, row)
        for row, order in zip(rows.tolist(), orders, strict=True)
    ]


def _candidates(table: Columns, placement: Placement, group: int, ends: tuple[Moment, Moment]) -> Rows:
    low, high = sorted(each.known_at for each in ends)
    first, last = sorted(each.as_of.toordinal() for each in ends)
    known = table.known(high)
    codes = placement.codes(table)[:known]
    out = np.array([bool(mask & ends[0].rules.excluded) for mask in placement.masks], np.bool_)
    figures = table.series[group].kind is Kind.FIGURE
    there = (placement.lists(table)[table.code[:known]] == group) & (codes != UNPLACED) & ~out[codes]
    there &= (table.until[:known] > low) & (table.occurred[:known] <= last)
    if not figures:
        return np.flatnonzero(there & (table.occurred[:known] >= placement.since(table)))
    lasting = np.flatnonzero(
        there & (table.position[:known] <= low) & (table.until[:known] > high) & (table.occurred[:known] <= first)
    )
    rows = np.flatnonzero(there)
    if len(lasting):
        least = max(zip(table.occurred[lasting].tolist(), lasting.tolist(), strict=True))
        occurred = table.occurred[rows]
        rows = rows[(occurred > least[0]) | ((occurred == least[0]) & (rows >= least[1]))]
    return rows
