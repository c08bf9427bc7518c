"""The rules of a rubric under one table of readings: facts in, points with their reasons out."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Determination, Figure, UnitFacts
from shared.rubric.model import DISTRICT, Indicator
from shared.rubric.outcome import NOTHING, ZERO, Case, Input
from shared.rubric.ranking import rank
from shared.rubric.reader import Reader, Scope, Unreadable
from shared.rubric.result import Ranked, Result, Tally
from shared.rubric.rules import grammar
from shared.rubric.rules.grammar import Env, Points, Uses
from shared.rubric.tally import tally
from shared.rubric.trace import Said

if TYPE_CHECKING:
    from shared.rubric.rubric import Rubric

Place = tuple[str, str]
"""(unit, indicator)."""


MISSING = {"pending": False, "zero": True}
"""What a missing measure makes of its indicator; here and below the first word is what holds where none is said."""

ORDER_BY = {"shown": True, "exact": False}
"""Which totals the order compares."""

TIES = {"competition": False, "dense": True}
"""How places after equal totals are counted: 1, 1, 3 or 1, 1, 2."""


class Rules:
    """One rubric under one table of readings. Holds nothing that changes: share it freely."""

    def __init__(self, rubric: "Rubric", readings: Mapping[str, str]) -> None:
        self.rubric = rubric
        self.readings = dict(readings)
        self.excluded = rubric.rows.mask(readings)
        scope = rubric.scope(readings)
        self._missing_is_zero = _word(rubric.missing, scope, MISSING)
        self._by_shown = _word(rubric.order_by, scope, ORDER_BY)
        self._dense = _word(rubric.ties, scope, TIES)
        self._maxima = {each.id: _maximum(each, readings) for each in rubric.indicators.values()}
        self._points: dict[str, Points | None] = {}
        self._unread: dict[str, dict[str, str]] = {}
        self._said = {
            each.id: Said(self.readings, frozenset(line.id for line in each.lines.values() if line.takes))
            for each in rubric.indicators.values()
        }

    @property
    def ranking(self) -> dict[str, str]:
        """How totals become ranks, in the words of `places`."""
        return {"by": "shown" if self._by_shown else "exact", "ties": "dense" if self._dense else "competition"}

    def excluding(self, mask: int) -> str:
        """Name the finding whose reading in force leaves out a row with these exclusions."""
        return self.rubric.rows.finding(mask & self.excluded)

    def maximum(self, indicator: str) -> Fraction:
        """Give an indicator's maximum under these readings."""
        return self._maxima[indicator]

    def points(self, indicator: str) -> Points | None:
        """Give an indicator's rule; None where it is only tracked."""
        if indicator not in self._points:
            self._points[indicator] = self.rubric.compiled(indicator, self.readings)[0]
        return self._points[indicator]

    def _left_out(self, indicator: str, known: UnitFacts) -> tuple[Input, ...]:
        """Give what the readings in force do not count: rows, and figures of measures that they pass by."""
        excluded, passed_by = known.excluded.get(indicator, ()), self._passed_by(indicator)
        if not excluded and not passed_by:
            return ()
        rows: list[tuple[Figure | Award, str]] = list(excluded)
        for measure, finding in passed_by.items():
            rows += [(row, finding) for row in known.figures.get((indicator, measure), ())]
        return tuple([Input(row, used=False, excluded=finding) for row, finding in rows])

    def _passed_by(self, indicator: str) -> Mapping[str, str]:
        """Name the measures that the rule looks at only under another reading of one finding, with that finding."""
        if indicator not in self._unread:
            read = self._read(indicator, self.readings)
            self._unread[indicator] = {
                measure: finding
                for finding in self.rubric.uses[indicator]
                for reading in self.rubric.findings[finding].readings
                for measure in sorted(self._read(indicator, {**self.readings, finding: reading}) - read)
            }
        return self._unread[indicator]

    def _read(self, indicator: str, readings: Mapping[str, str]) -> set[str]:
        uses = self.rubric.compiled(indicator, readings)[1]
        return {measure for owner, measure, district in uses.measures if owner == indicator and not district}

    def score(
        self, unit: str, indicator: str, facts: Mapping[str, UnitFacts], determination: Determination | None = None
    ) -> Result:
        """Turn facts into points. `facts` holds the unit, its peers where the rule looks at them, and `district`."""
        owner = self.rubric.indicators[indicator]
        result = Result(
            unit=unit,
            indicator=indicator,
            clause=owner.clause,
            max=self._maxima[indicator],
            points=ZERO,
            full=ZERO,
            state="scored",
            absorbed=ZERO,
            outcome=None,
            determined=None,
            excluded=self._left_out(indicator, facts.get(unit, NOTHING)),
            said=self._said[indicator],
        )
        rule = self.points(indicator)
        if rule is not None:
            outcome = rule.score(Case(unit, indicator, facts, self))
            result.outcome = outcome
            result.effects = outcome.effects
            self._settle(result)
            result = _zero_itself(result)
        if determination is not None:
            _determine(result, determination)
        return result

    def _settle(self, result: Result) -> None:
        outcome = result.outcome
        if outcome is None:
            return
        if not outcome.applicable:
            result.state = "not-applicable"
        elif outcome.conflict is not None:
            result.state, result.full = "conflict", result.max
        else:
            open_ = outcome.pending and not self._missing_is_zero
            result.state = "pending" if open_ else "scored"
            result.points, result.full = outcome.now, outcome.full if open_ else outcome.now
            result.absorbed = outcome.absorbed

    def tally(self, results: Mapping[Place, Result], changed: Collection[str] | None = None) -> dict[str, Tally]:
        """Add up units: what is not applicable, vetoes, blocks, totals.

        With `changed`, the units whose results are not what they were, only those whose sums may have changed.
        """
        units = self.rubric.units if changed is None or self._looks_across else changed
        return tally(units, self.rubric.blocks, self.rubric.indicators, results)

    @cached_property
    def _looks_across(self) -> bool:
        """Whether a unit can take its points from its peers' results."""
        return any(each.not_applicable == "peers-mean" for each in self.rubric.indicators.values())

    def rank(self, tallies: Mapping[str, Tally]) -> list[Ranked]:
        """Order the units, by rank and then by id."""
        return rank(tallies, by_shown=self._by_shown, dense=self._dense, grades=self.rubric.grades)

    def affected(self, unit: str, indicator: str) -> frozenset[Place]:
        """Name every (unit, indicator) whose points an entry on this one can move."""
        return self._moves.get((unit, indicator), frozenset())

    def sources(self, unit: str, indicator: str) -> tuple[Place, ...]:
        """Name every (unit, indicator) whose facts can bear on the points of this one; its own first."""
        return self._asks[unit, indicator]

    @cached_property
    def _asks(self) -> dict[Place, tuple[Place, ...]]:
        found: dict[Place, dict[Place, None]] = {}
        for source, moved in self._moves.items():
            for place in moved:
                found.setdefault(place, {place: None})[source] = None
        return {place: tuple(sources) for place, sources in found.items()}

    @cached_property
    def _moves(self) -> dict[Place, frozenset[Place]]:
        found: dict[Place, set[Place]] = {
            (unit, each.id): {(unit, each.id)} for each in self.rubric.indicators.values() for unit in each.units
        }
        for owner in self.rubric.indicators.values():
            uses = self.rubric.compiled(owner.id, self.readings)[1]
            for unit in owner.units:
                for source in self._sources(owner, unit, uses):
                    found.setdefault(source, set()).add((unit, owner.id))
        return {source: frozenset(moved) for source, moved in found.items()}

    @staticmethod
    def _sources(owner: Indicator, unit: str, uses: Uses) -> set[Place]:
        units = owner.units if uses.cohort else (unit,)
        found = {(each, indicator) for each in units for indicator in uses.indicators}
        for indicator, _, district in uses.measures:
            found |= {(DISTRICT, indicator)} if district else {(each, indicator) for each in units}
        return found


def _zero_itself(result: Result) -> Result:
    """Take what stands beside a veto on the indicator that the veto belongs to."""
    for effect in result.effects:
        left = result.points if effect.open else result.full
        if result.indicator in effect.zero and left > ZERO and result.state != "conflict":
            result = result.zeroed(result.indicator, open_=effect.open)
    return result


def _word(reader: Reader | None, scope: Scope, words: Mapping[str, bool]) -> bool:
    return next(iter(words.values())) if reader is None else reader.within(scope).read(lambda part: part.one_of(words))


def _maximum(indicator: Indicator, readings: Mapping[str, str]) -> Fraction:
    finding = indicator.max_finding
    return indicator.max if finding is None else indicator.maxima[readings[finding]]


def _determine(result: Result, determination: Determination) -> None:
    applies = determination.points is not None
    result.determined = Input(determination)
    result.points = result.full = determination.points or ZERO
    result.state = "determined" if applies else "not-applicable"
    result.absorbed = ZERO


def compile_rule(rubric: "Rubric", indicator: Indicator, scope: Scope) -> tuple[Points | None, Uses]:
    """Read an indicator's rule under the readings of a scope."""
    uses = Uses()
    if indicator.rule is None:
        return None, uses
    env = Env(
        indicator,
        rubric.indicators,
        rubric.units,
        rubric.baselines,
        _maximum(indicator, scope.readings),
        indicator.clause,
        uses,
    )
    try:
        return grammar.points(indicator.rule.within(scope), env), uses
    except Unreadable:
        return None, uses
