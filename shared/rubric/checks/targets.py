"""Targets that are missing or disagree, and denominators that can only be zero."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from shared.contracts.numbers import Fraction, exact
from shared.rubric.checks.constants import constant
from shared.rubric.checks.outline import Outline, below, fault, plainly, ways
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator
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
    if base is None:
        yield from _denominator(rubric, owner, target, "a target", positive=True)
        return
    for unit in owner.units:
        both = ways(rubric, node, lambda each, unit=unit: _base_and_target(rubric, each, unit))
        same = next((said for (begin, end), said in both if begin is not None and begin == end), None)
        if same is not None:
            yield fault(
                base,
                f"the base is the target for {unit}{same}, so nothing lies between them",
                "state a base other than the target",
            )
            return


def _base_and_target(rubric: Rubric, node: Reader, unit: str) -> tuple[Fraction | str | None, ...]:
    """Work both out for a unit; one that is a single word (a measure) stands for itself."""
    parts = node.need("base"), node.need("target")
    numbers = (constant(rubric, part, unit) for part in parts)
    return tuple(
        plainly(part, Reader.text) if number is None else number for part, number in zip(parts, numbers, strict=True)
    )


def _division(rubric: Rubric, owner: Indicator, part: Reader) -> Iterator[Fault]:
    for word in ("quotient", "growth"):
        node = part.get(word)
        if node is not None and node.is_list() and len(node.items()) == 2:
            yield from _denominator(
                rubric, owner, node.items()[1], f"what a {word} divides by", positive=word == "growth"
            )


def _denominator(rubric: Rubric, owner: Indicator, reader: Reader, noun: str, *, positive: bool) -> Iterator[Fault]:
    """Look at what is divided by: what is the same whatever is reported, or a measure with bounds."""

    def bad(value: Fraction) -> bool:
        return value <= 0 if positive else value == 0

    wanted = "above 0" if positive else "other than 0"
    named = plainly(reader.get("baseline"), Reader.text)
    found = {
        unit: known
        for unit in owner.units
        for known in reversed([*ways(rubric, reader, lambda part, unit=unit: constant(rubric, part, unit))])
        if bad(known[0])
    }
    for unit, (value, said) in list(found.items())[:1]:
        what = f"{noun} is the baseline {named}, which" if named is not None else noun
        whose = f" for {unit}" if len(found) < len(owner.units) else ""
        yield fault(reader, f"{what} is {exact(value)}{whose}{said}", f"state one {wanted}")
    measure = owner.measures.get(plainly(reader, Reader.text) or "")
    if measure is not None and measure.high is not None and measure.high <= 0 and (positive or measure.low == 0):
        yield fault(reader, f"{noun} is {measure.id}, which is never above 0", "correct its `to`, or divide by another")


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
        for measure, target in _stated(rubric, owner):
            stated[owner.id, measure].add(target)
    yield from _untold(rubric, outline, {indicator for indicator, _ in stated})
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


def _untold(rubric: Rubric, outline: Outline, ruled: Collection[str]) -> Iterator[Fault]:
    """Look for rows that leave out what the rules they feed state, in a table that elsewhere says it."""
    told = {target.indicator for task in rubric.tasks for target in task.targets}
    for task in rubric.tasks if told else ():
        missing = [name for name in task.indicators if name in ruled and name not in told]
        if missing and not task.targets:
            yield outline.fault(
                f"row {task.row} of the task table states no target, the rule of {', '.join(missing)} has one",
                "add it under `targets`",
                "tasks",
                str(task.row),
            )


def _stated(rubric: Rubric, owner: Indicator) -> Iterator[tuple[str, Fraction]]:
    """Give every measure of a rule with the number that is its target, under any reading."""
    for part in below(owner.rule) if owner.rule is not None else ():
        node = part.get("proportion")
        target, actual = (node.get("target"), node.get("actual")) if node is not None else (None, None)
        if target is None or actual is None:
            continue
        numbers = {number for number, _ in ways(rubric, target, Reader.number)}
        for each in below(actual):
            name = plainly(each, Reader.text)
            if name is not None and name in owner.measures:
                yield from ((name, number) for number in numbers)
