"""The pages' addresses: each page once as a document and, where it is live, once as a stream of its live part."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.chassis.service import Service
from web import pages
from web.pages import Missing
from web.site import Page, Site, page_path
from web.view import View, read_view

T = TypeVar("T")
Work = Callable[[View], Awaitable[Page]]
PING_SECONDS = 15
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def view_of(request: Request) -> View:
    """The view that a request's address and headers name."""
    return read_view(request.query_params.multi_items(), request.headers.get("accept-language", ""))


class Pages:
    """Answers for pages and their streams."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def whole(self, request: Request, assessment: str, steps: tuple[str, ...], work: Work, **more: Any) -> Response:
        """A page as a document; a live one names the stream that it goes on from."""
        view = view_of(request)
        live = view.live and more.pop("live", True)
        make = self.making(assessment, view, work)
        fragment = await (self.site.hub.fragment(assessment, (steps, view), make) if live else make())
        stream = page_path(assessment, *steps, "stream") + view.query if live else None
        section = more.pop("section", steps[0] if steps else "board")
        path = page_path(assessment, *steps)
        return self.html(self.site.whole(fragment, view, assessment, stream=stream, section=section, path=path, **more))

    def making(self, assessment: str | None, view: View, work: Work) -> Callable[[], Awaitable[Any]]:
        """What renders a page's live part."""

        async def make() -> Any:
            return self.site.fragment(await work(view), view, assessment)

        return make

    def stream(self, request: Request, assessment: str, steps: tuple[str, ...], work: Work, seen: str) -> Response:
        """The live part of a page, each time it has changed, and pings that a script can hear."""
        view = view_of(request)
        hub = self.site.hub
        service: Service = request.app.state.service

        def ping() -> ServerSentEvent:
            return ServerSentEvent(event="ping", data="behind" if hub.behind(assessment) else "well")

        async def events() -> AsyncGenerator[ServerSentEvent]:
            yield ServerSentEvent(event="ping", data="well")
            watching = hub.watch(assessment, (steps, view), self.making(assessment, view, work), seen)
            async for fragment in until(watching, service.stopping):
                yield ServerSentEvent(event="page", data=fragment.html, id=fragment.version)

        return EventSourceResponse(events(), ping=PING_SECONDS, ping_message_factory=ping, sep="\n")

    @staticmethod
    def html(text: str, status: int = 200) -> HTMLResponse:
        """A document; it depends on the reader's language where the URL names none."""
        return HTMLResponse(text, status, {"Cache-Control": "no-cache", "Vary": "Accept-Language"})


async def until(stream: AsyncGenerator[T], stopping: asyncio.Event) -> AsyncGenerator[T]:
    """Hand a stream on until it ends or the process is told to stop."""
    stopped = asyncio.ensure_future(stopping.wait())
    coming: asyncio.Future[T] = asyncio.ensure_future(anext(stream))
    try:
        while True:
            await asyncio.wait({coming, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return
            try:
                yield coming.result()
            except StopAsyncIteration:
                return
            coming = asyncio.ensure_future(anext(stream))
    finally:
        stopped.cancel()
        coming.cancel()
        await asyncio.gather(stopped, coming, return_exceptions=True)
        await stream.aclose()


def router(site: Site) -> APIRouter:
    """Every address of the pages."""
    routes = APIRouter(tags=["pages"], default_response_class=HTMLResponse)
    answers = Pages(site)
    Seen = Annotated[str, Query(description="The version that the page shows already.", max_length=64)]

    @routes.api_route("/", methods=["GET", "HEAD"])
    async def assessments(request: Request) -> Response:
        """All assessments."""
        view = view_of(request)
        fragment = await answers.making(None, view, lambda view: pages.assessments(site, view))()
        return answers.html(site.whole(fragment, view, None))

    @routes.get("/static/{name}", include_in_schema=False)
    async def static(request: Request, name: str) -> Response:
        """Style, script and icon."""
        answer = site.files.answer(request, name)
        if answer is None:
            raise Missing("There is no such file.")
        return answer

    @routes.get("/favicon.ico", include_in_schema=False)
    async def favicon(request: Request) -> Response:
        """The icon, for those who look in the old place."""
        return await static(request, "icon.svg")

    def live_page(steps: tuple[str, ...], work: Callable[[str, View], Awaitable[Page]], about: str) -> None:
        """A page without further parameters, and its stream."""
        path = "/".join(["/assessments/{assessment}", *steps])

        async def document(request: Request, assessment: str) -> Response:
            return await answers.whole(request, assessment, steps, lambda view: work(assessment, view))

        async def stream(request: Request, assessment: str, seen: Seen = "") -> Response:
            return answers.stream(request, assessment, steps, lambda view: work(assessment, view), seen)

        name = steps[0] if steps else "board"
        routes.add_api_route(path, document, methods=["GET", "HEAD"], name=name, description=about)
        routes.add_api_route(f"{path}/stream", stream, name=f"{name}-stream", description="Its live part, as it changes.")

    live_page((), lambda a, view: pages.board(site, a, view), "The ranked list.")
    live_page(("tasks",), lambda a, view: pages.tasks(site, a, view), "The task table with its progress.")
    live_page(("findings",), lambda a, view: pages.findings(site, a, view), "The questions that the text leaves open.")

    @routes.api_route("/assessments/{assessment}/changes", methods=["GET", "HEAD"])
    async def changes(
        request: Request, assessment: str, before: Annotated[int | None, Query(ge=1, le=10**18)] = None
    ) -> Response:
        """Who moved, and because of which entry."""
        work: Work = lambda view: pages.changes(site, assessment, view, before)  # noqa: E731
        return await answers.whole(request, assessment, ("changes",), work, live=before is None)

    @routes.get("/assessments/{assessment}/changes/stream")
    async def changes_stream(request: Request, assessment: str, seen: Seen = "") -> Response:
        """Its live part, as it changes."""
        return answers.stream(request, assessment, ("changes",), lambda view: pages.changes(site, assessment, view), seen)

    @routes.api_route("/assessments/{assessment}/units/{unit}", methods=["GET", "HEAD"])
    async def unit(request: Request, assessment: str, unit: str) -> Response:
        """One unit with its traces."""
        return await answers.whole(
            request, assessment, ("units", unit), lambda view: pages.unit(site, assessment, unit, view), section="board"
        )

    @routes.get("/assessments/{assessment}/units/{unit}/stream")
    async def unit_stream(request: Request, assessment: str, unit: str, seen: Seen = "") -> Response:
        """Its live part, as it changes."""
        work: Work = lambda view: pages.unit(site, assessment, unit, view)  # noqa: E731
        return answers.stream(request, assessment, ("units", unit), work, seen)

    @routes.api_route("/assessments/{assessment}/entries/{position}", methods=["GET", "HEAD"])
    async def entry(request: Request, assessment: str, position: int) -> Response:
        """One entry as it is stored."""
        if not 0 < position < 10**18:
            raise Missing("There is no such entry.")
        work: Work = lambda view: pages.entry(site, assessment, position, view)  # noqa: E731
        return await answers.whole(request, assessment, ("entries", str(position)), work, live=False, section="")

    return routes
