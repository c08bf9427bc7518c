"""Gaps and overlaps: in the tiers a judge chooses from, and in the bands that a rule reads off."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from shared.contracts.numbers import exact
from shared.rubric.checks.outline import Outline, below, fault, plainly
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator, Measure, Tier
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric
from shared.rubric.rules.conditions import COMPARISONS

Band = tuple[Reader, Callable[[Fraction, Fraction], bool], Fraction]


def uneven(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every gap and overlap that no finding is about."""
    for owner in rubric.indicators.values():
        for measure in owner.measures.values():
            if measure.tiers:
                yield from _tiers(outline, owner, measure)
        if owner.rule is not None:
            yield from _bands(owner.rule)
            yield from _tables(owner)


# -- tiers


def _tiers(outline: Outline, owner: Indicator, measure: Measure) -> Iterator[Fault]:
    place = ("indicators", owner.id, "measures", measure.id, "tiers")
    ordered = sorted(measure.tiers.values(), key=lambda tier: (tier.low, tier.high))
    for lower, upper in pairwise(ordered):
        if upper.low <= lower.high:
            yield outline.fault(
                f"the tiers {lower.id} and {upper.id} overlap at {exact(upper.low)}",
                "let the lower one end before the upper one begins",
                *place,
                upper.id,
            )
        elif measure.grain_finding is None and upper.low > lower.high + _step(measure):
            # Where a finding decides which values count, it is about the gap, and says how it is read.
            yield outline.fault(
                f"the tiers {lower.id} and {upper.id} leave a gap from {exact(lower.high)} to {exact(upper.low)}",
                "close it, say `whole: true` where that is meant, or make it a finding that decides the `grain`",
                *place,
                upper.id,
            )
    yield from _top(outline, owner, ordered, place)


def _step(measure: Measure) -> Fraction:
    """Give the distance of neighbouring values; 0 where any value is possible."""
    step = measure.grain.get("")
    return step if step is not None else Fraction(1 if measure.whole else 0)


def _top(outline: Outline, owner: Indicator, ordered: Sequence[Tier], place: tuple[str, ...]) -> Iterator[Fault]:
    best = max(tier.high for tier in ordered)
    judged_alone = owner.rule is not None and owner.rule.get("judged") is not None
    if judged_alone and best != owner.max:
        yield outline.fault(
            f"the best tier ends at {exact(best)} points, the maximum of {owner.id} is {exact(owner.max)}",
            "let the best tier end at the maximum, or correct the maximum",
            *place,
        )


# -- bands


def _bands(rule: Reader) -> Iterator[Fault]:
    for part in below(rule):
        node = part.get("bands")
        listed = node.get("steps") if node is not None else None
        if listed is None or not listed.is_list():
            continue
        bands = [band for item in listed.items() if (band := _band(item)) is not None]
        if bands and len(bands) == len(listed.items()):
            yield from _unreached(bands)


def _band(reader: Reader) -> Band | None:
    """Read one band; None where its edge differs by reading."""
    for word, compare in COMPARISONS.items():
        edge = plainly(reader.get(word), Reader.number)
        if edge is not None:
            return reader, compare, edge
    return None


def _unreached(bands: Sequence[Band]) -> Iterator[Fault]:
    """Walk along all values: at each edge, and between any two, exactly one band is the first that holds."""
    edges = sorted({edge for _, _, edge in bands})
    values = [edges[0] - 1, *(value for pair in pairwise(edges) for value in (pair[0], sum(pair, Fraction(0)) / 2))]
    values += [edges[-1], edges[-1] + 1]
    first = [next((n for n, (_, compare, edge) in enumerate(bands) if compare(value, edge)), None) for value in values]
    for n, (reader, _, edge) in enumerate(bands):
        if n not in first:
            yield fault(
                reader,
                f"the band at {exact(edge)} is never reached: the bands before it take all its values",
                "list the bands so that each leaves something to the next",
            )
    taken = [place for place, band in enumerate(first) if band is not None]
    for place in range(taken[0], taken[-1]):
        if first[place] is None:
            yield fault(
                bands[0][0],
                f"the bands leave a gap at {exact(values[place])}, where only `otherwise` counts",
                "let a band begin there: `at_least` and `at_most` include the edge, `above` and `below` do not",
            )


# -- tables


def _tables(owner: Indicator) -> Iterator[Fault]:
    """Look for words in a table that the measure it is asked about can never be."""
    for part in below(owner.rule) if owner.rule is not None else ():
        node = part.get("table")
        asked = plainly(node.get("of"), Reader.text) if node is not None else None
        listed = node.get("points") if node is not None else None
        measure = owner.measures.get(asked) if asked is not None else None
        if listed is None or measure is None or not measure.words or not listed.is_mapping():
            continue
        for word, item in listed.pairs():
            if word not in (*measure.words, "reading"):
                known = ", ".join(measure.words)
                yield fault(item, f"{measure.id} is never {word}", f"its words are {known}")
