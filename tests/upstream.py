"""A stand-in for the four services, in memory: the pure domains behind the contract's HTTP, and a year to show.

It plays events without a gate or a store, so that the pages can be tested on real answers in milliseconds.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.ranking.domain import Board
from services.scoring import outward
from services.scoring.domain import coordinate, read_step
from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate, Unanswerable
from services.scoring.domain.supposed import Unsupposable
from services.scoring.domain.tasks import tasks
from services.scoring.questions import STATUS
from services.scoring.supposing import read_what_if
from shared.contracts.entries import decode_entry, leaf_hash, parse_event, stored_form
from shared.contracts.records import Record, standing_changed
from shared.rubric import load
from tests import builders as build
from web.app import build as web
from web.hub import Pace
from web.in_process import InProcess
from web.settings import WebSettings

RUBRIC = (Path(__file__).parents[1] / "rubrics" / "binjiang-2020.yaml").read_text(encoding="utf-8")
A = build.ASSESSMENT


class Services:
    """The services: `play` an event, and everything that follows from it is there to be asked."""

    def __init__(self, text: str = RUBRIC, **noted: str) -> None:
        self.text = text
        self.rubric = load(text)
        self.stored: list[bytes] = []
        self.records: list[bytes] = []
        self.book = Book()
        self.board = Board(A)
        self.grown = asyncio.Event()
        self.broken = asyncio.Event()
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.token: str | None = None
        self.app = Starlette(routes=self.routes())
        self.part = {"id": self.rubric.id, "version": 1, "digest": self.rubric.digest, "content": text}
        period = {"from": self.rubric.start.isoformat(), "to": self.rubric.end.isoformat()}
        opening = {"rubric": self.part, "period": period, "timezone": self.rubric.timezone, **noted}
        self.play(build.event("AssessmentOpened", opening, time="2020-01-01T09:00:00+08:00"))

    def play(self, event: dict[str, Any]) -> int:
        """Accept an event and let scoring and ranking follow; its position."""
        parsed = parse_event(build.raw(event))
        previous = leaf_hash(self.stored[-1]) if self.stored else None
        accepted = max([parsed.time, *(decode_entry(each).acceptedtime for each in self.stored[-1:])])
        position = len(self.stored) + 1
        stored = stored_form(parsed, position=position, acceptedtime=accepted, previous=previous)
        self.stored.append(stored)
        said = outward.data(self.book, self.book.apply(decode_entry(stored)))
        record = Record(
            f"{A}/1/{position}", "/meritlog/scoring", "meritlog.ScoresChanged.v1", accepted, A, position, 1, said
        )
        data = self.board.apply(record)
        before = leaf_hash(self.records[-1]) if self.records else None
        self.records.append(standing_changed(A, 1, position, time=accepted, previous=before, data=data))
        grown, self.grown = self.grown, asyncio.Event()
        grown.set()
        return position

    def routes(self) -> list[Route]:
        """The contract's addresses, as far as the pages ask."""
        answers = {
            "/v1/assessments": self.assessments,
            "/v1/rubrics/{a}/{version:int}": self.rubric_text,
            "/v1/entries/{a}/{position:int}": self.entry,
            "/v1/board/{a}": self.shown,
            "/v1/changes/{a}": self.changes,
            "/v1/standings/{a}": self.standing,
            "/v1/explain/{a}/{unit}": self.explain,
            "/v1/tasks/{a}": self.tasks,
            "/v1/timeline/{a}": self.timeline,
            "/v1/diff/{a}": self.diff,
            "/v1/sensitivity/{a}": self.sensitivity,
            "/v1/tipping/{a}/{unit}": self.tipping,
            "/v1/appeals/{a}": self.appeals,
        }
        return [*(Route(path, self.checked(each)) for path, each in answers.items()), *self.posts()]

    def posts(self) -> list[Route]:
        return [
            Route("/v1/entries/{a}", self.post, methods=["POST"]),
            Route("/v1/diff/{a}", self.checked(self.what_if), methods=["POST"]),
        ]

    def checked(self, answer: Any) -> Any:
        """Answers of what is there, and failures where a test wants them."""

        async def asked(request: Request) -> Response:
            self.asked.append(request.url.path)
            if request.url.path.split("/")[2] in self.failing:
                return problem(503, "unavailable", "Not now.")
            if request.path_params.get("a", A) != A:
                return problem(404, "unknown-assessment", "There is no such assessment.")
            try:
                return await answer(request)
            except Unanswerable as error:
                place = {"entry": error.place} if isinstance(error, Unsupposable) else {}
                return problem(422 if place else STATUS.get(error.code, 422), error.code, f"{error}.", **place)

        return asked

    async def assessments(self, request: Request) -> Response:
        last = decode_entry(self.stored[-1])
        rules = self.book.standing()["rules"]
        one = {
            "assessment": A,
            "title": self.rubric.title,
            "state": self.board.state,
            "head": {"position": len(self.stored), "digest": leaf_hash(self.stored[-1]), "accepted": last.acceptedtime},
            "rubric": {"id": rules["rubric"], "version": rules["version"], "digest": rules["digest"]},
            "period": {"from": "2020-01-01", "to": "2020-12-31"},
        }
        return JSONResponse({"assessments": [one]})

    async def rubric_text(self, request: Request) -> Response:
        return JSONResponse({"rubric": self.part, "content": self.text})

    async def entry(self, request: Request) -> Response:
        position = request.path_params["position"]
        if not 0 < position <= len(self.stored):
            return problem(404, "not-found", "There is no such entry.")
        return Response(self.stored[position - 1], media_type="application/cloudevents+json")

    async def post(self, request: Request) -> Response:
        """A gate that only looks at points and, where a test wants it, at credentials."""
        if self.token is not None and request.headers["authorization"] != f"Bearer {self.token}":
            return problem(401, "unauthenticated", "Send a credential.")
        event = msgspec.json.decode(await request.body())
        if event["data"].get("points") == "99":
            return problem(422, "out-of-range", "99 points are more than the line gives.")
        if request.query_params.get("dry-run") == "true":
            return JSONResponse({"status": 200, "dry_run": True, "would_accept": True})
        known = {(each.source, each.id): each.position for each in map(decode_entry, self.stored)}
        position = known.get((event["source"], event["id"])) or self.play(event)
        return JSONResponse({"assessment": A, "position": position}, 201)

    async def shown(self, request: Request) -> Response:
        return JSONResponse(self.board.public())

    async def changes(self, request: Request) -> Response:
        after = int(request.query_params.get("after", 0))
        if "text/event-stream" in request.headers.get("accept", ""):
            return EventSourceResponse(self.events(after), ping=3600)
        some = self.records[after : after + 100]
        body = b",".join(some)
        return Response(b'{"changes":[%s],"next":%d}' % (body, after + len(some)), media_type="application/json")

    async def events(self, after: int) -> AsyncIterator[ServerSentEvent]:
        self.broken.clear()
        while not self.broken.is_set():
            for position, record in enumerate(self.records[after:], after + 1):
                yield ServerSentEvent(record.decode(), event="standing", id=f"1-{position}")
                after = position
            waits = [asyncio.ensure_future(each.wait()) for each in (self.grown, self.broken)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for each in waits:
                each.cancel()

    def break_off(self) -> None:
        """End every stream, as a service does that goes."""
        self.broken.set()

    async def standing(self, request: Request) -> Response:
        return JSONResponse(self.book.standing(coordinate_of(request)))

    async def explain(self, request: Request) -> Response:
        most = int(request.query_params["inputs"])
        return JSONResponse(self.book.explain(request.path_params["unit"], None, coordinate_of(request), most))

    async def timeline(self, request: Request) -> Response:
        step = read_step(request.query_params["step"])
        return JSONResponse(self.book.timeline(coordinate_of(request), step))

    async def diff(self, request: Request) -> Response:
        ends = [coordinate.read_coordinate(request.query_params.get(end, "")) for end in ("from", "to")]
        one, other = (replace(at, rubric=None if rubric is None else int(rubric)) for at, rubric in ends)
        return JSONResponse(self.book.diff(one, other))

    async def what_if(self, request: Request) -> Response:
        asked = read_what_if(await request.body())
        ends = [coordinate.read_coordinate(end)[0] for end in (asked.first, asked.second)]
        return JSONResponse(asked.answer(self.book, *ends))

    async def sensitivity(self, request: Request) -> Response:
        return JSONResponse(self.book.sensitivity(coordinate_of(request)))

    async def tipping(self, request: Request) -> Response:
        return JSONResponse(self.book.tipping(request.path_params["unit"], coordinate_of(request)))

    async def appeals(self, request: Request) -> Response:
        return JSONResponse(self.book.appeals(coordinate_of(request)))

    async def tasks(self, request: Request) -> Response:
        return JSONResponse(tasks(self.book, coordinate_of(request)))


def coordinate_of(request: Request) -> Coordinate:
    """The coordinate that a query names."""
    words = request.query_params
    known_at = words.get("known-at")
    return Coordinate(
        as_of=date.fromisoformat(words["as-of"]) if "as-of" in words else None,
        known_at=coordinate.read_known_at(known_at) if known_at else None,
        rubric=int(words["rubric"]) if "rubric" in words else None,
        readings=coordinate.read_readings(words.getlist("reading")),
    )


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """A refusal, as all services answer it."""
    body = {"type": f"/problems/{code}", "title": code, "status": status, "detail": detail, "code": code}
    return JSONResponse(body | more, status, media_type="application/problem+json")


FIGURES = {
    "new_firms": ("M1", "market", "market", "2451", "5605"),
    "new_firms_priority": ("M1", "market", "market", "1033", "2430"),
    "joint_stock_firms": ("M2", "market", "market", "6", "15"),
    "converted_firms": ("M3", "market", "market", "21", "52"),
    "ip_standard_firms": ("M4", "market", "market", "7", "15"),
    "library_stock": ("C2", "district", "market", "1840", "2950"),
    "tech_firms": ("K1", "science", "science", "140", "301"),
    "voucher_amount": ("K2", "science", "science", "322.5", "655.2"),
    "export_registrations": ("S1", "commerce", "commerce", "41", "80"),
    "new_exporting_firms": ("S2", "commerce", "commerce", "9", "20"),
    "trained_person_times": ("R1", "hr", "hr", "1500", "2640"),
    "coverage": ("T1", "tax", "tax", "93.5", "98.75"),
    "inclusive_growth": ("F1", "reform", "pbc-hangzhou", "19.1", "22.4"),
    "all_loans_growth_city": ("F1", "reform", "pbc-hangzhou", "18.2", "19.9"),
    "completion": ("F2", "reform", "pbc-hangzhou", "60", "92"),
}
"""Measure: indicator, unit, provider, the figure of June, the figure of December."""
MARKS = {"market": "8", "science": "7", "hr": "6", "commerce": "5", "tax": "8", "reform": "4"}


def figure(measure: str, half: int) -> dict[str, Any]:
    """A figure of the first or second half of the year."""
    indicator, unit, provider, *values = FIGURES[measure]
    day, time = (("2020-06-30", "2020-07-02"), ("2020-12-31", "2021-01-04"))[half]
    data = {"indicator": indicator, "measure": measure, "value": values[half], "occurred": day}
    return build.event(
        "SubmissionReceived",
        data,
        id=f"{day}/{measure}",
        subject=unit,
        provider=provider,
        time=f"{time}T09:00:00+08:00",
    )


def judgement(unit: str, indicator: str, points: str) -> dict[str, Any]:
    """A mark of the office for one of the common indicators."""
    tier = "good" if int(points) >= 5 else "fair"
    return build.judged(
        points,
        tier,
        over={"indicator": indicator, "occurred": "2020-12-31"},
        subject=unit,
        time="2021-01-05T10:00:00+08:00",
    )


def first_half(services: Services) -> None:
    """All figures of June."""
    for measure in FIGURES:
        services.play(figure(measure, 0))


def whole_year(services: Services) -> None:
    """The year with marks, awards, deductions and a ruling, so that ranks have moved and some figures are wanting."""
    first_half(services)
    for measure in FIGURES:
        services.play(figure(measure, 1))
    for indicator in ("C1", "C2", "C3"):
        for unit, points in MARKS.items():
            services.play(judgement(unit, indicator, points))
    late = {"time": "2021-01-06T11:00:00+08:00"}
    services.play(build.awarded("2", subject="science", **late))
    services.play(build.awarded("3", subject="tax", over={"occasion": "全省推进会"}, **late))
    services.play(build.deducted("0.3", subject="hr", over={"reason": "六月报表逾期"}, **late))
    services.play(build.deducted("0.5", subject="commerce", over={"incident": "督办 2"}, **late))
    services.play(build.ruled("A01", "20", **late))


def disputes(services: Services) -> None:
    """Three appeals: one upheld, with the correction that followed; one rejected; one that nobody has decided."""
    late = {"time": "2021-01-08T11:00:00+08:00"}
    deduction = build.deducted("0.4", subject="hr", over={"incident": "督办 3", "reason": "七月报表逾期"}, **late)
    appeal = build.appealed(
        {"entry": build.named(deduction), "indicator": None, "grounds": "已按时补报"}, subject="hr", **late
    )
    other = build.appealed({"grounds": "漏计"}, subject="market", **late)
    correction = build.corrected(deduction, deduction["data"] | {"points": "0.1"}, **late)
    correction["data"]["because"] = build.named(appeal)
    events = [deduction, appeal, other, build.decided(appeal, **late), build.decided(other, upheld=False, **late)]
    for each in (*events, correction, build.appealed({"indicator": "K1"}, subject="science", **late)):
        services.play(each)


@asynccontextmanager
async def browsing(services: Services) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the pages, which read from `services` in this process."""
    pace = Pace(settle=0, linger=0, again=0.01, at_most=0.02)
    pages = web(WebSettings(), transport=InProcess(services.app), pace=pace)
    async with (
        pages.running(),
        httpx.AsyncClient(transport=InProcess(pages.app), base_url="http://pages") as client,
    ):
        client.headers["Accept-Language"] = "zh-CN,zh;q=0.9,en;q=0.5"
        yield client
