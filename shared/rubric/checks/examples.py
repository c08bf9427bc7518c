"""Runs a rubric's own examples: facts and the points they must give."""

from collections.abc import Iterator

from shared.contracts.numbers import exact
from shared.rubric.checks.outline import Outline, fault
from shared.rubric.checks.situations import Row, known
from shared.rubric.facts import Figure
from shared.rubric.faults import Fault, NotPlaced
from shared.rubric.model import DISTRICT, Example
from shared.rubric.result import Result
from shared.rubric.rubric import Rubric


def failing(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every example that comes out otherwise, or that cannot be."""
    for example, reader in zip(rubric.examples, outline.items("examples"), strict=False):
        impossible = _impossible(rubric, example)
        if impossible is not None:
            yield fault(reader, f"this example cannot be: {impossible}", "give it facts and readings that the rubric has")
            continue
        for what, wanted, found in _differences(example, score(rubric, example)):
            yield fault(
                reader,
                f"the example{_named(example)} says {what} {wanted}, and the rules give {found}",
                "correct the rule or the example, whichever the document contradicts",
            )


def score(rubric: Rubric, example: Example) -> Result:
    """Score the facts of an example under its readings.

    Raises:
        NotPlaced: It names a finding or a reading that the rubric does not have.

    """
    rules = rubric.under(example.readings)
    rows: dict[str, list[Row]] = {each.unit: [*each.figures, *each.awards] for each in example.facts}
    for unit, own in list(rows.items()):
        # What is reported of no unit is written with the rest.
        apart = [row for row in own if _of_district(rubric, row)]
        if apart:
            rows[unit] = [row for row in own if row not in apart]
            rows.setdefault(DISTRICT, []).extend(apart)
    return rules.score(example.unit, example.indicator, known(rubric, rows, rules))


def _of_district(rubric: Rubric, row: Row) -> bool:
    return isinstance(row, Figure) and rubric.indicators[row.indicator].measures[row.measure].district


def _impossible(rubric: Rubric, example: Example) -> str | None:
    try:
        rubric.readings(example.readings)
    except NotPlaced as fault_:
        return fault_.reason
    units = (*rubric.units, DISTRICT)
    return next((f"there is no unit {each.unit}" for each in example.facts if each.unit not in units), None)


def _differences(example: Example, result: Result) -> Iterator[tuple[str, str, str]]:
    numbers = (
        ("points", example.points, result.points),
        ("attainable", example.attainable, result.full),
        ("absorbed", example.absorbed, result.absorbed),
    )
    for what, wanted, found in numbers:
        if wanted is not None and wanted != found:
            yield what, exact(wanted), exact(found)
    if example.state is not None and example.state != result.state:
        yield "state", example.state, result.state


def _named(example: Example) -> str:
    return f" {example.name}" if example.name else ""
