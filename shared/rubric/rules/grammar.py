"""The grammar of rules: which words begin a node, and of which sort it is.

There are two sorts. A **quantity** is a number or a word, or is missing, or is in conflict. **Points** are what a
node gives; a points node knows the most (`max`) and the least (`low`) it can give. Conditions stand between: they hold,
do not hold, or cannot be told yet.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

from shared.contracts.numbers import Fraction
from shared.rubric.model import Indicator, Unit
from shared.rubric.outcome import ZERO, Amount, Case, Input, Note, Outcome
from shared.rubric.reader import Reader

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:%|/[0-9]+(?:\.[0-9]+)?)?")


@dataclass(slots=True)
class Uses:
    """What a rule looks at beyond its own unit: the cohort, measures (indicator, measure, district), other awards."""

    cohort: bool = False
    measures: set[tuple[str, str, bool]] = field(default_factory=set[tuple[str, str, bool]])
    indicators: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, slots=True)
class Env:
    """Where a node stands: whose rule it is, what it may refer to, and what it inherits.

    `max` is the maximum that a node takes when it states none; None where it has to state one.
    """

    owner: Indicator
    indicators: Mapping[str, Indicator]
    units: Mapping[str, Unit]
    baselines: Mapping[str, Mapping[str, Fraction]]
    max: Fraction | None
    clause: str
    uses: Uses

    def worth(self, maximum: Fraction | None) -> "Env":
        """Hand down another maximum."""
        return replace(self, max=maximum)

    def maximum(self, reader: Reader) -> Fraction:
        """Give the maximum that a node states, or the one handed down."""
        stated = reader.get("max") if reader.is_mapping() else None
        if stated is not None:
            return stated.read(Reader.number)
        if self.max is None:
            reader.fail("a part of a sum states its own maximum", "add `max:`")
        return self.max


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A node that gives a number or a word."""

    def amount(self, case: Case) -> Amount:
        """Work it out for one unit."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A node that gives points: at most `max`; at least `low`, None where nothing bounds them.

    `tallies` says that awards or deductions are among them, so that what a limit cuts is absorbed.
    """

    rule: ClassVar[str]
    clause: str
    max: Fraction
    low: Fraction | None = ZERO
    tallies: bool = False

    def score(self, case: Case) -> Outcome:
        """Work it out for one unit, now and at full."""
        raise NotImplementedError

    def below(self) -> tuple["Points", ...]:
        """Give the points nodes right below."""
        return ()

    def unsettled(self, *amounts: Amount) -> Outcome | None:
        """Answer where a quantity is in conflict or missing; None where all are known."""
        if all(amount.value is not None and amount.conflict is None and not amount.lacking for amount in amounts):
            return None
        inputs = tuple(each for amount in amounts for each in amount.inputs)
        for amount in amounts:
            if amount.conflict is not None:
                return self.conflicting(amount.conflict, inputs)
        lacking = tuple(name for amount in amounts for name in amount.lacking)
        if lacking or any(amount.value is None for amount in amounts):
            note: Note = ("missing", ", ".join(dict.fromkeys(lacking)))
            return Outcome(self, ZERO, self.max, note, pending=True, inputs=inputs)
        return None

    def conflicting(self, note: Note, inputs: tuple[Input, ...] = ()) -> Outcome:
        """Answer that the facts contradict each other: no points now, the maximum at full."""
        return Outcome(self, ZERO, self.max, note, conflict=note, inputs=inputs)

    def settled(self, points: Fraction, note: Note, *amounts: Amount) -> Outcome:
        """Answer with points; at full where one of the quantities is still pending."""
        pending = any(amount.pending for amount in amounts)
        inputs = tuple(each for amount in amounts for each in amount.inputs)
        return Outcome(self, points, self.at_best(points) if pending else points, note, pending=pending, inputs=inputs)

    def at_best(self, points: Fraction) -> Fraction:
        """Give what is attainable while these points may still change: the maximum, or more where none bounds them."""
        return max(self.max, points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A node that holds, does not hold, or (None) cannot be told yet."""

    def holds(self, case: Case) -> tuple[bool | None, tuple[Amount, ...]]:
        """Say whether it holds, and what it looked at."""
        raise NotImplementedError


PointsParser = Callable[[Reader, Env], Points]
QuantityParser = Callable[[Reader, Env], Quantity]
ConditionParser = Callable[[Reader, Env], Condition]
P = TypeVar("P", bound=PointsParser)
Q = TypeVar("Q", bound=QuantityParser)
C = TypeVar("C", bound=ConditionParser)

POINTS: dict[str, PointsParser] = {}
QUANTITIES: dict[str, QuantityParser] = {}
CONDITIONS: dict[str, ConditionParser] = {}


def gives_points(word: str) -> Callable[[P], P]:
    """Register the parser of a points node."""

    def register(parser: P) -> P:
        POINTS[word] = parser
        return parser

    return register


def gives_quantity(word: str) -> Callable[[Q], Q]:
    """Register the parser of a quantity."""

    def register(parser: Q) -> Q:
        QUANTITIES[word] = parser
        return parser

    return register


def gives_condition(word: str) -> Callable[[C], C]:
    """Register the parser of a condition."""

    def register(parser: C) -> C:
        CONDITIONS[word] = parser
        return parser

    return register


def points(reader: Reader, env: Env) -> Points:
    """Read a points node: a number of points, or a mapping that one word of the language begins."""
    return reader.read(lambda node: _points(node, env))


def _points(reader: Reader, env: Env) -> Points:
    if not reader.is_mapping():
        return POINTS["points"](reader, env)
    clause = reader.field("clause", Reader.text, env.clause)
    reader.field("text", Reader.text, "")
    word = _begins(reader, POINTS, {"clause", "text"}, "a rule")
    return POINTS[word](reader.need(word), replace(env, clause=clause))


def quantity(reader: Reader, env: Env) -> Quantity:
    """Read a quantity: a number, the name of a measure, or a mapping that one word of the language begins."""
    return reader.read(lambda node: _quantity(node, env))


def _quantity(reader: Reader, env: Env) -> Quantity:
    if reader.is_mapping():
        # A quantity's options stand beside its word: {cohort: highest, of: new_firms}.
        word = _begins(reader, QUANTITIES, None, "a quantity")
        return QUANTITIES[word](reader, env)
    word = "number" if _NUMBER.fullmatch(reader.text().strip()) else "measure"
    return QUANTITIES[word](reader, env)


def condition(reader: Reader, env: Env) -> Condition:
    """Read a condition."""
    return reader.read(lambda node: CONDITIONS[_begins(node, CONDITIONS, None, "a condition")](node, env))


def _begins(reader: Reader, words: Mapping[str, object], beside: set[str] | None, noun: str) -> str:
    names = [name for name, _ in reader.pairs()]
    found = [name for name in names if name in words]
    strange = [name for name in names if name not in words and name not in beside] if beside is not None else []
    if len(found) == 1 and not strange:
        return found[0]
    if len(found) > 1:
        advice = "keep one, and combine with sum or mean"
        return reader.fail(f"{noun} begins with one word, here are {', '.join(found)}", advice)
    message = f"no word of the language begins {noun} here: {', '.join(strange or names)}"
    return reader.fail(message, f"it may be {', '.join(words)}")
