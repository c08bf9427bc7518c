"""Scoring built anew from the columns that it keeps, beside C over the same arrays and DuckDB; and its memory.

Two works. *Folded*: one pass over the columns in memory finds what bears on points at the head, of all units; so does
the loop in C. *Laid down*: blocks are read from scoring's store, laid into columns, folded, and every unit is scored
and ranked; C reads the same arrays from one file and folds them. DuckDB finds the latest value of each series in a
Parquet file of the same columns. No peer scores. Before, a process of its own reads the entries themselves, and one
more starts from what the first kept: their memory is taken.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median

import duckdb
import msgspec
import numpy as np
import polars as pl

from benchmarks import synthetic
from benchmarks.processes import ROOT
from benchmarks.restarted import Took, built
from benchmarks.table import Pairs, Row
from services.scoring.domain import Book, Coordinate, moments
from services.scoring.domain.columns import Columns
from services.scoring.domain.compiled.fold import Looked, Table, counting
from services.scoring.domain.coordinate import Moment
from services.scoring.domain.placement import Placement
from services.scoring.store import DDL, LEDGER, VERSION
from shared.chassis.store import Append, EventStore

Arrays = tuple[Table, Looked, int]
AT_ONCE = 5000
SOURCE = Path(__file__).parent / "peers/columns.c"
LATEST = """SELECT series, arg_max(value, occurred * 4294967296 + position), count(*) FROM '{file}'
    WHERE position <= {known_at} AND until > {known_at} AND occurred <= {last_day} GROUP BY series"""
FOLDED = "memory: 14 bytes a row are read once. The loops are the same; ours also asks which readings leave a row out"
LAID = (
    "reading blocks from SQLite, and copying them into columns that are laid out first; the rubric takes 50 ms to load"
)
HELD = (
    "28 bytes a row in columns, 12 of identities, 8 for where an entry is, 2 for its place in the rubric; room to grow"
)
READING = "libraries and the compiler hold 150 MiB, entries on their way 100, arrays while they grow"


def rows(*, quick: bool) -> list[Row]:
    """All of it, for one million and for ten."""
    if quick:
        return _rows(140_000, 2)
    return [*_rows(1_000_000, 15), *_rows(10_000_000, 7)]


def _rows(count: int, turns: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name:
        url = f"sqlite:///{name}/scoring.sqlite"
        fill(url, count)
        read, laid = _restarted(url), _restarted(url)
        store = EventStore.open(url, "scoring", DDL, VERSION)
        found = _beside(store, built(store), Path(name), turns)
        store.close()
    return [
        *found,
        Row(
            f"memory: {count:,} entries in columns",
            f"{laid.columns:.0f} bytes each",
            f"{laid.kept:.0f} bytes each as blocks on disk",
            "-",
            "≤ 64 bytes each",
            HELD,
        ),
        Row(
            f"memory: a process rebuilds scoring from {count:,} stored entries, in {read.seconds:.0f} s",
            f"at most {read.most:,} MiB",
            f"{laid.most:,} MiB from blocks, in {laid.seconds:.1f} s, imports not counted",
            f"{read.most / laid.most:.1f}x",
            "≤ 2 GiB",
            READING,
        ),
    ]


def fill(url: str, count: int) -> None:
    """Make a store of scoring's with a ledger of so many entries, and nothing else."""
    store = EventStore.open(url, "scoring", DDL, VERSION)
    lines = synthetic.entries(count)
    for first in range(1, count + 1, AT_ONCE):
        store.commit(append=[Append(f"{LEDGER}/{synthetic.ASSESSMENT}", first, list(islice(lines, AT_ONCE)))])
    store.close()


def _restarted(url: str) -> Took:
    command = [sys.executable, "-m", "benchmarks.restarted", url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        sys.exit(done.stderr.decode())
    return msgspec.json.decode(done.stdout, type=Took)


def _beside(store: EventStore, book: Book, folder: Path, turns: int) -> list[Row]:
    moment = moments.moment(book.ledger, Coordinate())
    placement = book._placements.of(moment.rubric)  # noqa: SLF001
    program = _compiled(folder)
    arrays = [_arrays(table, moment, placement) for table in book.ledger.tables]
    _write(folder / "arrays", arrays)
    _write_parquet(folder / "columns.parquet", book)
    folded, scanned, laid, parquet = (Pairs([], []) for _ in range(4))
    database = duckdb.connect()
    query = LATEST.format(file=folder / "columns.parquet", known_at=moment.known_at, last_day=moment.as_of.toordinal())
    for _ in range(turns):
        took, found = min(_folded(arrays) for _ in range(3))
        start = time.perf_counter()
        built(store)
        laying = time.perf_counter()
        database.execute(query).fetchall()
        duck = time.perf_counter() - laying
        for pairs, ours in ((scanned, took), (parquet, laying - start)):
            pairs.ours.append(ours)
            pairs.peer.append(duck)
        if not program:
            continue
        done = subprocess.run([program, folder / "arrays"], capture_output=True, text=True, check=True)
        reading, looping, rows_ = done.stdout.split()
        if found != int(rows_):
            raise SystemExit(f"C finds {rows_} rows, and not {found}")
        folded.ours.append(took)
        folded.peer.append(float(looping))
        laid.ours.append(laying - start)
        laid.peer.append(float(reading) + float(looping))
    count = f"{book.ledger.count:,} entries"
    named = (
        (f"{count} in columns folded", folded, "C", "≥ 0.65x", FOLDED),
        (f"{count} in columns folded", scanned, "DuckDB on Parquet", "≥ 3x", FOLDED),
        (f"{count} laid down from kept columns and scored", laid, "C that folds them from a file", "-", LAID),
        (f"{count} laid down from kept columns and scored", parquet, "DuckDB on Parquet", "-", LAID),
    )
    return [_row(*each) for each in named if each[1].peer]


def _folded(arrays: list[Arrays]) -> tuple[float, int]:
    """Seconds of a pass over all tables, and how many rows it finds."""
    start = time.perf_counter()
    passed = [counting(table, looked, 0, count) for table, looked, count in arrays]
    return time.perf_counter() - start, sum(len(each[0]) for each in passed if each is not None)


def _row(work: str, pairs: Pairs, peer: str, goal: str, limit: str) -> Row:
    ours, other = median(pairs.ours) * 1000, median(pairs.peer) * 1000
    return Row(work, f"{ours:.1f} ms", f"{other:.1f} ms {peer}", f"{1 / pairs.ratio:.2f}x", goal, limit)


def _compiled(folder: Path) -> Path | None:
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        print("columns: no C compiler, so without C: install gcc")
        return None
    subprocess.run([compiler, "-O3", "-march=native", "-o", folder / "columns", SOURCE], check=True)
    return folder / "columns"


def _arrays(rows: Columns, moment: Moment, placement: Placement) -> Arrays:
    """What the compiled pass is handed for a table."""
    placed = placement.codes(rows)
    out = np.array([bool(mask & moment.rules.excluded) for mask in placement.masks], np.bool_)
    lists = np.where(rows.takes_figures(), placement.lists(rows), -1).astype(np.int64)
    when = moment.known_at, moment.as_of.toordinal(), placement.since(rows)
    table = Table(rows.occurred, rows.until, rows.code, rows.value, rows.scale, placed)
    return table, Looked(out, lists, *when), rows.count


def _write(path: Path, every: list[Arrays]) -> None:
    """Write the same as the program in C reads it."""
    with path.open("wb") as file:
        file.write(np.int32(len(every)).tobytes())
        for table, looked, count in every:
            numbers = (count, len(looked.lists), looked.known_at, looked.last_day, looked.since)
            file.write(np.array(numbers, np.int32).tobytes() + looked.lists.tobytes())
            for column in (table.value, table.occurred, table.until, table.code, table.scale, table.placed):
                file.write(np.ascontiguousarray(column[:count]).tobytes())


def _write_parquet(path: Path, book: Book) -> None:
    tables = book.ledger.tables
    before = np.cumsum([0, *(len(table.series) for table in tables)])
    columns = {
        name: np.concatenate([getattr(table, name)[: table.count] for table in tables])
        for name in ("position", "occurred", "until", "value")
    }
    series = [table.code[: table.count] + first for table, first in zip(tables, before, strict=False)]
    frame = pl.DataFrame({**columns, "series": np.concatenate(series)})
    frame.with_columns(pl.col("occurred").cast(pl.Int64)).sort("position").write_parquet(path)
