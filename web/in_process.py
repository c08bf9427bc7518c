"""An httpx transport that calls an ASGI app in this process and hands its answer over as it comes.

`httpx.ASGITransport` gathers the whole body first, so that a stream of events would never begin.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import httpx
from starlette.types import ASGIApp, Message, Scope

WAITING_CHUNKS = 64


class InProcess(httpx.AsyncBaseTransport):
    """Calls `app` for every request, whatever host the URL names."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Start the app on the request and return as soon as it has sent its headers.

        Raises:
            httpx.ReadError: The app failed or ended without an answer.

        """
        body = await request.aread()
        call = Call(body)
        call.task = asyncio.create_task(call.run(self.app, _scope(request)))
        waiting = asyncio.ensure_future(call.started.wait())
        try:
            await asyncio.wait({call.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            if not call.started.is_set():
                call.task.cancel()
        if not call.started.is_set():
            failure = None if call.task.cancelled() else call.task.exception()
            raise httpx.ReadError("the service gave no answer", request=request) from failure
        return httpx.Response(call.status, headers=call.headers, stream=call, request=request)


class Call(httpx.AsyncByteStream):
    """One request in hand: the app writes into it, the client reads from it."""

    def __init__(self, body: bytes) -> None:
        self.body: bytes | None = body
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.started = asyncio.Event()
        self.gone = asyncio.Event()
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_CHUNKS)
        self.task: asyncio.Task[None] | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        """Run the app to its end; the reader always hears of the end."""
        try:
            await app(scope, self.receive, self.send)
        finally:
            if not self.gone.is_set():
                with suppress(asyncio.QueueFull):
                    self.chunks.put_nowait(None)

    async def receive(self) -> Message:
        """The request's body, once; then the disconnect, when the reader has gone."""
        if self.body is not None:
            body, self.body = self.body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """A message of the app: headers, or a piece of the body."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
            self.started.set()
        elif message["type"] == "http.response.body" and message.get("body"):
            await self.chunks.put(bytes(message["body"]))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body, piece by piece."""
        while not (self.task and self.task.done() and self.chunks.empty()):
            chunk = await self.chunks.get()
            if chunk is None:
                break
            yield chunk
        if self.task and not self.gone.is_set():
            await asyncio.wait({self.task})
            if not self.task.cancelled() and (failure := self.task.exception()):
                raise httpx.ReadError("the service broke off its answer") from failure

    async def aclose(self) -> None:
        """The reader goes: the app is told, and ended."""
        self.gone.set()
        if self.task is not None and not self.task.done():
            self.task.cancel()
            await asyncio.wait({self.task})


def _scope(request: httpx.Request) -> Scope:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": raw_path,
        "query_string": query,
        "server": (request.url.host, request.url.port or 80),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
