"""Durable ingest over HTTP: intake as a process of its own on SQLite, beside a bare handler that only commits."""

import tempfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from benchmarks import synthetic
from benchmarks.callers import request, seconds
from benchmarks.processes import answers, running
from benchmarks.table import Pairs, Row
from tests.services import free_port

CALLERS, SENDERS, BATCH, TURNS = 64, 4, 1000, 5
STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"


def rows(*, quick: bool) -> list[Row]:
    """Singles and batches."""
    singles, batches = (600, 4) if quick else (6000, 60)
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name:
        folder = Path(name)
        port, bare = free_port(23000, 23400), free_port(23500, 23900)
        log = folder / "intake.log"
        settings = {"MERITLOG_DATA": name, "MERITLOG_PORT": str(port), "MERITLOG_LOG_LEVEL": "warning"}
        peer = ("-m", "benchmarks.peers.fastapi_sqlite", str(folder / "peer.sqlite"), str(bare))
        with running("-m", "services.intake", log=log, **settings) as ours, running(*peer, log=log) as theirs:
            answers(f"http://127.0.0.1:{port}/readyz", ours, log)
            answers(f"http://127.0.0.1:{bare}/openapi.json", theirs, log)
            events = synthetic.events(2 + TURNS * (singles + batches * BATCH), disputes=False)
            path = f"/v1/entries/{synthetic.ASSESSMENT}"
            seconds(port, [request(path, STRUCTURED, next(events))], 1, all_taken)
            one, many = Pairs([], []), Pairs([], [])
            for _ in range(TURNS):
                bodies = list(islice(events, singles))
                one.ours.append(singles / seconds(port, _posts(path, STRUCTURED, bodies), CALLERS, all_taken))
                one.peer.append(singles / seconds(bare, _posts("/single", STRUCTURED, bodies), CALLERS, all_taken))
                bodies = [b"[" + b",".join(islice(events, BATCH)) + b"]" for _ in range(batches)]
                count = batches * BATCH
                many.ours.append(count / seconds(port, _posts(path, BATCHED, bodies), SENDERS, all_taken))
                many.peer.append(count / seconds(bare, _posts("/batch", BATCHED, bodies), SENDERS, all_taken))
    return [
        _row(
            f"ingest, singles, {CALLERS} callers",
            one,
            3000,
            "one thread: HTTP in Python takes about half, the gate 60 µs",
        ),
        _row(f"ingest, batches of {BATCH}", many, 30_000, "one thread: the gate, and the canonical form of each entry"),
    ]


def _posts(path: str, media: str, bodies: Iterable[bytes]) -> list[bytes]:
    return [request(path, media, body) for body in bodies]


def all_taken(response: bytes) -> bool:
    """201 for a single; 200 for a batch, each of its results 201."""
    return response.startswith((b"HTTP/1.1 201", b"HTTP/1.1 200")) and b'"status":4' not in response


def _row(work: str, pairs: Pairs, goal: int, limit: str) -> Row:
    return Row(
        work,
        f"{max(pairs.ours):,.0f}/s",
        f"{max(pairs.peer):,.0f}/s FastAPI + SQLite",
        f"{pairs.ratio:.2f}x",
        f"≥ {goal:,}/s",
        limit,
    )
