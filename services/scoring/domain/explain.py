"""Why: points told in sentences, the findings that bear on them, and the trace down to clause and entry.

Rules know positions only; the entries that stand there give each input its source and id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from services.scoring.domain import standing
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.placement import Placements
from services.scoring.domain.scores import Scores
from services.scoring.domain.sensitivity import Readings
from services.scoring.domain.telling import Teller
from shared.contracts.numbers import exact, shown
from shared.rubric.model import Finding
from shared.rubric.result import Tally

Json = dict[str, Any]
Names = tuple[str, str]
"""Source and id of an entry."""

LOOKED_UP_AT_ONCE = 1000
"""So many entries are looked up at once: a trace of awards can name a hundred thousand."""


class Explaining:
    """Explains indicators of one unit; what findings could do is worked out once for all of them."""

    def __init__(
        self, ledger: Ledger, placements: Placements, scores: Scores, unit: str, most: int | None = None
    ) -> None:
        """Take what everything was worked out from; of each step at most so many facts are told."""
        self._ledger, self._scores, self._unit, self._most = ledger, scores, unit, most
        moment = scores.moment
        self._readings = Readings(ledger, placements, moment)
        self._states = {each["id"]: each for each in standing.findings(ledger, scores)}
        self._teller = Teller(moment.rubric, moment.readings, ledger.entry_at)
        self._otherwise: dict[tuple[str, str], Tally] = {}

    def explained(self, indicator: str) -> Json:
        """Give an indicator's points with what is attainable, its clauses, sentences, findings and trace.

        Each finding that bears on it says what the points would be under each other reading.
        """
        result = self._scores.tallies[self._unit].results[indicator]
        result = replace(result, said=replace(result.said, most=self._most))
        rubric = self._scores.moment.rubric
        bearing = rubric.bearing(indicator)
        return {
            **standing.indicator(result),
            "attainable": shown(result.full),
            "title": rubric.indicators[indicator].name,
            "english": rubric.indicators[indicator].english,
            "clauses": list(result.clauses),
            "told": self._teller.tell(result),
            "findings": [self._finding(rubric.findings[name], indicator) for name in self._states if name in bearing],
            "trace": completed(self._ledger, result.trace),
        }

    def _finding(self, finding: Finding, indicator: str) -> Json:
        return {
            **self._states[finding.id],
            "reading": self._scores.moment.readings.get(finding.id),
            "question": finding.question,
            "english": finding.english,
            "readings": list(self._readings_of(finding, indicator)),
        }

    def _readings_of(self, finding: Finding, indicator: str) -> Iterator[Json]:
        """Give what the indicator and the unit have under each reading, and how far that is from what holds."""
        holds = self._scores.moment.readings.get(finding.id)
        now = self._scores.tallies[self._unit].results[indicator].points
        for reading in finding.readings.values():
            tally = self._tally(finding.id, reading.id)
            result = tally.results[indicator]
            yield {
                "reading": reading.id,
                "text": reading.text,
                "english": reading.english,
                "holds": reading.id == holds,
                **standing.indicator(result),
                "change": exact(result.points - now),
                "total": shown(tally.total),
            }

    def _tally(self, finding: str, reading: str) -> Tally:
        key = finding, reading
        if key not in self._otherwise:
            tallies, _ = self._readings.standing({**self._scores.moment.readings, finding: reading})
            self._otherwise[key] = tallies[self._unit]
        return self._otherwise[key]


def completed(ledger: Ledger, trace: Mapping[str, Any]) -> Json:
    """Give a trace whose inputs name their entries."""
    names: dict[int, Names] = {}
    positions = iter(sorted(set(_positions(trace))))
    while some := list(islice(positions, LOOKED_UP_AT_ONCE)):
        names |= {position: (entry.source, entry.id) for position, entry in ledger.entries(some).items()}
    return _completed(names, trace)


def _positions(node: Mapping[str, Any]) -> Iterator[int]:
    for given in node.get("inputs", ()):
        if given.get("position") is not None:
            yield given["position"]
    for part in node.get("parts", ()):
        yield from _positions(part)


def _completed(names: Mapping[int, Names], node: Mapping[str, Any]) -> Json:
    return {
        **node,
        "inputs": [_named(names, each) for each in node.get("inputs", ())],
        "parts": [_completed(names, part) for part in node.get("parts", ())],
    }


def _named(names: Mapping[int, Names], given: Mapping[str, Any]) -> Json:
    position = given.get("position")
    if position is None:
        return dict(given)
    source, id_ = names[position]
    return {**given, "source": source, "id": id_}
