"""Adds up the facts that bear on points, and again only what depends on those that were moved: no traces, no flags."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from services.scoring.domain.columns import Columns
from services.scoring.domain.ledger import Pair
from services.scoring.domain.placement import Placement
from shared.rubric.facts import Award, Determination, Figure, UnitFacts
from shared.rubric.result import Ranked, Result, Tally
from shared.rubric.ruleset import Rules


class Abacus:
    """What every unit is worth under one set of rules; the facts are put in table by table."""

    def __init__(self, placement: Placement, rules: Rules) -> None:
        """Begin without any fact; facts by unit, results and determinations by (unit, indicator)."""
        self.placement, self.rules = placement, rules
        self.tallies: dict[str, Tally] = {}
        self._figures: defaultdict[str, dict[tuple[str, str], tuple[Figure, ...]]] = defaultdict(dict)
        self._awards: defaultdict[str, dict[str, tuple[Award, ...]]] = defaultdict(dict)
        self.facts: dict[str, UnitFacts] = {}
        self.determined: dict[Pair, Determination] = {}
        self.results: dict[Pair, Result] = {}
        self._touched: set[Pair] = set()

    def put(self, table: Columns, rows: Iterable[int]) -> None:
        """Let these rows, and no others of the table, bear on points."""
        unit, indicator = table.unit, table.indicator
        if unit not in self.facts:
            self.facts[unit] = UnitFacts(self._figures[unit], self._awards[unit])
        figures, self._awards[unit][indicator] = self.placement.parted(table, rows)
        self._figures[unit] |= figures
        self._touched.add((unit, indicator))

    def determine(self, pair: Pair, determination: Determination | None) -> None:
        """Let a determination prevail, or none."""
        if determination is None:
            self.determined.pop(pair, None)
        else:
            self.determined[pair] = determination
        self._touched.add(pair)

    def settle(self) -> Sequence[str]:
        """Work out what was touched; name the units of which something is worth anything else."""
        rules, known, changed = self.rules, self.results, dict[str, None]()
        for pair in self._affected():
            before, found = known.get(pair), rules.score(*pair, self.facts, self.determined.get(pair))
            known[pair] = found
            if before is None or before.worth != found.worth:
                changed[pair[0]] = None
        self._touched.clear()
        if not self.tallies:
            self.tallies = rules.tally(known)
        elif changed:
            fresh = rules.tally(known, changed)
            changed |= dict.fromkeys(fresh)
            self.tallies = self.tallies | fresh
        return list(changed)

    def places(self) -> list[Ranked]:
        """Give the units in order of rank, then id."""
        return self.rules.rank(self.tallies)

    def _affected(self) -> Iterable[Pair]:
        if not self.results:
            indicators = self.rules.rubric.indicators.values()
            return [(unit, each.id) for each in indicators if each.rule is not None for unit in each.units]
        moved = dict.fromkeys(pair for touched in self._touched for pair in self.rules.affected(*touched))
        return [pair for pair in moved if pair in self.results]
