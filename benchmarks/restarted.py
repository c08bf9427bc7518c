"""`python -m benchmarks.restarted STORE`: scoring's book of a store, built in a process that does nothing else.

Prints what it took as JSON: seconds to the live standing, the most memory that was held, and what columns take.
"""

import asyncio
import os
import sys
import time

import msgspec
import numpy as np

from benchmarks import synthetic
from benchmarks.processes import resident
from services.scoring.domain import Book
from services.scoring.domain.columns import LAID_OUT
from services.scoring.handlers import Books
from services.scoring.store import DDL, VERSION
from shared.chassis.store import EventStore


class Took(msgspec.Struct):
    """What it took; bytes are those of an entry."""

    entries: int
    seconds: float
    most: int
    columns: float
    kept: float


def built(store: EventStore) -> Book:
    """Give the book of the store, with its live standing."""
    book = asyncio.run(Books(store).get(synthetic.ASSESSMENT))
    if book is None:
        raise SystemExit("there is no ledger in the store")
    book.scores().ranked()
    return book


def column_bytes(book: Book) -> float:
    """Bytes an entry in arrays: columns, where each entry is, identities, how the rubric places rows, their order."""
    ledger = book.ledger
    arrays = [getattr(table, name) for table in ledger.tables for name in LAID_OUT]
    arrays += [array for run in [*ledger.identities._runs, *ledger.identities._added] for array in run]  # noqa: SLF001
    for placement in book._placements._kept.values():  # noqa: SLF001
        arrays += [codes for codes, _ in placement._codes.values()]  # noqa: SLF001
        orders = [each for kept in placement.orders._kept.values() for each in kept.values() if each]  # noqa: SLF001
        arrays += [array for order in orders for array in order if isinstance(array, np.ndarray)]
    return (ledger.where.nbytes + sum(array.nbytes for array in arrays)) / ledger.count


def main(url: str) -> None:
    """Build and print."""
    store = EventStore.open(url, "scoring", DDL, VERSION)
    start = time.perf_counter()
    book = built(store)
    seconds = time.perf_counter() - start
    kept = store.query("SELECT SUM(LENGTH(body)) FROM blocks", ())[0][0] or 0
    most = resident(os.getpid())[1]  # not `getrusage`, which begins with what the process that started this one held
    took = Took(book.head, seconds, most, column_bytes(book), kept / book.head)
    print(msgspec.json.encode(took).decode())
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
