"""What one entry changed: the material of a `ScoresChanged`."""

from dataclasses import dataclass
from typing import Any

from shared.rubric.result import Result, Tally


@dataclass(frozen=True, slots=True)
class Changed:
    """One indicator of one unit before and after; None where it was or is not assessed."""

    unit: str
    indicator: str
    before: Result | None
    after: Result | None


@dataclass(frozen=True, slots=True)
class Total:
    """A unit's total before and after, and all beside it."""

    unit: str
    before: Tally | None
    after: Tally | None


@dataclass(frozen=True, slots=True)
class Change:
    """What an entry changed of the live scores, the rules and the state.

    `standing` is the whole standing at the coordinate that a freeze, a closing or a restatement names; `supersedes` is
    the position of the one that a restatement replaces.
    """

    position: int
    source: str
    id: str
    type: str
    acceptedtime: str
    changes: tuple[Changed, ...]
    totals: tuple[Total, ...]
    rules_changed: bool
    state_changed: bool
    state: str
    standing: dict[str, Any] | None = None
    supersedes: int | None = None
