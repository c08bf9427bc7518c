"""Values that a rule asks about and that what it asks can never have."""

from collections.abc import Iterator
from itertools import pairwise

from shared.contracts.numbers import Fraction, exact
from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator, Measure
from shared.rubric.reader import Reader, number_in
from shared.rubric.rubric import Rubric


def impossible(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every word and number in a table or a condition that never comes, and every rank left out."""
    del outline
    for owner in rubric.indicators.values():
        for part in below(owner.rule) if owner.rule is not None else ():
            asked = _asked(rubric, owner, part)
            if asked is None:
                continue
            measure, tier = asked
            for word, reader in (*_compared(part), *_listed(part)):
                known = _never(measure, word, tier=tier)
                if known:
                    yield fault(reader, f"{measure.id} is never {word}", known)
            if not tier:
                yield from _ranks(measure, part)


def _asked(rubric: Rubric, owner: Indicator, part: Reader) -> tuple[Measure, bool] | None:
    """Give the measure that a table or a condition asks about, and whether it asks for its tier."""
    of = part.get("of")
    if of is None:
        return None
    spelt = of.is_mapping()
    name = plainly(of.get("measure") if spelt else of, Reader.text)
    if name is None or of.get("votes") is not None or of.get("raters") is not None:
        return None
    holder = rubric.indicators.get(plainly(of.get("indicator"), Reader.text) or "", owner)
    measure = holder.measures.get(name)
    worked_out = plainly(of.get("across"), Reader.text) in ("mean", "total")
    return None if measure is None or worked_out else (measure, plainly(of.get("take"), Reader.text) == "tier")


def _compared(part: Reader) -> Iterator[tuple[str, Reader]]:
    asked = part.get("is")
    if asked is None or asked.is_mapping():
        return
    for item in asked.items() if asked.is_list() else [asked]:
        word = plainly(item, Reader.text)
        if word is not None:
            yield word, item


def _listed(part: Reader) -> Iterator[tuple[str, Reader]]:
    """Give what a table lists, in each of its branches."""
    points = part.get("points")
    if points is None or not points.is_mapping():
        return
    branches = (
        [points] if points.get("reading") is None else [item for name, item in points.pairs() if name != "reading"]
    )
    for branch in branches:
        yield from branch.pairs() if branch.is_mapping() else ()


def _never(measure: Measure, word: str, *, tier: bool) -> str:
    """Say what the values are, where this is none of them."""
    if tier or measure.words:
        known = tuple(measure.tiers) if tier else measure.words
        return "" if word in known else f"its {'tiers' if tier else 'words'} are {', '.join(known) or 'none'}"
    value = number_in(word)
    if value is None:
        return "its values are numbers"
    if measure.low is not None and value < measure.low:
        return f"it is at least {exact(measure.low)}"
    if measure.high is not None and value > measure.high:
        return f"it is at most {exact(measure.high)}"
    return "it is a whole number" if measure.whole and value.denominator != 1 else ""


def _ranks(measure: Measure, part: Reader) -> Iterator[Fault]:
    """Look for ranks (whole numbers from 1) that a table passes over between others."""
    if not measure.whole or measure.low is None or measure.low < 1:
        return
    listed = {value: reader for word, reader in _listed(part) if (value := number_in(word)) is not None}
    for lower, upper in pairwise(sorted(listed)):
        if upper > lower + 1 and upper.denominator == 1:
            message = f"the table says nothing between {exact(lower)} and {exact(upper)}, where only `otherwise` counts"
            yield fault(listed[upper], message, f"list {exact(Fraction(lower + 1))} too")
