"""The four services as processes of their own, on a real broker and a real database, to be killed and started again."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx

from tests.integration import containers
from tests.services import ROOT, free_port

SERVICES = ("intake", "scoring", "ranking", "notifier")
READY_SECONDS = 180


class Cluster:
    """Services by name, each on a port and a database of its own; `broker` and `database` are containers.

    `urls` say where a service is to ask another one, where that is not the port it listens on.
    """

    def __init__(
        self,
        folder: Path,
        services: Sequence[str] = SERVICES,
        databases: Mapping[str, str] | None = None,
        *,
        broker: bool = True,
    ) -> None:
        self.folder = folder
        self.broker = {"MERITLOG_KAFKA": containers.kafka().bootstrap} if broker else {}
        self.ports = {name: free_port(22100 + 200 * place, 22299 + 200 * place) for place, name in enumerate(services)}
        self.databases = databases or {name: containers.postgres().database() for name in services}
        self.urls: dict[str, str] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def url(self, name: str) -> str:
        """Where a service answers."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def environment(self, name: str) -> dict[str, str]:
        """What a service is told."""
        return os.environ | {
            "MERITLOG_DATA": str(self.folder),
            "MERITLOG_DATABASE": self.databases[name],
            "MERITLOG_PORT": str(self.ports[name]),
            **self.broker,
            **{
                f"MERITLOG_{each.upper()}": self.urls.get(each) or self.url(each)
                for each in (*self.ports, *self.urls)
                if each != "notifier"
            },
            "MERITLOG_SAMPLE_CLOCK": "true",
            "MERITLOG_ALLOW_PRIVATE": "true",
            "MERITLOG_LOG_FORMAT": "json",
        }

    def merit(self, *words: str, name: str = "intake") -> None:
        """Run a command of the command line with a service's settings."""
        command = [sys.executable, "-m", "cli", *words]
        subprocess.run(command, cwd=ROOT, env=self.environment(name), check=True, capture_output=True, timeout=120)

    def start(self, *names: str) -> None:
        """Start services; they need not be ready when this returns."""
        for name in names:
            log = (self.folder / f"{name}.log").open("ab")
            command = [sys.executable, "-m", f"services.{name}"]
            self.running[name] = subprocess.Popen(command, cwd=ROOT, env=self.environment(name), stdout=log, stderr=log)
            log.close()

    def kill(self, name: str) -> None:
        """Kill -9 a service, or the container of the broker or the database; the latter two come back at once."""
        if name in self.running:
            process = self.running.pop(name)
            process.kill()
            process.wait()
            return
        container = {"broker": containers.kafka, "database": containers.postgres}[name]().get_wrapped_container()
        container.kill("SIGKILL")
        container.start()

    def ready(self) -> None:
        """Wait until every service can work."""
        for name in self.running:
            wait_for(lambda name=name: httpx.get(f"{self.url(name)}/readyz", timeout=5).status_code == 200)

    def get(self, name: str, path: str, **words: object) -> httpx.Response:
        """Ask a service."""
        return httpx.get(f"{self.url(name)}{path}", params=words, timeout=60)

    def stop(self) -> None:
        """End all services."""
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster with topics and tables, its services started and ready."""
    with started(Cluster(folder)) as made:
        yield made


@contextlib.contextmanager
def started(made: Cluster) -> Iterator[Cluster]:
    """Topics and tables for a cluster, its services started and ready, and stopped in the end."""
    made.merit("topics", "--provider", "market", "--provider", "sme-office")
    for name in SERVICES:
        made.merit("migrate", name, name=name)
    made.start(*SERVICES)
    try:
        made.ready()
        yield made
    finally:
        made.stop()


def wait_for(look: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Ask until it is so; what does not answer is asked again."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if look():
                return
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.2)
