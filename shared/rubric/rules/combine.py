"""Several points nodes as one: sum, mean, weighted, least, greatest, all or nothing.

A part that is not applicable is left out; where none applies the whole does not. A conflict in one part is a conflict
of the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import ZERO, Case, Outcome
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Points, gives_points, points


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination(Points):
    """Parts and how their points become one number."""

    parts: tuple[Points, ...]

    def below(self) -> tuple[Points, ...]:
        """Give the parts."""
        return self.parts

    def score(self, case: Case) -> Outcome:
        """Score the parts, then combine those that apply."""
        outcomes = tuple(part.score(case) for part in self.parts)
        applying = [n for n, outcome in enumerate(outcomes) if outcome.applicable]
        conflict = next((outcome.conflict for outcome in outcomes if outcome.conflict is not None), None)
        effects = tuple(effect for outcome in outcomes for effect in outcome.effects)
        if not applying:
            return Outcome(self, ZERO, ZERO, ("not-applicable",), applicable=False, parts=outcomes, effects=effects)
        if conflict is not None:
            return Outcome(self, ZERO, self.max, conflict, conflict=conflict, parts=outcomes, effects=effects)
        return Outcome(
            self,
            self.combine([outcomes[n].now for n in applying], applying),
            self.combine([outcomes[n].full for n in applying], applying),
            (self.rule,),
            pending=any(outcome.pending for outcome in outcomes),
            absorbed=sum((outcome.absorbed for outcome in outcomes), ZERO),
            parts=outcomes,
            effects=effects,
        )

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Make one number of the values of the parts at these places."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum(Combination):
    """The sum of the parts, each with its own maximum."""

    rule: ClassVar[str] = "sum"

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Add."""
        del places
        return sum(values, ZERO)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted(Combination):
    """The mean of parts that share one maximum, by weight; equal weights make it the plain mean."""

    rule: ClassVar[str] = "weighted"
    weights: tuple[Fraction, ...]

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Weigh the parts that apply."""
        weights = [self.weights[n] for n in places]
        return sum((weight * value for weight, value in zip(weights, values, strict=True)), ZERO) / sum(weights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean(Combination):
    """The mean of parts that share one maximum."""

    rule: ClassVar[str] = "mean"

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Take the mean of the parts that apply."""
        del places
        return sum(values, ZERO) / len(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Least(Combination):
    """The weakest of the parts."""

    rule: ClassVar[str] = "least"

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Take the least."""
        del places
        return min(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greatest(Combination):
    """The best of the parts."""

    rule: ClassVar[str] = "greatest"

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Take the greatest."""
        del places
        return max(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOrNothing(Combination):
    """The maximum if every part is at its own; otherwise nothing."""

    rule: ClassVar[str] = "all_or_nothing"

    def combine(self, values: Sequence[Fraction], places: Sequence[int]) -> Fraction:
        """Look whether each part is full."""
        full = all(value >= self.parts[n].max for n, value in zip(places, values, strict=True))
        return self.max if full else ZERO


def _parts(reader: Reader, env: Env) -> tuple[Points, ...]:
    found = reader.each(lambda item: points(item, env))
    return found or reader.fail("there is nothing to combine", "list at least one rule")


def _lowest(parts: Sequence[Points], bound: Callable[[Sequence[Fraction]], Fraction]) -> Fraction | None:
    lows = [part.low for part in parts]
    known = [low for low in lows if low is not None]
    return bound(known) if len(known) == len(lows) else None


@gives_points("sum")
def sum_of(reader: Reader, env: Env) -> Points:
    """`{sum: [rules]}`: each states its own maximum."""
    parts = _parts(reader, env.worth(None))
    return Sum(
        clause=env.clause,
        max=sum((part.max for part in parts), ZERO),
        low=_lowest(parts, lambda lows: sum(lows, ZERO)),
        tallies=any(part.tallies for part in parts),
        parts=parts,
    )


@gives_points("mean")
def mean(reader: Reader, env: Env) -> Points:
    """`{mean: [rules]}`: each is worth the whole maximum."""
    parts = _parts(reader, env)
    return Mean(
        clause=env.clause,
        max=sum((part.max for part in parts), ZERO) / len(parts),
        low=_lowest(parts, lambda lows: sum(lows, ZERO) / len(lows)),
        tallies=any(part.tallies for part in parts),
        parts=parts,
    )


@gives_points("weighted")
def weighted(reader: Reader, env: Env) -> Points:
    """`{weighted: [{weight: 0.6, of: rule}, {weight: 0.4, of: rule}]}`: each is worth the whole maximum."""
    found = reader.each(lambda item: _weighed(item, env))
    weights, parts = tuple(weight for weight, _ in found), tuple(part for _, part in found)
    if not parts or any(weight <= 0 for weight in weights):
        reader.fail("a part weighs nothing", "give each a weight above 0")
    total = sum(weights)
    return Weighted(
        clause=env.clause,
        max=sum((weight * part.max for weight, part in found), ZERO) / total,
        low=_lowest(
            parts, lambda lows: sum((weight * low for weight, low in zip(weights, lows, strict=True)), ZERO) / total
        ),
        tallies=any(part.tallies for part in parts),
        parts=parts,
        weights=weights,
    )


def _weighed(reader: Reader, env: Env) -> tuple[Fraction, Points]:
    reader.only("weight", "of")
    return reader.need("weight").read(Reader.number), points(reader.need("of"), env)


@gives_points("least")
def least(reader: Reader, env: Env) -> Points:
    """`{least: [rules]}`: the weakest counts."""
    parts = _parts(reader, env)
    most, low = min(part.max for part in parts), _lowest(parts, min)
    return Least(clause=env.clause, max=most, low=low, tallies=any(part.tallies for part in parts), parts=parts)


@gives_points("greatest")
def greatest(reader: Reader, env: Env) -> Points:
    """`{greatest: [rules]}`: the best counts."""
    parts = _parts(reader, env)
    most, low = max(part.max for part in parts), _lowest(parts, max)
    return Greatest(clause=env.clause, max=most, low=low, tallies=any(part.tallies for part in parts), parts=parts)


@gives_points("all_or_nothing")
def all_or_nothing(reader: Reader, env: Env) -> Points:
    """`{all_or_nothing: [rules]}`: the maximum if every rule is at its own, else nothing."""
    most = env.max
    if most is None:
        reader.fail("nothing says how much all of it is worth", "put it where a maximum is handed down")
    return AllOrNothing(clause=env.clause, max=most, parts=_parts(reader, env))
