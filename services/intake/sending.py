"""Events in, over HTTP: one (structured or binary mode) or a batch of them, judged and answered.

Most requests come here, and half the time of one would go into the framework's reading of its parameters. So the
handler takes the request as it is, and its parameters are described for the OpenAPI document by hand.
"""

import asyncio
from typing import Any, cast

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.intake.desk import Answer, Receipt
from services.intake.desk import Request as Sending
from services.intake.ledgers import Ledgers
from services.intake.receiving import BATCH, JSON, PREFIX, STRUCTURED, read, split, structured_of
from shared.chassis.auth import SECURITY, calling
from shared.chassis.http import media_type, read_body
from shared.chassis.problems import MEDIA_TYPE, Problem, unsupported
from shared.contracts.events import Event, Malformed
from shared.contracts.problems import problem
from shared.contracts.refusals import http_status, title
from shared.gate.outcomes import Refused

LONGEST_NAME = 128
"""Characters of an assessment's id."""
READ_AT_ONCE = 64 * 1024
"""Bytes of a body that are parsed on the event loop; a larger one would hold up everybody else."""

router = APIRouter(tags=["intake"])
_json = msgspec.json.encode
_YES, _NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def _parameter(name: str, where: str, description: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "description": description, "schema": schema}


@router.post(
    "/v1/entries/{assessment}",  # noqa: FAST003  read by hand, as said above
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
    openapi_extra={
        "parameters": [
            _parameter(
                "assessment", "path", "Id of the assessment.", required=True, type="string", maxLength=LONGEST_NAME
            ),
            _parameter("dry-run", "query", "Judge, and record nothing.", type="boolean", default=False),
            _parameter("If-Match", "header", 'The head you saw: `"412"`.', type="string"),
        ],
        "requestBody": {"required": True, "content": {STRUCTURED: {}, BATCH: {}, JSON: {}}},
        "security": SECURITY,
    },
)
async def send(request: Request) -> Response:
    """Take one event (structured or binary mode) or a batch of them."""
    caller = calling(request)
    media = media_type(request)
    if media not in (STRUCTURED, BATCH, JSON):
        raise unsupported(STRUCTURED, BATCH, JSON)
    assessment = cast("str", request.path_params["assessment"])
    if len(assessment) > LONGEST_NAME:
        raise Problem(422, "invalid-request", f"The id of an assessment has at most {LONGEST_NAME} characters.")
    dry_run, if_match = _dry_run(request), _position(request.headers.get("if-match"))
    ledgers: Ledgers = request.app.state.ledgers
    body = await read_body(request, ledgers.settings.max_body, silence=ledgers.settings.body_seconds)
    if len(body) <= READ_AT_ONCE:
        raw, events = _read(request, media, body, ledgers.settings.batch_entries)
    else:
        raw, events = await asyncio.to_thread(_read, request, media, body, ledgers.settings.batch_entries)
    sending = Sending(assessment, events, raw, caller, dry_run, if_match=if_match)
    answers = await ledgers.decide(sending)
    if media == BATCH:
        return Response(_json([_result(answer, dry_run=dry_run) for answer in answers]), media_type=JSON)
    return _single(answers[0], dry_run=dry_run)


def _read(request: Request, media: str, body: bytes, most: int) -> tuple[list[bytes], list[Event | Malformed]]:
    raw = _raw(request, media, body, most)
    if len(raw) > most:
        raise Problem(413, "too-large", f"A batch may hold {most} events, this one has more; send it in parts.")
    return raw, [read(each) for each in raw]


def _raw(request: Request, media: str, body: bytes, most: int) -> list[bytes]:
    if media == BATCH:
        try:
            return split(body, most)
        except Malformed as fault:
            raise Problem(422, str(fault.code), fault.reason, title=title(fault.code)) from None
    if media == JSON and any(name.startswith(PREFIX) for name in request.headers):
        return [structured_of(request.headers.items(), body)]
    return [body]


def _dry_run(request: Request) -> bool:
    said = request.query_params.get("dry-run") if request.scope["query_string"] else None
    if said is None or said.lower() in _NO:
        return False
    if said.lower() in _YES:
        return True
    raise Problem(422, "invalid-request", "dry-run takes `true` or `false`.")


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
        return Response(_json(body), status, media_type=MEDIA_TYPE)
    if status != 201:
        return Response(_json(body), status, media_type=JSON)
    place = {"Location": f"/v1/entries/{answer.assessment}/{answer.position}", "ETag": f'"{answer.position}"'}
    return Response(_json(body), status, place, media_type=JSON)


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
