"""Ranking over HTTP: the board as it is shown, and every change with the entry that caused it."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from services.ranking.handlers import Boards
from services.ranking.store import STANDINGS, standings
from shared.chassis.auth import Caller, Calling, Visiting
from shared.chassis.problems import Problem
from shared.chassis.store import Bell, Head

router = APIRouter(tags=["ranking"])
Assessment = Annotated[str, Path(max_length=128, description="Id of the assessment.")]
JSON = "application/json"
LINES = "application/x-ndjson"
PAGE = 500
PING = 15.0
LOOK_AGAIN = 1.0
OFFICE = frozenset({"assessor", "auditor"})
_EVENT_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


async def _boards(request: Request) -> Boards:
    return request.app.state.boards


Using = Annotated[Boards, Depends(_boards)]


def sees_all(caller: Caller | None) -> bool:
    """Whether a caller may see the live standing while the public is shown a frozen one."""
    return caller is not None and (caller.is_open or bool(caller.roles & OFFICE))


@router.get("/v1/board/{assessment}", responses={404: {"description": "No such assessment."}})
async def board(
    assessment: Assessment,
    visitor: Visiting,
    boards: Using,
    view: Annotated[
        Literal["shown", "live"], Query(description="`live`: for the office, also after a freeze.")
    ] = "shown",
) -> Response:
    """Give the board: the live standing, or the one that a freeze or a closing fixed."""
    found = await boards.get(assessment)
    if found is None:
        raise _unknown(assessment)
    if view == "live" and not sees_all(visitor):
        raise Problem(403, "forbidden", "The live standing is for the office; leave view out to see what is shown.")
    body = found.live() if view == "live" else found.public()
    return Response(
        msgspec.json.encode(body), headers={"ETag": f'"{found.generation}-{found.position}"'}, media_type=JSON
    )


@router.get("/v1/changes")
async def streams(caller: Calling, boards: Using) -> Response:
    """List the assessments that have a stream of standings, for readers of the feed."""
    del caller
    names = await boards.store.ask(boards.store.assessments, STANDINGS)
    return Response(msgspec.json.encode({"assessments": names}), media_type=JSON)


@router.get(
    "/v1/changes/{assessment}",
    responses={
        200: {"content": {JSON: {}, LINES: {}, "text/event-stream": {}}},
        404: {"description": "No such assessment."},
    },
    response_class=Response,
)
async def changes(
    request: Request,
    assessment: Assessment,
    visitor: Visiting,
    boards: Using,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Only what lies beyond this position.")] = None,
    generation: Annotated[int, Query(ge=1, le=2**63 - 1, description="Of the reader's last record.")] = 1,
    limit: Annotated[int, Query(ge=1, le=10_000)] = PAGE,
    last_event_id: Annotated[
        str | None, Header(alias="Last-Event-ID", description="`<generation>-<position>`.")
    ] = None,
) -> Response:
    """Give every change of what is shown, in order: as JSON, or for `Accept: text/event-stream` as a live stream."""
    if await boards.get(assessment) is None:
        raise _unknown(assessment)
    everything = sees_all(visitor)
    if "text/event-stream" in request.headers.get("accept", ""):
        start = _resume(last_event_id, generation, after) or await _head(boards, assessment)
        events = _events(request, boards, assessment, start, everything=everything)
        return EventSourceResponse(events, ping=3600, headers={"X-Accel-Buffering": "no"})
    stream = boards.store.stream(standings(assessment))
    states = await boards.store.ask(stream.feed, generation, after or 0, limit)
    if LINES in request.headers.get("accept", ""):
        return Response(b"".join(_seen(state, everything=everything) + b"\n" for state in states), media_type=LINES)
    body = b",".join(_seen(state, everything=everything) for state in states)
    reached = msgspec.json.decode(states[-1], type=_Place).position if states else after or 0
    return Response(b'{"changes":[' + body + b'],"next":' + str(reached).encode() + b"}", media_type=JSON)


class _Place(msgspec.Struct):
    position: int
    generation: int


def _seen(state: bytes, *, everything: bool) -> bytes:
    """Give a record as the caller may see it: the public is not told how the live standing moves under a fixed one."""
    if everything:
        return state
    record: dict[str, Any] = msgspec.json.decode(state)
    if record["data"]["state"] == "open":
        return state
    record["data"]["changes"] = []
    return msgspec.json.encode(record)


def _resume(last_event_id: str | None, generation: int, after: int | None) -> tuple[int, int] | None:
    """Tell where the reader stands: None begins at the head."""
    if last_event_id:
        match = _EVENT_ID.fullmatch(last_event_id)
        if match is None:
            raise Problem(422, "invalid-request", "Last-Event-ID is <generation>-<position>, as the stream sent it.")
        return int(match[1]), int(match[2])
    return None if after is None else (generation, after)


async def _head(boards: Boards, assessment: str) -> tuple[int, int]:
    """Tell where a reader begins that names no place: it hears all that comes after it was answered."""
    head: Head | None = await boards.store.ask(boards.store.stream(standings(assessment)).head)
    return (head.generation, head.position) if head else (1, 0)


async def _events(
    request: Request, boards: Boards, assessment: str, start: tuple[int, int], *, everything: bool
) -> AsyncIterator[ServerSentEvent]:
    """Send what lies beyond `start`, then every record as it is stored, and a ping whenever 15 s pass without one.

    Also looked at every second though nobody rang: another replica may have stored it.
    """
    service = request.app.state.service
    name = standings(assessment)
    stream = boards.store.stream(name)
    loop = asyncio.get_running_loop()
    with boards.store.signal.listen() as bell:
        due = loop.time() + PING
        while not service.stopping.is_set():
            states = await boards.store.ask(stream.feed, *start, PAGE)
            for state in states:
                place = msgspec.json.decode(state, type=_Place)
                start = (place.generation, place.position)
                data = _seen(state, everything=everything).decode()
                yield ServerSentEvent(data, event="standing", id=f"{place.generation}-{place.position}")
            if states:
                due = loop.time() + PING
                continue
            if loop.time() >= due:
                due = loop.time() + PING
                yield ServerSentEvent("{}", event="ping")
            await _rung(bell, service.stopping, name)


async def _rung(bell: Bell, stopping: asyncio.Event, name: str) -> None:
    """Wait until the stream grows or the service stops, at most until it is looked at anyway."""
    loop = asyncio.get_running_loop()
    due = loop.time() + LOOK_AGAIN
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        while (left := due - loop.time()) > 0:
            rung = asyncio.ensure_future(bell.wait(left))
            await asyncio.wait({rung, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped.done():
                rung.cancel()
                return
            if name in rung.result():
                return
    finally:
        stopped.cancel()


def _unknown(assessment: str) -> Problem:
    return Problem(404, "unknown-assessment", f"There is no board of {assessment}; it may not have been opened yet.")
