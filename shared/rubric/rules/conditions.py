"""Conditions on quantities. What compares with a missing quantity cannot be told yet."""

import operator
from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import Amount, Case
from shared.rubric.reader import Reader, number_in
from shared.rubric.rules.grammar import Condition, Env, Quantity, condition, gives_condition, quantity

Told = tuple[bool | None, tuple[Amount, ...]]

COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}
"""The four thresholds, inclusive or not by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compares(Condition):
    """A quantity against a threshold, which is a quantity too."""

    of: Quantity
    compare: Callable[[Fraction, Fraction], bool]
    threshold: Quantity

    def holds(self, case: Case) -> Told:
        """Compare exactly."""
        left, right = self.of.amount(case), self.threshold.amount(case)
        if not isinstance(left.value, Fraction) or not isinstance(right.value, Fraction):
            return None, (left, right)
        return self.compare(left.value, right.value), (left, right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Is(Condition):
    """A quantity that is one of some words or numbers."""

    of: Quantity
    words: tuple[str, ...]
    numbers: tuple[Fraction, ...]

    def holds(self, case: Case) -> Told:
        """Look whether it is among them."""
        amount = self.of.amount(case)
        if amount.value is None:
            return None, (amount,)
        known = self.words if isinstance(amount.value, str) else self.numbers
        return amount.value in known, (amount,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing(Condition):
    """A quantity that nobody has reported; always told."""

    of: Quantity

    def holds(self, case: Case) -> Told:
        """Look whether it is missing."""
        amount = self.of.amount(case)
        return amount.value is None and amount.conflict is None, (Amount(Fraction(0), inputs=amount.inputs),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Every(Condition):
    """Several conditions: all of them, or (`either`) any one. One that decides does so whatever cannot be told."""

    of: tuple[Condition, ...]
    either: bool

    def holds(self, case: Case) -> Told:
        """Combine them."""
        told = [each.holds(case) for each in self.of]
        amounts = tuple(amount for _, seen in told for amount in seen)
        answers = [answer for answer, _ in told]
        if self.either in answers:
            decided = tuple(amount for answer, seen in told if answer is self.either for amount in seen)
            return self.either, decided
        return (None if None in answers else not self.either), amounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Condition):
    """The opposite of a condition."""

    of: Condition

    def holds(self, case: Case) -> Told:
        """Turn it round."""
        answer, amounts = self.of.holds(case)
        return (None if answer is None else not answer), amounts


@gives_condition("of")
def compares(reader: Reader, env: Env) -> Condition:
    """`{of: coverage, at_least: 100}`, `{of: verdict, is: pass}`."""
    reader.only("of", "is", *COMPARISONS)
    of = quantity(reader.need("of"), env)
    found = [word for word in ("is", *COMPARISONS) if reader.get(word) is not None]
    if len(found) != 1:
        reader.fail("a comparison has one threshold", f"write one of is, {', '.join(COMPARISONS)}")
    word = found[0]
    threshold = reader.need(word)
    if word != "is":
        return Compares(of=of, compare=COMPARISONS[word], threshold=quantity(threshold, env))
    words = threshold.read(lambda part: part.texts() if part.is_list() else (part.text(),))
    numbers = tuple(number_in(word) for word in words)
    return Is(of=of, words=words, numbers=tuple(number for number in numbers if number is not None))


@gives_condition("missing")
def missing(reader: Reader, env: Env) -> Condition:
    """`{missing: verdict}`."""
    reader.only("missing")
    return Missing(of=quantity(reader.need("missing"), env))


@gives_condition("all")
def every(reader: Reader, env: Env) -> Condition:
    """`{all: [conditions]}`."""
    reader.only("all")
    return Every(of=reader.need("all").each(lambda item: condition(item, env)), either=False)


@gives_condition("any")
def either(reader: Reader, env: Env) -> Condition:
    """`{any: [conditions]}`."""
    reader.only("any")
    return Every(of=reader.need("any").each(lambda item: condition(item, env)), either=True)


@gives_condition("not")
def opposite(reader: Reader, env: Env) -> Condition:
    """`{not: condition}`."""
    reader.only("not")
    return Not(of=condition(reader.need("not"), env))
