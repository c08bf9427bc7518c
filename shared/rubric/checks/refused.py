"""Examples whose facts the gate would refuse, so that nobody will ever see them."""

from collections.abc import Iterator

from shared.contracts.numbers import shown
from shared.rubric.checks.outline import Outline
from shared.rubric.facts import Award, Figure
from shared.rubric.faults import Fault, NotPlaced
from shared.rubric.model import Example
from shared.rubric.rubric import Rubric

PLACES = 12
"""Decimals of a value in an example; one that needs more is taken as it is."""


def refused(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every fact of an example that no reading could count."""
    del outline
    for example in rubric.examples:
        path = f"examples ({example.indicator} {example.name})".replace(" )", ")")
        for fault in _faults(rubric, example):
            yield Fault(example.line, path, fault.reason, "give facts that the gate accepts")


def _faults(rubric: Rubric, example: Example) -> Iterator[NotPlaced]:
    for known in example.facts:
        for row in (*known.figures, *known.awards):
            if not rubric.start <= row.occurred <= rubric.end:
                message = f"{row.occurred} lies outside the period, {rubric.start} to {rubric.end}"
                yield NotPlaced("outside-period", message)
        for figure in known.figures:
            yield from _figure(rubric, known.unit, figure)
        for award in known.awards:
            yield from _award(rubric, known.unit, award)


def _figure(rubric: Rubric, unit: str, figure: Figure) -> Iterator[NotPlaced]:
    if isinstance(figure.value, str):
        value = figure.value
    else:
        value = shown(figure.value, PLACES)
        value = value.rstrip("0").rstrip(".") if "." in value else value
    data = {"value": value, "tier": figure.tier, "occasion": figure.occasion}
    faults = rubric.admission.figure_faults(unit, figure.indicator, figure.measure, figure.provider, data)
    # An example may leave a list or a tier unsaid where only the value matters.
    yield from (fault for fault in faults if fault.code != "malformed")


def _award(rubric: Rubric, unit: str, award: Award) -> Iterator[NotPlaced]:
    takes = rubric.indicators[award.indicator].lines[award.line].takes
    ask = rubric.admission.deduction_faults if takes else rubric.admission.award_faults
    yield from ask(unit, award.indicator, award.line, shown(award.points, PLACES))
