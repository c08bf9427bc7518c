"""The office's forms: what was filled in, and the event that it becomes. They work without a script.

The event's id and time are made when the form is, and come back with it: what is sent twice is one entry.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from shared.contracts import kinds
from web.names import Names
from web.rows import plain

AWARD, DEDUCTION, DETERMINATION = "award", "deduction", "determination"
TYPES = {
    AWARD: kinds.BONUS_AWARDED,
    DEDUCTION: kinds.DEDUCTION_ISSUED,
    DETERMINATION: kinds.INDICATOR_DETERMINED,
}
NOT_APPLICABLE = "not-applicable"
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in, word for word; `choice` is `indicator/line`, or an indicator alone.

    `name` is the occasion of an award and the incident of a deduction. The credential is the sender's own; it is used
    once and is never sent back with the form.
    """

    kind: str = AWARD
    unit: str = ""
    choice: str = ""
    points: str = ""
    outcome: str = "points"
    name: str = ""
    occurred: str = ""
    reason: str = ""
    source: str = ""
    id: str = ""
    time: str = ""

    def event(self, assessment: str) -> dict[str, Any]:
        """The event to hand in; whether it is right is the gate's to say."""
        indicator, _, line = self.choice.partition("/")
        data = {"indicator": indicator, "occurred": self.occurred, "reason": self.reason}
        if self.kind == DETERMINATION:
            data |= {"outcome": self.outcome}
        else:
            data |= {"line": line, "occasion" if self.kind == AWARD else "incident": self.name}
        if self.points and not (self.kind == DETERMINATION and self.outcome == NOT_APPLICABLE):
            data |= {"points": self.points}
        return {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": TYPES[self.kind],
            "time": self.time,
            "subject": self.unit,
            "assessment": assessment,
            "data": data,
        }


def blank(kind: str, unit: str, source: str, now: datetime, names: Names) -> Form:
    """An empty form for one entry of today, or of the assessment's day that is nearest to it."""
    local = now.astimezone(names.zone)
    day = local.date()
    if names.rubric:
        day = min(max(day, names.rubric.start), names.rubric.end)
    return Form(
        kind=kind,
        unit=unit,
        occurred=day.isoformat(),
        source=source,
        id=f"form/{secrets.token_hex(8)}",
        time=local.isoformat(timespec="seconds"),
    )


def read(sent: Mapping[str, Any]) -> Form:
    """A form that came back; a kind that is none of ours counts as an award, which the gate will judge."""
    words = {each.name: str(sent.get(each.name, "")).strip()[:LONGEST] for each in fields(Form)}
    if words["kind"] not in TYPES:
        words["kind"] = AWARD
    return Form(**words)


def choices(kind: str, names: Names) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen, in groups: the lines of awards or deductions by indicator, or the indicators by block."""
    if names.rubric is None:
        return []
    indicators = names.rubric.indicators.values()
    if kind == DETERMINATION:
        scored = [each for each in indicators if each.rule is not None]
        return [
            (
                names.block(block),
                [(each.id, f"{each.id} {names.indicator(each.id)}") for each in scored if each.block == block],
            )
            for block in names.rubric.blocks
        ]
    takes = kind == DEDUCTION
    return [
        (names.indicator(each.id), [(f"{each.id}/{line.id}", said(names, each.id, line.id)) for line in lines])
        for each in indicators
        if (lines := [line for line in each.lines.values() if line.takes == takes])
    ]


def said(names: Names, indicator: str, line: str) -> str:
    """A line with the points that it is worth."""
    held = names.lines(indicator)[line]
    low, high = plain(held.low), plain(held.high)
    return f"{names.line(indicator, line)} {low if held.fixed else f'{low}–{high}'}"


def from_here(request: Request) -> bool:
    """Whether a form was sent from a page of ours: on an open loopback nothing else keeps a strange page from it."""
    if (site := request.headers.get("sec-fetch-site")) is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
