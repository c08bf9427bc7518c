"""Points that depend on conditions: choosing, vetoes, and the three states a rule can declare."""

from dataclasses import dataclass, replace
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import ZERO, Amount, Case, Effect, Input, Outcome
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Condition, Env, Points, condition, gives_points, points
from shared.rubric.rules.limits import above


@dataclass(frozen=True, slots=True, kw_only=True)
class Choose(Points):
    """The first branch whose condition holds, else `otherwise`; pending where a condition cannot be told yet."""

    rule: ClassVar[str] = "choose"
    branches: tuple[tuple[Condition, Points], ...]
    otherwise: Points

    def below(self) -> tuple[Points, ...]:
        """Give every branch."""
        return (*(branch for _, branch in self.branches), self.otherwise)

    def score(self, case: Case) -> Outcome:
        """Go through the branches in order."""
        looked: list[Amount] = []
        for test, branch in self.branches:
            holds, amounts = test.holds(case)
            looked += amounts
            if holds is None:
                return self._untold(looked)
            if holds:
                return self._with(branch.score(case), looked)
        return self._with(self.otherwise.score(case), looked)

    def _untold(self, looked: list[Amount]) -> Outcome:
        outcome = self.unsettled(*looked) or self.conflicting(("not-a-number",))
        return replace(outcome, inputs=_inputs(looked))

    def _with(self, inner: Outcome, looked: list[Amount]) -> Outcome:
        # What a condition looked at may still change, and with it the branch.
        open_ = inner.conflict is None and any(amount.pending for amount in looked)
        outcome = above(self, inner, inner.now, inner.full, ("chosen",))
        if open_:
            outcome = replace(
                outcome, full=self.at_best(inner.now), note=("chosen-open",), pending=True, applicable=True
            )
        # At full the whole is worth what the branch is: a conflict is attainable at the largest maximum.
        seen = {id(each.row) for part in _all(inner) for each in part.inputs}
        return replace(outcome, inputs=tuple(each for each in _inputs(looked) if id(each.row) not in seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class Veto(Points):
    """Points as they are, and when the condition holds also an effect beyond them; `zero_self`: no points either."""

    rule: ClassVar[str] = "veto"
    test: Condition
    of: Points
    effect: Effect
    zero_self: bool

    def below(self) -> tuple[Points, ...]:
        """Give what is vetoed."""
        return (self.of,)

    def score(self, case: Case) -> Outcome:
        """Score, then ask the condition."""
        inner = self.of.score(case)
        holds, amounts = self.test.holds(case)
        inputs = _inputs(amounts)
        conflict = next((amount.conflict for amount in amounts if amount.conflict is not None), None)
        if holds is None and conflict is not None:
            return replace(self.conflicting(conflict, inputs), parts=(inner,), effects=inner.effects)
        open_ = holds is None or any(amount.pending for amount in amounts)
        if not holds:
            outcome = above(self, inner, inner.now, inner.full, ("no-veto" if holds is False else "veto-open",))
            return replace(outcome, pending=inner.pending or open_, inputs=inputs)
        now, full = (min(inner.now, ZERO), min(inner.full, ZERO)) if self.zero_self else (inner.now, inner.full)
        outcome = above(self, inner, now, inner.full if open_ else full, ("veto",))
        effect = replace(self.effect, open=open_)
        return replace(outcome, pending=inner.pending or open_, inputs=inputs, effects=(*inner.effects, effect))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Points):
    """Points that stand until something better is known: attainable at the maximum."""

    rule: ClassVar[str] = "pending"
    of: Points

    def below(self) -> tuple[Points, ...]:
        """Give what stands meanwhile."""
        return (self.of,)

    def score(self, case: Case) -> Outcome:
        """Score, and mark it pending."""
        inner = self.of.score(case)
        return replace(above(self, inner, inner.now, self.at_best(inner.now), ("pending",)), pending=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict(Points):
    """Facts that contradict each other, as the rubric says: no points, the maximum at full."""

    rule: ClassVar[str] = "conflict"
    why: str

    def score(self, case: Case) -> Outcome:  # noqa: ARG002  the facts were asked by whoever chose this
        """Declare it."""
        return self.conflicting(("conflict", self.why))


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplicable(Points):
    """The indicator, or this part of it, does not apply to the unit."""

    rule: ClassVar[str] = "not_applicable"
    why: str

    def score(self, case: Case) -> Outcome:  # noqa: ARG002  the facts were asked by whoever chose this
        """Declare it."""
        return Outcome(self, ZERO, ZERO, ("not-applicable", self.why), applicable=False)


def _inputs(amounts: list[Amount] | tuple[Amount, ...]) -> tuple[Input, ...]:
    found: dict[int, Input] = {}
    for amount in amounts:
        for each in amount.inputs:
            found.setdefault(id(each.row), each)
    return tuple(found.values())


def _all(outcome: Outcome) -> list[Outcome]:
    return [outcome, *(below for part in outcome.parts for below in _all(part))]


@gives_points("choose")
def choose(reader: Reader, env: Env) -> Points:
    """`[{if: condition, then: rule}, …, {else: rule}]`."""
    items = reader.items()
    if len(items) < 2 or items[-1].get("else") is None:
        reader.fail("nothing is said for when no condition holds", "end the list with `- else: …`")
    branches = tuple(_branch(item, env) for item in items[:-1])
    items[-1].only("else")
    otherwise = points(items[-1].need("else"), env)
    every = (*(branch for _, branch in branches), otherwise)
    lows = [branch.low for branch in every]
    known = [low for low in lows if low is not None]
    return Choose(
        clause=env.clause,
        max=max(branch.max for branch in every),
        low=min(known) if len(known) == len(lows) else None,
        tallies=any(branch.tallies for branch in every),
        branches=branches,
        otherwise=otherwise,
    )


def _branch(reader: Reader, env: Env) -> tuple[Condition, Points]:
    reader.only("if", "then")
    return condition(reader.need("if"), env), points(reader.need("then"), env)


@gives_points("veto")
def veto(reader: Reader, env: Env) -> Points:
    """`{if: condition, of: rule, zero: [K1], hold_total: 60, bar: [excellent]}`."""
    reader.only("if", "of", "zero", "hold_total", "bar")
    nothing: tuple[str, ...] = ()
    none: Fraction | None = None
    zero = reader.field("zero", Reader.texts, nothing)
    for name in zero:
        if name not in env.indicators:
            reader.need("zero").fail(f"there is no indicator {name}", f"known are {', '.join(env.indicators)}")
    effect = Effect(zero, reader.field("hold_total", Reader.number, none), reader.field("bar", Reader.texts, nothing))
    of = points(reader.need("of"), env)
    zero_self = env.owner.id in zero
    low = of.low if not zero_self or of.low is None else min(of.low, ZERO)
    return Veto(
        clause=env.clause,
        max=of.max,
        low=low,
        tallies=of.tallies,
        test=condition(reader.need("if"), env),
        of=of,
        effect=effect,
        zero_self=zero_self,
    )


@gives_points("pending")
def pending(reader: Reader, env: Env) -> Points:
    """`{pending: rule}`."""
    of = points(reader, env)
    return Pending(clause=env.clause, max=of.max, low=of.low, tallies=of.tallies, of=of)


@gives_points("conflict")
def conflict(reader: Reader, env: Env) -> Points:
    """`{conflict: why}`."""
    return Conflict(clause=env.clause, max=env.max or ZERO, why=reader.text())


@gives_points("not_applicable")
def not_applicable(reader: Reader, env: Env) -> Points:
    """`{not_applicable: why}`."""
    return NotApplicable(clause=env.clause, max=ZERO, why=reader.text())
