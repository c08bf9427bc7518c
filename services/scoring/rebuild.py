"""Scoring built anew beside what it has told: from its copy of the ledger, compared, and told anew only when asked.

What is built is a book. What was told is the stream of scores, as its readers hold it. Where the two differ (this
program finds other points than the one that told them), a newer generation of the stream opens with a snapshot of all.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from services.scoring import outward
from services.scoring.domain.book import Book
from services.scoring.domain.identities import MANY
from services.scoring.keeping import Keeper, fold_beside
from services.scoring.store import hash_key, ledger, scores
from shared.chassis.rebuilding import BrokenLog, Parts, Rebuilt, Told, chained, differences, silent
from shared.chassis.record import Record
from shared.chassis.store import Append, EventStore, Head, Transaction
from shared.contracts.entries import decode_entry
from shared.contracts.records import scores_changed

Json = dict[str, Any]


def take(parts: Parts, data: Json) -> None:
    """Take in the `data` of a record of scores."""
    if data.get("snapshot"):
        parts.clear()
    for change in data["changes"]:
        name = f"{change['unit']} {change['indicator']}"
        if change["after"] is None:
            parts.pop(name, None)
        else:
            parts[name] = change["after"]
    for each in data.get("totals", ()):
        parts[each["unit"]] = each
    for name in ("state", "frame", "standing"):
        if name in data:
            parts[name] = data[name]


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
    book, told = Book(looking_up(store, assessment), key=hash_key(store)), Told(take)
    hear = progress or silent
    found = _found(store, assessment, book, told, hear)
    if not (take_over and found.differences):
        return found
    with store.alone() as commit:
        found = _found(store, assessment, book, told, hear, keep=False)
        generation = told.generation + 1
        if found.differences:
            name = scores(store, assessment).name
            commit(Transaction(append=[Append(name, book.head, [snapshot(book, generation)], generation)]))
    return found._replace(generation=generation) if found.differences else found


def _found(
    store: EventStore, assessment: str, book: Book, told: Told, progress: Callable[[int], None], *, keep: bool = True
) -> Rebuilt:
    _read(store, assessment, book, progress, keep=keep)
    told.read_on(scores(store, assessment), book.head)
    return compared(book, told)


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
    found: Parts = {}
    take(found, outward.snapshot(book))
    return Rebuilt(book.ledger.assessment, book.head, differences(told.parts, found), book.disputed())


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


def fold(
    store: EventStore,
    assessment: str,
    book: Book,
    batches: Iterator[Sequence[bytes]],
    number: int,
    *,
    keep: bool = True,
) -> None:
    """Fold the next entries, about so many, that the store has by then; of many it keeps the columns."""
    if number >= MANY:
        keeper = Keeper(store, assessment, book) if keep else None
        fold_beside(book, batches, keeper and keeper.put)
        if keeper:
            keeper.rest()
        return
    for states in batches:
        book.extend(map(decode_entry, states))


def _read(store: EventStore, assessment: str, book: Book, progress: Callable[[int], None], *, keep: bool) -> None:
    """Fold what the book lacks, the chain checked."""
    stream = ledger(store, assessment)
    head, last = stream.head(), stream.get(book.head)

    def checked() -> Iterator[list[bytes]]:
        known: Head | None = Record.read(last).head if last else None
        for states in stream.scan(book.head):
            known = chained(states, known, stream.name)[-1].head
            yield states
            progress(known.position)

    fold(store, assessment, book, checked(), head.position - book.head if head else 0, keep=keep)
