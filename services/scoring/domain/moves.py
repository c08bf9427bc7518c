"""What lies between two moments: the facts that bear at one and not at the other, and the entry that made it so.

A fact moves with the entry that came to be known, or with the one that ended what was known (a correction, a
withdrawal); where neither lies between the two positions, its day lies between the two days.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from services.scoring.domain.bearing import bearing
from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.placement import Placement
from services.scoring.domain.statements import Statement
from services.scoring.domain.timeline import prevailing
from shared.rubric.facts import Determination

Slots = dict[int, int]
"""The row that bears, by its group."""


Swaps = dict[int, tuple[int | None, int | None]]
"""The row before and after, by group."""

Settled = tuple[Determination | None, Determination | None]
"""What prevailed before and after."""


class Life(NamedTuple):
    """Since when, until when and from what day on something holds."""

    position: int
    until: int
    occurred: date | None = None


@dataclass(slots=True)
class Moved:
    """What one entry moved: rows of tables, `slots` by group with the row before and after, and determinations."""

    position: int
    by: str
    slots: dict[Pair, Swaps] = field(default_factory=dict[Pair, Swaps])
    determined: dict[Pair, Settled] = field(default_factory=dict[Pair, Settled])


@dataclass(frozen=True, slots=True)
class Facts:
    """What bears at one moment."""

    slots: Mapping[Pair, Slots]
    determined: Mapping[Pair, Determination]


def facts(ledger: Ledger, placement: Placement, rules: Moment, at: Moment) -> Facts:
    """Give what bears at a moment under the rules of another."""
    moment = replace(at, rubric=rules.rubric, readings=rules.readings, rules=rules.rules)
    determined = prevailing(ledger, placement, [at])
    return Facts(
        {pair: slots(table, placement, moment) for pair, table in list(ledger.rows.items())},
        {pair: found[0] for pair, found in determined.items() if found[0] is not None},
    )


def slots(table: Columns, placement: Placement, moment: Moment) -> Slots:
    """Give the row that bears for every group: a list, or a line with its occasion or incident.

    Of awards several may be left that bear alike; the one with most points stands for them, the earliest of those.
    """
    rows, _ = bearing(table, placement, moment)
    groups, since = placement.lists(table), placement.since(table)
    found: Slots = {}
    for row in rows.tolist():
        group = int(groups[table.code[row]])
        if table.series[group].kind is not Kind.FIGURE:
            if table.occurred[row] < since:
                continue
            held = found.get(group)
            if held is not None and placement.award(table, held).points >= placement.award(table, row).points:
                continue
        found[group] = row
    return found


def moved(ledger: Ledger, one: Facts, other: Facts, at: tuple[Moment, Moment]) -> list[Moved]:
    """Give what moved from one to the other, an entry each, in order of their positions."""
    found: dict[tuple[int, str], Moved] = {}

    def by(came: Life | None, gone: Life | None) -> Moved:
        named = cause(came, gone, *at)
        if named is None:
            raise AssertionError((came, gone))
        return found.setdefault(named, Moved(*named))

    for pair in dict.fromkeys([*one.slots, *other.slots]):
        table = ledger.rows[pair]
        for group, gone, came in _differing(one.slots.get(pair, {}), other.slots.get(pair, {})):
            move = by(_life(table, came), _life(table, gone))
            move.slots.setdefault(pair, {})[group] = gone, came
    for pair in dict.fromkeys([*one.determined, *other.determined]):
        gone, came = one.determined.get(pair), other.determined.get(pair)
        if gone is not came and gone != came:
            by(_said(ledger, came), _said(ledger, gone)).determined[pair] = gone, came
    return [found[key] for key in sorted(found)]


def _differing(one: Slots, other: Slots) -> Iterator[tuple[int, int | None, int | None]]:
    for group in sorted({*one, *other}):
        gone, came = one.get(group), other.get(group)
        if gone != came:
            yield group, gone, came


def _life(table: Columns, row: int | None) -> Life | None:
    return None if row is None else Life(int(table.position[row]), int(table.until[row]), table.day(row))


def _said(ledger: Ledger, found: Determination | None) -> Life | None:
    said = ledger.statement_at(found.position) if found is not None else None
    return None if found is None or said is None else Life(said.position, said.until, found.occurred)


def cause(came: Life | None, gone: Life | None, one: Moment, other: Moment) -> tuple[int, str] | None:
    """Name the entry for which `came` holds at the other moment in the place of `gone`, and what moved it."""
    before, after = one.known_at, other.known_at
    if before <= after:
        if came is not None and came.position > before:
            return came.position, "known-at"
        if gone is not None and gone.until <= after:
            return gone.until, "known-at"
    else:
        if gone is not None and gone.position > after:
            return gone.position, "known-at"
        if came is not None and came.until <= before:
            return came.until, "known-at"
    for life, moment in ((came, one), (gone, other)):
        if life is not None and life.occurred is not None and life.occurred > moment.as_of:
            return life.position, "as-of"
    return None


def ruling(came: Statement | None, gone: Statement | None, one: Moment, other: Moment) -> int | None:
    """Name the entry for which one ruling holds in the place of another; None where the rulings are the same."""
    if came is gone:
        return None
    new, old = (None if said is None else Life(said.position, said.until) for said in (came, gone))
    found = cause(new, old, one, other)
    return None if found is None else found[0]
