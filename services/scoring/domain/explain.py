"""Why: the trace of points down to clause and entry.

Rules know positions only; the entries that stand there give each input its source and id.
"""

from collections.abc import Mapping
from typing import Any

from services.scoring.domain import standing
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.scores import Scores
from shared.contracts.numbers import shown


def explained(ledger: Ledger, scores: Scores, unit: str, indicator: str) -> dict[str, Any]:
    """Give an indicator's points with what is attainable, its clauses, the findings that bear on it, and its trace."""
    result = scores.tallies[unit].results[indicator]
    rubric = scores.moment.rubric
    bearing = rubric.bearing(indicator)
    return {
        **standing.indicator(result),
        "attainable": shown(result.full),
        "title": rubric.indicators[indicator].name,
        "clauses": list(result.clauses),
        "findings": [
            {**each, "reading": scores.moment.readings.get(each["id"])}
            for each in standing.findings(ledger, scores)
            if each["id"] in bearing
        ],
        "trace": completed(ledger, result.trace),
    }


def completed(ledger: Ledger, node: Mapping[str, Any]) -> dict[str, Any]:
    """Give a trace node whose inputs name their entries."""
    return {
        **node,
        "inputs": [_named(ledger, each) for each in node.get("inputs", ())],
        "parts": [completed(ledger, part) for part in node.get("parts", ())],
    }


def _named(ledger: Ledger, given: Mapping[str, Any]) -> dict[str, Any]:
    position = given.get("position")
    if position is None:
        return dict(given)
    entry = ledger.entry_at(position)
    return {**given, "source": entry.source, "id": entry.id}
