"""Every error over HTTP is a problem (RFC 9457)."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from shared.chassis.http import accepts, read_body
from shared.chassis.problems import Problem
from shared.chassis.store import Conflict, StoreFull, Unavailable, WrongStore
from tests.services import a_service, calling

router = APIRouter()


class Sent(BaseModel):
    name: str = Field(max_length=5)


@router.get("/v1/things/{a}")
async def thing(a: str, after: Annotated[int, Query(ge=0)] = 0) -> dict[str, object]:
    return {"a": a, "after": after}


@router.post("/v1/things")
async def send(sent: Sent) -> Sent:
    return sent


@router.post("/v1/raw", dependencies=[Depends(accepts("application/cloudevents+json", "application/json"))])
async def raw(request: Request) -> int:
    return len(await read_body(request, 1000))


@router.get("/v1/fails")
async def fails() -> None:
    raise RuntimeError("the password is hunter2")


@router.get("/v1/breaks")
async def breaks() -> StreamingResponse:
    async def body():
        yield b"half"
        raise RuntimeError("in the middle")

    return StreamingResponse(body())


@router.get("/v1/refused")
async def refused() -> None:
    raise Problem(412, "head-moved", "The head is 17.", headers={"ETag": '"17"'}, head=17)


@router.get("/v1/stored/{what}")
async def stored(what: str) -> None:
    raise {"away": Unavailable, "full": StoreFull, "contended": Conflict, "damaged": WrongStore}[what]("Not now.")


def is_problem(answer, status, code):
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (body["type"], body["code"], body["status"]) == (f"/problems/{code}", code, status)
    assert body["title"]
    assert body["detail"].endswith((".", "…"))
    return body


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "code"),
    [
        ("GET", "/", {}, 404, "not-found"),
        ("GET", "/v1/nothing", {}, 404, "not-found"),
        ("GET", "/v1/things/a/", {}, 404, "not-found"),
        ("DELETE", "/v1/things/a", {}, 405, "method-not-allowed"),
        ("GET", "/v1/things/a?after=-1", {}, 422, "invalid-request"),
        ("GET", "/v1/things/a?after=x", {}, 422, "invalid-request"),
        ("POST", "/v1/things", {"json": {}}, 422, "invalid-request"),
        (
            "POST",
            "/v1/things",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            422,
            "invalid-request",
        ),
        (
            "POST",
            "/v1/things",
            {"content": b"x", "headers": {"Content-Type": "text/plain"}},
            415,
            "unsupported-media-type",
        ),
        ("POST", "/v1/things", {"content": b"{}"}, 415, "unsupported-media-type"),
        ("POST", "/v1/raw", {"content": b"{}"}, 415, "unsupported-media-type"),
        ("POST", "/v1/raw", {"content": b"x", "headers": {"Content-Type": "text/html"}}, 415, "unsupported-media-type"),
        (
            "POST",
            "/v1/raw",
            {"content": b" " * 1001, "headers": {"Content-Type": "application/json"}},
            413,
            "too-large",
        ),
        ("GET", "/v1/fails", {}, 500, "internal-error"),
        ("GET", "/v1/refused", {}, 412, "head-moved"),
    ],
)
async def test_every_error_is_a_problem(method, path, sent, status, code):
    """Whatever goes wrong, in the framework or in a handler: the same form, with a code."""
    async with calling(a_service(router)) as client:
        is_problem(await client.request(method, path, **sent), status, code)


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("away", 503, "unavailable"),
        ("damaged", 503, "unavailable"),
        ("full", 507, "disk-full"),
        ("contended", 503, "busy"),
    ],
)
async def test_a_database_that_does_not_do_it_is_no_failure_of_the_service(what, status, code, capfd):
    """In every service: its one sentence is the answer, with when to ask again, and there is no traceback."""
    async with calling(a_service(router)) as client:
        answer = await client.get(f"/v1/stored/{what}")

    assert is_problem(answer, status, code)["detail"] == "Not now."
    assert int(answer.headers["retry-after"]) > 0
    assert "Traceback" not in "".join(capfd.readouterr())


async def test_a_failure_is_found_in_the_log_and_not_in_the_answer(capfd):
    """500 names the request; what happened stands under that id in the log, and nowhere in the answer."""
    async with calling(a_service(router)) as client:
        answer = await client.get("/v1/fails", headers={"X-Request-ID": "mine-17"})

    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["request"] == answer.headers["x-request-id"] == "mine-17"


async def test_a_validation_problem_names_each_fault_and_no_value():
    """422 says where and what; what was sent is not repeated."""
    async with calling(a_service(router)) as client:
        body = is_problem(await client.post("/v1/things", json={"name": "long secret"}), 422, "invalid-request")

    assert [(fault["in"], fault["at"]) for fault in body["errors"]] == [("body", "name")]
    assert "secret" not in str(body)


async def test_405_and_415_say_what_is_taken():
    """Allow and Accept name it; extra members and headers of a problem go out with it."""
    async with calling(a_service(router)) as client:
        assert (await client.delete("/v1/things/a")).headers["allow"] == "GET"
        assert (await client.post("/v1/raw", content=b"x")).headers["accept"] == (
            "application/cloudevents+json, application/json"
        )
        refusal = await client.get("/v1/refused")
        assert (refusal.headers["etag"], refusal.json()["head"]) == ('"17"', 17)


@pytest.mark.parametrize("given", ["a" * 65, "a b", "a\u00e9", "", "{}"])
async def test_a_request_id_that_cannot_stand_in_a_log_is_replaced(given):
    """An id is taken over where it is short and plain, else made."""
    async with calling(a_service(router)) as client:
        answer = await client.get("/v1/things/a", headers={"X-Request-ID": given.encode()})

    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 16


async def test_the_document_declares_problems():
    """Every operation says that it may answer with a problem, and the framework's own error form is gone."""
    async with calling(a_service(router)) as client:
        document = (await client.get("/openapi.json")).json()

    for path in document["paths"].values():
        for operation in path.values():
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert "Problem" in document["components"]["schemas"]
    assert "ValidationError" not in str(document)
