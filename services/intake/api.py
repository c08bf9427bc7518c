"""Intake's ledgers over HTTP: entries, receipts, refusals and rubrics out; `sending` takes events in."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.intake.desk import receipt_at
from services.intake.ledgers import Ledgers
from services.intake.receiving import JSON, STRUCTURED
from services.intake.sending import receipt_json
from services.intake.store import ENTRIES, entries
from shared.chassis.auth import Calling, Visiting
from shared.chassis.problems import Problem

LINES = "application/x-ndjson"
PAGE = 1000

router = APIRouter(tags=["intake"])
Assessment = Annotated[str, Path(max_length=128, description="Id of the assessment.")]
Place = Annotated[int, Path(ge=1, le=2**63 - 1, description="Position of an entry.")]
After = Annotated[int, Query(ge=0, le=2**63 - 1, description="Only what lies beyond this position.")]


async def _ledgers(request: Request) -> Ledgers:
    return request.app.state.ledgers


Using = Annotated[Ledgers, Depends(_ledgers)]
_json = msgspec.json.encode


def _answer(value: Any, status: int = 200, **headers: str) -> Response:
    return Response(_json(value), status, headers, media_type=JSON)


@router.get("/v1/entries")
async def ledgers_there_are(caller: Calling, ledgers: Using) -> Response:
    """List the assessments that have a ledger, for readers of the feed."""
    del caller
    return _answer({"assessments": await ledgers.ask(ledgers.store.store.assessments, ENTRIES)})


@router.get(
    "/v1/entries/{assessment}",
    responses={200: {"content": {LINES: {}}, "description": "Entries in their stored form, one a line."}},
    response_class=Response,
)
async def feed(
    assessment: Assessment,
    caller: Calling,
    ledgers: Using,
    after: After = 0,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="At most so many; without it, all.")] = None,
) -> Response:
    """Give the ledger from a position on: the same bytes that are signed, published and exported."""
    del caller
    await ledgers.known(assessment)
    return StreamingResponse(_lines(ledgers, assessment, after, limit), media_type=LINES)


async def _lines(ledgers: Ledgers, assessment: str, after: int, limit: int | None) -> AsyncIterator[bytes]:
    left = limit
    while left is None or left > 0:
        states = await ledgers.read(assessment, after, min(PAGE, left or PAGE))
        if not states:
            return
        yield b"\n".join(states) + b"\n"
        after += len(states)
        left = None if left is None else left - len(states)


@router.get(
    "/v1/entries/{assessment}/{position}",
    responses={
        200: {"content": {STRUCTURED: {}}, "description": "The entry in its stored form."},
        404: {"description": "None."},
    },
    response_class=Response,
)
async def entry(assessment: Assessment, position: Place, caller: Calling, ledgers: Using) -> Response:
    """Give one entry, byte for byte as it is stored."""
    del caller
    state = await ledgers.known(assessment)
    stored = await ledgers.ask(ledgers.store.store.stream(entries(assessment)).get, position)
    if stored is None:
        raise _no_position(assessment, position, state["head"]["position"])
    return Response(stored, media_type=STRUCTURED)


NOTE = "text/plain; charset=utf-8"
_proof: dict[int | str, dict[str, Any]] = {
    200: {"content": {NOTE: {}}, "description": "The receipt: a C2SP tlog-proof."},
    404: {"description": "None."},
}


@router.get("/v1/receipts/{assessment}/{position}", responses=_proof, response_class=Response)
async def receipt(assessment: Assessment, position: Place, caller: Calling, ledgers: Using) -> Response:
    """Give the receipt of the entry at a position: its path to a signed checkpoint, to be checked offline."""
    del caller
    await ledgers.known(assessment)
    return Response(await ledgers.prove(ledgers.prover.receipt, assessment, position), media_type=NOTE)


@router.get("/v1/receipts/{assessment}", responses={404: {"description": "None."}})
async def receipt_of(
    assessment: Assessment,
    caller: Calling,
    ledgers: Using,
    source: Annotated[str, Query(description="The event's source.")],
    id: Annotated[str, Query(description="The event's id.")],
) -> Response:
    """Tell where an event stands in the ledger, by its identity, and where its receipt is."""
    del caller
    await ledgers.known(assessment)
    found = (await ledgers.ask(ledgers.store.found, assessment, [(source, id)])).get((source, id))
    if found is None:
        detail = (
            f"{assessment} has no entry of this source and id; /v1/refused/{assessment} tells whether it was refused."
        )
        raise Problem(404, "not-found", detail)
    made = await ledgers.ask(receipt_at, ledgers.store, assessment, found.position)
    return _answer(receipt_json(made) if made else None)


@router.get(
    "/v1/checkpoints/{assessment}",
    responses={200: {"content": {NOTE: {}}, "description": "A C2SP tlog-checkpoint."}, 404: {"description": "None."}},
    response_class=Response,
)
async def checkpoint(assessment: Assessment, visitor: Visiting, ledgers: Using) -> Response:
    """Give a signed checkpoint of the ledger at its head. Anybody may keep one; the public key is named beside it."""
    del visitor
    await ledgers.known(assessment)
    note = await ledgers.checkpoint(assessment)
    return Response(note, headers={"X-Verifier-Key": ledgers.prover.verifier(assessment)}, media_type=NOTE)


@router.get(
    "/v1/checkpoints/{assessment}/keys",
    responses={200: {"content": {NOTE: {}}, "description": "Key and hand-overs."}, 404: {"description": "None."}},
    response_class=Response,
)
async def keys(assessment: Assessment, visitor: Visiting, ledgers: Using) -> Response:
    """Give the ledger's public key, to be pinned, and below it how earlier keys handed over to it."""
    del visitor
    await ledgers.known(assessment)
    return Response(bytes(ledgers.prover.keys.published(assessment)), media_type=NOTE)


@router.get("/v1/consistency/{assessment}", responses={404: {"description": "None."}})
async def consistency(
    assessment: Assessment,
    visitor: Visiting,
    ledgers: Using,
    first: Annotated[int, Query(alias="from", ge=0, le=2**63 - 1, description="Size of the earlier tree.")],
    second: Annotated[int, Query(alias="to", ge=0, le=2**63 - 1, description="Size of the later tree.")],
) -> Response:
    """Prove that the ledger at one size is the beginning of the ledger at another."""
    del visitor
    await ledgers.known(assessment)
    return _answer(await ledgers.prove(ledgers.prover.consistency, assessment, first, second))


@router.get("/v1/refused/{assessment}")
async def refused(
    assessment: Assessment,
    caller: Calling,
    ledgers: Using,
    source: Annotated[str | None, Query(description="Only what came from this source, with `id`.")] = None,
    id: Annotated[str | None, Query(description="Only what came under this id, with `source`.")] = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List what was refused, oldest first, with the code and the reason; `-` is the assessment of what names none."""
    del caller
    if (source is None) != (id is None):
        raise Problem(422, "invalid-request", "Give source and id together, or neither.")
    named = (source, id) if source is not None and id is not None else None
    rows = await ledgers.ask(lambda: ledgers.store.refused(assessment, after=after, limit=limit, named=named))
    return _answer(
        {"assessment": assessment, "refused": [row.shown() for row in rows], "next": rows[-1].number if rows else after}
    )


@router.get("/v1/assessments")
async def assessments(caller: Calling, ledgers: Using) -> Response:
    """List every assessment of this ledger."""
    del caller
    return _answer({"assessments": await ledgers.list()})


@router.get("/v1/assessments/{assessment}", responses={404: {"description": "None."}})
async def assessment_state(assessment: Assessment, caller: Calling, ledgers: Using) -> Response:
    """Give an assessment's state, head and rubric."""
    del caller
    state = await ledgers.known(assessment)
    return _answer(state, ETag=f'"{state["head"]["position"]}"')


@router.get("/v1/rubrics/{assessment}/{version}", responses={404: {"description": "None."}})
async def rubric(
    assessment: Assessment, version: Annotated[int, Path(ge=0, le=2**63 - 1)], caller: Calling, ledgers: Using
) -> Response:
    """Give a rubric that was opened or adopted, with its exact text."""
    del caller
    await ledgers.known(assessment)
    found = await ledgers.rubric(assessment, version)
    if found is None:
        raise Problem(404, "not-found", f"{assessment} has never had a rubric of version {version}.")
    return _answer(found)


def _no_position(assessment: str, position: int, head: int) -> Problem:
    return Problem(404, "not-found", f"{assessment} has no entry {position}; its head is at {head}.")
