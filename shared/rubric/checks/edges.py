"""Where a rule bends: the exact figure at which a cliff, a threshold or a band is just met."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import Amount, Case
from shared.rubric.rules.conditions import Compares
from shared.rubric.rules.limits import Cliff
from shared.rubric.rules.scales import Bands

Edge = Callable[[Case], Fraction | None]
"""How far a unit stands beyond an edge; None where that is not known."""


def edges(nodes: Sequence[Any]) -> list[Edge]:
    """Give the edges of some nodes of a rule."""
    return [edge for node in nodes for edge in _edges(node)]


def _edges(node: Any) -> Iterator[Edge]:
    if isinstance(node, Cliff):
        yield lambda case: node.of.score(case).now - node.share * node.of.max
    elif isinstance(node, Compares):
        yield lambda case: _apart(node.of.amount(case), node.threshold.amount(case))
    elif isinstance(node, Bands):
        for _, at, _ in node.bands:
            yield lambda case, at=at: _apart(node.of.amount(case), Amount(at))


def _apart(left: Amount, right: Amount) -> Fraction | None:
    numbers = left.value, right.value
    return numbers[0] - numbers[1] if isinstance(numbers[0], Fraction) and isinstance(numbers[1], Fraction) else None


def met(distance: Callable[[Fraction], Fraction | None], values: Sequence[Fraction]) -> Fraction | None:
    """Find the value at which a distance is exactly nothing, starting from some that lie around it.

    Exact where the distance is straight between two of them, in the value or in one over it.
    """
    low, high = 0, len(values) - 1
    left, right = distance(values[low]), distance(values[high])
    while left and right and high - low > 1 and (left < 0) != (right < 0):
        middle = (low + high) // 2
        there = distance(values[middle])
        if there is None:
            return None
        if (there < 0) == (left < 0):
            low, left = middle, there
        else:
            high, right = middle, there
    if not left or not right or (left < 0) == (right < 0):
        return None
    between = _between(values[low], left, values[high], right)
    return next((value for value in between if distance(value) == 0), None)


def _between(one: Fraction, left: Fraction, other: Fraction, right: Fraction) -> Iterator[Fraction]:
    part = left / (left - right)
    yield one + (other - one) * part
    if one and other and (inverse := 1 / one + (1 / other - 1 / one) * part):
        yield 1 / inverse
