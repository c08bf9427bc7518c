"""Scoring over HTTP: standings and traces at any coordinate, what lies between two, and the feed of scores."""

# ruff: noqa: FAST003  the path's assessment is taken by `Inquiry`

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.scoring import outward
from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate, Unanswerable, read_date
from services.scoring.domain.tasks import tasks
from services.scoring.domain.timeline import read_step
from services.scoring.questions import JSON, Asked, Assessment, Inquired, Using, one_of_two, problem, responses
from services.scoring.store import scores
from services.scoring.supposing import SCHEMA as WHAT_IF
from services.scoring.supposing import read_what_if
from shared.chassis.auth import Calling
from shared.chassis.http import read_body

router = APIRouter(tags=["scoring"])
LINES = "application/x-ndjson"
PAGE = 500
Most = Annotated[
    int | None,
    Query(
        ge=0,
        le=10_000,
        description="At most so many flags of each code, unit and indicator; `flagged` then counts all by code.",
    ),
]
Inputs = Annotated[
    int | None,
    Query(
        ge=1,
        le=10_000,
        description="At most so many facts of each step, those that count first; `more` counts the rest.",
    ),
]
LONGEST = 2000
"""Characters of a coordinate in an address."""


@router.get("/v1/standings/{assessment}", responses=responses)
async def standings(asked: Asked, flags: Most = None) -> Response:
    """Give the standing at a coordinate."""
    return await asked.stream(lambda book, at: outward.whole(book, at, flags))


@router.get("/v1/scorecards/{assessment}/{unit}", responses=responses)
async def scorecards(asked: Asked, unit: str, flags: Most = None) -> Response:
    """Give one unit of a standing, with the flags about it."""
    return await asked.answer(lambda book, at: book.scorecard(unit, at, flags))


@router.get("/v1/explain/{assessment}/{unit}", responses=responses)
async def explain_unit(asked: Asked, unit: str, inputs: Inputs = None) -> Response:
    """Give the trace of every indicator of a unit, down to clause and entry."""
    return await asked.answer(lambda book, at: book.explain(unit, None, at, inputs))


@router.get("/v1/explain/{assessment}/{unit}/{indicator}", responses=responses)
async def explain(asked: Asked, unit: str, indicator: str, inputs: Inputs = None) -> Response:
    """Give the trace of one indicator, down to clause and entry."""
    return await asked.answer(lambda book, at: book.explain(unit, indicator, at, inputs))


First = Annotated[str, Query(alias="from", max_length=LONGEST, description="`as-of=2020-06-30,known-at=412,A01=20`.")]
Second = Annotated[str, Query(alias="to", max_length=LONGEST, description="Another; left out, all is left open.")]


@router.get("/v1/diff/{assessment}", responses=responses)
async def diff(inquiry: Inquired, first: First = "", second: Second = "") -> Response:
    """Say what changed from one coordinate to another, and which entries, rulings and clauses caused it."""
    one, other = one_of_two(first), one_of_two(second)
    return await inquiry.answer(Book.diff, one, other)


@router.post(
    "/v1/diff/{assessment}",
    responses=responses,
    openapi_extra={"requestBody": {"content": {JSON: {"schema": WHAT_IF}}, "required": True}},
)
async def what_if(inquiry: Inquired, request: Request) -> Response:
    """Say what would change under a rubric of one's own, or with entries that nobody sent; nothing is recorded."""
    settings = request.app.state.service.settings
    asked = read_what_if(await read_body(request, settings.max_body, silence=settings.body_seconds))
    one, other = one_of_two(asked.first), one_of_two(asked.second)

    def supposed(book: Book, at: Coordinate) -> dict[str, Any]:
        return asked.answer(book, one, at)

    if asked.events and one.known_at is None:  # it is then what is known at the other, behind which they are supposed
        return await inquiry.answer(supposed, other)
    return await inquiry.answer(asked.answer, one, other)


@router.get("/v1/timeline/{assessment}", responses=responses)
async def timeline(
    asked: Asked,
    step: Annotated[str, Query(max_length=20, description="`day`, `week`, `month`, or a number of days.")] = "month",
    first: Annotated[str | None, Query(alias="from", description="The first day; else the period's.")] = None,
    last: Annotated[
        str | None, Query(alias="to", description="The last day; else as far as anything is known.")
    ] = None,
) -> Response:
    """Give rank and total of every unit at the end of every step, as known then and as known now."""
    try:
        span = read_date(first) if first else None, read_date(last) if last else None
        steps = read_step(step)
    except Unanswerable as fault:
        raise problem(fault) from None
    return await asked.answer(lambda book, at: book.timeline(at, steps, span))


@router.get("/v1/sensitivity/{assessment}", responses=responses)
async def sensitivity(asked: Asked) -> Response:
    """Give the standing under each reading of every open finding; which move a rank, and that the others cannot."""
    return await asked.answer(Book.sensitivity)


@router.get("/v1/tipping/{assessment}/{unit}", responses=responses)
async def tipping(asked: Asked, unit: str) -> Response:
    """Give for every input of a unit the smallest single change that changes its rank, or that none can."""
    return await asked.answer(lambda book, at: book.tipping(unit, at))


@router.get("/v1/appeals/{assessment}", responses=responses)
async def appeals(asked: Asked) -> Response:
    """Give every appeal with its state, the decision on it, and what the entries that followed from it moved."""
    return await asked.answer(Book.appeals)


@router.get("/v1/tasks/{assessment}", responses=responses)
async def task_rows(asked: Asked) -> Response:
    """Give the rows of the task table with their progress."""
    return await asked.answer(tasks)


@router.get("/v1/scores")
async def streams(caller: Calling, books: Using) -> Response:
    """List the assessments that have a stream of scores, for readers of the feed."""
    del caller
    return Response(msgspec.json.encode({"assessments": await books.assessments()}), media_type=JSON)


@router.get(
    "/v1/scores/{assessment}",
    responses={200: {"content": {LINES: {}}, "description": "Records of scores, one a line."}},
    response_class=Response,
)
async def feed(
    assessment: Assessment,
    caller: Calling,
    books: Using,
    after: Annotated[int, Query(ge=0, le=2**63 - 1, description="Only what lies beyond this position.")] = 0,
    generation: Annotated[int, Query(ge=1, le=2**63 - 1, description="Of the reader's last record.")] = 1,
    limit: Annotated[int, Query(ge=1, le=10_000)] = PAGE,
) -> Response:
    """Give the stream of scores from a position on: the same bytes that are published."""
    del caller
    states = await books.store.ask(scores(books.store, assessment).feed, generation, after, limit)
    return StreamingResponse(_lines(states), media_type=LINES)


async def _lines(states: list[bytes]) -> AsyncIterator[bytes]:
    for start in range(0, len(states), PAGE):  # together: each piece costs a turn of the loop, and a chunk to read
        yield b"\n".join([*states[start : start + PAGE], b""])
