"""The task table: how far each row of the document has come, at any coordinate."""

from typing import Any

from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate
from services.scoring.domain.scores import Scores
from services.scoring.domain.standing import heading
from shared.contracts.numbers import exact
from shared.rubric.facts import Figure
from shared.rubric.model import DISTRICT, Target, Task


def tasks(book: Book, coordinate: Coordinate) -> dict[str, Any]:
    """Give every task row with its targets and the latest figures.

    Raises:
        Unanswerable: There is no answer at this coordinate.

    """
    scores = book.scores(coordinate)
    rows = [_row(scores, task) for task in scores.moment.rubric.tasks]
    return {**heading(book.ledger, scores), "tasks": rows}


def _row(scores: Scores, task: Task) -> dict[str, Any]:
    return {
        "id": task.row,
        "text": task.text,
        "english": task.english,
        "clause": task.clause,
        "units": list(task.units),
        "providers": list(task.providers),
        "indicators": list(task.indicators),
        "note": task.note,
        "measures": [_measure(scores, task, target) for target in task.targets],
    }


def _measure(scores: Scores, task: Task, target: Target) -> dict[str, Any]:
    figure = _latest(scores, task, target.indicator, target.measure)
    against = None if target.against is None else _latest(scores, task, target.indicator, target.against)
    amount = target.amount if against is None else against.value
    measure = scores.moment.rubric.indicators[target.indicator].measures[target.measure]
    row: dict[str, Any] = {
        "indicator": target.indicator,
        "measure": target.measure,
        "name": measure.name,
        "value": None,
        "target": amount if isinstance(amount, str) or amount is None else exact(amount),
        "ratio": None,
    }
    if figure is None:
        return row
    value = figure.value
    row |= {"occurred": figure.occurred.isoformat(), "position": figure.position}
    row["value"] = value if isinstance(value, str) else exact(value)
    if not isinstance(value, str) and amount is not None and not isinstance(amount, str) and amount > 0:
        row["ratio"] = exact(value / amount)
    return row


def _latest(scores: Scores, task: Task, indicator: str, measure: str) -> Figure | None:
    found = [
        figure
        for unit in (*task.units, DISTRICT)
        for figure in scores.facts(unit).figures.get((indicator, measure), ())
    ]
    return max(found, key=lambda figure: (figure.occurred, figure.position), default=None)
