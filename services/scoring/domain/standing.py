"""A standing, as the contract's JSON."""

from typing import Any

from services.scoring.domain.coordinate import Moment
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.scores import Scores
from services.scoring.domain.statements import holding
from shared.contracts import kinds
from shared.contracts.numbers import exact, shown
from shared.rubric.result import Ranked, Result


def heading(ledger: Ledger, scores: Scores) -> dict[str, Any]:
    """Say which assessment at which coordinate."""
    return heading_of(ledger, scores.moment)


def heading_of(ledger: Ledger, moment: Moment) -> dict[str, Any]:
    """Say which assessment at which moment."""
    last = ledger.position(ledger.place(moment.known_at + 1) - 1)
    accepted = ledger.entry_at(last).acceptedtime
    return {
        "assessment": ledger.assessment,
        "as_of": moment.as_of.isoformat(),
        "known_at": {"position": moment.known_at, "accepted": accepted},
        "rules": {
            "rubric": moment.rubric.id,
            "version": moment.rubric.version,
            "digest": moment.rubric.digest,
            "readings": dict(moment.readings),
        },
    }


def units(scores: Scores) -> list[dict[str, Any]]:
    """Give every unit in order of rank, then id."""
    return [unit(scores, place) for place in scores.ranked()]


def unit(scores: Scores, place: Ranked) -> dict[str, Any]:
    """Give one unit."""
    tally = scores.tallies[place.unit]
    graded = {} if place.grade is None else {"grade": place.grade}
    return {
        "unit": place.unit,
        "name": scores.moment.rubric.units[place.unit].name,
        "rank": place.rank,
        "tied": place.tied,
        **graded,
        "provisional": tally.provisional,
        "total": shown(tally.total),
        "exact": exact(tally.total),
        "attainable": shown(tally.attainable),
        "blocks": {
            block: {"points": shown(each.points), "max": exact(each.max)} for block, each in tally.blocks.items()
        },
        "indicators": {name: indicator(result) for name, result in tally.results.items()},
    }


def indicator(result: Result) -> dict[str, str]:
    """Give one indicator."""
    return {
        "points": shown(result.points),
        "exact": exact(result.points),
        "max": exact(result.max),
        "state": result.state,
        "absorbed": exact(result.absorbed),
    }


def findings(ledger: Ledger, scores: Scores) -> list[dict[str, str]]:
    """Give every question about the rubric's text, and whether a ruling in force answers it."""
    moment = scores.moment
    rulings = holding(ledger.statements[kinds.RULING_MADE], moment.known_at)
    ruled = {said.data["finding"] for said in rulings}
    return [
        {"id": each.id, "state": "ruled" if each.id in ruled else "open", "moves": each.moves}
        for each in moment.rubric.findings.values()
    ]
