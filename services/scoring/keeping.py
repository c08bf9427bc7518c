"""Brings a book to the head of its ledger, by columns that lie ready where there are many entries."""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from services.scoring.domain.block import Block, block_of, decode, encode
from services.scoring.domain.book import Book
from services.scoring.domain.identities import MANY
from services.scoring.domain.stretch import gathered
from services.scoring.store import Kept, keep, kept, last_kept, ledger
from shared.chassis.ahead import ahead
from shared.chassis.store import EventStore, StoreError
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import decode_entry

FEW = 1 << 13
"""So many entries are worth a block where no more are to come."""


def top_up(store: EventStore, assessment: str, book: Book, head: int) -> None:
    """Fold what the book lacks of the ledger; blocking.

    Many entries are laid down from the blocks kept of them, and what no block holds is read by compiled loops.
    """
    stream = ledger(store, assessment)
    many = head - book.head >= MANY
    if many:
        _lay_kept(store, assessment, book, head)
    if many and head - book.head >= FEW:
        keeper = Keeper(store, assessment, book)
        fold_beside(book, stream.scan(book.head), keeper.put)
        keeper.rest()
    else:
        for states in stream.scan(book.head):
            book.extend(map(decode_entry, states))


def too_far(book: Book, head: int) -> bool:
    """Whether a book lacks so much that it is laid down at once: not in one that questions may be looking at.

    What is laid down is known before all of it is in place.
    """
    return book.head > 0 and head - book.head >= MANY


def fold_beside(
    book: Book,
    batches: Iterable[Sequence[bytes]],
    keep: Callable[[NDArray[np.uint64]], None] | None = None,
    *,
    chained: bool = False,
    last: bytes | None = None,
) -> None:
    """Fold many stored entries that follow the book's head; blocking.

    Whatever reads them, the compiled loops that look for their parts, and the folding have a thread each. Where they
    are to be `chained`, every entry must name the one before it, the first of them the `last` one that the book has.

    :raises Unlinked: one does not; the book is of no use any more
    """
    from services.scoring.domain.scanned import Links, Scanner  # noqa: PLC0415 - only where there are many

    scanner, links = Scanner(book.ledger.identities.key), Links(last) if chained else None
    scanned = scanner.scanned(ahead(gathered(batches)), book.head + 1, links)
    book.extend_scanned(ahead(scanned), keep)


def keep_on(store: EventStore, assessment: str, book: Book, since: int) -> None:
    """Keep blocks of what came in one by one, `since` a position, where that makes them many; blocking.

    They are a convenience: where they cannot be written, the ledger is read instead.
    """
    if since // MANY == book.head // MANY:
        return
    from services.scoring.domain.scanned import Scanner  # noqa: PLC0415 - only where there are many

    try:
        after = last_kept(store, assessment)
        keeper, scanner = Keeper(store, assessment, book, after), Scanner(book.ledger.identities.key)
        for states in ledger(store, assessment).scan(after):
            folded = states[: max(0, book.head - after)]  # another replica may have written more by now
            after += len(folded)
            keeper.put(scanner.hashes(folded))
    except StoreError as error:
        structlog.get_logger().warning("columns were not kept", assessment=assessment, reason=str(error))


def _lay_kept(store: EventStore, assessment: str, book: Book, head: int) -> None:
    """Lay down the blocks kept; one that is not of this ledger, or that nobody can read, ends it."""
    for one in kept(store, assessment, book.head):
        block = _read(store, assessment, one) if one.first == book.head + 1 else None
        if block is None:
            structlog.get_logger().warning("columns are read anew", assessment=assessment, first=one.first)
            return
        book.lay(block, max(0, head - one.last))


def _read(store: EventStore, assessment: str, one: Kept) -> Block | None:
    last = ledger(store, assessment).get(one.last)
    if last is None or leaf_hash(last) != one.digest:
        return None
    try:
        return decode(one.body)
    except msgspec.DecodeError:
        return None


class Keeper:
    """Gathers entries that a book has folded until they are many, and keeps their columns as one block."""

    def __init__(self, store: EventStore, assessment: str, book: Book, after: int | None = None) -> None:
        """Keep what lies behind a position, else behind the book's head."""
        self._store = store
        self._assessment = assessment
        self._book = book
        self._after = book.head if after is None else after
        self._hashes: list[NDArray[np.uint64]] = []

    def put(self, hashes: NDArray[np.uint64]) -> None:
        """Add the next entries, by the hashes of their identities."""
        self._hashes.append(hashes)
        if self._count >= MANY:
            self._keep()

    def rest(self) -> None:
        """Keep what was gathered, unless it is quickly read again."""
        if self._count >= FEW:
            self._keep()

    @property
    def _count(self) -> int:
        return sum(map(len, self._hashes))

    def _keep(self) -> None:
        count = self._count
        stored_at = ledger(self._store, self._assessment).get
        first, last = self._after + 1, self._after + count
        body = encode(block_of(self._book.ledger, first, np.concatenate(self._hashes), stored_at))
        stored = stored_at(last)
        if stored is not None:
            keep(self._store, self._assessment, Kept(first, last, leaf_hash(stored), body))
        self._after, self._hashes = last, []
