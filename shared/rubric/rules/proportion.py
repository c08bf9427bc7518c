"""Points in proportion to a target."""

from dataclasses import dataclass
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import Case, Note, Outcome
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Points, Quantity, gives_points, quantity
from shared.rubric.rules.quantities import Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion(Points):
    """`worth` points times the ratio of actual to target, the ratio between `floor` and `cap` (None: open).

    Counted from `base` where there is one: none of the points at the base, all at the target. Without it `lower`
    turns the ratio round. A figure as target that is not above 0 cannot be divided by: a conflict.
    """

    rule: ClassVar[str] = "proportion"
    worth: Fraction
    actual: Quantity
    target: Quantity
    base: Quantity | None
    cap: Fraction | None
    floor: Fraction | None
    lower: bool

    def score(self, case: Case) -> Outcome:
        """Divide, bound, multiply."""
        amounts = [self.actual.amount(case), self.target.amount(case)]
        if self.base is not None:
            amounts.append(self.base.amount(case))
        unsettled = self.unsettled(*amounts)
        if unsettled is not None:
            return unsettled
        numbers = [amount.value for amount in amounts if isinstance(amount.value, Fraction)]
        ratio = self._ratio(numbers)
        if ratio is None:
            inputs = tuple(each for amount in amounts for each in amount.inputs)
            return self.conflicting(("not-positive", numbers[1]), inputs)
        counted = self._bounded(ratio)
        note: Note = ("proportion", *numbers[:2], ratio, self.worth)
        if counted != ratio:
            note = ("proportion-held", *note[1:], counted)
        return self.settled(self.worth * counted, note, *amounts)

    def _ratio(self, numbers: list[Fraction]) -> Fraction | None:
        actual, target, *base = numbers
        if base:
            return (actual - base[0]) / (target - base[0]) if target != base[0] else None
        if target <= 0:
            return None
        if not self.lower:
            return actual / target
        return target / actual if actual > 0 else self.cap

    def _bounded(self, ratio: Fraction) -> Fraction:
        if self.cap is not None and ratio > self.cap:
            return self.cap
        return self.floor if self.floor is not None and ratio < self.floor else ratio


@gives_points("proportion")
def proportion(reader: Reader, env: Env) -> Points:
    """`{actual: new_firms, target: 5900}`, with `base`, `cap`, `floor`, `better: lower`, `max` where they differ."""
    reader.only("actual", "target", "base", "cap", "floor", "better", "max")
    worth = env.maximum(reader)
    none: Quantity | None = None
    cap = reader.field("cap", Reader.limit, Fraction(1))
    floor = reader.field("floor", Reader.limit, Fraction(0))
    target = quantity(reader.need("target"), env)
    base = reader.field("base", lambda part: quantity(part, env), none)
    if base is None and isinstance(target, Number) and target.value <= 0:
        reader.need("target").fault("a target of 0 or less cannot be divided by", "state a target above 0, or a `base`")
    return Proportion(
        clause=env.clause,
        max=worth * cap if cap is not None else worth,
        low=worth * floor if floor is not None else None,
        worth=worth,
        actual=quantity(reader.need("actual"), env),
        target=target,
        base=base,
        cap=cap,
        floor=floor,
        lower=reader.field("better", lambda part: part.one_of({"higher": False, "lower": True}), False),
    )
