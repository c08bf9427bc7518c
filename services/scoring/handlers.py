"""Entries in, scores out: each ledger entry becomes one record of scores under the same position."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from services.scoring import outward
from services.scoring.domain.book import Book
from services.scoring.domain.change import Change
from services.scoring.keeping import keep_on, too_far, top_up
from services.scoring.store import SCORES, hash_key, ledger, scores, writes
from shared.chassis.store import Advance, EventStore, Stream
from shared.chassis.stream import Record
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import Entry, decode_entry
from shared.contracts.records import scores_changed

AT_HAND = 4096
"""Decoded entries that are kept in memory for each assessment."""


class Books:
    """The books of all assessments: folded from the store, topped up from it when another replica has read on."""

    def __init__(self, store: EventStore) -> None:
        """Keep them in this store."""
        self.store = store
        self._books: dict[str, Book] = {}
        self._shelves: dict[str, Shelf] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._key: bytes | None = None

    async def assessments(self) -> list[str]:
        """Every assessment that was read."""
        return await self.store.ask(self.store.assessments, SCORES)

    async def get(self, assessment: str) -> Book | None:
        """Give the book at the last entry that was read, also by another replica; None where there is none."""
        head = await self.store.ask(ledger(self.store, assessment).head)
        if head is None:
            return None
        async with self._locks.setdefault(assessment, asyncio.Lock()):
            book = await self._book(assessment)
            if book.head < head.position:
                self._books.pop(assessment, None)  # until it is whole again
                if too_far(book, head.position):
                    book = await self._book(assessment)
                await self.store.run(top_up, self.store, assessment, book, head.position)
            self._books[assessment] = book
        return book

    async def _book(self, assessment: str) -> Book:
        book = self._books.get(assessment)
        if book is None:
            if self._key is None:
                self._key = await self.store.run(hash_key, self.store)
            shelf = self._shelves[assessment] = Shelf(ledger(self.store, assessment))
            book = Book(shelf, key=self._key)
        return book

    async def forget(self, assessment: str) -> None:
        """What is held in memory may be ahead of the store: fold it again when it is asked for."""
        self._books.pop(assessment, None)

    async def handle(self, assessment: str, records: list[Record], advance: Advance) -> None:
        """Take in entries, in order, and store what they led to.

        :raises StoreError: nothing was stored
        """
        book = await self.get(assessment) or await self._book(assessment)
        try:
            async with self._locks.setdefault(assessment, asyncio.Lock()):
                await self.store.run(self._take, assessment, book, records, advance)
        except BaseException:
            await self.forget(assessment)
            raise
        self._books[assessment] = book

    def _take(self, assessment: str, book: Book, records: list[Record], advance: Advance) -> None:
        head = scores(self.store, assessment).head()
        generation, previous = (head.generation, head.digest) if head else (1, None)
        states: list[bytes] = []
        for record in records:
            entry = decode_entry(record.body)
            self._shelves[assessment].put(entry)
            states.append(said(book, book.apply(entry), generation, previous))
            previous = leaf_hash(states[-1])
        bodies = [record.body for record in records]
        self.store.commit(follow=advance, append=writes(assessment, records[0].position, bodies, states, generation))
        keep_on(self.store, assessment, book, records[0].position - 1)


def said(book: Book, change: Change, generation: int, previous: str | None) -> bytes:
    """Give the record of scores for what an entry changed."""
    return scores_changed(
        book.ledger.assessment,
        generation,
        change.position,
        time=change.acceptedtime,
        previous=previous,
        data=outward.data(book, change),
    )


class Shelf:
    """Entries by position: those just read, before they are stored, and the copy of the ledger."""

    def __init__(self, stream: Stream) -> None:
        """Look up in this stream what is not at hand."""
        self._stream = stream
        self._at_hand: OrderedDict[int, Entry] = OrderedDict()

    def put(self, entry: Entry) -> None:
        """Have it at hand; the oldest of a few thousand leaves."""
        self._at_hand[entry.position] = entry
        if len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)

    def __call__(self, position: int) -> Entry:
        """Give the entry at a position that was read."""
        entry = self._at_hand.get(position)
        if entry is None:
            stored = self._stream.get(position)
            if stored is None:
                message = f"{self._stream.name} has no entry {position}"
                raise LookupError(message)
            entry = decode_entry(stored)
            self.put(entry)
        return entry

    def many(self, positions: Sequence[int]) -> dict[int, Entry]:
        """Give these entries, in one question for those that are not at hand."""
        found = {position: entry for position in positions if (entry := self._at_hand.get(position)) is not None}
        stored = self._stream.some([position for position in positions if position not in found])
        found |= {position: decode_entry(state) for position, state in stored.items()}
        return {position: found.get(position) or self(position) for position in positions}
