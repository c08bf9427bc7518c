"""Intake over HTTP: events in; entries, receipts, refusals and rubrics out."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.intake.desk import Answer, Receipt, receipt_at
from services.intake.desk import Request as Sending
from services.intake.domain.outcomes import Refused
from services.intake.ledgers import Ledgers
from services.intake.receiving import BATCH, JSON, PREFIX, STRUCTURED, read, split, structured_of
from services.intake.store import ENTRIES, entries
from shared.chassis.auth import Calling, Visiting
from shared.chassis.http import accepts, read_body
from shared.chassis.problems import Problem
from shared.contracts.events import LARGEST_WITH_RUBRIC, Malformed
from shared.contracts.problems import problem
from shared.contracts.refusals import http_status, title

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


@router.post(
    "/v1/entries/{assessment}",
    status_code=201,
    responses={
        200: {"description": "Known already: the first receipt. For a batch, one result per event, in order."},
        201: {"description": "Accepted, and on the disk: the receipt."},
        409: {"description": "`id-conflict`, `entry-superseded` or `closed`."},
        412: {"description": "The head is not where `If-Match` says."},
        413: {"description": "`too-large`."},
        415: {"description": "Not a CloudEvent's content type."},
        422: {"description": "Refused, with its code."},
    },
    openapi_extra={"requestBody": {"required": True, "content": {STRUCTURED: {}, BATCH: {}, JSON: {}}}},
)
async def send(
    request: Request,
    assessment: Assessment,
    caller: Calling,
    ledgers: Using,
    media: Annotated[str, Depends(accepts(STRUCTURED, BATCH, JSON))],
    dry_run: Annotated[bool, Query(alias="dry-run", description="Judge, and record nothing.")] = False,  # noqa: FBT002
    if_match: Annotated[str | None, Header(alias="If-Match", description='The head you saw: `"412"`.')] = None,
) -> Response:
    """Take one event (structured or binary mode) or a batch of them."""
    limit = ledgers.settings.max_body if media == BATCH else LARGEST_WITH_RUBRIC + 1
    body = await read_body(request, limit, silence=ledgers.settings.body_seconds)
    raw = _raw(request, media, body)
    if len(raw) > ledgers.settings.batch_entries:
        detail = f"A batch may hold {ledgers.settings.batch_entries} events, this one has {len(raw)}; send it in parts."
        raise Problem(413, "too-large", detail)
    sending = Sending(assessment, [read(each) for each in raw], raw, caller, dry_run, if_match=_position(if_match))
    answers = await ledgers.decide(sending)
    if media == BATCH:
        return _answer([_result(answer, dry_run=dry_run) for answer in answers])
    return _single(answers[0], dry_run=dry_run)


def _raw(request: Request, media: str, body: bytes) -> list[bytes]:
    if media == BATCH:
        try:
            return split(body)
        except Malformed as fault:
            raise Problem(422, str(fault.code), fault.reason, title=title(fault.code)) from None
    if media == JSON and any(name.startswith(PREFIX) for name in request.headers):
        return [structured_of(request.headers, body)]
    return [body]


def _position(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit()):
        raise Problem(422, "invalid-request", 'If-Match takes the position of the head you saw, as `"412"`.')
    return int(text)


def _single(answer: Answer, *, dry_run: bool) -> Response:
    body = _result(answer, dry_run=dry_run)
    status = body["status"]
    if isinstance(answer, Refused):
        return Response(_json(body), status, media_type="application/problem+json")
    if status == 201:
        return _answer(
            body, status, Location=f"/v1/entries/{answer.assessment}/{answer.position}", ETag=f'"{answer.position}"'
        )
    return _answer(body, status)


def _result(answer: Answer, *, dry_run: bool) -> dict[str, Any]:
    if isinstance(answer, Refused):
        status = 403 if answer.by_credential else http_status(answer.code)
        return problem(answer.code, answer.reason, status=status, source=answer.source, id=answer.id)
    body = receipt_json(answer)
    if dry_run and not answer.known:
        return {"status": 200, "dry_run": True, "would_accept": True} | body
    return {"status": 200 if answer.known else 201} | body


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Give a receipt as JSON, with where its proof is."""
    proof = f"/v1/receipts/{receipt.assessment}/{receipt.position}"
    return msgspec.to_builtins(receipt) | {"receipt": proof}


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
    note = await ledgers.prove(ledgers.prover.checkpoint, assessment)
    return Response(note, headers={"X-Verifier-Key": ledgers.prover.verifier(assessment)}, media_type=NOTE)


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
