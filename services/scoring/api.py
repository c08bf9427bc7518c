"""Scoring over HTTP: standings, scorecards and traces at any coordinate, and the feed of scores."""

# ruff: noqa: FAST003  the path's assessment is taken by `Question`

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate, Unanswerable, read_date, read_known_at, read_readings
from services.scoring.domain.tasks import tasks
from services.scoring.handlers import Books
from services.scoring.store import scores
from shared.chassis.auth import Calling
from shared.chassis.problems import Problem
from shared.rubric import RubricError

router = APIRouter(tags=["scoring"])
Assessment = Annotated[str, Path(max_length=128, description="Id of the assessment.")]
JSON = "application/json"
LINES = "application/x-ndjson"
PAGE = 500
LOOK_AGAIN = 0.5
"""Seconds after which a waiting question looks at the store, where another replica may have written."""


async def _books(request: Request) -> Books:
    return request.app.state.books


Using = Annotated[Books, Depends(_books)]
AsOf = Annotated[str | None, Query(alias="as-of", description="Date that facts are true for; else all so far.")]
KnownAt = Annotated[str | None, Query(alias="known-at", description="Position or time of acceptance; else the head.")]
Version = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Version of a rubric; else the one in force.")]
Readings = Annotated[list[str] | None, Query(alias="reading", description="`FINDING=READING`, over rulings.")]


async def coordinate(
    as_of: AsOf = None, known_at: KnownAt = None, rubric: Version = None, reading: Readings = None
) -> Coordinate:
    """Dependency: the coordinate that the query names; empty words count as not given.

    :raises Problem: 422 where one cannot be read
    """
    try:
        return Coordinate(
            read_date(as_of) if as_of else None,
            read_known_at(known_at) if known_at else None,
            rubric,
            read_readings(each for each in reading or () if each),
        )
    except Unanswerable as fault:
        raise problem(fault) from None


At = Annotated[Coordinate, Depends(coordinate)]


def problem(fault: Unanswerable) -> Problem:
    """Give a question that has no answer as a problem."""
    detail = f"{fault.reason[:1].upper()}{fault.reason[1:]}."
    headers = {"Retry-After": "5"} if fault.code == "not-yet" else None
    return Problem(_STATUS.get(fault.code, 422), fault.code, detail, headers=headers)


_STATUS = {"not-yet": 503, "unknown-unit": 404, "unknown-indicator": 404, "unknown-rubric": 404, "not-known": 404}


class Question:
    """What is asked of one assessment at a coordinate; a dependency."""

    def __init__(self, request: Request, assessment: Assessment, caller: Calling, books: Using, at: At) -> None:
        """Take the parts of the request that every question has."""
        del caller
        self.assessment, self.books, self.at = assessment, books, at
        self.patience: float = request.app.state.service.settings.wait_seconds

    async def answer(self, ask: Callable[[Book, Coordinate], Any]) -> Response:
        """Ask the book.

        :raises Problem: 404, 422 or 503 where there is no answer
        """
        book = await self.book()
        try:
            return Response(msgspec.json.encode(await self.books.store.ask(ask, book, self.at)), media_type=JSON)
        except Unanswerable as fault:
            raise problem(fault) from None

    async def book(self, least: int = 0) -> Book:
        """Give the book; where the question names a position that is not here yet, wait for it a moment.

        :raises Problem: 404 where there is none; 503 where a rubric cannot be used
        """
        wanted = max(least, self.at.known_at if isinstance(self.at.known_at, int) else 0)
        try:
            book = await self.books.get(self.assessment)
            if book is not None and book.head < wanted:
                book = await self._awaited(wanted)
        except RubricError as error:
            detail = (
                f"A rubric that the ledger of {self.assessment} carries cannot be used by this program "
                f"({error.faults[0]}); start the program that took it in, or a newer one."
            )
            raise Problem(503, "unavailable", detail) from error
        if book is None:
            detail = f"{self.assessment} is not known to scoring; it may not have been opened yet."
            raise Problem(404, "unknown-assessment", detail)
        return book

    async def _awaited(self, wanted: int) -> Book | None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self.patience
        with self.books.store.signal.listen() as bell:
            while True:
                book = await self.books.get(self.assessment)
                left = due - loop.time()
                if book is None or book.head >= wanted or left <= 0:
                    return book
                await bell.wait(min(left, LOOK_AGAIN))


Asked = Annotated[Question, Depends(Question)]
_responses: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such assessment, unit, indicator or rubric, or nothing known then."},
    422: {"description": "The coordinate cannot be read."},
    503: {"description": "`not-yet`: the position is not here yet."},
}


@router.get("/v1/standings/{assessment}", responses=_responses)
async def standings(asked: Asked) -> Response:
    """Give the standing at a coordinate."""
    return await asked.answer(Book.standing)


@router.get("/v1/scorecards/{assessment}/{unit}", responses=_responses)
async def scorecards(asked: Asked, unit: str) -> Response:
    """Give one unit of a standing, with the flags about it."""
    return await asked.answer(lambda book, at: book.scorecard(unit, at))


@router.get("/v1/explain/{assessment}/{unit}", responses=_responses)
async def explain_unit(asked: Asked, unit: str) -> Response:
    """Give the trace of every indicator of a unit, down to clause and entry."""
    return await asked.answer(lambda book, at: book.explain(unit, None, at))


@router.get("/v1/explain/{assessment}/{unit}/{indicator}", responses=_responses)
async def explain(asked: Asked, unit: str, indicator: str) -> Response:
    """Give the trace of one indicator, down to clause and entry."""
    return await asked.answer(lambda book, at: book.explain(unit, indicator, at))


@router.get("/v1/tasks/{assessment}", responses=_responses)
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
    for state in states:
        yield state + b"\n"
