"""Scores at one moment: the rules applied to the facts of every unit, and who stands where."""

from collections.abc import Iterable
from datetime import date

from services.scoring.domain.coordinate import Moment
from services.scoring.domain.facts import Sheet
from services.scoring.domain.ledger import Ledger, Pair
from services.scoring.domain.placement import Placement, Worth
from services.scoring.domain.statements import Statement, holding
from shared.contracts import kinds
from shared.rubric.facts import Determination, UnitFacts
from shared.rubric.faults import NotPlaced
from shared.rubric.outcome import NOTHING
from shared.rubric.result import Ranked, Result, Tally


class Scores:
    """What every indicator of every unit is worth at one moment."""

    def __init__(self, ledger: Ledger, placement: Placement, moment: Moment, traced: str | None = None) -> None:
        """Work everything out; of the unit that will be `traced` with the awards too that higher ones outdo."""
        self._ledger = ledger
        self.placement = placement
        self.moment = moment
        self.determined: dict[Pair, Determination] = {}
        self._sheet = Sheet(traced)
        self._results: dict[Pair, Result] = {}
        self.tallies: dict[str, Tally] = {}
        for rows in list(ledger.rows.values()):
            self._sheet.put(rows, placement, moment)
        self._determine()
        self._score(self.pairs())

    def pairs(self) -> list[Pair]:
        """Give every unit with every indicator that assesses it and is scored, in the rubric's order."""
        indicators = self.moment.rubric.indicators.values()
        return [(unit, each.id) for each in indicators if each.rule is not None for unit in each.units]

    def refold(self, pairs: Iterable[Pair], moment: Moment) -> None:
        """Go on to a later moment under the same rules: only these indicators' facts have changed.

        The tally of a unit for which nothing is worth anything else stays the same object, its traces those of before.
        """
        self.moment = moment
        touched = set(pairs)
        for pair in touched:
            rows = self._ledger.rows.get(pair)
            if rows is not None:
                self._sheet.put(rows, self.placement, moment)
        self._determine()
        known = self._results
        self._score(affected for pair in touched for affected in moment.rules.affected(*pair) if affected in known)

    def facts(self, unit: str) -> UnitFacts:
        """Give what is known of a unit, as the readings leave it."""
        return self._sheet.units.get(unit, NOTHING)

    def ranked(self) -> list[Ranked]:
        """Give the units in order of rank, then id."""
        return self.moment.rules.rank(self.tallies)

    def results(self) -> dict[Pair, Result]:
        """Give what each indicator is worth after everything that looks across indicators and units."""
        return {(unit, each): result for unit, tally in self.tallies.items() for each, result in tally.results.items()}

    def _score(self, pairs: Iterable[Pair]) -> None:
        """Score these indicators, and add up the units for which one of them is not worth what it was."""
        rules, changed = self.moment.rules, dict[str, None]()
        for pair in dict.fromkeys(pairs):
            known, found = self._results.get(pair), self._worth(pair)
            self._results[pair] = found
            if known is None or known.worth != found.worth:
                changed[pair[0]] = None
        if not self.tallies:
            self.tallies = rules.tally(self._results)
        elif changed:
            self.tallies = self.tallies | rules.tally(self._results, changed)

    def _worth(self, pair: Pair) -> Result:
        """Score an indicator, unless it was asked for last under these rules with the same facts."""
        rules, determined = self.moment.rules, self.determined.get(pair)
        made = self._sheet.made(rules.sources(*pair))
        known = self.placement.worth.get(pair)
        if known is None or known.rules is not rules or (known.determined, known.made) != (determined, made):
            result = rules.score(*pair, self._sheet.units, determined)
            known = self.placement.worth[pair] = Worth(rules, determined, made, result)
        return known.result

    def _determine(self) -> None:
        """Of several determinations in force the later day prevails, then the later position."""
        self.determined = {}
        moment = self.moment
        for said in holding(self._ledger.statements[kinds.INDICATOR_DETERMINED], moment.known_at):
            pair = said.unit or "", said.data["indicator"]
            found = determination(said, self.placement)
            if found is None or found.occurred > moment.as_of:
                continue
            known = self.determined.get(pair)
            if known is None or (known.occurred, known.position) < (found.occurred, found.position):
                self.determined[pair] = found


def determination(said: Statement, placement: Placement) -> Determination | None:
    """Give a statement as the determination it is; None where the rubric cannot place it."""
    data = said.data
    ask = placement.rubric.admission.determination
    try:
        points = ask(said.unit or "", data["indicator"], data["outcome"], data.get("points"))
    except NotPlaced:
        return None
    return Determination(points, date.fromisoformat(data["occurred"]), said.position)
