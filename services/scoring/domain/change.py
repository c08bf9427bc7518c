"""What one entry changed: the material of a `ScoresChanged`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.scoring.domain.ledger import Pair
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


def compared(before: Mapping[str, Tally], after: Mapping[str, Tally]) -> tuple[tuple[Changed, ...], tuple[Total, ...]]:
    """Say which indicators and which units show anything else; a tally that is the same object is not looked into."""
    moved = [unit for unit in dict.fromkeys([*after, *before]) if before.get(unit) is not after.get(unit)]
    were, are = _results(before, moved), _results(after, moved)
    changes = tuple(
        Changed(*pair, were.get(pair), are.get(pair))
        for pair in dict.fromkeys([*are, *were])
        if _differ(were.get(pair), are.get(pair))
    )
    totals = tuple(
        Total(unit, before.get(unit), after.get(unit)) for unit in moved if _moved(before.get(unit), after.get(unit))
    )
    return changes, totals


def _results(tallies: Mapping[str, Tally], units: Iterable[str]) -> dict[Pair, Result]:
    having = [(unit, tallies[unit]) for unit in units if unit in tallies]
    return {(unit, each): result for unit, tally in having for each, result in tally.results.items()}


def _differ(before: Result | None, after: Result | None) -> bool:
    if before is None or after is None:
        return before is not after
    return before is not after and before.visible != after.visible


def _moved(before: Tally | None, after: Tally | None) -> bool:
    if before is None or after is None:
        return before is not after
    return (before.total, before.attainable, before.provisional, before.blocks) != (
        after.total,
        after.attainable,
        after.provisional,
        after.blocks,
    )
