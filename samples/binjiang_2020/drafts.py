"""What the year is made of: drafts, each an event that somebody sends at a moment of the sample's own clock."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any

ASSESSMENT = "binjiang-2020"
CHINA = timezone(timedelta(hours=8))
NOTE = "合成数据 synthetic"

Json = dict[str, Any]
SOURCES = {
    "market": "/binjiang/market",
    "science": "/binjiang/science",
    "hr": "/binjiang/hr",
    "commerce": "/binjiang/commerce",
    "tax": "/binjiang/tax",
    "pbc-hangzhou": "/pbc/hangzhou",
    "cbirc-zhejiang": "/cbirc/zhejiang",
    "city-tax": "/hangzhou/tax",
    "sme-office": "/binjiang/sme-office",
}
OFFICE = "/binjiang/sme-office"


def at(day: date, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    """A moment in the assessment's time zone."""
    return datetime.combine(day, time(hour, minute, second), CHINA)


@dataclass(frozen=True)
class Draft:
    """One line of the file; `make` sees the year so far, for events that name positions or digests."""

    moment: datetime
    make: Callable[["YearSoFar"], str]
    refused: str | None = None
    """The code that the gate must give; None where the line is accepted or an exact duplicate."""


@dataclass
class YearSoFar:
    """What a draft may ask of the year played so far."""

    head: int
    positions: Mapping[tuple[str, str], int]
    """The position of every accepted entry, by (source, id)."""
    standing: Callable[[str, int], Json]
    """The standing at (as-of, known-at), as the assessor sees it."""
    digest: Callable[[Json], str]
    """The digest of such a standing."""
    reported: Callable[[str, str], int]
    """How many entries of a provider fall into a month, of those accepted so far."""


def line(event: Json) -> str:
    """The event as one line of JSON."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def event(kind: str, *, source: str, id: str, moment: datetime, data: Json, **attributes: str) -> Json:
    """A CloudEvent of the assessment."""
    return {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": f"meritlog.{kind}.v1",
        "time": moment.isoformat(),
        "assessment": ASSESSMENT,
        **attributes,
        "data": data,
    }


def draft(made: Json, refused: str | None = None) -> Draft:
    """A draft of an event that needs nothing of the year so far."""
    return Draft(datetime.fromisoformat(made["time"]), lambda _: line(made), refused)


def figure(
    provider: str, unit: str, indicator: str, measure: str, value: str, occurred: date, moment: datetime, **extra: str
) -> Json:
    """A `SubmissionReceived`; its id is the period and the measure, as upstream systems name their reports."""
    tag = f"{occurred.isoformat()}/{measure}"
    if occasion := extra.get("occasion"):
        tag = f"{occurred.isoformat()}/{measure}/{occasion}"
    suffix = extra.pop("again", "")
    return event(
        "SubmissionReceived",
        source=SOURCES[provider],
        id=(tag if unit in (provider, "district") else f"{tag}/{unit}")
        + (f"/{indicator}" if measure == "judgement" else "")
        + suffix,
        moment=moment,
        subject=unit,
        provider=provider,
        data={"indicator": indicator, "measure": measure, "value": value, "occurred": occurred.isoformat(), **extra},
    )


def office(kind: str, id: str, moment: datetime, data: Json, unit: str | None = None) -> Json:
    """An event of the assessor's."""
    subject = {} if unit is None else {"subject": unit}
    return event(kind, source=OFFICE, id=id, moment=moment, data=data, **subject)
