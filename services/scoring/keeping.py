"""Brings a book to the head of its ledger, by columns that lie ready where there are many entries."""

import msgspec
import structlog

from services.scoring.domain.book import Book
from services.scoring.domain.identities import MANY
from services.scoring.domain.segment import Segment, decode, encode
from services.scoring.store import Kept, keep, kept, last_kept, ledger
from shared.chassis.store import EventStore, StoreError
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import decode_entry


def top_up(store: EventStore, assessment: str, book: Book, head: int) -> None:
    """Fold what the book lacks of the ledger; blocking.

    Many entries are laid down from the segments kept of them, and what no segment holds is read by compiled loops.
    """
    stream = ledger(store, assessment)
    if head - book.head >= MANY:
        _lay_kept(store, assessment, book)
    if head - book.head >= MANY:
        book.extend_stored(stream.scan(book.head), Keeper(store, assessment).put)
    else:
        for states in stream.scan(book.head):
            book.extend(map(decode_entry, states))


def keep_on(store: EventStore, assessment: str, book: Book, since: int) -> None:
    """Keep segments of what came in one by one, `since` a position, where that makes them many; blocking.

    They are a convenience: where they cannot be written, the ledger is read instead.
    """
    if since // MANY == book.head // MANY:
        return
    from services.scoring.domain.scanned import Scanner  # noqa: PLC0415 - only where there are many

    keeper, scanner = Keeper(store, assessment), Scanner(book.ledger.identities.key)
    try:
        after = last_kept(store, assessment)
        for states in ledger(store, assessment).scan(after):
            keeper.put(list(scanner.segments(states, after + 1)))
            after += len(states)
    except StoreError as error:
        structlog.get_logger().warning("columns were not kept", assessment=assessment, reason=str(error))


def _lay_kept(store: EventStore, assessment: str, book: Book) -> None:
    """Lay down the segments kept; one that is not of this ledger, or that nobody can read, ends it."""
    stream = ledger(store, assessment)
    for one in kept(store, assessment, book.head):
        last = stream.get(one.last) if one.first == book.head + 1 else None
        try:
            segments = decode(one.body) if last is not None and leaf_hash(last) == one.digest else []
        except msgspec.DecodeError:
            segments = []
        if not segments:
            structlog.get_logger().warning("columns are read anew", assessment=assessment, first=one.first)
            return
        book.lay(segments)


class Keeper:
    """Gathers segments until they are many, and keeps them as one."""

    def __init__(self, store: EventStore, assessment: str) -> None:
        """Keep them in this store."""
        self._store = store
        self._assessment = assessment
        self._waiting: list[Segment] = []
        self._count = 0

    def put(self, segments: list[Segment]) -> None:
        """Add segments, in order."""
        self._waiting += segments
        self._count += sum(each.count for each in segments)
        if self._count >= MANY:
            first = self._waiting[0].first
            last = first + self._count - 1
            stored = ledger(self._store, self._assessment).get(last)
            if stored is not None:
                keep(self._store, self._assessment, Kept(first, last, leaf_hash(stored), encode(self._waiting)))
            self._waiting, self._count = [], 0
