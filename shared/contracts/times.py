"""Times and dates as the contract writes them: RFC 3339 with an offset, `acceptedtime` in UTC, plain dates."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@lru_cache(maxsize=4096)
def instant(text: str) -> datetime:
    """Read an RFC 3339 time with its offset, as UTC.

    Raises:
        ValueError: It is none, or lies outside the years 1 to 9999.

    """
    if not _RFC3339.fullmatch(text):
        message = f"{text[:40]!r} is not a time with an offset: write it as 2020-07-01T09:00:00+08:00"
        raise ValueError(message)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is not a time that exists"
        raise ValueError(message) from None


@lru_cache(maxsize=16)  # entries that are accepted together share theirs
def stamp(moment: datetime) -> str:
    """Write a moment as `acceptedtime`: RFC 3339 in UTC, microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat()[: -len("+00:00")] + "Z"


@lru_cache(maxsize=4096)
def day(text: str) -> date:
    """Read a date such as `2020-06-30`.

    Raises:
        ValueError: It is none, or does not exist.

    """
    if not _DATE.fullmatch(text):
        message = f"{text[:40]!r} is not a date: write it as 2020-06-30"
        raise ValueError(message)
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text[:40]!r} is not a date that exists"
        raise ValueError(message) from None
