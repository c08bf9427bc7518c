"""What every open finding can do to a standing: it, under each reading side by side.

The facts are those of one coordinate. Each open finding is read each way, the others as they are; those that move no
rank alone are then tried together, in every combination that can matter, so that it is shown that they cannot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod
from typing import Any

from services.scoring.domain import moments, standing
from services.scoring.domain.abacus import Abacus
from services.scoring.domain.coordinate import Coordinate, Moment
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.moves import facts
from services.scoring.domain.placement import Placements
from services.scoring.domain.walk import counted
from shared.contracts.numbers import exact, shown
from shared.rubric.model import Finding
from shared.rubric.result import Ranked, Result, Tally
from shared.rubric.rubric import Rubric

Json = dict[str, Any]
Table = Mapping[str, str]
MOST = 5000
"""So many combinations are tried together; a standing of six units takes a third of a millisecond."""

MOST_ALONE = 256
"""So many combinations of readings are tried for one indicator."""

REACH = ("none", "state", "total", "rank")
"""How far a reading goes, each beyond the one before."""


class Readings:
    """The standing of one moment under whatever readings; facts are looked up once for what readings leave out."""

    def __init__(self, ledger: Ledger, placements: Placements, moment: Moment) -> None:
        """Work out the standing as it is."""
        self.moment = moment
        self._ledger, self._placements = ledger, placements
        self._abaci: dict[int, Abacus] = {}
        self._scored: dict[tuple[Pair, tuple[str, ...]], Result] = {}
        self._used = {each.id: uses(moment.rubric, each.id) for each in moment.rubric.indicators.values()}
        self.tallies, self.places = self.standing(moment.readings)

    def standing(self, readings: Table) -> tuple[Mapping[str, Tally], Sequence[Ranked]]:
        """Give tallies and order under a full table of readings."""
        rules = self.moment.rubric.under(readings)
        tallies = rules.tally({pair: self.result(pair, readings) for pair in self.pairs()})
        return tallies, rules.rank(tallies)

    def pairs(self) -> list[Pair]:
        """Give every unit with every indicator that is scored."""
        indicators = self.moment.rubric.indicators.values()
        return [(unit, each.id) for each in indicators if each.rule is not None for unit in each.units]

    def result(self, pair: Pair, readings: Table) -> Result:
        """Give what an indicator is worth: worked out once for the readings that it depends on."""
        key = pair, tuple(readings[finding] for finding in self._used[pair[1]])
        if key not in self._scored:
            rules = self.moment.rubric.under(readings)
            if rules.excluded not in self._abaci:
                placement = self._placements.of(self.moment.rubric)
                at = replace(self.moment, readings=readings, rules=rules)
                known = facts(self._ledger, placement, at, self.moment)
                self._abaci[rules.excluded] = counted(self._ledger, placement, at, known)
            abacus = self._abaci[rules.excluded]
            self._scored[key] = rules.score(*pair, abacus.facts, abacus.determined.get(pair))
        return self._scored[key]

    def mattering(self, among: Sequence[str]) -> list[str]:
        """Name those of some findings that can make any difference, alone or with the others of them."""
        found: dict[str, None] = {}
        for pair in self.pairs():
            used = [finding for finding in self._used[pair[1]] if finding in among]
            for finding in used:
                if finding not in found and self._matters(pair, finding, [each for each in used if each != finding]):
                    found[finding] = None
        rubric = self.moment.rubric
        for finding in among:
            rankings = [rubric.under(table).ranking for table in self.tables([finding])]
            if any(each != rankings[0] for each in rankings):
                found[finding] = None
        return list(found)

    def _matters(self, pair: Pair, finding: str, others: Sequence[str]) -> bool:
        if prod(len(self.moment.rubric.findings[each].readings) for each in (finding, *others)) > MOST_ALONE:
            return True  # it may
        for table in self.tables(others):
            worths = [self.result(pair, {**table, finding: reading}).worth for reading in self._options(finding)]
            if any(worth != worths[0] for worth in worths):
                return True
        return False

    def _options(self, finding: str) -> list[str]:
        return list(self.moment.rubric.findings[finding].readings)

    def combinations(self, findings: Sequence[str]) -> int:
        """Count the ways in which these can be read together."""
        return prod(len(self._options(finding)) for finding in findings)

    def tables(self, findings: Sequence[str]) -> Iterable[Table]:
        """Give a full table for every way in which these can be read together."""
        for readings in product(*map(self._options, findings)):
            yield {**self.moment.readings, **dict(zip(findings, readings, strict=True))}

    def reach(self, tallies: Mapping[str, Tally], places: Sequence[Ranked]) -> str:
        """Say how far another standing is from the one as it is."""
        if [_place(each) for each in places] != [_place(each) for each in self.places]:
            return "rank"
        if any(tally.total != self.tallies[unit].total for unit, tally in tallies.items()):
            return "total"
        same = all(_states(tally) == _states(self.tallies[unit]) for unit, tally in tallies.items())
        return "none" if same else "state"


def _place(place: Ranked) -> tuple[str, int, str | None]:
    return place.unit, place.rank, place.grade


def _states(tally: Tally) -> object:
    return tally.attainable, {name: result.state for name, result in tally.results.items()}


def uses(rubric: Rubric, indicator: str) -> tuple[str, ...]:
    """Name every finding with readings that can bear on an indicator, also through others that its rule looks at."""
    seen, left = set[str](), [indicator]
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            for table in rubric.tables(rubric.uses[name]):
                used = rubric.compiled(name, table)[1]
                left += [*used.indicators, *(each for each, _, _ in used.measures)]
    found = {finding for name in seen for finding in rubric.bearing(name)}
    found |= {owner.max_finding for name in seen if (owner := rubric.indicators[name]).max_finding is not None}
    return tuple(each.id for each in rubric.findings.values() if each.id in found and each.readings)


def sensitivity(ledger: Ledger, placements: Placements, coordinate: Coordinate) -> Json:
    """Give the standing under each reading of every open finding, and what those that move no rank do together.

    Raises:
        Unanswerable: There is no answer at this coordinate.

    """
    now = moments.moment(ledger, coordinate)
    ruled = moments.rulings_made(ledger, now.rubric, now.known_at)
    readings = Readings(ledger, placements, now)
    open_ = [each for each in now.rubric.findings.values() if each.id not in ruled]
    found = [_finding(readings, each) for each in open_ if each.readings]
    return {
        **standing.heading_of(ledger, now),
        "findings": found,
        "moving": [each["id"] for each in found if each["moves"] == "rank"],
        "others": _together(readings, [each["id"] for each in found if each["moves"] != "rank"]),
        "questions": [each.id for each in open_ if not each.readings],
    }


def _finding(readings: Readings, finding: Finding) -> Json:
    said: list[Json] = []
    for each in finding.readings.values():
        tallies, places = readings.standing({**readings.moment.readings, finding.id: each.id})
        units = [_unit(readings, place, tallies[place.unit]) for place in places]
        named = {"reading": each.id, "text": each.text, "english": each.english}
        holds = readings.moment.readings[finding.id] == each.id
        said.append({**named, "holds": holds, "moves": readings.reach(tallies, places), "units": units})
    return {
        "id": finding.id,
        "clause": finding.clause,
        "question": finding.question,
        "english": finding.english,
        "moves": max((each["moves"] for each in said), key=REACH.index),
        "readings": said,
    }


def _unit(readings: Readings, place: Ranked, tally: Tally) -> Json:
    change = tally.total - readings.tallies[place.unit].total
    return {
        "unit": place.unit,
        "rank": place.rank,
        "tied": place.tied,
        "total": shown(tally.total),
        "exact": exact(tally.total),
        "change": exact(change),
    }


def _together(readings: Readings, findings: Sequence[str]) -> Json:
    """Say what findings that move no rank alone do together: `cannot` move one, `can`, or `not-shown`."""
    mattering = readings.mattering(findings)
    count = readings.combinations(mattering)
    said: Json = {"findings": list(findings), "mattering": mattering, "combinations": count}
    if count > MOST:
        return {**said, "move_a_rank": "not-shown"}
    for table in readings.tables(mattering):
        tallies, places = readings.standing(table)
        if readings.reach(tallies, places) == "rank":
            return {**said, "move_a_rank": "can", "as_read": {finding: table[finding] for finding in mattering}}
    return {**said, "move_a_rank": "cannot"}
