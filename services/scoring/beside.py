"""Scoring's store built beside the one in use, from the ledger: columns by this program, what was told as it was."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from services.scoring.domain.book import Book
from services.scoring.keeping import top_up
from services.scoring.rebuild import compared, fold, looking_up, snapshot, take
from services.scoring.store import DDL, LEDGER, SCORES, VERSION, copy_key, hash_key, ledger, scores
from shared.chassis.beside import FAR, Beside, copied
from shared.chassis.rebuilding import BrokenLog, Rebuilt, Told, chained, upto
from shared.chassis.store import Advance, Append, EventStore, Head

UPSTREAM = "entries"
Entries = Callable[[str, int], Iterable[Sequence[bytes]]]
"""`entries(assessment, after)`: batches of stored entries of a ledger, in order, from behind a position on."""
Progress = Callable[[str, int, int], None]
"""`progress(assessment, position, head)`."""


def beside(old: EventStore, url: str, progress: Progress, entries: Entries | None = None) -> Beside:
    """Begin to build at `url`, or go on with it; `entries` are read from the old store where nothing else is said.

    :raises WrongStore: the database there is in use
    """
    new = EventStore.open(url, "scoring", DDL, VERSION, building=True)
    copy_key(old, new)

    def own_copy(assessment: str, after: int) -> Iterable[Sequence[bytes]]:
        return ledger(old, assessment).scan(after)

    read = entries or own_copy
    return Beside(old, new, UPSTREAM, lambda each: Part(old, new, each, read, progress), far)


def far(head: Head) -> Head:
    """Give the place beyond which no entry comes: entries are of one generation."""
    return head._replace(position=FAR)


class Part:
    """One assessment: its ledger, its columns and its stream of scores."""

    def __init__(self, old: EventStore, new: EventStore, assessment: str, entries: Entries, progress: Progress) -> None:
        """Begin with what an earlier try has left in the new store."""
        self.old = old
        self.new = new
        self.assessment = assessment
        self.entries = entries
        self.progress = progress
        self.stream = f"{SCORES}/{assessment}"
        self.told = Told(take)
        self.book = Book(looking_up(new, assessment), key=hash_key(new))

    def catch_up(self, head: Head) -> None:
        """Copy the ledger, the chain checked, and fold it; then copy what was told of it.

        :raises BrokenLog: it is no chain, or another one than the old store has read
        """
        stored = self.new.followed_head(UPSTREAM, self.assessment)
        if stored and self.book.head < stored.position:
            top_up(self.new, self.assessment, self.book, stored.position)
        fold(self.new, self.assessment, self.book, self._stored(stored, head), head.position - self.book.head)
        if self.new.followed_head(UPSTREAM, self.assessment) != head:
            raise BrokenLog(
                f"The ledger of {self.assessment} does not lead to entry {head.position} as scoring has read it; "
                "find out which of the two is true."
            )
        copied(self.old, self.new, self.stream, head.position)
        self.told.read_on(scores(self.new, self.assessment), head.position)

    def _stored(self, last: Head | None, head: Head) -> Iterator[Sequence[bytes]]:
        """Write batch by batch, and hand on what is written."""
        after = last.position if last else 0
        if after >= head.position:
            return
        name = f"{LEDGER}/{self.assessment}"
        for states in upto(self.entries(self.assessment, after), after, head.position):
            records = chained(states, last, name)
            digests = tuple(record.digest for record in records)
            self.new.commit(
                follow=Advance(UPSTREAM, self.assessment, last, records[-1].head, digests),
                append=[Append(name, records[0].position, states)],
            )
            last = records[-1].head
            yield states
            self.progress(self.assessment, last.position, head.position)

    def result(self) -> Rebuilt:
        """Hold what the book finds against what was told."""
        return compared(self.book, self.told)

    def tell(self) -> int:
        """Open a newer generation in the new store."""
        generation = self.told.generation + 1
        self.new.commit(append=[Append(self.stream, self.book.head, [snapshot(self.book, generation)], generation)])
        return generation
