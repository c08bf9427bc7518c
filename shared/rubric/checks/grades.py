"""Grades that nobody can get, or that do not fit together, and vetoes that never bite."""

from collections.abc import Iterator
from itertools import pairwise

from shared.contracts.numbers import exact
from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.model import Grade
from shared.rubric.outcome import ZERO
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric


def unattainable(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every quota and threshold of a grade that leaves nobody, and every hold that holds nothing."""
    for grade in rubric.grades:
        yield from _quota(outline, grade)
        yield from _threshold(rubric, outline, grade)
    shares = sum((grade.share for grade in rubric.grades if grade.share is not None), ZERO)
    if shares > 1:
        message = f"the shares of the grades add up to {exact(shares * 100)} %"
        yield outline.fault(message, "let them come to 100 % at most", "grades")
    for better, worse in pairwise(rubric.grades):
        if better.at_least is None or worse.at_least is None or better.block != worse.block:
            continue
        if worse.at_least > better.at_least:
            message = f"the grade {worse.id} asks for {exact(worse.at_least)} points, more than {better.id} before it"
            yield outline.fault(message, "list the grades from the best down", "grades", worse.id)
    yield from _holds(rubric)


def _quota(outline: Outline, grade: Grade) -> Iterator[Fault]:
    if grade.share is not None and grade.count is not None:
        message = f"the grade {grade.id} has two quotas, a share and a count, of which the count holds"
        yield outline.fault(message, "keep one of the two", "grades", grade.id)
    if (grade.share is not None and grade.share <= 0) or (grade.count is not None and grade.count <= 0):
        message = f"the quota of the grade {grade.id} leaves room for nobody"
        yield outline.fault(message, "state a quota above 0, or leave the grade out", "grades", grade.id)


def _threshold(rubric: Rubric, outline: Outline, grade: Grade) -> Iterator[Fault]:
    most = rubric.blocks[grade.block].max if grade.block is not None else rubric.total
    if grade.at_least is not None and grade.at_least > most:
        message = (
            f"the grade {grade.id} asks for {exact(grade.at_least)} points, nobody can have more than {exact(most)}"
        )
        yield outline.fault(message, "lower what it asks for", "grades", grade.id)


def _holds(rubric: Rubric) -> Iterator[Fault]:
    for owner in rubric.indicators.values():
        for part in below(owner.rule) if owner.rule is not None else ():
            held = part.get("hold_total")
            most = plainly(held, Reader.number)
            if held is not None and most is not None and most >= rubric.total:
                message = f"the total is held at {exact(most)}, and nobody can have more than {exact(rubric.total)}"
                yield fault(held, message, "state a number below the total")
