"""`merit up` as a process of its own, and the sample year to send to it."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx

from tests.services import ROOT

YEAR = ROOT / "samples" / "binjiang-2020.jsonl"
NAME = "binjiang-2020"
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
READY_SECONDS = 120


@contextlib.contextmanager
def up(data: Path, port: int, **environment: str) -> Iterator[httpx.Client]:
    """`merit up` on this folder; a client of it, and the process as `client.process`."""
    environment = os.environ | {"MERITLOG_SAMPLE_CLOCK": "true", "MERITLOG_LOG_LEVEL": "error"} | environment
    command = [sys.executable, "-m", "cli", "up", "--data", str(data), "--port", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200, READY_SECONDS)
            client.process = running
            yield client
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()


def wait_for(look: Callable[[], bool], seconds: float) -> None:
    """Ask until it is so."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError):
            if look():
                return
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)


def shown(client: httpx.Client) -> int:
    """The position of the board."""
    answer = client.get(f"/v1/board/{NAME}", params={"view": "live"})
    return answer.json()["known_at"]["position"] if answer.status_code == 200 else 0


def sending(url: httpx.URL | str, assessment: str, lines: Iterable[bytes], pause: float) -> threading.Thread:
    """Send lines one after the other, meanwhile."""

    def send() -> None:
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
            for line in lines:
                client.post(f"/v1/entries/{assessment}", content=line, headers=STRUCTURED)
                time.sleep(pause)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread
