"""Serving: one port, for one service or for all of them in one process, until told to stop."""

import asyncio
import errno
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import lru_cache
from types import FrameType
from typing import TypeVar

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.chassis import logs, openapi, problems
from shared.chassis.errors import CannotStart
from shared.chassis.service import COMMON, VERSION, Service, operations
from shared.chassis.settings import ServiceSettings, WrongSettings, load

S = TypeVar("S", bound=ServiceSettings)


def main(kind: type[S], build: Callable[[S], Service]) -> int:
    """A service's `__main__`: settings from outside, serve, exit status (0 stopped, 2 wrong settings, 3 could not)."""
    try:
        settings = load(kind)
    except WrongSettings as error:
        return complain(error, 2)
    return run(lambda: [build(settings)], settings)


def run(
    build: Callable[[], Sequence[Service]],
    settings: ServiceSettings,
    *,
    told: Callable[[str], None] | None = None,
) -> int:
    """Serve what `build` makes on the settings' host and port until SIGTERM or Ctrl-C; exit status.

    `told` hears the URL once requests are taken. What stops a start is said in one sentence on stderr.
    """
    logs.configure(settings.log_format, settings.log_level)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(build(), settings, told=told))
    except CannotStart as error:
        return complain(error, 3)
    except KeyboardInterrupt:  # before the server took over the signals
        return 0
    return 0


def complain(error: Exception, status: int) -> int:
    """One sentence on stderr."""
    sys.stderr.write(f"{error}\n")
    return status


async def serve(
    services: Sequence[Service], settings: ServiceSettings, *, told: Callable[[str], None] | None = None
) -> None:
    """Start the services in order, take requests, and on a signal drain and stop them in reverse order.

    :raises CannotStart: port in use, no credentials off loopback, or whatever a service cannot do without
    """
    listening = bind(services, settings.host, settings.port)
    app: ASGIApp = services[0].app if len(services) == 1 else OnePort(services)
    if any(service.authority.is_open for service in services):
        app = LoopbackNames(app)
    server = Server(app, services, settings, told)
    try:
        with server.capture_signals():
            async with AsyncExitStack() as lives:
                for service in services:
                    service.on_failure = server.fail
                    await lives.enter_async_context(service.running())
                await server.serve([listening])
    finally:
        listening.close()
    if server.failure:
        raise server.failure


def bind(services: Sequence[Service], host: str, port: int) -> socket.socket:
    """A listening socket, before anything else starts: what is wrong with the address is known at once.

    :raises CannotStart: in one sentence
    """
    if any(service.authority.is_open for service in services) and not is_loopback(host):
        raise CannotStart(
            f"Listening on {host} needs credentials: make one with `merit credential create` and name the file in "
            "MERITLOG_CREDENTIALS, or listen on 127.0.0.1."
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotStart(f"{host} is no address of this machine: {error.strerror}.") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise CannotStart(why_not(error, host, port)) from error
    return listening


def why_not(error: OSError, host: str, port: int) -> str:
    """What to do about an address that cannot be taken."""
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is in use; stop what listens there or choose another port."
        case errno.EACCES:
            return f"Port {port} may not be taken by this account; choose one above 1023."
        case _:
            return f"Nothing can listen on {host}:{port}: {error.strerror}."


def is_loopback(host: str) -> bool:
    """Whether an address or a name reaches this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        pass
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(address.partition("%")[0]).is_loopback for address in found)


class Server(uvicorn.Server):
    """uvicorn, started from a program: it ends by returning, lets endless responses end, knows why a service failed."""

    def __init__(
        self,
        app: ASGIApp,
        services: Sequence[Service],
        settings: ServiceSettings,
        told: Callable[[str], None] | None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                ws="none",
                lifespan="off",  # `serve` holds the services' lives around this
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=65,  # longer than load balancers keep theirs
                timeout_graceful_shutdown=settings.drain_seconds,
            )
        )
        self.services = services
        self.told = told
        self.failure: CannotStart | None = None

    def fail(self, error: CannotStart) -> None:
        """A service cannot go on: stop all, and let `serve` raise this."""
        self.failure = self.failure or error
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or Ctrl-C: stop; Ctrl-C again: at once. Not raised again afterwards: stopping was what was asked."""
        del frame
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, and say where."""
        await super().startup(sockets)
        if sockets and self.told:
            self.told(url(sockets[0]))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """First unready and no endless answers, then no new connections, then wait for what is in hand."""
        for service in self.services:
            service.stop()
        await super().shutdown(sockets)


def url(listening: socket.socket) -> str:
    """Where a browser finds it."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class OnePort:
    """Several services on one port: the first path segment below `/v1` says whose a request is, all else is the pages'.

    The common endpoints answer for all of them together.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self.by_segment = {segment: service.app for service in services for segment in service.segments}
        self.pages = next((service.app for service in services if service.has_pages), None)
        self.front = FastAPI(title="Meritlog", version=VERSION, openapi_url=None, telemetry={"tracing": False})
        operations(self.front, services, lambda: self.document(services))
        problems.install(self.front)

    def document(self, services: Sequence[Service]) -> dict[str, object]:
        """One OpenAPI document for the port."""
        return openapi.joined((service.app for service in services), title="Meritlog", version=VERSION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        await self.whose(scope["path"])(scope, receive, send)

    def whose(self, path: str) -> ASGIApp:
        """The app that answers this path."""
        if path in COMMON:
            return self.front
        first, second = (*path.split("/", 3)[1:], "", "")[:2]
        if first == "v1":
            return self.by_segment.get(second, self.front)
        return self.pages or self.front


class LoopbackNames:
    """On an open loopback only requests for this machine by name are taken.

    Any page in a browser here can make its own name resolve to 127.0.0.1; its requests then carry that name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] == "http" and not is_here(dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")):
            detail = "Without credentials this answers only as localhost or 127.0.0.1; use that name in the address."
            await problems.answer(421, "misdirected", detail)(scope, receive, send)
            return
        await self.app(scope, receive, send)


@lru_cache(maxsize=256)
def is_here(host_header: str) -> bool:
    """Whether a Host header names the loopback, without asking a resolver that others may answer for."""
    name = host_header.rpartition(":")[0] if host_header.rpartition(":")[2].isdigit() else host_header
    name = name.strip("[]").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
