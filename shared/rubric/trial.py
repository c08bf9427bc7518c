"""Trying a rubric on facts given by hand: its own examples, and whatever rows a caller has."""

from collections.abc import Iterable
from itertools import groupby

from shared.contracts.numbers import Fraction, exact
from shared.rubric.facts import Award, Figure, UnitFacts
from shared.rubric.faults import Fault, NotPlaced
from shared.rubric.model import Example
from shared.rubric.result import Result
from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import Rules


def facts_of(rules: Rules, figures: Iterable[Figure], awards: Iterable[Award] = ()) -> UnitFacts:
    """Gather the rows of one unit as the readings leave them: the latest figure of every provider and list."""
    ask = rules.rubric.exclusions
    rows = sorted(figures, key=lambda row: (row.indicator, row.measure, row.provider, row.occasion or "", row.occurred))
    given = list(awards)
    counted = [row for row in rows if not ask(row) & rules.excluded]
    latest = [
        max(same, key=lambda row: (row.occurred, row.position))
        for _, same in groupby(counted, key=lambda row: (row.indicator, row.measure, row.provider, row.occasion or ""))
    ]
    left_out = [(row, rules.excluding(ask(row))) for row in (*rows, *given) if ask(row) & rules.excluded]
    measures = dict.fromkeys((row.indicator, row.measure) for row in latest)
    return UnitFacts(
        {key: tuple(row for row in latest if (row.indicator, row.measure) == key) for key in measures},
        {
            name: tuple(row for row in given if row.indicator == name and not ask(row) & rules.excluded)
            for name in dict.fromkeys(row.indicator for row in given)
        },
        {
            name: tuple(pair for pair in left_out if pair[0].indicator == name)
            for name in dict.fromkeys(row.indicator for row, _ in left_out)
        },
    )


def run(rubric: Rubric, example: Example) -> Result:
    """Score an example.

    Raises:
        NotPlaced: It names a finding or a reading that the rubric does not have.

    """
    rules = rubric.under(example.readings)
    facts = {each.unit: facts_of(rules, each.figures, each.awards) for each in example.facts}
    return rules.score(example.unit, example.indicator, facts)


def failures(rubric: Rubric) -> list[Fault]:
    """Run every example of a rubric and name those that give something else, with what they give."""
    found: list[Fault] = []
    for example in rubric.examples:
        path = f"examples ({example.indicator} {example.name})".replace(" )", ")")
        try:
            result = run(rubric, example)
        except NotPlaced as error:
            found.append(Fault(example.line, path, error.reason, "name a finding and one of its readings"))
            continue
        found += [
            Fault(example.line, path, difference, "correct the rule, or the example")
            for difference in _differences(example, result)
        ]
    return found


def _differences(example: Example, result: Result) -> list[str]:
    pairs = (
        ("points", exact(example.points), exact(result.points)),
        ("state", example.state, result.state),
        ("attainable", _written(example.attainable), exact(result.full)),
        ("absorbed", _written(example.absorbed), exact(result.absorbed)),
    )
    return [f"{name} should be {want}, the rule gives {got}" for name, want, got in pairs if want not in (None, got)]


def _written(value: Fraction | None) -> str | None:
    return None if value is None else exact(value)
