"""Around every request, as plain ASGI so that streams pass untouched: an id, a last resort, a cap on bodies."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.chassis import problems
from shared.chassis.metrics import Metrics
from shared.chassis.problems import Problem

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# A sender that has begun a body too large reads no answer before it has sent it all: so much is thrown away, no more.
DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_SECONDS = 10.0


class Requests:
    """Gives each request its id (`X-Request-ID`, the caller's where it is sane), counts and logs it.

    What nobody caught is answered 500 with that id; its traceback goes to the log only. Paths are logged, queries and
    addresses are not.
    """

    def __init__(self, app: ASGIApp, *, log: structlog.typing.FilteringBoundLogger, metrics: Metrics) -> None:
        self.app = app
        self.log = log
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {}).setdefault("request_id", given_id(scope) or secrets.token_hex(8))
        status = 0
        started = time.perf_counter()

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        self.metrics.in_flight.inc()
        try:
            with structlog.contextvars.bound_contextvars(request=request_id):
                try:
                    await self.app(scope, receive, named)
                except ClientDisconnect:
                    status = status or 499
                except Exception:
                    self.log.exception("a request failed", method=scope["method"], path=scope["path"])
                    if status:  # half an answer is out: break the connection, so that nobody takes it for whole
                        raise
                    await last_resort(request_id)(scope, receive, named)
                self.done(scope, status, time.perf_counter() - started)
        finally:
            self.metrics.in_flight.dec()

    def done(self, scope: Scope, status: int, seconds: float) -> None:
        """Counted by route template, never by path: a path is anybody's choice of label."""
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        self.metrics.request(scope["method"], route, status, seconds)
        if status < 400 and not logging.root.isEnabledFor(logging.DEBUG):
            return  # finding that out through structlog costs a tenth of the request
        tell = self.log.debug if status < 400 else self.log.info
        tell("request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1))


def given_id(scope: Scope) -> str | None:
    """The caller's request id, if it sent one that can stand in a log line."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return value.decode()
    return None


def last_resort(request_id: str) -> ASGIApp:
    """The 500 that says where to look, and nothing of what happened."""
    return problems.answer(
        500,
        "internal-error",
        f"Something failed here that should not; the log has it under {request_id}.",
        request=request_id,
    )


class BodyLimit:
    """No request body beyond `limit` bytes reaches the app: 413 `too-large`, without holding it in memory.

    A declared length is believed at once, an undeclared one is counted as it comes. What is still on its way is read
    and thrown away (up to 64 MiB, 10 s), because most clients read no answer before they have sent everything.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self.limit:
            if headers.get(b"expect", b"").lower() != b"100-continue":  # such a client waits for leave: refuse it now
                await discard(receive)
            refusal = problems.rendered(too_large(self.limit), {"Connection": "close"})
            await refusal(scope, receive, send)
            return
        got = 0

        async def counted() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > self.limit:
                if message.get("more_body"):
                    await discard(receive)
                raise too_large(self.limit)
            return message

        await self.app(scope, counted, send)


def too_large(limit: int) -> Problem:
    """413, whoever found it."""
    return Problem(413, "too-large", f"The body is larger than {limit} bytes; send it in smaller parts.", limit=limit)


async def discard(receive: Receive) -> None:
    """Read what a client is still sending, keep none of it, and not for ever."""
    left = DISCARD_BYTES
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return


async def read_body(request: Request, limit: int, *, silence: float = 30.0) -> bytes:
    """The raw body, at most `limit` bytes.

    :raises Problem: 413 `too-large` beyond the limit (the rest is thrown away); 408 `too-slow` after `silence` seconds
        without a byte
    """
    parts: list[bytes] = []
    size = 0
    while True:
        try:
            async with asyncio.timeout(silence):
                message = await request.receive()
        except TimeoutError:
            raise Problem(408, "too-slow", f"No byte of the body came for {silence:g} s; send it again.") from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            parts.clear()
            if message.get("more_body"):
                await discard(request.receive)
            raise too_large(limit)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def media_type(request: Request) -> str:
    """The body's media type in lower case, without parameters; "" where none is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def accepts(*media: str) -> Callable[[Request], Awaitable[str]]:
    """A dependency: the body's media type, one of `media`; any other is answered 415.

    `kind: Annotated[str, Depends(accepts("application/json"))]`
    """

    async def check(request: Request) -> str:
        kind = media_type(request)
        if kind not in media:
            raise problems.unsupported(*media)
        return kind

    return check
