"""The pages on a port, and a browser before them."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.means import chromium
from tests.services import free_port
from tests.upstream import Services
from web.app import build
from web.hub import Pace
from web.in_process import InProcess
from web.settings import WebSettings

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PORTS = (23100, 23999)
expect.set_options(timeout=20_000)  # a busy machine may take its time


class Site:
    """The pages, served on one port from a thread of their own; it can go and come back."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.port = free_port(*PORTS)
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        pages = build(
            WebSettings(drain_seconds=1), transport=InProcess(self.services.app), pace=Pace(settle=0.05, again=0.1)
        )
        config = uvicorn.Config(pages.app, "127.0.0.1", self.port, log_level="error", timeout_graceful_shutdown=2)
        self.pages, self.server = pages, uvicorn.Server(config)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def run(self) -> None:
        with asyncio.Runner() as runner:
            self.loop = runner.get_loop()
            runner.run(self.server.serve())

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.pages.stopping.set)
        self.server.should_exit = True
        self.thread.join()

    def play(self, *events: dict[str, Any]) -> None:
        """Events are accepted, in the server's own loop."""

        async def all_of_them() -> None:
            for event in events:
                self.services.play(event)

        asyncio.run_coroutine_threadsafe(all_of_them(), self.loop).result(10)


@contextmanager
def site(services: Services) -> Iterator[Site]:
    """The pages while a test looks at them."""
    served = Site(services)
    try:
        yield served
    finally:
        served.stop()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, gone when the tests are over."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield started
        finally:
            started.close()


@contextmanager
def looking(started: Browser, served: Site, path: str = "/", **context: Any) -> Iterator[Page]:
    """A page in a fresh context; what a script could not do (an error, a breach of the policy) fails the test."""
    complaints: list[str] = []
    profile = started.new_context(**({"locale": "zh-CN", "viewport": {"width": 1280, "height": 900}} | context))
    page = profile.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None)
    page.goto(served.url + path)
    try:
        yield page
    finally:
        profile.close()
    assert not complaints, complaints
