"""The three coordinates that name a standing: as of, known at, and rules."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import Rules

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # Python reads 20201231 and 2020-W53-4 too
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")  # and 2020-W53-4T10:00
_MOST_DIGITS = 18  # of a position, as everywhere
_FIRST = datetime(1, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


class Unanswerable(Exception):
    """There is no answer at this coordinate.

    `code` is one of the contract's refusal codes, or: `not-yet` (a position beyond the head), `not-known` (before the
    first entry or the period, or no rubric), `bad-coordinate` (what was asked cannot be read), `unknown-rubric`.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason

    @property
    def too_early(self) -> bool:
        """Whether the question is right and the answer not there (as against a question that is wrong)."""
        return self.code in ("not-yet", "not-known")


@dataclass(frozen=True, slots=True)
class Coordinate:
    """What a question names; what it leaves open is: everything so far, the head, the rubric and rulings in force.

    `known_at` is a position, or a time: a date means its end, and it and a time without offset are in the assessment's
    time zone. `rubric` is a version of the ledger, or a rubric of one's own. `readings` go over the rulings.
    """

    as_of: date | None = None
    known_at: int | datetime | date | None = None
    rubric: int | Rubric | None = None
    readings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Moment:
    """A coordinate with nothing left open."""

    as_of: date
    known_at: int
    rubric: Rubric
    readings: Mapping[str, str]
    rules: Rules


def read_date(text: str) -> date:
    """Read an as-of date.

    Raises:
        Unanswerable: It is no date that exists.

    """
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        raise Unanswerable("bad-coordinate", f"as-of {text[:40]!r} is not a date: write it as 2020-12-31") from None


def read_known_at(text: str) -> int | datetime | date:
    """Read a known-at: a position, a time, or a date.

    Raises:
        Unanswerable: It is none of them.

    """
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    try:
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        return datetime.fromisoformat(text if _TIME.fullmatch(text) else "")
    except ValueError:
        advice = "write 412, 2020-12-31 or 2020-12-31T17:00:00+08:00"
        reason = f"known-at {text[:40]!r} is neither a position nor a time: {advice}"
        raise Unanswerable("bad-coordinate", reason) from None


def read_readings(texts: Iterable[str]) -> Mapping[str, str]:
    """Read `FINDING=READING`, each finding once.

    Raises:
        Unanswerable: One has another form, or two name the same finding.

    """
    found: dict[str, str] = {}
    for text in texts:
        finding, equals, reading = text.partition("=")
        if not (finding and equals and reading):
            raise Unanswerable("bad-coordinate", f"reading {text[:40]!r} is not FINDING=READING: write A01=20")
        if found.setdefault(finding, reading) != reading:
            raise Unanswerable("bad-coordinate", f"finding {finding[:40]} has two readings: leave one out")
    return MappingProxyType(found)


def read_coordinate(text: str) -> tuple[Coordinate, str | None]:
    """Read `as-of=2020-06-30,known-at=412,rubric=2,A01=20`; the rubric is given as it is written, beside the rest.

    Whatever is left out is left open; `as_of` and `known_at` do as well.

    Raises:
        Unanswerable: A part is no `NAME=VALUE`, is named twice, or cannot be read.

    """
    named: dict[str, str] = {}
    readings: list[str] = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            advice = "write as-of=2020-06-30,known-at=412,A01=20"
            raise Unanswerable("bad-coordinate", f"{part[:40]!r} is no part of a coordinate: {advice}")
        word = name.replace("_", "-")
        if word not in ("as-of", "known-at", "rubric"):
            readings.append(part)
        elif named.setdefault(word, value) != value:
            raise Unanswerable("bad-coordinate", f"{word} is named twice: leave one out")
    as_of, known_at = named.get("as-of"), named.get("known-at")
    at = Coordinate(
        None if as_of is None else read_date(as_of),
        None if known_at is None else read_known_at(known_at),
        None,
        read_readings(readings),
    )
    return at, named.get("rubric")


def instant(known_at: datetime | date, zone: ZoneInfo) -> datetime:
    """Give the last instant, in UTC, that a known-at time includes."""
    moment = known_at if isinstance(known_at, datetime) else datetime.combine(known_at, time.max)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return _LAST if moment.year > 1 else _FIRST
