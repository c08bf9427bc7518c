"""What a rule answers: quantities and points, both with their reasons.

Every answer in points is worked out twice, side by side: `now`, and `full`, where every missing measure is at full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Determination, Figure, UnitFacts, Value
from shared.rubric.model import DISTRICT

if TYPE_CHECKING:
    from shared.rubric.rules.grammar import Points
    from shared.rubric.ruleset import Rules

ZERO = Fraction(0)
NOTHING = UnitFacts()

Note = tuple[str | Fraction, ...]
"""A phrase's code and what goes into it; written out only when a trace is asked for."""


@dataclass(slots=True)
class Input:
    """A fact that was looked at. `excluded` names the finding whose reading leaves it out."""

    row: Figure | Award | Determination
    used: bool = True
    excluded: str | None = None


@dataclass(slots=True)
class Amount:
    """A quantity: a number or a word in `value`; missing (`lacking` names the measures); or in conflict.

    `pending` marks a value that stands until another is reported.
    """

    value: Value | None
    lacking: tuple[str, ...] = ()
    conflict: Note | None = None
    pending: bool = False
    inputs: tuple[Input, ...] = ()


@dataclass(slots=True)
class Effect:
    """What a veto does beyond its own points: zeroes items, holds the total, bars grades; `open`: it may still fall."""

    zero: tuple[str, ...] = ()
    hold: Fraction | None = None
    bar: tuple[str, ...] = ()
    open: bool = False


@dataclass(slots=True)
class Outcome:
    """Points of one node. `note` says how they came about, `parts` are the nodes below."""

    node: "Points"
    now: Fraction
    full: Fraction
    note: Note = ()
    pending: bool = False
    conflict: Note | None = None
    applicable: bool = True
    absorbed: Fraction = ZERO
    inputs: tuple[Input, ...] = ()
    parts: tuple["Outcome", ...] = ()
    effects: tuple[Effect, ...] = ()

    @property
    def cut(self) -> Fraction:
        """What this node itself cuts away of awards or deductions: `absorbed` without that of its parts."""
        return max(self.absorbed - sum((part.absorbed for part in self.parts), ZERO), ZERO)


@dataclass(slots=True)
class Case:
    """One unit before one indicator, with everything known."""

    unit: str
    indicator: str
    facts: Mapping[str, UnitFacts]
    rules: "Rules"

    def figures(self, indicator: str, measure: str, *, district: bool) -> tuple[Figure, ...]:
        """Give the latest figure of every provider and list."""
        facts = self.facts.get(DISTRICT if district else self.unit, NOTHING)
        return facts.figures.get((indicator, measure), ())

    def awards(self, indicator: str) -> tuple[Award, ...]:
        """Give the awards and deductions in force."""
        return self.facts.get(self.unit, NOTHING).awards.get(indicator, ())

    def of(self, unit: str) -> "Case":
        """Look at another unit of the cohort."""
        return Case(unit, self.indicator, self.facts, self.rules)
