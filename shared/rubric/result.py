"""What scoring answers: one indicator of one unit, one unit, one place in the order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from shared.contracts.numbers import Fraction
from shared.rubric import trace
from shared.rubric.outcome import ZERO, Effect, Input, Note, Outcome


@dataclass(slots=True)
class Result:
    """One indicator of one unit: `points` now, `full` with every missing measure at full, and why.

    `state` is scored, pending, conflict, not-applicable or determined. `adjusted` says why a tally gave it other
    points. The trace is written when it is asked for.
    """

    unit: str
    indicator: str
    clause: str
    max: Fraction
    points: Fraction
    full: Fraction
    state: str
    absorbed: Fraction
    outcome: Outcome | None
    determined: Input | None
    excluded: tuple[Input, ...]
    said: trace.Said
    effects: tuple[Effect, ...] = ()
    adjusted: Note = ()

    @property
    def visible(self) -> tuple[object, ...]:
        """All that a standing shows of it."""
        return self.points, self.full, self.max, self.state, self.absorbed

    @property
    def worth(self) -> tuple[object, ...]:
        """All that a tally makes something of."""
        return *self.visible, self.effects

    @property
    def trace(self) -> dict[str, Any]:
        """The trace as the contract has it; inputs carry `position`, and whoever holds the entries adds the rest."""
        scored = self._scored()
        top = scored
        if self.determined is not None:
            note: Note = ("determined" if self.state == "determined" else "determined-na",)
            # What a determination overrides stays to be seen below it.
            inputs = [trace.of_input(self.determined, self.said)]
            top = trace.node("determination", self.clause, self.points, self.max, note, inputs=inputs, parts=[scored])
        if self.adjusted:
            top = trace.node("adjusted", self.clause, self.points, self.max, self.adjusted, inputs=[], parts=[top])
        return top

    def _scored(self) -> dict[str, Any]:
        if self.outcome is not None:
            return trace.of_outcome(self.outcome, self.said, self.excluded)
        tracked = trace.node("tracked", self.clause, ZERO, ZERO, ("tracked",), inputs=[], parts=[])
        return trace.listing(tracked, self.excluded, self.said)

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every clause the points rest on, the indicator's own first."""
        found = [self.clause]
        stack = [self.outcome] if self.outcome is not None else []
        while stack:
            outcome = stack.pop()
            found.append(outcome.node.clause)
            stack += reversed(outcome.parts)
        return tuple(dict.fromkeys(clause for clause in found if clause))

    def zeroed(self, by: str, *, open_: bool) -> "Result":
        """Give the same without what was earned (what was deducted stays), for a veto that may still fall or not."""
        return self.adjust(min(self.points, ZERO), self.full if open_ else min(self.full, ZERO), ("zeroed", by))

    def adjust(self, points: Fraction, full: Fraction, note: Note) -> "Result":
        """Give the same with other points, and why."""
        return replace(self, points=points, full=full, adjusted=note)


@dataclass(frozen=True, slots=True)
class BlockPoints:
    """A unit's points in one block."""

    points: Fraction
    max: Fraction
    full: Fraction


@dataclass(slots=True)
class Tally:
    """One unit: its total, what is attainable, and its blocks. `barred` are grades that a veto closes to it."""

    unit: str
    total: Fraction
    attainable: Fraction
    provisional: bool
    blocks: Mapping[str, BlockPoints]
    results: Mapping[str, Result]
    held: Fraction | None = None
    barred: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place in the order; `tied` with at least one other unit."""

    unit: str
    rank: int
    tied: bool
    grade: str | None
