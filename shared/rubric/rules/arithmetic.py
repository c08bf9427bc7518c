"""Arithmetic on quantities: what is missing or in conflict below stays so above."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import Amount, Case
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Quantity, gives_quantity, quantity

Operation = Callable[[Sequence[Fraction]], Fraction | None]
"""From the operands to a number; None where it would divide by nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined(Quantity):
    """An operation on other quantities."""

    word: str
    operation: Operation
    operands: tuple[Quantity, ...]

    def amount(self, case: Case) -> Amount:
        """Work out every operand, then the operation."""
        amounts = tuple(operand.amount(case) for operand in self.operands)
        inputs = tuple(each for amount in amounts for each in amount.inputs)
        conflict = next((amount.conflict for amount in amounts if amount.conflict is not None), None)
        if conflict is not None:
            return Amount(None, conflict=conflict, inputs=inputs)
        numbers = [amount.value for amount in amounts if isinstance(amount.value, Fraction)]
        if len(numbers) < len(amounts):
            return Amount(None, lacking=tuple(name for amount in amounts for name in amount.lacking), inputs=inputs)
        value = self.operation(numbers)
        if value is None:
            return Amount(None, conflict=("zero-base", self.word), inputs=inputs)
        return Amount(value, pending=any(amount.pending for amount in amounts), inputs=inputs)


def _product(numbers: Sequence[Fraction]) -> Fraction:
    result = Fraction(1)
    for number in numbers:
        result *= number
    return result


def _quotient(numbers: Sequence[Fraction]) -> Fraction | None:
    return numbers[0] / numbers[1] if numbers[1] else None


def _growth(numbers: Sequence[Fraction]) -> Fraction | None:
    now, before = numbers
    return (now - before) / before * 100 if before > 0 else None


_MANY: Mapping[str, Operation] = {
    "sum": lambda numbers: sum(numbers, Fraction(0)),
    "product": _product,
    "mean": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "least": min,
    "greatest": max,
}
_PAIRS: Mapping[str, Operation] = {
    "difference": lambda numbers: numbers[0] - numbers[1],
    "quotient": _quotient,
    "growth": _growth,
}


def _parser(word: str, operation: Operation, *, pair: bool) -> None:
    @gives_quantity(word)
    def parse(reader: Reader, env: Env) -> Quantity:  # pyright: ignore[reportUnusedFunction]
        reader.only(word)
        operands = reader.need(word).each(lambda item: quantity(item, env))
        if not operands or (pair and len(operands) != 2):
            wanted = "two quantities" if pair else "one or more quantities"
            reader.fail(f"{word} takes {wanted}", f"write {word}: [a, b]")
        return Combined(word=word, operation=operation, operands=operands)


for _word, _operation in _MANY.items():
    _parser(_word, _operation, pair=False)
for _word, _operation in _PAIRS.items():
    _parser(_word, _operation, pair=True)
