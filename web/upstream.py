"""The four services as the pages see them: their public HTTP, decoded to what the pages show, and nothing kept."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from web.answers import (
    FLAGS,
    INPUTS,
    Assessments,
    Changes,
    Explanation,
    ProblemDetails,
    RubricText,
    Standing,
    Tasks,
    Timeline,
)
from web.between import Appeals, Between, Sensitivity, Tipping

T = TypeVar("T")
Words = Sequence[tuple[str, str]]

ANSWER_SECONDS = 10.0
SILENCE_SECONDS = 40.0
"""A stream pings every 15 s; one that has been silent for so long is dead."""
NOT_FOUND_CODES = frozenset({"unknown-assessment", "unknown-unit", "unknown-entry", "unknown-indicator", "not-found"})


class Unanswered(Exception):
    """A service did not answer, or not with what the contract says. `name` is the service."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name


class Declined(Exception):
    """A service answered that it will not or cannot: its status, code and sentence.

    `entry` is the place of the supposed entry that could not be accepted, from 1, where that is why.
    """

    def __init__(
        self, status: int, code: str, detail: str, retry_after: str | None = None, entry: int | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after = retry_after
        self.entry = entry

    @property
    def missing(self) -> bool:
        """There is no such thing."""
        return self.status == 404 or self.code in NOT_FOUND_CODES


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base URLs of the services that the pages read from."""

    intake: str
    scoring: str
    ranking: str


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event of a stream: its id, name and data."""

    id: str
    name: str
    data: str


class Upstream:
    """Asks the services; safe to share."""

    def __init__(self, addresses: Addresses, client: httpx.AsyncClient) -> None:
        self.addresses = addresses
        self.client = client

    async def assessments(self) -> Assessments:
        """Every assessment there is."""
        return await self._read(Assessments, "intake", ["assessments"])

    async def rubric(self, assessment: str, version: int) -> str:
        """The exact text of a rubric version."""
        answer = await self._read(RubricText, "intake", ["rubrics", assessment, str(version)])
        return answer.content

    async def entry(self, assessment: str, position: int) -> bytes:
        """An entry in its stored form, byte for byte."""
        return await self._get("intake", ["entries", assessment, str(position)])

    async def board(self, assessment: str) -> Standing:
        """What the public is shown."""
        return await self._read(Standing, "ranking", ["board", assessment])

    async def standing(self, assessment: str, coordinate: Words) -> Standing:
        """The standing at a coordinate."""
        asked = [*coordinate, ("flags", str(FLAGS))]
        return await self._read(Standing, "scoring", ["standings", assessment], asked)

    async def explanation(self, assessment: str, unit: str, coordinate: Words) -> Explanation:
        """Why a unit has its points, at a coordinate."""
        asked = [*coordinate, ("inputs", str(INPUTS))]
        return await self._read(Explanation, "scoring", ["explain", assessment, unit], asked)

    async def tasks(self, assessment: str, coordinate: Words) -> Tasks:
        """The task table at a coordinate."""
        return await self._read(Tasks, "scoring", ["tasks", assessment], coordinate)

    async def timeline(self, assessment: str, coordinate: Words, step: str) -> Timeline:
        """Rank and total of every unit at every step, at a coordinate."""
        return await self._read(Timeline, "scoring", ["timeline", assessment], [*coordinate, ("step", step)])

    async def appeals(self, assessment: str, coordinate: Words) -> Appeals:
        """Every appeal and what followed from it, at a coordinate."""
        return await self._read(Appeals, "scoring", ["appeals", assessment], coordinate)

    async def between(self, assessment: str, first: str, second: str) -> Between:
        """What lies between two coordinates, each written in one word."""
        return await self._read(Between, "scoring", ["diff", assessment], [("from", first), ("to", second)])

    async def supposed(self, assessment: str, body: bytes) -> Between:
        """What would be otherwise if all in a body were so; nothing is recorded."""
        headers = {"Content-Type": "application/json"}
        asking = self.client.post(self._url("scoring", ["diff", assessment]), content=body, headers=headers)
        return _decoded(Between, "scoring", await _answered("scoring", asking))

    async def tipping(self, assessment: str, unit: str, coordinate: Words) -> Tipping:
        """What would change a unit's rank, at a coordinate."""
        return await self._read(Tipping, "scoring", ["tipping", assessment, unit], coordinate)

    async def sensitivity(self, assessment: str, coordinate: Words) -> Sensitivity:
        """The standing under each reading of every open finding, at a coordinate."""
        return await self._read(Sensitivity, "scoring", ["sensitivity", assessment], coordinate)

    async def changes(self, assessment: str, after: int) -> Changes:
        """The stream of standings from a position on, one stretch of it."""
        return await self._read(Changes, "ranking", ["changes", assessment], [("after", str(after))])

    async def follow(self, assessment: str, after: str) -> AsyncGenerator[StreamEvent]:
        """The stream of standings as it happens, from the id `<generation>-<position>` on.

        Raises:
            Unanswered: It broke off, or was silent for too long.
            Declined: There is no such stream.

        """
        url = self._url("ranking", ["changes", assessment])
        headers = {"Accept": "text/event-stream", "Last-Event-ID": after}
        words = {"after": after.rpartition("-")[2]}
        timeout = httpx.Timeout(ANSWER_SECONDS, read=SILENCE_SECONDS)
        try:
            async with self.client.stream("GET", url, params=words, headers=headers, timeout=timeout) as answer:
                if answer.status_code != 200:
                    raise _declined(answer.status_code, await answer.aread(), answer.headers)
                yield StreamEvent("", "open", "")
                lines = aiter(answer.aiter_lines())
                while (event := await _next_event(lines)) is not None:
                    yield event
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unanswered("ranking", type(error).__name__) from error

    async def post_entry(self, assessment: str, event: bytes, *, dry_run: bool, token: str | None) -> bytes:
        """Hand an event in on somebody's behalf: `token` is theirs, never this service's own."""
        headers = {"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {token}" if token else ""}
        url = self._url("intake", ["entries", assessment])
        words = {"dry-run": "true"} if dry_run else {}
        try:
            answer = await self.client.post(url, content=event, params=words, headers=headers)
        except httpx.HTTPError as error:
            raise Unanswered("intake", type(error).__name__) from error
        if answer.status_code >= 300:
            raise _declined(answer.status_code, answer.content, answer.headers)
        return answer.content

    async def _read(self, kind: type[T], service: str, path: Sequence[str], words: Words = ()) -> T:
        return _decoded(kind, service, await self._get(service, path, words))

    async def _get(self, service: str, path: Sequence[str], words: Words = ()) -> bytes:
        return await _answered(service, self.client.get(self._url(service, path), params=list(words)))

    def _url(self, service: str, path: Sequence[str]) -> str:
        base: str = getattr(self.addresses, service)
        return "/".join([base.rstrip("/"), "v1", *(quote(step, safe="") for step in path)])


async def _answered(service: str, asking: Awaitable[httpx.Response]) -> bytes:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await asking
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unanswered(service, type(error).__name__) from error
    if answer.status_code != 200:
        raise _declined(answer.status_code, answer.content, answer.headers)
    return answer.content


def _decoded(kind: type[T], service: str, answer: bytes) -> T:
    try:
        return msgspec.json.decode(answer, type=kind)
    except msgspec.DecodeError as error:
        raise Unanswered(service, f"its answer does not fit: {error}") from error


def _declined(status: int, body: bytes, headers: httpx.Headers) -> Declined:
    try:
        problem = msgspec.json.decode(body, type=ProblemDetails)
    except msgspec.DecodeError:
        problem = ProblemDetails()
    return Declined(status, problem.code, problem.detail, headers.get("retry-after"), problem.entry)


async def _next_event(lines: Any) -> StreamEvent | None:
    """Read one event of a stream (HTML, 9.2.6); None where the stream ends."""
    event_id, name, data = "", "message", list[str]()
    async for line in lines:
        if not line:
            if data:
                return StreamEvent(event_id, name, "\n".join(data))
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "id":
                event_id = value
            case "event":
                name = value
            case "data":
                data.append(value)
            case _:  # a comment, or retry
                pass
    return None
