"""Audit bundles over HTTP: the ledger as far as intake's checkpoint signs it, and the standing at a coordinate."""

# ruff: noqa: FAST003  the path's assessment is taken by `Question`

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.scoring.checkpoints import Checkpoints, Differs
from services.scoring.domain import moments
from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate, Unanswerable
from services.scoring.questions import Asked, Question, problem
from services.scoring.store import ledger
from shared.chassis.problems import Problem
from shared.proof import bundle
from shared.proof.bundle import Claim, Manifest, Signed
from shared.proof.bundle import Coordinate as At
from shared.proof.checkpoint import Checkpoint

ZIP = "application/zip"
LINES_AT_ONCE = 2000
PIECE = 1 << 18
"""Bytes that are sent at once, about."""

router = APIRouter(tags=["scoring"])
_responses: dict[int | str, dict[str, Any]] = {
    200: {"content": {ZIP: {}}, "description": "The bundle, as `docs/reference/bundle.md` specifies it."},
    404: {"description": "No such assessment or rubric, or nothing known then."},
    409: {"description": "`fork`: intake signed another ledger than scoring has read."},
    422: {"description": "The coordinate cannot be read."},
    503: {"description": "`not-yet`: the position is not here yet; or intake gives no checkpoint now."},
}


@router.get("/v1/bundles/{assessment}", responses=_responses, response_class=StreamingResponse)
async def bundles(asked: Asked, request: Request) -> StreamingResponse:
    """Give the audit bundle of a coordinate: all entries that are signed, and the standing, to be verified offline."""
    book, checkpoints = await asked.book(), request.app.state.checkpoints
    try:
        if isinstance(asked.at.known_at, int):
            moments.position(book.ledger, asked.at.known_at)  # it has been waited for: not once more below
        signed, head = await _signed(checkpoints, asked.assessment)
        book = await asked.book(head.size)
        moments.position(book.ledger, head.size)  # what is signed may be on its way here
        await checkpoints.hold(asked.assessment, head)
        manifest, claim = await asked.books.store.ask(_standing, book, asked.at, head)
    except Differs as error:
        raise Problem(409, "fork", str(error)) from error
    except Unanswerable as fault:
        raise problem(fault) from None
    made = bundle.pieces(manifest, claim, signed, _lines(asked, head.size))
    name = f"{asked.assessment}-{manifest.coordinate.known_at}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_sent(asked, made), headers=headers, media_type=ZIP)


async def _signed(checkpoints: Checkpoints, assessment: str) -> tuple[Signed, Checkpoint]:
    """Ask intake for a checkpoint and its keys."""
    try:
        note, keys, head = await checkpoints.signed(assessment)
    except httpx.HTTPError as error:
        detail = f"Intake gives no checkpoint of {assessment} now ({str(error) or type(error).__name__})."
        raise Problem(503, "unavailable", detail, headers={"Retry-After": "5"}) from error
    except Differs as error:
        raise Problem(409, "fork", str(error)) from error
    return Signed(note, keys), head


def _standing(book: Book, asked: Coordinate, head: Checkpoint) -> tuple[Manifest, Claim]:
    """Give the standing at the coordinate, no further than what is signed."""
    if isinstance(asked.known_at, int) and asked.known_at > head.size:
        raise Unanswerable("not-yet", f"position {asked.known_at} is not signed yet: the checkpoint has {head.size}")
    known_at = moments.position(book.ledger, asked.known_at, head.size)
    claim = book.standing_and_flags(replace(asked, known_at=known_at))
    at: At = bundle.coordinate(claim[0], asked.readings)
    assessment = book.ledger.assessment
    return Manifest(assessment=assessment, origin=head.origin, entries=head.size, coordinate=at), claim


def _lines(asked: Question, size: int) -> Iterator[list[bytes]]:
    """Read the entries up to a position; blocking."""
    stream = ledger(asked.books.store, asked.assessment)
    for after in range(0, size, LINES_AT_ONCE):
        yield stream.read(after, min(LINES_AT_ONCE, size - after))


async def _sent(asked: Question, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Make the pieces where blocking is allowed, and send them."""

    def some() -> bytes:
        parts: list[bytes] = []
        size = 0
        for piece in pieces:
            parts.append(piece)
            size += len(piece)
            if size >= PIECE:
                break
        return b"".join(parts)

    while piece := await asked.books.store.ask(some):
        yield piece
