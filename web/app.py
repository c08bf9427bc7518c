"""The pages, wired."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from shared.chassis import logs
from shared.chassis.service import Service
from web import failures
from web.headers import Headers, HeadToo
from web.hub import Hub, Pace
from web.routes import router
from web.serving import Serving
from web.settings import WebSettings
from web.site import Site
from web.upstream import ANSWER_SECONDS, Addresses, Upstream

CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=20)


def build(
    settings: WebSettings, *, transport: httpx.AsyncBaseTransport | None = None, pace: Pace | None = None
) -> Service:
    """The pages as a service: `.app` is the ASGI app, `.running()` its life.

    `transport` carries the requests to the services; without one they go over the network. Where all run in one process
    it is `web.in_process.InProcess`, and the base URLs only name a host.
    """
    token = settings.token.get_secret_value() if settings.token else None
    client = httpx.AsyncClient(
        transport=transport,
        limits=CONNECTIONS,
        timeout=ANSWER_SECONDS,
        headers={"Authorization": f"Bearer {token}"} if token else {},
        trust_env=False,
    )
    log = logs.logger("web")
    upstream = Upstream(Addresses(settings.intake_url, settings.scoring_url, settings.ranking_url), client)
    hub = Hub(upstream, log, pace)
    site = Site(upstream, hub, log)

    @asynccontextmanager
    async def work(_service: Service) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await hub.close()
            await client.aclose()

    service = Service("web", title="Meritlog: the pages", settings=settings, routers=[router], work=work)
    service.app.state.serving = Serving(site)
    failures.install(service.app, site)
    service.app.add_middleware(HeadToo)
    service.app.add_middleware(Headers)
    return service
