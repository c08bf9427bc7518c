"""Services made of the chassis alone: in this process, or served by one of their own."""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from shared.chassis.service import Service
from shared.chassis.settings import ServiceSettings

ROOT = Path(__file__).parent.parent


def a_service(*routers, name="intake", work=None, **settings) -> Service:
    """A service with these routers, open unless `credentials` are given."""
    given = ServiceSettings(**({"start_seconds": 5} | settings))
    return Service(name, title=f"Meritlog {name}", settings=given, routers=routers, work=work)


def client_of(app) -> httpx.AsyncClient:
    """A client that calls the app in this process; what the app does not catch is answered, not raised."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


@contextlib.asynccontextmanager
async def calling(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service that runs meanwhile."""
    async with service.running(), client_of(service.app) as client:
        yield client


def free_port(first: int = 22000, last: int = 22999) -> int:
    """A port on loopback that nobody listens on, below those that clients get."""
    for port in range(first + os.getpid() % (last - first), last):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LookupError("no free port")


@contextlib.contextmanager
def process(script: str, *, wait: bool = True, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A Python process that runs the script; with `wait`, it has written its first line (`process.first`)."""
    started = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"MERITLOG_LOG_FORMAT": "json"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        if wait:
            started.first = started.stdout.readline().strip()
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()
