"""Who comes first: totals into ranks, by the rule a rubric (or a ruling) chose for rounding and for ties."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts.numbers import Fraction, rounded

COMPETITION, DENSE = "competition", "dense"
SHOWN, EXACT = "shown", "exact"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit's rank, from 1; `tied` where another has the same."""

    unit: str
    rank: int
    tied: bool


def places(totals: Mapping[str, Fraction], *, by: str = SHOWN, ties: str = COMPETITION) -> list[Place]:
    """Rank units by their totals, the greatest first; in order of rank, then of unit id.

    `by` is `shown` (the total as printed, two places) or `exact`; `ties` is `competition` (1, 1, 3) or `dense`
    (1, 1, 2).
    """
    keys = {unit: rounded(total) if by == SHOWN else total for unit, total in totals.items()}
    ordered = sorted(keys, key=lambda unit: (-keys[unit], unit))
    levels = sorted(set(keys.values()), reverse=True)
    counts = list(keys.values())
    before = {key: sum(other > key for other in (counts if ties == COMPETITION else levels)) for key in levels}
    return [Place(unit, 1 + before[keys[unit]], counts.count(keys[unit]) > 1) for unit in ordered]
