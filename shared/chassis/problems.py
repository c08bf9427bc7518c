"""Errors over HTTP: problem details (RFC 9457), `type` `/problems/<code>` and the code beside it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.chassis.errors import CannotAnswer

MEDIA_TYPE = "application/problem+json"

# Codes for what HTTP itself refuses; the gate's own codes come with their `Problem`.
CODES = {
    400: "bad-request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    412: "head-moved",
    413: "too-large",
    415: "unsupported-media-type",
    421: "misdirected",
    422: "invalid-request",
    500: "internal-error",
    503: "unavailable",
}


class Problem(HTTPException):
    """Raise it anywhere under a request: it becomes the answer.

    `extra` are members beside the standard ones; `headers` such as Retry-After go out with it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(status, detail, headers)
        self.code = code
        self.title = title
        self.extra = extra

    def __reduce__(self) -> Any:
        return (type(self), (self.status_code, self.code, self.detail))


def answer(
    status: int,
    code: str,
    detail: str,
    *,
    title: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> Response:
    """The response for a problem; usable from plain ASGI."""
    body = {
        "type": f"/problems/{code}",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        **extra,
    }
    return Response(msgspec.json.encode(body), status, headers, media_type=MEDIA_TYPE)


def rendered(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """A `Problem` as the response it stands for."""
    return answer(
        problem.status_code,
        problem.code,
        problem.detail,
        title=problem.title,
        headers={**(problem.headers or {}), **(headers or {})},
        **problem.extra,
    )


async def from_exception(_request: Request, error: Exception) -> Response:
    """A `Problem`, or what the framework raised (404, 405, 413, …)."""
    if isinstance(error, Problem):
        return rendered(error)
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    code = CODES.get(status, HTTPStatus(status).phrase.lower().replace(" ", "-"))
    return answer(status, code, sentence(status, error.detail), headers=error.headers)


def sentence(status: int, detail: str) -> str:
    """What to do about a status that the framework only names."""
    match status:
        case 404:
            return "There is nothing at this address; /openapi.json lists what there is."
        case 405:
            return "This address does not take that method; the Allow header names those it takes."
        case _:
            return detail


async def from_dependency(_request: Request, error: Exception) -> Response:
    """The database, say, does not do it: nothing is wrong with the request, and it may be sent again."""
    if not isinstance(error, CannotAnswer):
        raise error
    return answer(error.status, error.code, str(error), headers={"Retry-After": str(error.retry_after)})


async def from_validation(request: Request, error: Exception) -> Response:
    """Parameters or a body that do not fit: 422 with each fault, or 415 where the body was not JSON at all."""
    if not isinstance(error, RequestValidationError):
        raise error
    faults = [fault(item) for item in error.errors()]
    if all(item["in"] == "body" for item in faults) and not is_json(request.headers.get("content-type", "")):
        return await from_exception(request, unsupported("application/json"))
    detail = "; ".join(f"{item['at'] or item['in']}: {item['message']}" for item in faults[:3])
    return answer(422, "invalid-request", f"The request does not fit: {detail}.", errors=faults)


def fault(item: Mapping[str, Any]) -> dict[str, str]:
    """One fault: where, and what; never the value that was sent."""
    where, *path = [str(step) for step in item["loc"]]
    return {"in": where, "at": ".".join(path), "message": str(item["msg"])}


def is_json(content_type: str) -> bool:
    """Whether a Content-Type announces JSON (`application/json` or `…+json`)."""
    media = content_type.partition(";")[0].strip().lower()
    return media == "application/json" or media.endswith("+json")


def unsupported(*accepted: str) -> Problem:
    """415, naming what is taken (RFC 9110, 15.5.16: in `Accept`)."""
    return Problem(
        415,
        "unsupported-media-type",
        f"Send the body as {' or '.join(accepted)}, and say so in Content-Type.",
        headers={"Accept": ", ".join(accepted)},
    )


def install(app: FastAPI) -> None:
    """Every error of the app becomes a problem; what nobody foresaw is caught outside, by `http.Requests`."""
    app.add_exception_handler(HTTPException, from_exception)
    app.add_exception_handler(RequestValidationError, from_validation)
    app.add_exception_handler(CannotAnswer, from_dependency)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence that says what to do."},
        "code": {"type": "string", "examples": ["not-found"]},
    },
    "additionalProperties": True,
}
