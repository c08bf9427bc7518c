"""A rubric: everything one published document says about an assessment, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import product

from shared.contracts.numbers import Fraction
from shared.rubric.admission import Admission, Bounds
from shared.rubric.calendar import Period, periods
from shared.rubric.exclusions import Exclusions
from shared.rubric.facts import Award, Figure
from shared.rubric.model import (
    Block,
    Document,
    Example,
    Finding,
    Grade,
    Indicator,
    Provider,
    Task,
    Unit,
    Unscored,
    WorkItem,
)
from shared.rubric.reader import Choice, Reader, Scope
from shared.rubric.rules.grammar import Points, Uses
from shared.rubric.ruleset import Rules, compile_rule

Compiled = tuple[Points | None, Uses]

MOST_TABLES = 256
"""So many tables of readings are kept compiled at once: anyone may ask for any combination."""

MOST_COMBINATIONS = 256
"""Beyond this many combinations of readings in one rule, bounds vary one finding at a time."""


@dataclass(frozen=True, eq=False)
class Rubric:
    """One version of one rubric; `digest` is of its exact text.

    `choices` are all places that differ by reading, `uses` the findings that each indicator's rule depends on.
    """

    id: str
    version: int
    digest: str
    text: str
    title: str
    english: str
    start: date
    end: date
    timezone: str
    assessor: str
    total: Fraction
    document: Document
    units: Mapping[str, Unit]
    providers: Mapping[str, Provider]
    blocks: Mapping[str, Block]
    indicators: Mapping[str, Indicator]
    findings: Mapping[str, Finding]
    tasks: tuple[Task, ...]
    work_items: tuple[WorkItem, ...]
    unscored: Mapping[str, Unscored]
    baselines: Mapping[str, Mapping[str, Fraction]]
    missing: Reader | None
    order_by: Reader | None
    ties: Reader | None
    grades: tuple[Grade, ...]
    examples: tuple[Example, ...]
    choices: tuple[Choice, ...]
    uses: Mapping[str, tuple[str, ...]]
    _rules: dict[tuple[str, ...], Rules] = field(default_factory=dict[tuple[str, ...], Rules])
    _compiled: dict[tuple[str, ...], Compiled] = field(default_factory=dict[tuple[str, ...], Compiled])

    @cached_property
    def admission(self) -> Admission:
        """What the gate asks."""
        return Admission(self.units, self.indicators, self.findings, self.bounds)

    @cached_property
    def rows(self) -> Exclusions:
        """Which readings leave which rows out."""
        return Exclusions(self.indicators.values())

    def exclusions(self, row: Figure | Award) -> int:
        """Give a bit for every (finding, reading) that would leave this row out before the latest is chosen."""
        return self.rows.of(row)

    def periods(self, provider: str) -> tuple[Period, ...]:
        """Give the periods in which a provider is expected to report."""
        return periods(self.providers[provider].calendar, self.start, self.end)

    @cached_property
    def defaults(self) -> Mapping[str, str]:
        """Give the default reading of every finding that has readings."""
        return {finding.id: finding.default for finding in self.findings.values() if finding.default is not None}

    def readings(self, overrides: Mapping[str, str]) -> dict[str, str]:
        """Give the full table of readings: the defaults, and `overrides` over them.

        Raises:
            NotPlaced: A finding or a reading that the rubric does not have.

        """
        for finding, reading in overrides.items():
            self.admission.reading(finding, reading)
        return {**self.defaults, **overrides}

    def under(self, readings: Mapping[str, str]) -> Rules:
        """Give the rules under a table of readings (what it leaves out stands at its default); kept for the next time.

        Raises:
            NotPlaced: A finding or a reading that the rubric does not have.

        """
        table = self.readings(readings)
        key = tuple(table.values())
        found = self._rules[key] = self._rules.pop(key, None) or Rules(self, table)
        for oldest in list(self._rules)[:-MOST_TABLES]:  # a list, for others may be adding
            self._rules.pop(oldest, None)
        return found

    def compiled(self, indicator: str, readings: Mapping[str, str]) -> Compiled:
        """Give an indicator's rule and what it uses: compiled once for the readings that it depends on."""
        key = indicator, *(readings[finding] for finding in self.uses[indicator])
        if key not in self._compiled:
            self._compiled[key] = compile_rule(self, self.indicators[indicator], self.scope(readings))
        return self._compiled[key]

    def scope(self, readings: Mapping[str, str]) -> Scope:
        """Give what a reader needs to see through choices under these readings."""
        known = {finding.id: tuple(finding.readings) for finding in self.findings.values() if finding.readings}
        return Scope(readings=readings, known=known)

    def bearing(self, indicator: str) -> tuple[str, ...]:
        """Name the findings that bear on an indicator: what its points depend on, and open questions on its clause."""
        owner = self.indicators[indicator]
        found = [*self.uses[indicator], *(each.grain_finding for each in owner.measures.values()), owner.from_finding]
        if owner.measures and self.missing is not None:
            found.append(self.missing.deciding())
        asked = [
            finding.id
            for finding in self.findings.values()
            if finding.id in found or (not finding.readings and _touch(finding.clause, owner.clause))
        ]
        return tuple(asked)

    def bounds(self, indicator: str) -> Bounds:
        """Give the least points that any reading allows (None: no bound), and the largest maximum."""
        lows = [self._low(indicator, table) for table in self.tables(self.uses[indicator])]
        least = None if any(low is None for low in lows) else min(low for low in lows if low is not None)
        low = None if least is None else min(least, Fraction(0))
        return low, self.indicators[indicator].largest_max

    def _low(self, indicator: str, table: Mapping[str, str]) -> Fraction | None:
        rule, _ = self.compiled(indicator, table)
        return Fraction(0) if rule is None else rule.low

    def tables(self, findings: tuple[str, ...], most: int = MOST_COMBINATIONS) -> list[dict[str, str]]:
        """Give a full table of readings for every combination of these findings (or for each alone, if too many)."""
        options = [list(self.findings[finding].readings) for finding in findings]
        size = 1
        for each in options:
            size *= len(each)
        if size <= most:
            picks = [dict(zip(findings, pick, strict=True)) for pick in product(*options)]
        else:
            picks = [{finding: one} for finding, each in zip(findings, options, strict=True) for one in each]
        return [{**self.defaults, **pick} for pick in picks]


def _touch(one: str, other: str) -> bool:
    """Whether two clauses are the same, or one lies within the other."""
    short, long = sorted((one, other), key=len)
    return long == short or long.startswith(f"{short}.")
