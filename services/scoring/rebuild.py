"""Scoring built anew beside what it has told: from its copy of the ledger, compared, and told anew only when asked.

What is built is a book. What was told is the stream of scores, as its readers hold it. Where the two differ (this
program finds other points than the one that told them), a newer generation of the stream opens with a snapshot of all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.scoring import outward
from services.scoring.domain.book import Book
from services.scoring.domain.identities import MANY
from services.scoring.keeping import Keeper
from services.scoring.store import LEDGER, hash_key, ledger, scores
from shared.chassis.beside import chained
from shared.chassis.rebuilding import TRIES, BrokenLog, Rebuilt, differences, moved_on
from shared.chassis.record import Record
from shared.chassis.store import Append, Conflict, EventStore, Head, Statement, Stream
from shared.contracts.entries import decode_entry
from shared.contracts.records import decode_record, scores_changed

Json = dict[str, Any]


@dataclass
class Told:
    """What readers of the stream of scores hold, at its last record that was read here."""

    generation: int = 1
    position: int = 0
    parts: dict[str, Any] = field(default_factory=dict[str, Any])

    def read_on(self, stream: Stream) -> None:
        """Take in what the stream has beyond; of a newer generation, all."""
        opening = stream.opening()
        if opening is None:
            return
        if opening[0] != self.generation:
            self.generation, self.position, self.parts = opening[0], 0, {}
        for states in stream.scan(self.position, self.generation):
            for state in states:
                record = decode_record(state)
                self.take(record.data)
                self.position = record.position

    def take(self, data: Json) -> None:
        """Take in the `data` of a record."""
        if data.get("snapshot"):
            self.parts = {}
        for change in data["changes"]:
            name = f"{change['unit']} {change['indicator']}"
            if change["after"] is None:
                self.parts.pop(name, None)
            else:
                self.parts[name] = change["after"]
        for each in data.get("totals", ()):
            self.parts[each["unit"]] = each
        for name in ("state", "frame", "standing"):
            if name in data:
                self.parts[name] = data[name]


def rebuild(
    store: EventStore,
    assessment: str,
    *,
    take_over: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Build an assessment anew; blocking. `progress` hears up to which position entries were read.

    :raises BrokenLog: the copy of the ledger is no chain; nothing was changed
    :raises StoreError: nothing was changed
    """
    book, told = Book(looking_up(store, assessment), key=hash_key(store)), Told()
    for _ in range(TRIES):
        _read(store, assessment, book, progress or silent)
        told.read_on(scores(store, assessment))
        found = compared(book, told)
        if not (take_over and found.differences):
            return found
        generation = told.generation + 1
        try:
            _tell(store, assessment, book, generation)
        except Conflict:
            continue  # the service read on meanwhile: read that too
        return found._replace(generation=generation)
    raise moved_on(assessment)


def silent(position: int) -> None:
    """Hear of progress, and say nothing."""
    del position


def looking_up(store: EventStore, assessment: str) -> Callable[[int], Any]:
    """Give how a book looks up an entry in a store's copy of the ledger."""
    stream = ledger(store, assessment)

    def at(position: int) -> Any:
        stored = stream.get(position)
        if stored is None:
            raise BrokenLog(f"The copy of the ledger of {assessment} has no entry {position}.")
        return decode_entry(stored)

    return at


def compared(book: Book, told: Told) -> Rebuilt:
    """Hold what the book finds against what was told."""
    found = Told()
    found.take(outward.snapshot(book))
    return Rebuilt(book.ledger.assessment, book.head, differences(told.parts, found.parts), book.disputed())


def snapshot(book: Book, generation: int) -> bytes:
    """Give the record that opens a generation, at the book's head."""
    entry = book.ledger.entry_at(book.head)
    return scores_changed(
        book.ledger.assessment,
        generation,
        book.head,
        time=entry.acceptedtime,
        previous=None,
        data=outward.snapshot(book),
    )


def fold(store: EventStore, assessment: str, book: Book, batches: Iterator[Sequence[bytes]], number: int) -> None:
    """Fold the next entries, about so many, that the store has by then; of many it keeps the columns."""
    if number >= MANY:
        book.extend_stored(batches, Keeper(store, assessment, book).put)
        return
    for states in batches:
        book.extend(map(decode_entry, states))


def _read(store: EventStore, assessment: str, book: Book, progress: Callable[[int], None]) -> None:
    """Fold what the book lacks, the chain checked."""
    stream = ledger(store, assessment)
    head, last = stream.head(), stream.get(book.head)

    def checked() -> Iterator[list[bytes]]:
        known: Head | None = Record.read(last).head if last else None
        for states in stream.scan(book.head):
            known = chained(states, known, stream.name)[-1].head
            yield states
            progress(known.position)

    fold(store, assessment, book, checked(), head.position - book.head if head else 0)


def _tell(store: EventStore, assessment: str, book: Book, generation: int) -> None:
    """Open a generation with a snapshot, if the ledger still ends where the book does."""
    still = "UPDATE stream_heads SET position = position WHERE stream = ? AND position = ?"
    store.commit(
        append=[Append(scores(store, assessment).name, book.head, [snapshot(book, generation)], generation)],
        execute=[Statement(still, [(f"{LEDGER}/{assessment}", book.head)], touches=1)],
    )
