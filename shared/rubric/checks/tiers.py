"""Gaps and overlaps: in the tiers a judge chooses from, and in the bands that a rule reads off."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from shared.contracts.numbers import Fraction, exact, fraction
from shared.rubric.checks.outline import Outline, below, fault, ways
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator, Measure, Tier
from shared.rubric.reader import Reader
from shared.rubric.rubric import Rubric
from shared.rubric.rules.conditions import COMPARISONS

Band = tuple[Reader, Callable[[Fraction, Fraction], bool], Fraction]

_UPWARDS = (COMPARISONS["at_least"], COMPARISONS["above"])
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def uneven(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every gap and overlap that no finding is about."""
    for owner in rubric.indicators.values():
        for measure in owner.measures.values():
            if measure.tiers:
                yield from _tiers(rubric, outline, owner, measure)
        if owner.rule is not None:
            yield from _bands(rubric, owner.rule)


# -- tiers


def _tiers(rubric: Rubric, outline: Outline, owner: Indicator, measure: Measure) -> Iterator[Fault]:
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
        elif upper.low > lower.high + _step(measure) and not _quoted(rubric, measure, lower.high, upper.low):
            yield outline.fault(
                f"the tiers {lower.id} and {upper.id} leave a gap from {exact(lower.high)} to {exact(upper.low)}",
                "close it, say `whole: true` where that is meant, or make it a finding that decides the `grain`"
                " and quotes both ends",
                *place,
                upper.id,
            )
    for tier in ordered:
        if (measure.low is not None and tier.low < measure.low) or (
            measure.high is not None and tier.high > measure.high
        ):
            yield outline.fault(
                f"the tier {tier.id} lies in part outside the values that {measure.id} can have",
                "correct the tier, or the `from` and `to` of the measure",
                *place,
                tier.id,
            )
    yield from _top(outline, owner, ordered, place)


def _quoted(rubric: Rubric, measure: Measure, low: Fraction, high: Fraction) -> bool:
    """Whether a finding is about this gap: it decides which values count, and quotes both ends if it quotes numbers."""
    if measure.grain_finding is None:
        return False
    numbers = {fraction(number) for number in _NUMBER.findall(rubric.findings[measure.grain_finding].text)}
    return not numbers or {low, high} <= numbers


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


def _bands(rubric: Rubric, rule: Reader) -> Iterator[Fault]:
    for part in below(rule):
        node = part.get("bands")
        listed = node.get("steps") if node is not None else None
        if listed is None:
            continue
        for bands, said in ways(rubric, listed, lambda steps: [item.read(_band) for item in steps.items()]):
            faults = [*_unreached(bands), *_overlapping(bands)] if bands else []
            yield from (replace(each, message=each.message + said) for each in faults)
            if faults:
                break


def _band(reader: Reader) -> Band:
    word = next(word for word in COMPARISONS if reader.get(word) is not None)
    return reader, COMPARISONS[word], reader.need(word).read(Reader.number)


def _unreached(bands: Sequence[Band]) -> Iterator[Fault]:
    """Walk along all values: at each edge, and between any two, exactly one band is the first that holds."""
    values = _values(bands)
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


def _overlapping(bands: Sequence[Band]) -> Iterator[Fault]:
    """Look for bands that run towards each other and share values: which is meant there the order alone says."""
    values = _values(bands)
    for (_, compare, edge), (reader, other, limit) in combinations(bands, 2):
        shared = [value for value in values if compare(value, edge) and other(value, limit)]
        if shared and (compare in _UPWARDS) != (other in _UPWARDS):
            yield fault(
                reader,
                f"the bands at {exact(edge)} and {exact(limit)} overlap at {exact(shared[len(shared) // 2])}",
                "let one end where the other begins: `at_least` and `at_most` include the edge, the others do not",
            )


def _values(bands: Sequence[Band]) -> list[Fraction]:
    """Give every edge, and a value between any two and beyond the outermost."""
    edges = sorted({edge for _, _, edge in bands})
    between = [value for pair in pairwise(edges) for value in (pair[0], sum(pair, Fraction(0)) / 2)]
    return [edges[0] - 1, *between, edges[-1], edges[-1] + 1]
