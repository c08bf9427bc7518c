"""Appeals: against what each unit appealed, how it was decided, and what followed from it.

An entry follows from an appeal where its `because` names the appeal, or the decision on it: by source and id, or by an
id in words that is only one appeal's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.scoring.domain import moments, standing
from services.scoring.domain.columns import FOREVER
from services.scoring.domain.coordinate import Coordinate
from services.scoring.domain.flags import indicator_of
from services.scoring.domain.ledger import Ledger, identity
from services.scoring.domain.placement import Placements
from services.scoring.domain.scores import Scores
from services.scoring.domain.statements import Statement, holding
from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.numbers import exact, shown
from shared.contracts.shapes import is_cause
from shared.rubric.result import Result

Json = dict[str, Any]
Reference = tuple[str, str] | str
"""What a `because` says: source and id, or words."""


@dataclass(frozen=True, slots=True)
class Filed:
    """An appeal: its first entry, the statement that holds now (None: withdrawn), and the decision that holds."""

    entry: Entry
    said: Statement | None
    latest: Statement
    decision: Statement | None

    @property
    def state(self) -> str:
        """Give open, upheld, rejected or withdrawn."""
        if self.decision is not None:
            return "upheld" if self.decision.data["upheld"] else "rejected"
        return "open" if self.said is not None else "withdrawn"


def appeals(ledger: Ledger, placements: Placements, coordinate: Coordinate) -> Json:
    """Give every appeal known at a coordinate, in order of position; what moved is told as of its day, by its rules.

    Raises:
        Unanswerable: There is no answer at this coordinate.

    """
    now = moments.moment(ledger, coordinate)
    filed, names = _filed(ledger, now.known_at)
    followed: dict[int, list[int]] = {origin: [] for origin in filed}
    for position, references in _because(ledger, now.known_at):
        for origin in sorted({names[each] for each in references if each in names}):
            followed[origin].append(position)
    moved = {
        position: _moved(ledger, placements, coordinate, position)
        for position in sorted({each for positions in followed.values() for each in positions})
    }
    return {
        **standing.heading_of(ledger, now),
        "appeals": [
            {
                **_appeal(ledger, each),
                "followed": [
                    _followed(ledger, now.known_at, position) | moved[position] for position in followed[origin]
                ],
            }
            for origin, each in filed.items()
        ],
    }


# -- what was filed, and decided


def _filed(ledger: Ledger, known_at: int) -> tuple[dict[int, Filed], dict[Reference, int]]:
    """Give the appeals by the position of their first entry, and the names by which others may refer to them."""
    chains: dict[int, list[Statement]] = {}
    origins: dict[int, int] = {}
    for said in ledger.statements[kinds.APPEAL_FILED]:
        if said.position <= known_at:
            origin = origins[said.position] = _origin(ledger, said.position, origins)
            chains.setdefault(origin, []).append(said)
    decisions: dict[int, Statement] = {}
    named: list[tuple[int, int]] = list(origins.items())
    for said in ledger.statements[kinds.APPEAL_DECIDED]:
        if said.position <= known_at and said.about in origins:
            named.append((said.position, origins[said.about]))
            if said.holds(known_at):
                decisions[origins[said.about]] = said
    filed = {
        origin: Filed(ledger.entry_at(origin), next(holding(chain, known_at), None), chain[-1], decisions.get(origin))
        for origin, chain in chains.items()
    }
    return filed, _names(ledger, named)


def _origin(ledger: Ledger, position: int, origins: Mapping[int, int]) -> int:
    """Give the position of the appeal that a correction is one of; an appeal's own otherwise."""
    entry = ledger.entry_at(position)
    target = ledger.find(entry.data["entry"]) if entry.type == kinds.ENTRY_CORRECTED else None
    return position if target is None else origins.get(target, position)


def _names(ledger: Ledger, named: Sequence[tuple[int, int]]) -> dict[Reference, int]:
    """Give the names of appeals and decisions: an id alone too, where it is that of only one appeal."""
    found: dict[Reference, int] = {}
    alone: dict[str, set[int]] = {}
    for position, origin in named:
        entry = ledger.entry_at(position)
        found[entry.source, entry.id] = origin
        alone.setdefault(entry.id, set()).add(origin)
    return found | {name: origins.pop() for name, origins in alone.items() if len(origins) == 1}


def _appeal(ledger: Ledger, filed: Filed) -> Json:
    said = filed.said or filed.latest
    indicator = said.data.get("indicator") or indicator_of(ledger, said.about)
    found: Json = {
        "position": filed.entry.position,
        "source": filed.entry.source,
        "id": filed.entry.id,
        "unit": said.unit,
        "indicator": indicator,
        "entry": None if said.about is None else _named(ledger, said.about),
        "grounds": said.data["grounds"],
        "filed": filed.entry.acceptedtime,
        "state": filed.state,
        "decision": None if filed.decision is None else _decision(ledger, filed.decision),
    }
    return found | ({"corrected": said.position} if said.position != filed.entry.position else {})


def _decision(ledger: Ledger, said: Statement) -> Json:
    entry = ledger.entry_at(said.position)
    return {**_named(ledger, said.position), "reason": said.data["reason"], "accepted": entry.acceptedtime}


def _named(ledger: Ledger, position: int) -> Json:
    entry = ledger.entry_at(position)
    return {"position": position, "source": entry.source, "id": entry.id, "type": entry.type}


# -- what followed


def _because(ledger: Ledger, known_at: int) -> Iterator[tuple[int, Sequence[Reference]]]:
    """Give the positions up to one whose entries say because of what, in order.

    Only corrections, withdrawals and determinations say it, and none names an appeal that was not filed yet. What was
    found is remembered: an entry never changes.
    """
    appeals = ledger.statements[kinds.APPEAL_FILED]
    if not appeals:
        return
    seen, found = ledger.because
    if seen < known_at:  # what lies beyond may not be stored yet
        speaking = _speaking(ledger, max(seen, appeals[0].position), known_at)
        fresh = [(position, _said(ledger, position)) for position in speaking]
        found = (*found, *((position, said) for position, said in fresh if said))
        ledger.because = known_at, found
    yield from ((position, said) for position, said in found if position <= known_at)


def _speaking(ledger: Ledger, after: int, last: int) -> list[int]:
    """Give the positions beyond one, up to another, of entries that ended others, and of determinations."""
    found: set[int] = set()
    for table in list(ledger.tables):
        until = table.until[: table.count]
        found.update(until[(until > after) & (until <= last)].tolist())
    found.update(said.until for said in list(ledger.said) if after < said.until <= last)
    determined = list(ledger.statements[kinds.INDICATOR_DETERMINED])
    found.update(said.position for said in determined if after < said.position <= last)
    return sorted(found)


def _said(ledger: Ledger, position: int) -> tuple[Reference, ...]:
    entry = ledger.entry_at(position)
    inner: Mapping[str, Any] = entry.data["data"] if entry.type == kinds.ENTRY_CORRECTED else {}
    told: list[str | Mapping[str, Any] | None] = [entry.data.get("because"), inner.get("because")]
    return tuple(each if isinstance(each, str) else identity(each) for each in told if each and is_cause(each))


def _followed(ledger: Ledger, known_at: int, position: int) -> Json:
    entry = ledger.entry_at(position)
    ended = _until(ledger, position)
    return {
        **_named(ledger, position),
        "unit": entry.subject or _unit_of(ledger, entry),
        "accepted": entry.acceptedtime,
        "reason": entry.data.get("reason", ""),
        **({"ended": ended} if ended <= known_at else {}),
    }


def _unit_of(ledger: Ledger, entry: Entry) -> str | None:
    """Give the unit of the entry that another one is about."""
    about = ledger.find(entry.data["entry"]) if "entry" in entry.data else None
    return None if about is None else ledger.entry_at(about).subject


def _until(ledger: Ledger, position: int) -> int:
    """Give from where on what an entry brought in holds no longer."""
    found, said = ledger.row_at(position), ledger.statement_at(position)
    if found is not None:
        return int(found[0].until[found[1]])
    return FOREVER if said is None else said.until


def _moved(ledger: Ledger, placements: Placements, coordinate: Coordinate, position: int) -> Json:
    """Say what one entry moved: each indicator before and after, and totals and ranks."""
    before, after = (_scores(ledger, placements, replace(coordinate, known_at=at)) for at in (position - 1, position))
    one, other = before.results(), after.results()
    pairs = [pair for pair in dict.fromkeys([*other, *one]) if _shown(one.get(pair)) != _shown(other.get(pair))]
    places = [{place.unit: place for place in each.ranked()} for each in (before, after)]
    units = dict.fromkeys([*places[1], *places[0]])
    totals: list[Json] = []
    for unit in units:
        tallies = [each.tallies.get(unit) for each in (before, after)]
        sums = [None if each is None else each.total for each in tallies]
        ranks = [each[unit].rank if unit in each else None for each in places]
        if sums[0] != sums[1] or ranks[0] != ranks[1]:
            said = [None if each is None else shown(each) for each in sums]
            totals.append({"unit": unit, "total": _ends(*said), "rank": _ends(*ranks)})
    return {
        "changes": [
            {"unit": unit, "indicator": name, **_ends(_brief(one.get((unit, name))), _brief(other.get((unit, name))))}
            for unit, name in pairs
        ],
        "totals": totals,
    }


def _scores(ledger: Ledger, placements: Placements, coordinate: Coordinate) -> Scores:
    moment = moments.moment(ledger, coordinate)
    return Scores(ledger, placements.of(moment.rubric), moment)


def _ends(before: object, after: object) -> Json:
    return {"before": before, "after": after}


def _shown(result: Result | None) -> object:
    return None if result is None else result.visible


def _brief(result: Result | None) -> Json | None:
    if result is None:
        return None
    return {"points": shown(result.points), "exact": exact(result.points), "state": result.state}
