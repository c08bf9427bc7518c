"""Callers of an HTTP server that cost little themselves: each keeps one connection and has one request in hand."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Caller(asyncio.Protocol):
    """Sends the next request as soon as the last is answered, until there is none left."""

    def __init__(self, requests: Iterator[bytes], good: Callable[[bytes], bool]) -> None:
        self.requests = requests
        self.good = good
        self.done = asyncio.get_running_loop().create_future()
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.next()

    def next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
        else:
            self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return
        if len(self.received) < head + 4 + length(self.received[: head + 4]):
            return
        if not self.good(self.received):
            self.transport.close()
            self.done.set_exception(SystemExit(f"not taken: {self.received[:1000]!r}"))
            return
        self.received = b""
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the server hung up"))


def length(head: bytes) -> int:
    """How many bytes of body an answer's head announces."""
    found = _LENGTH.search(head)
    if found is None:
        raise SystemExit(f"an answer without a length: {head!r}")
    return int(found[1])


def request(path: str, media: str, body: bytes) -> bytes:
    """One POST as it goes over the wire."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def seconds(port: int, requests: list[bytes], callers: int, good: Callable[[bytes], bool]) -> float:
    """How long all the requests take, from so many callers at once."""

    async def call() -> float:
        loop = asyncio.get_running_loop()
        left = iter(requests)
        start = time.perf_counter()
        made = [await loop.create_connection(lambda: Caller(left, good), "127.0.0.1", port) for _ in range(callers)]
        await asyncio.gather(*(caller.done for _, caller in made))
        return time.perf_counter() - start

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(call())
