"""The periods in which a provider is expected to report."""

from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = {"monthly": 1, "quarterly": 3, "half-yearly": 6, "yearly": 12}
"""How many months a period of each calendar lasts."""


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days, both ends within; `id` is `2020-06`, `2020-Q2`, `2020-H1` or `2020`."""

    id: str
    start: date
    end: date


def periods(calendar: str, start: date, end: date) -> tuple[Period, ...]:
    """Cut the days from `start` to `end` into the periods of a calendar, aligned to the year; `none` has none."""
    months = MONTHS.get(calendar)
    if months is None:
        return ()
    found: list[Period] = []
    first = date(start.year, (start.month - 1) // months * months + 1, 1)
    while first <= end:
        after = _later(first, months)
        last = after - timedelta(days=1)
        found.append(Period(_name(first, months), max(first, start), min(last, end)))
        first = after
    return tuple(found)


def _later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _name(first: date, months: int) -> str:
    if months == 12:
        return f"{first.year:04}"
    if months == 1:
        return f"{first.year:04}-{first.month:02}"
    return f"{first.year:04}-{'Q' if months == 3 else 'H'}{(first.month - 1) // months + 1}"
