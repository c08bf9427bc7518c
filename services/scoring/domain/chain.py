"""What bore in one place from one moment to another, step by step: each by the entry that came, or that ended one.

A place is a list of a figure, or a line with its occasion or incident, or what is determined of an indicator. What is
known moves first, entry by entry; then the day does.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    """Give the steps from one moment to the other, in the order in which they are taken.

    What came meanwhile and was outdone by something later is passed over; what was ended is not. Backwards the steps
    are those that lead forwards.
    """
    low, high = sorted((one.known_at, other.known_at))
    forwards = _known(lives, low, high, one.as_of)
    if one.known_at <= other.known_at:
        yield from forwards
    else:
        yield from (Link(each.position, each.by, each.came, each.gone) for each in reversed(forwards))
    held, found = (_bearing(lives, other.known_at, each.as_of) for each in (one, other))
    if found is not held:
        mover = found if found is not None and found.occurred > one.as_of else held
        if mover is None:
            raise AssertionError((held, found))
        yield Link(mover.position, "as-of", held, found)


def _known(lives: Sequence[Life], low: int, high: int, as_of: date) -> list[Link]:
    links: list[Link] = []
    held: Life | None = None
    for position, found in _sweep([life for life in lives if life.occurred <= as_of], low, high):
        if position > low and found is not held:
            first = links.pop().gone if links and held is not None and position < held.until else held
            if first is not found:
                links.append(Link(position, "known-at", first, found))
        held = found
    return links


def _sweep(lives: Sequence[Life], low: int, high: int) -> Iterator[tuple[int, Life | None]]:
    """Give what bears at `low`, and at every position up to `high` at which one comes or ends."""
    ranked = sorted(lives, key=lambda life: life.order)
    coming = sorted(range(len(ranked)), key=lambda rank: ranked[rank].position)
    there: list[int] = []  # a heap of ranks, the last of them first; who has ended leaves when it comes up
    came = 0
    for position in [low, *sorted({each for life in lives for each in life[:2] if low < each <= high})]:
        while came < len(coming) and ranked[coming[came]].position <= position:
            heappush(there, -coming[came])
            came += 1
        while there and ranked[-there[0]].until <= position:
            heappop(there)
        yield position, ranked[-there[0]] if there else None


def _bearing(lives: Sequence[Life], known_at: int, as_of: date) -> Life | None:
    there = (life for life in lives if life.position <= known_at < life.until and life.occurred <= as_of)
    return max(there, key=lambda life: life.order, default=None)


class Rows:
    """The rows of a table that may bear between two moments, under the rules of the first, by group."""

    def __init__(self, table: Columns, placement: Placement, ends: tuple[Moment, Moment]) -> None:
        self._table = table
        self._placement = placement
        low, high = sorted(each.known_at for each in ends)
        first, last = sorted(each.as_of.toordinal() for each in ends)
        known = table.known(high)
        codes, occurred, until = placement.codes(table)[:known], table.occurred[:known], table.until[:known]
        out = placement.leaves_out(ends[0].rules.excluded)
        there = np.flatnonzero((codes != UNPLACED) & ~out[codes] & (until > low) & (occurred <= last))
        groups = placement.lists(table)[table.code[there]]
        order = np.argsort(groups, kind="stable")
        self._rows, self._groups = there[order], groups[order]
        self._lasting = (
            (table.position[self._rows] <= low) & (until[self._rows] > high) & (occurred[self._rows] <= first)
        )

    def lives(self, group: int) -> list[Life]:
        """Give those of a group; without what one that holds all the time outdoes all the time."""
        begin, end = np.searchsorted(self._groups, (group, group + 1)).tolist()
        rows, lasting = self._rows[begin:end], self._lasting[begin:end]
        if self._table.series[group].kind is Kind.FIGURE:
            # Rows stand in order of position, so one number ranks them: the day, then the row.
            order = (self._table.occurred[rows].astype(np.int64) << 32) | rows
            kept = order >= order[lasting].max(initial=-1)
            return self._lives(rows[kept], order[kept].tolist())
        rows = rows[self._table.occurred[rows] >= self._placement.since(self._table)]
        points = [self._placement.award(self._table, row).points for row in rows.tolist()]
        return self._lives(rows, [(each, -row) for each, row in zip(points, rows.tolist(), strict=True)])

    def _lives(self, rows: NDArray[np.intp], orders: Sequence[Any]) -> list[Life]:
        table = self._table
        return [
            Life(int(table.position[row]), int(table.until[row]), table.day(row), order, row)
            for row, order in zip(rows.tolist(), orders, strict=True)
        ]
