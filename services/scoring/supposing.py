"""What-if over HTTP: the body of a POST to the diff, with rubrics of one's own and entries that nobody sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate, Unanswerable
from services.scoring.domain.supposed import MOST
from shared.chassis.problems import Problem
from shared.contracts import strict_json
from shared.contracts.events import parse_event
from shared.rubric import RubricError, load
from shared.rubric.rubric import Rubric

SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "WhatIf",
    "additionalProperties": False,
    "properties": {
        "from": {"type": "string", "description": "A coordinate, as in the address of a diff."},
        "to": {"type": "string", "description": "Another; what is supposed is supposed here."},
        "from_rubric": {"type": "string", "description": "The text of a rubric to read `from` by."},
        "to_rubric": {"type": "string", "description": "The text of a rubric to read `to` by."},
        "entries": {
            "type": "array",
            "maxItems": MOST,
            "items": {"type": "object"},
            "description": "Events as one sends them, supposed in this order behind what is known at `to`.",
        },
    },
}
_TEXTS = ("from", "to", "from_rubric", "to_rubric")


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Two coordinates in words, the texts of their rubrics, and events as they were read."""

    first: str
    second: str
    rubrics: tuple[str | None, str | None]
    events: list[dict[str, Any]]

    def answer(self, book: Book, one: Coordinate, other: Coordinate) -> dict[str, Any]:
        """Ask the book.

        :raises Unanswerable: there is no answer, a rubric has faults, or an event could not be accepted
        """
        ends = [
            at if text is None else replace(at, rubric=_rubric(name, text))
            for at, name, text in zip((one, other), _TEXTS[2:], self.rubrics, strict=True)
        ]
        return book.what_if(ends[0], ends[1], [lambda event=event: parse_event(event) for event in self.events])


def _rubric(name: str, text: str) -> Rubric:
    try:
        return load(text)
    except RubricError as error:
        raise Unanswerable("bad-rubric", f"{name} is no rubric: {error.faults[0]}") from None


def read_what_if(raw: bytes) -> WhatIf:
    """Read the body.

    :raises Problem: 422 where it is none
    """
    try:
        body = strict_json.parse(raw)
    except ValueError as error:
        raise _wrong(f"it is no JSON ({error})") from None
    if not isinstance(body, dict):
        raise _wrong("it is no object")
    members = cast("Mapping[str, Any]", body)
    strange = [name for name in members if name not in SCHEMA["properties"]]
    if strange:
        raise _wrong(f"it has {strange[0][:40]}: it may have {', '.join(SCHEMA['properties'])}")
    for name in _TEXTS:
        if type(members.get(name, "")) is not str:
            raise _wrong(f"{name} is no text")
    events = members.get("entries", [])
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in cast("list[Any]", events)):
        raise _wrong("entries is no array of events")
    rubrics = members.get("from_rubric"), members.get("to_rubric")
    return WhatIf(members.get("from", ""), members.get("to", ""), rubrics, cast("list[dict[str, Any]]", events))


def _wrong(reason: str) -> Problem:
    return Problem(422, "invalid-request", f"The body cannot be taken: {reason}.")
