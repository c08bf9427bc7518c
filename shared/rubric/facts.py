"""What is known of a unit at one coordinate: the input of every rule.

Facts carry no names of entries, only positions: who looks at a trace can ask the ledger for the entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.contracts.numbers import Fraction

Value = Fraction | str
"""A number, or a word such as a verdict."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A reported or judged value that is in force; `occasion` names the list where a measure has several."""

    indicator: str
    measure: str
    provider: str
    value: Value
    occurred: date
    position: int
    occasion: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Award:
    """Points given or taken on a line; `name` is the occasion of an award, the incident of a deduction."""

    indicator: str
    line: str
    name: str
    points: Fraction
    occurred: date
    position: int


@dataclass(frozen=True, slots=True)
class Determination:
    """The assessor settles one indicator of one unit; `points` is None where it is not applicable."""

    points: Fraction | None
    occurred: date
    position: int


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """The facts of one unit, as the readings in force leave them.

    `figures` holds for each (indicator, measure) the latest figure of every provider and occasion;
    `awards` for each indicator every award or deduction in force. `excluded` holds what a reading left
    out, with the finding's id: it bears on no point and is shown in the trace.
    """

    figures: Mapping[tuple[str, str], tuple[Figure, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[Figure, ...]]
    )
    awards: Mapping[str, tuple[Award, ...]] = field(default_factory=dict[str, tuple[Award, ...]])
    excluded: Mapping[str, tuple[tuple[Figure | Award, str], ...]] = field(
        default_factory=dict[str, tuple[tuple[Figure | Award, str], ...]]
    )
