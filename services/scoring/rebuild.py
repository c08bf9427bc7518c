"""Scoring built anew beside what it has told: from its copy of the ledger, compared, and told anew only when asked.

What is built is a book. What was told is the stream of scores, as its readers hold it. Where the two differ (this
program finds other points than the one that told them), a newer generation of the stream opens with a snapshot of all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from services.scoring import outward
from services.scoring.domain.book import Book
from services.scoring.domain.identities import MANY
from services.scoring.keeping import Keeper
from services.scoring.store import LEDGER, hash_key, ledger, scores
from shared.chassis.record import Record
from shared.chassis.store import Append, Conflict, EventStore, Statement, StoreError
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import decode_entry
from shared.contracts.records import decode_record, scores_changed

Json = dict[str, Any]
TRIES = 10
"""How often the ledger may move on between the last look at it and the taking over."""


class BrokenLedger(StoreError):
    """An entry does not name the one before it; the message says which."""


class Difference(NamedTuple):
    """What was told of a part, and what was found; None where there is none."""

    part: str
    told: Any
    found: Any


@dataclass
class Told:
    """What readers of the stream of scores hold."""

    generation: int = 1
    parts: dict[str, Any] = field(default_factory=dict[str, Any])

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


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to: `generation` is the newer one, where it took over."""

    assessment: str
    entries: int
    differences: Sequence[Difference]
    disputed: Sequence[int]
    generation: int | None


def rebuild(
    store: EventStore,
    assessment: str,
    *,
    take_over: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Build an assessment anew; blocking. `progress` hears up to which position entries were read.

    :raises BrokenLedger: the copy of the ledger is no chain; nothing was changed
    :raises StoreError: nothing was changed
    """
    book = Book(_looking_up(store, assessment), key=hash_key(store))
    for _ in range(TRIES):
        _read(store, assessment, book, progress or _silent)
        found, told = Told(), _told(store, assessment)
        found.take(outward.snapshot(book))
        differences = _differences(told.parts, found.parts)
        generation = told.generation + 1 if take_over and differences else None
        try:
            if generation is not None:
                _tell(store, assessment, book, generation)
        except Conflict:
            continue  # the service read on meanwhile: read that too
        return Rebuilt(assessment, book.head, differences, book.disputed(), generation)
    raise Conflict(f"{assessment} moved on {TRIES} times while it was compared; try again when it is quieter.")


def _silent(position: int) -> None:
    del position


def _looking_up(store: EventStore, assessment: str) -> Callable[[int], Any]:
    stream = ledger(store, assessment)

    def at(position: int) -> Any:
        stored = stream.get(position)
        if stored is None:
            raise BrokenLedger(f"The copy of the ledger of {assessment} has no entry {position}.")
        return decode_entry(stored)

    return at


def _read(store: EventStore, assessment: str, book: Book, progress: Callable[[int], None]) -> None:
    """Fold what the book lacks, the chain checked; many are kept as columns on the way."""
    stream = ledger(store, assessment)
    head = stream.head()
    batches = _chained(stream.scan(book.head), stream.get(book.head), progress, book)
    if head is not None and head.position - book.head >= MANY:
        book.extend_stored(batches, Keeper(store, assessment, book).put)
        return
    for states in batches:
        book.extend(map(decode_entry, states))


def _chained(
    batches: Iterator[list[bytes]], last: bytes | None, progress: Callable[[int], None], book: Book
) -> Iterator[list[bytes]]:
    digest = None if last is None else leaf_hash(last)
    position = book.head
    for states in batches:
        for state in states:
            record = Record.read(state)
            position += 1
            if record.position != position or record.previous != digest:
                raise BrokenLedger(
                    f"Entry {position} of {record.assessment} does not name the one before it: this copy of the ledger "
                    "was changed; restore scoring's database, or drop it and let it read the ledger again."
                )
            digest = record.digest
        yield states
        progress(position)


def _told(store: EventStore, assessment: str) -> Told:
    stream = scores(store, assessment)
    opening = stream.opening()
    told = Told() if opening is None else Told(opening[0])
    for states in stream.scan():
        for state in states:
            told.take(decode_record(state).data)
    return told


def _differences(told: Json, found: Json) -> list[Difference]:
    return [
        Difference(part, told.get(part), found.get(part))
        for part in sorted(told.keys() | found.keys())
        if told.get(part) != found.get(part)
    ]


def _tell(store: EventStore, assessment: str, book: Book, generation: int) -> None:
    """Open a generation with a snapshot, if the ledger still ends where the book does."""
    data = outward.snapshot(book)
    entry = book.ledger.entry_at(book.head)
    state = scores_changed(assessment, generation, book.head, time=entry.acceptedtime, previous=None, data=data)
    still = "UPDATE stream_heads SET position = position WHERE stream = ? AND position = ?"
    store.commit(
        append=[Append(scores(store, assessment).name, book.head, [state], generation)],
        execute=[Statement(still, [(f"{LEDGER}/{assessment}", book.head)], touches=1)],
    )
