"""Memory of `merit up`, all four services in one process: after the sample year, and after a long ledger."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import httpx

from benchmarks import synthetic
from benchmarks.callers import request, seconds
from benchmarks.ingest import BATCH, BATCHED, STRUCTURED, all_taken
from benchmarks.processes import ROOT, answers, resident, running
from benchmarks.table import Row
from tests.services import free_port

YEAR = ROOT / "samples/binjiang-2020.jsonl"


def rows(*, quick: bool) -> list[Row]:
    """After the year, and after a million entries, which takes some minutes."""
    count = 2_000 if quick else 1_000_000
    year, most = _after(_emit)
    long, longest = _after(lambda port: _fill(port, count))
    limit = "libraries take most of it"
    per = "columns take 54 bytes an entry, identities among them; loops that are compiled bring their compiler along"
    return [
        Row("memory of `merit up` after the sample year", f"{year} MiB, at most {most}", "-", "-", "≤ 250 MB", limit),
        Row(f"memory of `merit up` after {count:,} entries", f"{long} MiB, at most {longest}", "-", "-", "-", per),
    ]


def _after(work: Callable[[int], None]) -> tuple[int, int]:
    """MiB held by a fresh `merit up` after some work, and the most it held."""
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name:
        port, log = free_port(25000, 25400), Path(name) / "up.log"
        words = ("-m", "cli", "up", "--data", f"{name}/data", "--port", str(port))
        with running(*words, log=log, MERITLOG_LOG_LEVEL="warning", MERITLOG_SAMPLE_CLOCK="true") as up:
            answers(f"http://127.0.0.1:{port}/readyz", up, log)
            work(port)
            return resident(up.pid)


def _emit(port: int) -> None:
    command = [sys.executable, "-m", "cli", "emit", str(YEAR), "--server", f"http://127.0.0.1:{port}"]
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    _settled(port)


def _fill(port: int, count: int) -> None:
    path = f"/v1/entries/{synthetic.ASSESSMENT}"
    events = synthetic.events(count)
    seconds(port, [request(path, STRUCTURED, next(events))], 1, all_taken)
    while batch := b",".join(islice(events, BATCH)):
        seconds(port, [request(path, BATCHED, b"[" + batch + b"]")], 1, all_taken)
    _settled(port)


def _settled(port: int) -> None:
    """Until ranking has come as far as the ledger."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        head = client.get(f"/v1/assessments/{synthetic.ASSESSMENT}").json()["head"]["position"]
        while not client.get(f"/v1/changes/{synthetic.ASSESSMENT}?after={head - 1}").json().get("changes"):
            time.sleep(1)
