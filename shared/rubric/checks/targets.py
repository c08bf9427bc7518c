"""Targets that are missing or disagree, and denominators that can only be zero."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import prod

from shared.contracts.numbers import exact
from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator
from shared.rubric.outcome import ZERO
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric


def untenable(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every target that nobody can divide by, and every one that the task table contradicts."""
    for owner in rubric.indicators.values():
        for part in below(owner.rule) if owner.rule is not None else ():
            yield from _proportion(rubric, owner, part)
            yield from _division(rubric, owner, part)
            yield from _baseline(rubric, owner, part)
            yield from _cliff(part)
            yield from _start(rubric, owner, part)
    yield from _tasks(rubric, outline)


def _proportion(rubric: Rubric, owner: Indicator, part: Reader) -> Iterator[Fault]:
    node = part.get("proportion")
    target = node.get("target") if node is not None else None
    if node is None or target is None:
        return
    base = node.get("base")
    if base is not None:
        begin, end = (plainly(each, Reader.number) for each in (base, target))
        if begin is not None and begin == end:
            yield fault(
                base, "the base is the target, so nothing lies between them", "state a base other than the target"
            )
        return
    yield from _denominator(rubric, owner, target, "a target", positive=True)


def _division(rubric: Rubric, owner: Indicator, part: Reader) -> Iterator[Fault]:
    for word in ("quotient", "growth"):
        node = part.get(word)
        if node is not None and node.is_list() and len(node.items()) == 2:
            yield from _denominator(
                rubric, owner, node.items()[1], f"what a {word} divides by", positive=word == "growth"
            )


def _denominator(rubric: Rubric, owner: Indicator, reader: Reader, noun: str, *, positive: bool) -> Iterator[Fault]:
    """Look at what is divided by: a number, a baseline of every unit, or a measure with bounds."""

    def bad(value: Fraction) -> bool:
        return value <= 0 if positive else value == 0

    wanted = "above 0" if positive else "other than 0"
    number = _constant(reader)
    if number is not None and bad(number):
        yield fault(reader, f"{noun} is {exact(number)}", f"state a number {wanted}")
    named = plainly(reader.get("baseline"), Reader.text)
    for unit, value in rubric.baselines.get(named or "", {}).items():
        if bad(value) and unit in (*owner.units, "all"):
            yield fault(
                reader, f"{noun} is the baseline {named}, which is {exact(value)} for {unit}", f"state one {wanted}"
            )
    measure = owner.measures.get(plainly(reader, Reader.text) or "")
    if measure is not None and measure.high is not None and measure.high <= 0 and (positive or measure.low == 0):
        yield fault(reader, f"{noun} is {measure.id}, which is never above 0", "correct its `to`, or divide by another")


def _constant(reader: Reader) -> Fraction | None:
    """Work out a quantity that is the same for everybody; None where it is not."""
    if not reader.is_mapping():
        return plainly(reader, Reader.number)
    for word, together in _FOLDS.items():
        node = reader.get(word)
        if node is not None and node.is_list():
            numbers = [_constant(item) for item in node.items()]
            known = [number for number in numbers if number is not None]
            if word == "product" and ZERO in known:
                return ZERO
            return together(known) if known and len(known) == len(numbers) else None
    return None


_FOLDS: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "sum": lambda numbers: sum(numbers, ZERO),
    "product": lambda numbers: Fraction(prod(numbers)),
    "difference": lambda numbers: numbers[0] - sum(numbers[1:], ZERO),
    "mean": lambda numbers: sum(numbers, ZERO) / len(numbers),
    "least": min,
    "greatest": max,
}


def _cliff(part: Reader) -> Iterator[Fault]:
    """Look for a share that nothing, or everything, is below."""
    node = part.get("cliff")
    share = node.get("share") if node is not None else None
    number = plainly(share, Reader.number)
    if share is not None and number is not None and not 0 < number <= 1:
        said = "everything" if number > 1 else "nothing"
        message = f"{said} lies below a share of {exact(number * 100)} %"
        yield fault(share, message, "write a share between 0 and 1, as in 70% or 0.7")


def _start(rubric: Rubric, owner: Indicator, part: Reader) -> Iterator[Fault]:
    """Look for points that are said to be given and lie beyond the maximum."""
    for word, name in _STARTS:
        node = part.get(word)
        start = node.get(name) if node is not None and node.is_mapping() else None
        number, most = plainly(start, Reader.number), _most(rubric, owner, node)
        if start is not None and number is not None and most is not None and number > most:
            message = f"`{name}` gives {exact(number)} points, the maximum here is {exact(most)}"
            yield fault(start, message, "lower it, or raise the maximum")


_STARTS = (("steps", "start"), ("table", "unreported"), ("bands", "unreported"), ("piecewise", "unreported"))


def _most(rubric: Rubric, owner: Indicator, node: Reader | None) -> Fraction | None:
    stated = node.get("max") if node is not None else None
    return plainly(stated, Reader.number) if stated is not None else max(owner.maxima.values(), default=rubric.total)


def _baseline(rubric: Rubric, owner: Indicator, part: Reader) -> Iterator[Fault]:
    """Look for units without a number of their own: targets that nobody set."""
    named = plainly(part.get("baseline"), Reader.text)
    table = rubric.baselines.get(named or "")
    if table is None or "all" in table:
        return
    lacking = [unit for unit in owner.units if unit not in table]
    if lacking:
        message = f"the baseline {named} has no number for {', '.join(lacking)}"
        yield fault(part, message, "add one for each unit that the indicator assesses, or one under `all`")


def _tasks(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Compare the targets of the task table with those of the rules."""
    stated: defaultdict[tuple[str, str], set[Fraction]] = defaultdict(set)
    for owner in rubric.indicators.values():
        for measure, target in _stated(owner):
            stated[owner.id, measure].add(target)
    for task in rubric.tasks:
        for target in task.targets:
            ruled = stated.get((target.indicator, target.measure))
            if ruled and target.amount is not None and target.amount not in ruled:
                said = " or ".join(exact(each) for each in sorted(ruled))
                yield outline.fault(
                    f"row {task.row} asks for {exact(target.amount)} {target.measure}, the rule for {said}",
                    "correct the one that the document contradicts; if it contradicts itself, make it a finding",
                    "tasks",
                    str(task.row),
                    "targets",
                )


def _stated(owner: Indicator) -> Iterator[tuple[str, Fraction]]:
    """Give every measure of a rule with the number that is its target, under any reading."""
    for part in below(owner.rule) if owner.rule is not None else ():
        node = part.get("proportion")
        target = plainly(node.get("target"), Reader.number) if node is not None else None
        actual = node.get("actual") if node is not None else None
        if actual is None or target is None:
            continue
        for each in below(actual):
            name = plainly(each, Reader.text)
            if name is not None and name in owner.measures:
                yield name, target
