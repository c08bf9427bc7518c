"""Ids that stand twice, and names of nothing, beyond what reading the file already refuses."""

from collections.abc import Iterator

from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.model import Measure
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric


def loose(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every number that stands twice and every name of nothing."""
    yield from _twice(outline, "tasks", "row")
    yield from _twice(outline, "work", "item")
    yield from _assessed(rubric, outline)
    for owner in rubric.indicators.values():
        for part in below(owner.rule) if owner.rule is not None else ():
            yield from _grades(rubric, part)
            asked = plainly(part.get("measure"), Reader.text)
            holder = rubric.indicators.get(plainly(part.get("indicator"), Reader.text) or "", owner)
            if asked is not None and asked in holder.measures:
                yield from _providers(part, holder.measures[asked].providers)
                yield from _weights(part, holder.measures[asked])


def _assessed(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    for name in rubric.unscored:
        if name in rubric.units:
            message = f"{name} is listed under `unscored`, and is an assessed unit"
            yield outline.fault(message, "keep one of the two, or give them ids of their own", "unscored", name)


def _twice(outline: Outline, section: str, key: str) -> Iterator[Fault]:
    seen: set[int] = set()
    for item in outline.items(section):
        number = plainly(item.get(key), Reader.whole)
        if number is None:
            continue
        if number in seen:
            yield fault(item, f"there are two of {key} {number}", "give each its own number")
        seen.add(number)


def _grades(rubric: Rubric, part: Reader) -> Iterator[Fault]:
    barred = part.get("bar")
    known = [grade.id for grade in rubric.grades]
    for item in barred.items() if barred is not None and barred.is_list() else ():
        name = plainly(item, Reader.text)
        if name is not None and name not in known:
            yield fault(item, f"there is no grade {name}", f"the grades are {', '.join(known) or 'none'}")


def _providers(part: Reader, providers: tuple[str, ...]) -> Iterator[Fault]:
    prevails, raters = part.get("prevails"), part.get("raters")
    named = prevails.items() if prevails is not None and prevails.is_list() else []
    names = [(plainly(item, Reader.text), item) for item in named]
    names += raters.pairs() if raters is not None and raters.is_mapping() else []
    for name, item in names:
        if name is not None and name not in (*providers, "reading"):
            yield fault(item, f"{name} does not report this measure", f"it is reported by {', '.join(providers)}")


def _weights(part: Reader, measure: Measure) -> Iterator[Fault]:
    """Look for raters without a weight, weights that are none, and votes that cannot be told apart."""
    raters, votes = part.get("raters"), part.get("votes")
    if raters is not None and raters.is_mapping() and raters.get("reading") is None:
        for name, item in raters.pairs():
            weight = plainly(item, Reader.number)
            if weight is not None and weight <= 0:
                yield fault(
                    item, f"what {name} says of {measure.id} has no weight", "state one above 0, or leave it out"
                )
        for name in measure.providers:
            if raters.get(name) is None:
                message = f"{name} reports {measure.id} and has no weight"
                yield fault(raters, message, "give it one, or take it from the providers of the measure")
    if votes is not None and not measure.lists:
        message = f"the votes of {measure.id} cannot be told apart: the latest replaces the one before"
        yield fault(votes, message, "say `lists: true` at the measure")
