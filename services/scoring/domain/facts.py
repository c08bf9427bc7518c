"""Facts at one moment: of the rows in force, what the rules look at.

Of figures the latest date counts, then the later position, for each measure, provider and list; of awards and
deductions for each line and occasion (or incident) the one with most points, then the earlier position: no rule counts
another of them, so only a trace asks for all. What a reading leaves out is removed first, and kept aside for the trace.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from services.scoring.domain.bearing import Rows, bearing, outdoing, with_one_more
from services.scoring.domain.columns import Columns
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.ledger import Pair
from services.scoring.domain.placement import Excluded, Made, Placement
from shared.rubric.facts import Award, Figure, UnitFacts

_NO_ROWS: Rows = np.empty(0, np.intp)


class Folded(NamedTuple):
    """What the first rows of a table came to: those that bear on points, and those left out with the finding.

    It holds while no row is taken out of force, which `ends` tells.
    """

    seen: int = 0
    ends: int = 0
    bearing: Rows = _NO_ROWS
    excluded: Excluded = ()


class Sheet:
    """The facts of every unit under one set of rules, as of one day.

    Those of one indicator can be put in the place of earlier ones. Where rows were only added since, the latest of all
    is the latest of what was and what is new: then only the new ones are looked at.
    """

    def __init__(self, traced: str | None = None) -> None:
        """Take the unit to be traced: of its awards those too that a higher one of the same occasion outdoes."""
        self._traced = traced
        self._figures: defaultdict[str, dict[tuple[str, str], tuple[Figure, ...]]] = defaultdict(dict)
        self._awards: defaultdict[str, dict[str, tuple[Award, ...]]] = defaultdict(dict)
        self._excluded: defaultdict[str, dict[str, tuple[tuple[Figure | Award, str], ...]]] = defaultdict(dict)
        self._folded: dict[Pair, Folded] = {}
        self._made: dict[Pair, Made] = {}
        self.units: dict[str, UnitFacts] = {}
        """The facts as rules take them."""

    def put(self, rows: Columns, placement: Placement, moment: Moment) -> None:
        """Take in what is known of one unit and indicator at a moment."""
        unit, indicator = rows.unit, rows.indicator
        if unit not in self.units:
            self.units[unit] = UnitFacts(self._figures[unit], self._awards[unit], self._excluded[unit])
        folded = self._fold(rows, placement, moment)
        self._folded[unit, indicator] = folded
        made = placement.facts(rows, folded.bearing, folded.excluded)
        before = self._made.get((unit, indicator))
        if before is not None:  # what was made before a series came in says nothing of it
            self._figures[unit] |= dict.fromkeys(before.figures, ())
        self._figures[unit] |= made.figures
        self._awards[unit][indicator] = made.awards
        self._excluded[unit][indicator] = made.excluded
        self._made[unit, indicator] = made

    def made(self, places: Iterable[Pair]) -> tuple[Made | None, ...]:
        """Give what the facts of these are made of: where it is the same objects, the facts are the same."""
        return tuple(map(self._made.get, places))

    def _fold(self, rows: Columns, placement: Placement, moment: Moment) -> Folded:
        known, ends = rows.known(moment.known_at), rows.ends
        before = self._folded.get((rows.unit, rows.indicator), Folded())
        if before.ends != ends:
            before = Folded()
        if before.seen and known == before.seen + 1:
            one_more = with_one_more(rows, placement, moment, before.seen, before.bearing)
            if one_more is not None:
                return Folded(known, ends, one_more, before.excluded)
        every = rows.unit == self._traced
        found, excluded = bearing(rows, placement, moment, before.seen, every_award=every)
        if before.seen:
            both = np.concatenate([before.bearing, found])
            found = outdoing(rows, placement, both, every_award=every)
        return Folded(known, ends, found, before.excluded + excluded)
