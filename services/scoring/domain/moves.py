"""What lies between two moments: the facts that bear at one and not at the other, and the entries that made it so.

A fact moves with the entry that came to be known, or with the one that ended what was known (a correction, a
withdrawal); and with the day, where it lies between the two days.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.scoring.domain.bearing import bearing
from services.scoring.domain.chain import Life, Link, Rows, chain
from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.placement import Placement
from services.scoring.domain.scores import determination
from services.scoring.domain.statements import Statement
from services.scoring.domain.timeline import prevailing
from shared.contracts import kinds
from shared.rubric.facts import Determination

Slots = dict[int, int]
"""The row that bears, by its group."""


Swaps = dict[int, tuple[int | None, int | None]]
"""The row before and after, by group."""

Settled = tuple[Determination | None, Determination | None]
"""What prevailed before and after."""


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


def moved(ledger: Ledger, placement: Placement, one: Facts, other: Facts, ends: tuple[Moment, Moment]) -> list[Moved]:
    """Give what moved from one to the other, an entry each, in the order of the walk.

    First what came to be known or was ended, in order of position (backwards, where less is known at the other); then
    what the other day lets in or out.
    """
    found: dict[tuple[int, str], Moved] = {}

    def by(link: Link) -> Moved:
        return found.setdefault((link.position, link.by), Moved(link.position, link.by))

    for pair in dict.fromkeys([*one.slots, *other.slots]):
        table = ledger.rows[pair]
        differing = _differing(one.slots.get(pair, {}), other.slots.get(pair, {}))
        if not differing:
            continue
        rows_ = Rows(table, placement, ends)
        for group in differing:
            for link in chain(rows_.lives(group), *ends):
                rows = [None if life is None else life.what for life in (link.gone, link.came)]
                by(link).slots.setdefault(pair, {})[group] = rows[0], rows[1]
    for pair in dict.fromkeys([*one.determined, *other.determined]):
        if one.determined.get(pair) != other.determined.get(pair):
            for link in chain(_settled(ledger, placement, pair), *ends):
                settled = [None if life is None else life.what for life in (link.gone, link.came)]
                by(link).determined[pair] = settled[0], settled[1]
    back = ends[0].known_at > ends[1].known_at
    return sorted(found.values(), key=lambda move: (move.by != "known-at", -move.position if back else move.position))


def _differing(one: Slots, other: Slots) -> list[int]:
    return [group for group in sorted({*one, *other}) if one.get(group) != other.get(group)]


def _settled(ledger: Ledger, placement: Placement, pair: Pair) -> list[Life]:
    lives: list[Life] = []
    for said in list(ledger.statements[kinds.INDICATOR_DETERMINED]):
        if (said.unit or "", said.data["indicator"]) == pair:
            found = determination(said, placement)
            if found is not None:
                lives.append(Life(said.position, said.until, found.occurred, (found.occurred, found.position), found))
    return lives


def ruling(came: Statement | None, gone: Statement | None, one: Moment, other: Moment) -> int | None:
    """Name the entry for which one ruling holds in the place of another; None where the rulings are the same."""
    if came is gone:
        return None
    before, after = one.known_at, other.known_at
    if before <= after:
        if came is not None and came.position > before:
            return came.position
        return gone.until if gone is not None and gone.until <= after else None
    if gone is not None and gone.position > after:
        return gone.position
    return came.until if came is not None and came.until <= before else None
