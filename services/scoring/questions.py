"""What is asked of scoring over HTTP: an assessment, and one coordinate or several."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import (
    Coordinate,
    Unanswerable,
    read_coordinate,
    read_date,
    read_known_at,
    read_readings,
)
from services.scoring.domain.supposed import Unsupposable
from services.scoring.handlers import Books
from shared.chassis.auth import Calling
from shared.chassis.problems import Problem
from shared.rubric import RubricError

Assessment = Annotated[str, Path(max_length=128, description="Id of the assessment.")]
JSON = "application/json"
MOST_DIGITS = 16
ONCE = ("flags", "inputs", "step", "from", "to")
"""What a question may say once, beside its coordinate."""
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
    request: Request,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Version = None,
    reading: Readings = None,
) -> Coordinate:
    """Dependency: the coordinate that the query names; empty words count as not given.

    :raises Problem: 422 where one cannot be read, or might be meant otherwise than it is read
    """
    try:
        _check_named([name for name, value in request.query_params.multi_items() if value])
        return Coordinate(
            read_date(as_of) if as_of else None,
            read_known_at(known_at) if known_at else None,
            rubric,
            read_readings(each for each in reading or () if each),
        )
    except Unanswerable as fault:
        raise problem(fault) from None


def _check_named(names: Sequence[str]) -> None:
    for word in ("as-of", "known-at", "rubric"):
        alike = [name for name in names if name.replace("_", "-") == word]
        if len(alike) > 1:
            raise Unanswerable("bad-coordinate", f"{word} is named twice: leave one out")
        if alike and alike[0] != word:
            raise Unanswerable("bad-coordinate", f"{alike[0]} is written {word} here")


At = Annotated[Coordinate, Depends(coordinate)]


def problem(fault: Unanswerable) -> Problem:
    """Give the problem that a fault is over HTTP."""
    detail = f"{fault.reason[:1].upper()}{fault.reason[1:]}."
    if isinstance(fault, Unsupposable):
        return Problem(422, fault.code, detail, entry=fault.place, reason=fault.why)
    headers = {"Retry-After": "5"} if fault.code == "not-yet" else None
    return Problem(STATUS.get(fault.code, 422), fault.code, detail, headers=headers)


STATUS = {"not-yet": 503, "unknown-unit": 404, "unknown-indicator": 404, "unknown-rubric": 404, "not-known": 404}


def _least(at: Sequence[Coordinate]) -> int:
    """Give the position that a book must have come to."""
    return max((each.known_at for each in at if isinstance(each.known_at, int)), default=0)


class Inquiry:
    """What is asked of one assessment; a dependency."""

    def __init__(self, request: Request, assessment: Assessment, caller: Calling, books: Using) -> None:
        """Take the parts of the request that every question has.

        :raises Problem: 422 where it says something twice
        """
        del caller
        for name in ONCE:
            if len(request.query_params.getlist(name)) > 1:
                raise Problem(422, "invalid-request", f"{name} is named twice: leave one out.")
        self.assessment, self.books = assessment, books
        self.patience: float = request.app.state.service.settings.wait_seconds

    async def answer(self, ask: Callable[..., Any], *at: Coordinate) -> Response:
        """Ask the book something about these coordinates: `ask(book, *at)`.

        :raises Problem: 404, 422 or 503 where there is no answer
        """
        return Response(msgspec.json.encode(await self._asked(ask, at)), media_type=JSON)

    async def stream(self, ask: Callable[..., Iterator[bytes]], *at: Coordinate) -> Response:
        """Ask the book something whose answer is too long to be held whole.

        :raises Problem: as `answer`
        """
        return StreamingResponse(await self._asked(ask, at), media_type=JSON)

    async def _asked(self, ask: Callable[..., Any], at: Sequence[Coordinate]) -> Any:
        book = await self.book(_least(at))
        # Once the book is in hand, an entry may come in that is not stored yet, and never will be if another deployment
        # takes over now: what is known, by whatever time, is what is stored.
        head = book.head

        def answered() -> Any:
            return ask(book, *(book.settled(each, head) for each in at))

        try:
            return await self.books.store.ask(answered)
        except Unanswerable as fault:
            raise problem(fault) from None

    async def book(self, wanted: int) -> Book:
        """Give the book; where a position is wanted that is not here yet, wait for it a moment.

        :raises Problem: 404 where there is none; 503 where a rubric cannot be used
        """
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


class Question:
    """What is asked of one assessment at one coordinate; a dependency."""

    def __init__(self, inquiry: "Inquired", at: At) -> None:
        """Take both."""
        self._inquiry, self.at = inquiry, at
        self.assessment, self.books = inquiry.assessment, inquiry.books

    async def answer(self, ask: Callable[[Book, Coordinate], Any]) -> Response:
        """Ask the book.

        :raises Problem: 404, 422 or 503 where there is no answer
        """
        return await self._inquiry.answer(ask, self.at)

    async def stream(self, ask: Callable[[Book, Coordinate], Iterator[bytes]]) -> Response:
        """Ask the book something whose answer is too long to be held whole.

        :raises Problem: as `answer`
        """
        return await self._inquiry.stream(ask, self.at)

    async def book(self, least: int = 0) -> Book:
        """Give the book, with the position that the question names, and at least another.

        :raises Problem: 404 where there is none; 503 where a rubric cannot be used
        """
        return await self._inquiry.book(max(least, _least([self.at])))


def one_of_two(text: str) -> Coordinate:
    """Read one of the two coordinates of a diff.

    :raises Problem: 422 where it cannot be read
    """
    try:
        at, rubric = read_coordinate(text)
    except Unanswerable as fault:
        raise problem(fault) from None
    if rubric is None:
        return at
    if not (rubric.isascii() and rubric.isdecimal() and len(rubric) < MOST_DIGITS):
        reason = f"rubric {rubric[:40]!r} is no version: a rubric of one's own goes into the body of a POST"
        raise problem(Unanswerable("bad-coordinate", reason))
    return replace(at, rubric=int(rubric))


Inquired = Annotated[Inquiry, Depends(Inquiry)]
Asked = Annotated[Question, Depends(Question)]
responses: dict[int | str, dict[str, Any]] = {
    404: {"description": "No such assessment, unit, indicator or rubric, or nothing known then."},
    422: {"description": "The coordinate cannot be read."},
    503: {"description": "`not-yet`: the position is not here yet."},
}
