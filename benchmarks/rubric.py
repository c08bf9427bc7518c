"""What a rubric costs: loading it, compiling another reading, scoring six units once, writing their traces.

Every measure of every unit is known, and each line of awards and deductions holds
two occasions. Exact fractions are what limits it: about half of the time is spent in their arithmetic.
"""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import yaml

from benchmarks.table import Row
from shared.contracts.numbers import Fraction
from shared.rubric import Award, Figure, Result, Rubric, Rules, UnitFacts, load
from shared.rubric.trial import facts_of

TEXT = (Path(__file__).parents[1] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")
DAY = date(2020, 9, 1)
LIMIT = "exact fractions: about half of the time is their arithmetic"


def full_facts(rules: Rules) -> dict[str, UnitFacts]:
    """Every measure reported and every line used twice, for every unit."""
    figures: dict[str, list[Figure]] = {unit: [] for unit in rules.rubric.units}
    awards: dict[str, list[Award]] = {unit: [] for unit in rules.rubric.units}
    position = 0
    for indicator in rules.rubric.indicators.values():
        for unit in indicator.units:
            for measure in indicator.measures.values():
                position += 1
                value = measure.words[0] if measure.words else Fraction(7)
                occasion, tier = ("全市" if measure.lists else None), ("good" if measure.tiers else None)
                provider = measure.providers[-1]
                figures[unit].append(Figure(indicator.id, measure.id, provider, value, DAY, position, occasion, tier))
            for line in indicator.lines.values():
                for name in ("一", "二"):
                    position += 1
                    awards[unit].append(Award(indicator.id, line.id, line.id + name, line.low, DAY, position))
    return {unit: facts_of(rules, figures[unit], awards[unit]) for unit in rules.rubric.units}


def scored(rules: Rules, facts: dict[str, UnitFacts]) -> dict[tuple[str, str], Result]:
    """Every indicator of every unit, the tallies and the order."""
    indicators = rules.rubric.indicators.values()
    results = {(unit, each.id): rules.score(unit, each.id, facts) for each in indicators for unit in each.units}
    rules.rank(rules.tally(results))
    return results


def compiled(rubric: Rubric, number: int) -> None:
    """All rules under a table of readings not asked for before."""
    tables = [{"A05": a, "A04": b, "A06": c} for a in ("mean", "min", "each") for b in ("city", "province", "district")
              for c in ("below", "inclusive")]  # fmt: skip
    rules = rubric.under(tables[number % len(tables)])
    for indicator in rubric.indicators:
        rules.points(indicator)


def milliseconds(work: Callable[[int], object], times: int) -> float:
    """Median of several runs."""
    taken: list[float] = []
    for number in range(times):
        start = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - start) * 1000)
    return median(taken)


def rows(*, quick: bool) -> list[Row]:
    """One row for each; nothing else does the same, so that they stand beside loading the text with PyYAML."""
    few, many = (3, 5) if quick else (15, 51)
    rubric = load(TEXT)
    rules = rubric.under({})
    facts = full_facts(rules)
    results = scored(rules, facts)
    yaml_alone = milliseconds(lambda _: yaml.load(TEXT, Loader=yaml.CSafeLoader), few)
    found = {
        "load binjiang-2020 (every branch of every rule read)": milliseconds(lambda _: load(TEXT), few),
        "compile another table of readings": milliseconds(lambda number: compiled(rubric, number + 1), few),
        f"score six units once ({len(results)} indicators, tallies, order)": milliseconds(
            lambda _: scored(rules, facts), many
        ),
        "write all their traces": milliseconds(lambda _: [each.trace for each in results.values()], few),
    }
    return [
        Row(name, f"{taken:.2f} ms", f"{yaml_alone:.1f} ms PyYAML (C)", f"{taken / yaml_alone:.2f}x", "-", LIMIT)
        for name, taken in found.items()
    ]
