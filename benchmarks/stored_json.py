"""Scoring built anew from the stored JSON of a file, beside others that read the same lines and keep the latest figure.

msgspec decodes what is needed and a dictionary keeps it, in one thread; DuckDB and Polars use both cores, as ours does.
Ours looks at every member, hashes identities, and folds corrections and withdrawals, so that any coordinate can be
asked; the others take neither of these for what they are.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from benchmarks import synthetic
from benchmarks.peers.confluent_dict import Latest, fold
from benchmarks.table import Pairs, Row
from services.scoring.domain import Book
from services.scoring.domain.stretch import Stretch, text_of
from services.scoring.keeping import fold_beside
from shared.contracts.entries import Entry

AT_ONCE = 10_000
AT_ONCE_BYTES = 4 * 1024 * 1024
SQL = """SELECT subject, data.indicator, data.measure, arg_max(data.value, data.occurred)
    FROM read_json('{file}', format = 'newline_delimited', columns = {{
        subject: 'VARCHAR', data: 'STRUCT(indicator VARCHAR, measure VARCHAR, occurred VARCHAR, value VARCHAR)'}})
    GROUP BY ALL"""
SCHEMA = pl.Schema(
    {"subject": pl.String, "data": pl.Struct(dict.fromkeys(("indicator", "measure", "occurred", "value"), pl.String))}
)
LIMIT = (
    "two cores: an entry is looked through in 0.45 µs of one, folded in 0.25 of the other; DuckDB reads four members"
)


def rows(*, quick: bool) -> list[Row]:
    """Entries a second."""
    count, turns = (5_000, 2) if quick else (1_000_000, 5)
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name:
        path = Path(name) / "entries.jsonl"
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in synthetic.entries(count))
        _book(path)  # compiles
        peers: dict[str, tuple[Callable[[Path], object], str]] = {
            "msgspec + dict": (_dictionary, "≥ 1x"),
            "DuckDB": (_duckdb, "≥ 2x"),
            "Polars": (_polars, "≥ 2x"),
        }
        pairs = {peer: Pairs([], []) for peer in peers}
        for _ in range(turns):
            ours = count / _seconds(_book, path)
            for peer, (work, _) in peers.items():
                pairs[peer].ours.append(ours)
                pairs[peer].peer.append(count / _seconds(work, path))
    return [
        Row(
            f"scoring built from {count:,} lines of stored JSON",
            f"{max(pairs[peer].ours):,.0f}/s",
            f"{max(pairs[peer].peer):,.0f}/s {peer}",
            f"{pairs[peer].ratio:.2f}x",
            goal,
            LIMIT,
        )
        for peer, (_, goal) in peers.items()
    ]


def _seconds(work: Callable[[Path], object], path: Path) -> float:
    start = time.perf_counter()
    work(path)
    return time.perf_counter() - start


def _batches(path: Path) -> Iterator[list[bytes]]:
    with path.open("rb") as file:
        while lines := [line[:-1] for line in islice(file, AT_ONCE)]:
            yield lines


def _stretches(path: Path) -> Iterator[Stretch]:
    """The lines of a file as they lie in it, some megabytes at once."""
    with path.open("rb") as file:
        rest = b""
        while read := file.read(AT_ONCE_BYTES):
            whole, _, rest = (rest + read).rpartition(b"\n")
            text = text_of(whole, b"\n")
            ends = np.flatnonzero(text == ord("\n"))
            yield Stretch(text, np.concatenate([[0], ends[:-1] + 1]), ends)


def _book(path: Path) -> Book:
    book = Book(_nothing)
    fold_beside(book, _stretches(path))
    return book


def _nothing(position: int) -> Entry:
    raise AssertionError(f"entry {position} was asked for again")


def _dictionary(path: Path) -> Latest:
    latest: Latest = {}
    for lines in _batches(path):
        fold(latest, lines)
    return latest


def _duckdb(path: Path) -> object:
    return duckdb.connect().execute(SQL.format(file=path)).fetchall()


def _polars(path: Path) -> object:
    data = pl.col("data").struct.unnest()
    return (
        pl.scan_ndjson(path, schema=SCHEMA)
        .select("subject", data)
        .sort("occurred", maintain_order=True)
        .group_by("subject", "indicator", "measure")
        .agg(pl.col("value").last())
        .collect()
    )
