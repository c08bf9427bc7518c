"""One points node changed by another thought: a limit, a cliff, a multiplier."""

from dataclasses import dataclass, replace
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import ZERO, Case, Outcome
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Points, Quantity, gives_points, points, quantity
from shared.rubric.rules.quantities import Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Points):
    """Points held between `at_least` and `at_most` (None: open); what it cuts from awards is absorbed."""

    rule: ClassVar[str] = "limit"
    of: Points
    at_most: Fraction | None
    at_least: Fraction | None

    def below(self) -> tuple[Points, ...]:
        """Give what is held."""
        return (self.of,)

    def score(self, case: Case) -> Outcome:
        """Score, then hold."""
        inner = self.of.score(case)
        now, full = self._held(inner.now), self._held(inner.full)
        cut = abs(inner.now - now) if self.tallies and inner.conflict is None else ZERO
        note = ("limited", inner.now) if now != inner.now else ("within-limit",)
        return above(self, inner, now, full, note, absorbed=inner.absorbed + cut)

    def _held(self, value: Fraction) -> Fraction:
        if self.at_most is not None and value > self.at_most:
            return self.at_most
        return self.at_least if self.at_least is not None and value < self.at_least else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Cliff(Points):
    """Nothing where the points are below a share of their maximum; `inclusive`: also at exactly that share."""

    rule: ClassVar[str] = "cliff"
    of: Points
    share: Fraction
    inclusive: bool

    def below(self) -> tuple[Points, ...]:
        """Give what stands before the cliff."""
        return (self.of,)

    def score(self, case: Case) -> Outcome:
        """Score, then see on which side it lies, unrounded."""
        inner = self.of.score(case)
        falls = self._falls(inner.now)
        note = ("below-cliff" if falls else "above-cliff", inner.now / self.of.max if self.of.max else ZERO, self.share)
        full = ZERO if self._falls(inner.full) else inner.full
        return above(self, inner, ZERO if falls else inner.now, full, note)

    def _falls(self, value: Fraction) -> bool:
        edge = self.share * self.of.max
        return value < edge or (self.inclusive and value == edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplied(Points):
    """Points times a factor of at most `up_to`; a missing factor counts 0, and `up_to` at full."""

    rule: ClassVar[str] = "multiplied"
    of: Points
    by: Quantity
    up_to: Fraction

    def below(self) -> tuple[Points, ...]:
        """Give what is multiplied."""
        return (self.of,)

    def score(self, case: Case) -> Outcome:
        """Score, then multiply."""
        inner, factor = self.of.score(case), self.by.amount(case)
        if factor.conflict is not None:
            return replace(self.conflicting(factor.conflict, (*inner.inputs, *factor.inputs)), parts=(inner,))
        open_ = factor.pending or not isinstance(factor.value, Fraction)
        times = min(factor.value, self.up_to) if isinstance(factor.value, Fraction) else ZERO
        note = ("multiplied", inner.now, times) if factor.value is not None else ("missing", ", ".join(factor.lacking))
        # What is taken away is at best multiplied by nothing.
        full = max(inner.full * self.up_to, inner.now * times) if open_ else inner.full * times
        outcome = above(self, inner, inner.now * times, full, note)
        return replace(outcome, pending=outcome.pending or open_, inputs=factor.inputs)


def above(
    node: Points,
    inner: Outcome,
    now: Fraction,
    full: Fraction,
    note: tuple[str | Fraction, ...],
    *,
    absorbed: Fraction | None = None,
) -> Outcome:
    """Answer for a node over one other: its state is the other's."""
    if inner.conflict is not None:
        now, full, note = ZERO, node.max, inner.conflict
    if not inner.applicable:
        now, full = ZERO, ZERO
    return Outcome(
        node,
        now,
        full,
        note,
        pending=inner.pending,
        conflict=inner.conflict,
        applicable=inner.applicable,
        absorbed=inner.absorbed if absorbed is None else absorbed,
        parts=(inner,),
        effects=inner.effects,
    )


@gives_points("limit")
def limit(reader: Reader, env: Env) -> Points:
    """`{of: rule, at_least: 0, at_most: 10}`."""
    reader.only("of", "at_least", "at_most")
    none: Fraction | None = None
    most = reader.field("at_most", Reader.limit, none)
    least = reader.field("at_least", Reader.limit, none)
    if most is not None and least is not None and least > most:
        reader.fail("the limits leave nothing between them", "let `at_least` be the smaller")
    of = points(reader.need("of"), env)
    low = of.low if least is None else least if of.low is None else max(of.low, least)
    return Limit(
        clause=env.clause,
        max=of.max if most is None else min(of.max, most),
        low=low,
        tallies=of.tallies,
        of=of,
        at_most=most,
        at_least=least,
    )


@gives_points("cliff")
def cliff(reader: Reader, env: Env) -> Points:
    """`{of: rule, share: 70%, inclusive: false}`."""
    reader.only("of", "share", "inclusive")
    of = points(reader.need("of"), env)
    share = reader.need("share").read(Reader.number)
    return Cliff(
        clause=env.clause,
        max=of.max,
        low=ZERO if share >= 0 else of.low,
        tallies=of.tallies,
        of=of,
        share=share,
        inclusive=reader.field("inclusive", Reader.flag, False),
    )


@gives_points("multiplied")
def multiplied(reader: Reader, env: Env) -> Points:
    """`{of: rule, by: difficulty, up_to: 1.2}`; a factor that is a number needs no `up_to`."""
    reader.only("of", "by", "up_to")
    of, by = points(reader.need("of"), env), quantity(reader.need("by"), env)
    if isinstance(by, Number) and reader.get("up_to") is None:
        most = by.value
    else:
        most = reader.need("up_to").read(Reader.number)
    low = None if of.low is None else min(of.low * most, ZERO)
    return Multiplied(clause=env.clause, max=of.max * most, low=low, tallies=of.tallies, of=of, by=by, up_to=most)
