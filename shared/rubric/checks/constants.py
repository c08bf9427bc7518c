"""Quantities that are the same whatever is reported, worked out from the file alone."""

from collections.abc import Callable, Sequence
from math import prod

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import ZERO
from shared.rubric.reader import Reader, number_in
from shared.rubric.rubric import Rubric


def constant(rubric: Rubric, reader: Reader, unit: str) -> Fraction | None:
    """Give the number that a quantity is for a unit; None where it depends on what is reported."""
    return reader.attempt(lambda part: part.read(lambda node: _worked_out(rubric, node, unit)))


def _worked_out(rubric: Rubric, node: Reader, unit: str) -> Fraction | None:
    if not node.is_mapping():
        return None if node.is_list() else number_in(node.text())
    stated, baseline = node.get("number"), node.get("baseline")
    if stated is not None:
        return stated.read(Reader.number)
    if baseline is not None:
        table = rubric.baselines.get(baseline.text(), {})
        return table.get(unit, table.get("all"))
    for word, together in _TOGETHER.items():
        listed = node.get(word)
        if listed is not None:
            numbers = [constant(rubric, item, unit) for item in listed.items()]
            known = [number for number in numbers if number is not None]
            if word == "product" and ZERO in known:
                return ZERO
            return together(known) if known and len(known) == len(numbers) else None
    return None


_TOGETHER: dict[str, Callable[[Sequence[Fraction]], Fraction | None]] = {
    "sum": lambda numbers: sum(numbers, ZERO),
    "product": lambda numbers: Fraction(prod(numbers)),
    "difference": lambda numbers: numbers[0] - numbers[1],
    "quotient": lambda numbers: numbers[0] / numbers[1] if numbers[1] else None,
    "growth": lambda numbers: (numbers[0] - numbers[1]) / numbers[1] * 100 if numbers[1] > 0 else None,
    "mean": lambda numbers: sum(numbers, ZERO) / len(numbers),
    "least": min,
    "greatest": max,
}
