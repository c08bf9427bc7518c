"""The periods that providers say they have reported: `2020-06`, or dates `from/to`, both included."""

import calendar
import re
from datetime import date

_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})")


def days(period: str) -> tuple[date, date]:
    """Give the first and the last day of a period as an entry names it.

    Raises:
        ValueError: It is neither a month nor two dates.

    """
    month = _MONTH.fullmatch(period)
    if month is not None:
        first = date(int(month[1]), int(month[2]), 1)
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    start, _, end = period.partition("/")
    return date.fromisoformat(start), date.fromisoformat(end)
