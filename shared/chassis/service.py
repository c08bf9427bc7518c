"""One service: its app, the four endpoints that all have, and its life from waiting for what it needs to draining."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import stamina
from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from fastapi.routing import iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.chassis import health, logs, openapi, problems, tracing
from shared.chassis.auth import Authority
from shared.chassis.errors import CannotStart
from shared.chassis.health import Health
from shared.chassis.http import BodyLimit, Requests
from shared.chassis.metrics import Metrics, exposition
from shared.chassis.settings import ServiceSettings

T = TypeVar("T")
COMMON = ("/healthz", "/readyz", "/metrics", "/openapi.json")
TICK = 0.5
STUCK = 30.0


def installed() -> str:
    """The version of Meritlog that runs; "0" in a bare checkout."""
    try:
        return version("meritlog")
    except PackageNotFoundError:
        return "0"


VERSION = installed()


class BrokenOff(Exception):
    """Work ended by a cancellation that nobody here asked for."""


class Service:
    """A service as its `app.py` wires it.

    `work` is an async context manager over what runs behind the HTTP: before its `yield` it opens and starts, after it
    it stops and closes, once no request is in hand any more. The port opens without waiting for it longer than
    `start_seconds`; until it has come to its `yield`, requests are answered 503 `unavailable` with the reasons, and so
    is `/readyz`. `stopping` is set as soon as the process is told to stop: endless responses (SSE) watch it and end.
    """

    def __init__(
        self,
        name: str,
        *,
        title: str,
        settings: ServiceSettings,
        routers: Sequence[APIRouter] = (),
        work: Callable[["Service"], AbstractAsyncContextManager[None]] | None = None,
        description: str = "",
    ) -> None:
        self.name = name
        self.settings = settings
        self.work = work
        self.log = logs.logger(name)
        self.metrics = Metrics(name)
        self.health = Health(name, self.metrics)
        self.authority = Authority(settings.credentials, log=self.log)
        self.started = asyncio.Event()
        self.stopping = asyncio.Event()
        self.leaving = asyncio.Event()
        self.on_failure: Callable[[CannotStart], None] = lambda _error: None
        self.tracers = tracing.provider(name, settings.otlp)
        self.app = self.built(title, description, routers)

    def built(self, title: str, description: str, routers: Sequence[APIRouter]) -> FastAPI:
        """The app: routers, common endpoints, problems, and what stands around every request."""
        app = FastAPI(
            title=title,
            description=description,
            version=VERSION,
            lifespan=lambda _app: self.running(),
            docs_url=None,  # these pages would fetch their scripts from elsewhere
            redoc_url=None,
            openapi_url=None,
            redirect_slashes=False,
            telemetry={
                "tracing": self.tracers is not None,
                "tracer_provider": self.tracers,
                "metrics": False,
                "logs": False,
                "exclude": lambda scope: scope["path"] in COMMON,
            },
        )
        app.state.service = self
        app.state.authority = self.authority
        app.openapi = lambda: openapi.document(app)
        for router in routers:
            app.include_router(router)
        operations(app, [self], app.openapi)
        problems.install(app)
        # The last added is the outermost.
        app.add_middleware(Gate, service=self)
        app.add_middleware(BodyLimit, limit=self.settings.max_body)
        app.add_middleware(Requests, log=self.log, metrics=self.metrics)
        return app

    @property
    def segments(self) -> set[str]:
        """The first path segments below `/v1` that are this service's."""
        return {path.split("/")[2] for path in self.paths if path.startswith("/v1/")}

    @property
    def has_pages(self) -> bool:
        """Whether it answers anything outside `/v1`: then every address that is nobody's is its own."""
        return any(path not in COMMON and not path.startswith("/v1/") for path in self.paths)

    @property
    def paths(self) -> set[str]:
        """Every path template of the app, mounted folders included."""
        return {context.path for context in iter_route_contexts(self.app.routes) if context.path}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """The service's life around its HTTP.

        :raises CannotStart: there is nothing to wait for; later than `start_seconds`, `on_failure` is told instead
        """
        self.started.clear()
        self.stopping.clear()
        self.leaving.clear()
        self.health.stopping = False
        self.health.wait("starting", "The service is starting.")
        ticking = asyncio.create_task(self.tick())
        working = asyncio.create_task(self.through())
        starting = asyncio.create_task(self.started.wait())
        try:
            await asyncio.wait(
                {working, starting}, timeout=self.settings.start_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if working.done():
                await working
            working.add_done_callback(self.ended)
            yield
        finally:
            self.stop()
            self.leaving.set()
            if not self.started.is_set():
                working.cancel()
            with suppress(asyncio.CancelledError, CannotStart):
                await working
            for task in (ticking, starting):
                task.cancel()
            await asyncio.gather(ticking, starting, return_exceptions=True)
            await tracing.flush(self.tracers)

    async def through(self) -> None:
        """Enter the work, stay as long as requests may come, leave it."""
        try:
            if self.work is None:
                await self.here()
            else:
                async with self.work(self):
                    await self.here()
        except CannotStart:
            raise
        except Exception as error:
            self.log.exception("the service failed")
            raise CannotStart(f"{self.name} failed ({describe(error)}); the log says where.") from error

    async def here(self) -> None:
        """Everything is there: answer requests until the last one is answered."""
        self.health.clear("starting")
        self.started.set()
        self.log.info("started")
        await self.leaving.wait()

    def ended(self, working: "asyncio.Task[None]") -> None:
        """Whoever serves is told when the work ended by itself."""
        if not working.cancelled() and isinstance(error := working.exception(), CannotStart):
            self.health.wait("starting", str(error))
            self.on_failure(error)

    def stop(self) -> None:
        """Told to stop: unready from now on, and streams end. Requests in hand go on; the work leaves behind them."""
        self.health.stopping = True
        self.stopping.set()

    async def tick(self) -> None:
        """Measures how late the loop is, and shows that it turns."""
        loop = asyncio.get_running_loop()
        while True:
            self.health.beat("loop", STUCK)
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self.metrics.lag.set(max(0.0, loop.time() - due))

    async def reach(
        self, name: str, attempt: Callable[[], Awaitable[T]], needed: Callable[[], bool] = lambda: True
    ) -> T:
        """Try until it succeeds (database, broker, another service): wait, say so on `/readyz` and in the log, go on.

        Meanwhile the service is not ready, where it is `needed`.

        :raises CannotStart: as the attempt does; that is not waited for
        """
        async for trial in stamina.retry_context(
            on=passing,
            attempts=None,
            timeout=None,
            wait_initial=0.1,
            wait_max=5.0,
            wait_jitter=0.3,
        ):
            with trial:
                try:
                    reached = await attempt()
                except CannotStart:
                    raise
                except Exception as error:
                    reason = describe(error)
                    tell = self.log.debug if self.health.waiting.get(name) == reason else self.log.warning
                    tell("waiting", wants=name, reason=reason, trial=trial.num)
                    self.health.wait(name, reason, needed=needed())
                    raise
                if trial.num > 1:
                    self.log.info("reached", wants=name, trial=trial.num)
                self.health.clear(name)
                return reached
        raise AssertionError  # attempts are not counted

    @asynccontextmanager
    async def keeping(
        self, name: str, run: Callable[[], Awaitable[Any]], *, needed: bool = True
    ) -> AsyncGenerator[None]:
        """Keep `run` going inside the block: when it fails it is reported, waited for and started again.

        Where it is `needed` the service is not ready until it goes for the first time; what breaks off later is told
        of, and the service answers on from what it has. Leaving the block cancels it and waits until it has come to
        its end.
        """
        lacking = needed

        def goes() -> None:
            nonlocal lacking
            lacking = False
            self.health.clear(name)

        async def trusted() -> None:
            # What has run for a second is there again, though it has not returned.
            well = asyncio.get_running_loop().call_later(1.0, goes)
            try:
                await run()
            except asyncio.CancelledError:
                # Some clients let the cancellation of their own tasks out; only ours ends this one.
                if (own := asyncio.current_task()) is not None and own.cancelling():
                    raise
                raise BrokenOff(f"{name} broke off") from None
            finally:
                well.cancel()

        task = asyncio.create_task(self.reach(name, trusted, lambda: lacking), name=f"{self.name}: {name}")
        task.add_done_callback(self.ended)
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, CannotStart):
                await task
            self.health.clear(name)


def passing(error: BaseException) -> bool:
    """Whether trying again may help: not where the process must end, nor where it was told to."""
    return isinstance(error, Exception) and not isinstance(error, CannotStart)


def describe(error: BaseException) -> str:
    """An exception as a reason: its kind and first line, for libraries whose messages run over pages."""
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first[:300]}" if first else type(error).__name__


class Gate:
    """Requests that come before the service has started are told so; the common endpoints always answer."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] != "http" or self.service.started.is_set() or scope["path"] in COMMON:
            await self.app(scope, receive, send)
            return
        reasons = self.service.health.reasons()
        detail = f"{self.service.name} is not ready: {' '.join(reasons.values())} Try again in a moment."
        await problems.answer(503, "unavailable", detail, headers={"Retry-After": "1"})(scope, receive, send)


def operations(app: FastAPI, services: Sequence[Service], document: Callable[[], dict[str, Any]]) -> None:
    """The four endpoints that every service has, here for one or for all that share a port."""
    router = APIRouter(tags=["operations"])
    problem: dict[int | str, dict[str, Any]] = {
        503: {"description": "No; the body says why.", "content": {"application/json": {}}}
    }

    @router.get("/healthz", responses=problem)
    async def healthz() -> JSONResponse:
        """Whether the process lives: its loops turn."""
        return health.alive([service.health for service in services])

    @router.get("/readyz", responses=problem)
    async def readyz() -> JSONResponse:
        """Whether it can work now: what it needs is there. Parked assessments are named; the others go on."""
        return health.ready([service.health for service in services])

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Prometheus metrics."""
        return exposition(service.metrics for service in services)

    @router.get("/openapi.json")
    async def openapi_json() -> JSONResponse:
        """This document."""
        return JSONResponse(document())

    app.include_router(router)
