"""A standing as of a day, known at a position: ours with points and ranks, beside databases that only find the figures.

The peers hold the same rows in a thin table and give for each series the latest figure; they score nothing.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import islice
from random import Random
from typing import Any

import duckdb
import polars as pl
import psycopg

from benchmarks import synthetic
from benchmarks.table import Pairs, Row
from services.scoring.domain import Book, Coordinate
from shared.contracts.entries import decode_entry
from shared.rubric import load
from tests.integration import containers
from tests.means import there

AT_ONCE = 10_000
LATEST = """SELECT unit, indicator, name, {latest} FROM facts
    WHERE position <= {known_at} AND until > {known_at} AND occurred <= {as_of} GROUP BY unit, indicator, name"""
DISTINCT = """SELECT DISTINCT ON (unit, indicator, name) unit, indicator, name, value FROM facts
    WHERE position <= %s AND until > %s AND occurred <= %s
    ORDER BY unit, indicator, name, occurred DESC, position DESC"""


def rows(*, quick: bool) -> list[Row]:
    """Milliseconds of each; PostgreSQL where there is a container engine."""
    count, turns = (5_000, 3) if quick else (1_000_000, 25)
    lines = list(islice(synthetic.entries(count), count))
    book = Book(lambda position: decode_entry(lines[position - 1]), load=load)
    book.extend_stored(lines[first : first + AT_ONCE] for first in range(0, count, AT_ONCE))
    random = Random(1)
    asked = [
        (date(2020, 1, 1) + timedelta(days=random.randrange(366)), random.randint(count // 2, count))
        for _ in range(turns)
    ]
    facts = _facts(book)
    gc.collect()
    gc.freeze()  # the lines themselves are nobody's to look through again
    found = [_beside("DuckDB", count, book, asked, _duckdb(facts), "≥ 5x")]
    if there("docker"):
        found.append(_beside("PostgreSQL, indexed", count, book, asked[:5], _postgres(facts), "≥ 50x"))
        containers.stop()
    gc.unfreeze()
    return found


def _beside(
    name: str, count: int, book: Book, asked: Sequence[tuple[date, int]], ask: Callable[[date, int], Any], goal: str
) -> Row:
    pairs = Pairs([], [])
    for as_of, known_at in asked:
        start = time.perf_counter()
        book.scores(Coordinate(as_of, known_at)).ranked()
        pairs.ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        ask(as_of, known_at)
        pairs.peer.append(time.perf_counter() - start)
    ours, peer = (sorted(each)[len(each) // 2] * 1000 for each in (pairs.ours, pairs.peer))
    return Row(
        f"standing as of D known at K, {count:,} entries",
        f"{ours:.1f} ms",
        f"{peer:.1f} ms {name}",
        f"{1 / pairs.ratio:.1f}x",
        f"≤ 3 ms, {goal}",
        "the exact points of those indicators whose facts differ, and a few steps for each of 25 tables",
    )


def _facts(book: Book) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for rows_ in book.ledger.tables:
        names = [f"{each.name} {each.part or ''}" for each in rows_.series]
        columns = (rows_.position, rows_.occurred, rows_.until, rows_.code, rows_.value)
        for position, occurred, until, code, value in zip(
            *(each[: rows_.count].tolist() for each in columns), strict=True
        ):
            found.append((rows_.unit, rows_.indicator, names[code], position, occurred, until, value))
    return found


def _duckdb(facts: list[tuple[Any, ...]]) -> Callable[[date, int], Any]:
    names = ("unit", "indicator", "name", "position", "occurred", "until", "value")
    database = duckdb.connect()
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        pl.DataFrame(facts, schema=list(names), orient="row").write_parquet(file.name)
        database.execute(f"CREATE TABLE facts AS SELECT * FROM '{file.name}' ORDER BY position")

    def ask(as_of: date, known_at: int) -> Any:
        latest = "arg_max(value, occurred * 4294967296 + position)"
        sql = LATEST.format(latest=latest, known_at=known_at, as_of=as_of.toordinal())
        return database.execute(sql).fetchall()

    return ask


def _postgres(facts: list[tuple[Any, ...]]) -> Callable[[date, int], Any]:
    connection = psycopg.connect(containers.postgres().database(), autocommit=True)
    connection.execute(
        "CREATE TABLE facts (unit text, indicator text, name text, position int, occurred int, until int, value bigint)"
    )
    with connection.cursor() as cursor, cursor.copy("COPY facts FROM STDIN") as copy:
        for row in facts:
            copy.write_row(row)
    connection.execute(
        "CREATE INDEX ON facts (unit, indicator, name, occurred DESC, position DESC) INCLUDE (until, value)"
    )
    connection.execute("VACUUM ANALYZE facts")

    def ask(as_of: date, known_at: int) -> Any:
        return connection.execute(DISTINCT, (known_at, known_at, as_of.toordinal())).fetchall()

    return ask
