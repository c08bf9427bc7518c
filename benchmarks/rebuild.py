"""Scoring built anew from its stored entries, beside the event sourcing library's own replay of a simple aggregate."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks import synthetic
from benchmarks.table import Pairs, Row
from services.scoring.handlers import Books
from services.scoring.store import DDL, LEDGER, VERSION
from shared.chassis.store import Append, EventStore, Statement

AT_ONCE = 1000


class Year(Aggregate):
    """A year as the library's documentation would have it: a figure an event, the latest kept by what it measures."""

    @event("Started")
    def __init__(self) -> None:
        self.latest: dict[tuple[str, str, str], tuple[str, str]] = {}

    @event("Reported")
    def report(self, unit: str, indicator: str, measure: str, occurred: str, value: str) -> None:
        """The later date counts."""
        key = unit, indicator, measure
        if key not in self.latest or self.latest[key][0] <= occurred:
            self.latest[key] = occurred, value


def rows(*, quick: bool) -> list[Row]:
    """Entries a second of both; the peer replays fewer, since it takes the same time for each."""
    count, fewer = (5_000, 2_000) if quick else (1_000_000, 100_000)
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name:
        store = EventStore.open(f"sqlite:///{name}/scoring.sqlite", "scoring", DDL, VERSION)
        lines = synthetic.entries(count)
        for first in range(1, count + 1, AT_ONCE):
            store.commit(append=[Append(f"{LEDGER}/{synthetic.ASSESSMENT}", first, list(islice(lines, AT_ONCE)))])
        application = _replayed(Path(name) / "peer.sqlite", fewer)
        read, kept = Pairs([], []), Pairs([], [])
        for _ in range(3):
            store.commit(execute=[Statement("DELETE FROM blocks")])
            read.ours.append(_started(store, count))
            kept.ours.append(_started(store, count))
            start = time.perf_counter()
            application[0].repository.get(application[1])
            read.peer.append(fewer / (time.perf_counter() - start))
            kept.peer.append(read.peer[-1])
        store.close()
    return [
        _row(
            f"scoring rebuilt from {count:,} stored entries",
            read,
            "rows are read beside looking for members; disputes, one in 25 here, are taken in by the interpreter",
        ),
        _row(
            f"scoring started again, {count:,} entries, most of them from kept columns",
            kept,
            "entries behind the last block, up to 131,072, are decoded; hashes are sorted when one is looked up",
        ),
    ]


def _started(store: EventStore, count: int) -> float:
    """Entries a second of a book that starts from the store."""
    start = time.perf_counter()
    book = asyncio.run(Books(store).get(synthetic.ASSESSMENT))
    if book is None or book.head != count:
        raise SystemExit("the book does not stand at the end")
    return count / (time.perf_counter() - start)


def _row(work: str, pairs: Pairs, limit: str) -> Row:
    ours, peer = f"{max(pairs.ours):,.0f}/s", f"{max(pairs.peer):,.0f}/s eventsourcing"
    return Row(work, ours, peer, f"{pairs.ratio:.1f}x", "≥ 10x", limit)


def _replayed(path: Path, count: int) -> tuple[Application[Any], Any]:
    """The peer's application with an aggregate of so many events."""
    application: Application[Any] = Application(
        env=dict(os.environ) | {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    )
    year = Year()
    for measured, occurred in islice(_figures(), count):
        year.report(measured.unit, measured.indicator, measured.measure, occurred, "7")
        if len(year.pending_events) >= AT_ONCE:
            application.save(year)
    application.save(year)
    return application, year.id


def _figures() -> Iterator[tuple[synthetic.Measured, str]]:
    while True:
        for occurred in synthetic.DAYS:
            for measured in synthetic.MEASURED:
                yield measured, occurred
