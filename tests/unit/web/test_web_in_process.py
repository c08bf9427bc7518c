import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from web.in_process import InProcess


def client(*routes):
    return httpx.AsyncClient(transport=InProcess(Starlette(routes=list(routes))), base_url="http://any")


async def test_a_request_and_its_answer_are_whole():
    """Method, address, headers and body arrive; status, headers and body come back."""

    async def echo(request):
        said = {"path": request.url.path, "query": request.url.query, "body": (await request.body()).decode()}
        return JSONResponse(said | {"x": request.headers["x"]}, 201)

    async with client(Route("/v1/entries/{a}", echo, methods=["POST"])) as http:
        answer = await http.post("/v1/entries/a%20b?dry-run=true", content="{}", headers={"X": "y"})
    assert answer.status_code == 201
    assert answer.json() == {"path": "/v1/entries/a b", "query": "dry-run=true", "body": "{}", "x": "y"}


async def test_a_stream_comes_piece_by_piece_and_hears_that_its_reader_went():
    """The first piece is there while the app still waits, and leaving ends the app."""
    ended = asyncio.Event()

    async def endless():
        try:
            yield b"first"
            await asyncio.sleep(60)
        finally:
            ended.set()

    async with (
        client(Route("/", lambda request: StreamingResponse(endless()))) as http,
        http.stream("GET", "/") as answer,
    ):
        assert await anext(answer.aiter_bytes()) == b"first"
        assert not ended.is_set()
    async with asyncio.timeout(5):
        await ended.wait()


async def test_an_app_that_fails_is_a_read_error():
    """Before its answer and in the midst of it."""

    async def broken():
        yield b"half"
        raise RuntimeError

    def fails(request):
        raise RuntimeError

    async with client(Route("/", fails), Route("/half", lambda request: StreamingResponse(broken()))) as http:
        assert (await http.get("/missing")).status_code == 404
        for path in ("/", "/half"):
            with pytest.raises(httpx.ReadError):
                await raising(http, path)


async def raising(http, path):
    """Starlette answers 500 before it raises; what the app raised is told when the body ends."""
    answer = await http.get(path)
    raise AssertionError(answer.status_code)


async def test_a_large_body_waits_for_its_reader():
    """More pieces than are kept waiting: none is lost."""
    pieces = [bytes([number % 256]) * 1000 for number in range(500)]

    async def many():
        for piece in pieces:
            yield piece

    async with client(Route("/", lambda request: StreamingResponse(many()))) as http:
        assert (await http.get("/")).content == b"".join(pieces)
