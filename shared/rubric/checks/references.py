"""Ids that stand twice, and names of nothing, beyond what reading the file already refuses."""

from collections.abc import Iterator

from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric


def loose(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every number that stands twice and every name of nothing."""
    yield from _twice(outline, "tasks", "row")
    yield from _twice(outline, "work", "item")
    for owner in rubric.indicators.values():
        for part in below(owner.rule) if owner.rule is not None else ():
            yield from _grades(rubric, part)
            asked = plainly(part.get("measure"), Reader.text)
            holder = rubric.indicators.get(plainly(part.get("indicator"), Reader.text) or "", owner)
            if asked is not None and asked in holder.measures:
                yield from _providers(part, holder.measures[asked].providers)


def _twice(outline: Outline, section: str, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for item in outline.items(section):
        number = plainly(item.get(key), Reader.text)
        if number is not None and number in seen:
            yield fault(item, f"there are two of {key} {number}", "give each its own number")
        seen.add(number or "")


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
