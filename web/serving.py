"""How a page is answered: once as a document and, where it is live, once more as a stream of its live part."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from shared.chassis.service import Service
from web import comparing, pages
from web.forms import Form
from web.site import Page, Site, page_path
from web.supposing import Supposition
from web.upstream import Declined
from web.view import View, own_words, read_view

T = TypeVar("T")
Work = Callable[[View], Awaitable[Page]]
PING_SECONDS = 15


def view_of(request: Request) -> View:
    """The view that a request's address and headers name."""
    return read_view(request.query_params.multi_items(), request.headers.get("accept-language", ""))


class Serving:
    """Answers for pages and their streams."""

    def __init__(self, site: Site) -> None:
        self.site = site

    async def whole(
        self, request: Request, assessment: str, steps: tuple[str, ...], work: Work, **more: Any
    ) -> Response:
        """A page as a document; a live one names the stream that it goes on from."""
        view = view_of(request)
        live = view.live and more.pop("live", True)
        make = self.making(assessment, view, work)
        fragment = await (self.site.hub.fragment(assessment, (steps, view), make) if live else make())
        stream = page_path(assessment, *steps, "stream") + view.query if live else None
        section = more.pop("section", steps[0] if steps else "board")
        path = page_path(assessment, *steps)
        more |= {"own": own_words(request.query_params.multi_items())}
        return self.html(self.site.whole(fragment, view, assessment, stream=stream, section=section, path=path, **more))

    async def suppose(self, request: Request, assessment: str, given: Supposition) -> Response:
        """What would be otherwise, in the page of the form; nothing is kept of it."""
        view = view_of(request)
        page = await comparing.what_if(self.site, assessment, view, given)
        fragment = self.site.fragment(page, view, assessment)
        path = page_path(assessment, "what-if")
        status = 422 if page.context["fault"] else 200
        return self.html(self.site.whole(fragment, view, assessment, section="what-if", path=path), status)

    async def hand_in(self, request: Request, assessment: str, form: Form, token: str, *, trial: bool) -> Response:
        """Hand a form's event to the gate with the sender's own credential; what it says stands in the form."""
        view = view_of(request)
        body = msgspec.json.encode(form.event(assessment))
        status, told = 200, {"well": True}
        try:
            answer = await self.site.upstream.post_entry(assessment, body, dry_run=trial, token=token.strip() or None)
        except Declined as refusal:
            if refusal.status >= 500 or refusal.status == 404:
                raise
            status, told = refusal.status, {"fault": refusal}
        else:
            if not trial:
                place = str(msgspec.json.decode(answer)["position"])
                language = View(language=view.language, named=view.named)
                return RedirectResponse(page_path(assessment, "entries", place) + language.query, 303)
        page = await pages.enter(self.site, assessment, form, view, **told)
        fragment = self.site.fragment(page, view, assessment)
        path = page_path(assessment, "enter")
        return self.html(self.site.whole(fragment, view, assessment, section="enter", path=path), status)

    def making(self, assessment: str | None, view: View, work: Work) -> Callable[[], Awaitable[Any]]:
        """What renders a page's live part."""

        async def make() -> Any:
            return self.site.fragment(await work(view), view, assessment)

        return make

    async def stream(
        self, request: Request, assessment: str, steps: tuple[str, ...], work: Work, seen: str
    ) -> Response:
        """The live part of a page, each time it has changed, and pings that a script can hear."""
        view = view_of(request)
        hub = self.site.hub
        if hub.behind(assessment):  # of what is not there, nothing is followed
            await self.site.upstream.board(assessment)
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
