"""A store built beside the one in use: filled from the log, compared with it, and put in its place by one commit.

Until that commit nothing of the old store is changed; from it on the old one takes in nothing more, whatever program
runs on it, and answers what it holds. So at any moment at most one of the two tells anything new, and since the new one
holds what the old one told, byte for byte, nobody downstream can tell them apart. Only where it finds something else
does a newer generation open there.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from shared.chassis.rebuilding import Rebuilt, chained, upto
from shared.chassis.store import (
    Append,
    EventStore,
    Head,
    Statement,
    TakenOver,
    Transaction,
    WrongStore,
    postgres,
    sqlite,
)
from shared.chassis.store.event_store import BUILDING, TAKEN_OVER, connect
from shared.chassis.store.fence import originator

FAR = 2**62
"""The position, or the generation, that a store which was taken over says it has read to."""

SEAL = (
    "UPDATE upstream_heads SET generation = ?, position = ? WHERE upstream = ? AND assessment = ? "
    "AND generation = ? AND position = ? AND digest = ?"
)
TAKEN = f"SELECT 1 FROM schema_version WHERE substr(name, 1, {len(TAKEN_OVER)}) = '{TAKEN_OVER}'"  # noqa: S608  constants
# What a store that was taken over has never heard of it must not begin to read.
SQLITE_GUARD = (
    f"""CREATE TRIGGER IF NOT EXISTS taken_over BEFORE INSERT ON upstream_heads WHEN EXISTS ({TAKEN})
    BEGIN SELECT RAISE(ABORT, 'this store was taken over'); END""",
)
POSTGRES_GUARD = (
    f"""CREATE OR REPLACE FUNCTION taken_over() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS ({TAKEN}) THEN
        RAISE EXCEPTION 'this store was taken over' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW; END $$""",
    """CREATE OR REPLACE TRIGGER taken_over BEFORE INSERT ON upstream_heads
    FOR EACH ROW EXECUTE FUNCTION taken_over()""",
)


class Part(Protocol):
    """One assessment of a service in the making; all of it blocks."""

    stream: str
    """The stream of what the service tells of it."""

    def catch_up(self, head: Head) -> None:
        """Take in what the old store had read of its upstream, to this head."""
        ...

    def result(self) -> Rebuilt:
        """Compare what is found at that head with what the old store told."""
        ...

    def tell(self) -> int:
        """Open a newer generation in the new store, with a snapshot of what is found; its number."""
        ...


class Beside:
    """A service's stores, the old one in use and the new one marked as being built; `part` begins an assessment."""

    def __init__(
        self, old: EventStore, new: EventStore, upstream: str, part: Callable[[str], Part], far: Callable[[Head], Head]
    ) -> None:
        """`far` gives what the old store is to say that it has read, so that it takes no record for the next one."""
        self.old = old
        self.new = new
        self.upstream = upstream
        self.part = part
        self.far = far
        self.parts: dict[str, Part] = {}

    def catch_up(self) -> None:
        """Bring every assessment to where the old store stood when this was called.

        :raises BrokenLog: what is there is no chain
        """
        for assessment, head in self.old.followed(self.upstream).items():
            part = self.parts.get(assessment) or self.part(assessment)
            self.parts[assessment] = part
            part.catch_up(head)
            if published := self.old.published(part.stream):
                self.new.set_published({part.stream: published})

    def compare(self) -> list[Rebuilt]:
        """Catch up, and say where what is found differs from what was told."""
        self.catch_up()
        return [part.result() for part in self.parts.values()]

    def take_over(self, place: str) -> list[Rebuilt]:
        """Put the new store in the old one's place, `place` being how the old one names it from now on.

        Most is done beside the service; for what comes in at the end it is held for as long as that takes.

        :raises StoreError: nothing was changed, or, where the answer was lost, call it again
        """
        self.catch_up()
        self.compare()  # what came in during the long way, so that little is left
        with self.old.alone() as commit:
            found = [
                each._replace(generation=self.parts[each.assessment].tell()) if each.differences else each
                for each in self.compare()
            ]
            commit(self.seal(place))
        self.new.finish()
        return found

    def seal(self, place: str) -> Transaction:
        """Let the old store take in nothing more, if it stands where the new one does."""
        heads = self.new.followed(self.upstream)
        rows = [(*self.far(head)[:2], self.upstream, name, *head) for name, head in heads.items()]
        guard = POSTGRES_GUARD if isinstance(self.old.recorder, postgres.Recorder) else SQLITE_GUARD
        return Transaction(
            execute=[
                *map(Statement, guard),
                *(Statement(SEAL, [row], touches=1) for row in rows),
                Statement("INSERT INTO schema_version (name, version) VALUES (?, 1)", [(f"{TAKEN_OVER}{place}",)]),
            ]
        )


def copied(old: EventStore, new: EventStore, name: str, until: int) -> None:
    """Copy what the new store lacks of the latest generation of a stream, byte for byte, up to a position.

    What the new store had told itself before an earlier try broke off goes first.

    :raises BrokenLog: it is no chain, or the two are of different histories
    """
    opening = old.stream(name).opening()
    if opening is None:
        return
    generation, opens = opening
    kept = new.stream(name).head()
    while kept and kept.generation > generation:
        withdraw(new, name, kept.generation)
        kept = new.stream(name).head()
    last = kept if kept and kept.generation == generation else None
    after = last.position if last else opens - 1
    for states in upto(old.stream(name).scan(after, generation), after, until):
        records = chained(states, last, name, opens)
        new.commit(append=[Append(name, records[0].position, states, generation)])
        last = records[-1].head


def withdraw(new: EventStore, name: str, generation: int) -> None:
    """Take back a generation that nobody has read yet."""
    new.commit(
        execute=[
            Statement("DELETE FROM stream_heads WHERE stream = ? AND generation = ?", [(name, generation)]),
            Statement("DELETE FROM stored_events WHERE originator_id = ?", [(originator(name, generation),)]),
        ]
    )


def place_of(url: str, beside: str) -> str:
    """How a store names the one at `url` that took its place, `beside` being its own: never with a secret."""
    if file := sqlite.file_of(url):
        own = sqlite.file_of(beside)
        return file.name if own and own.parent.resolve() == file.parent.resolve() else str(file.resolve())
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}{f':{parts.port}' if parts.port else ''}{parts.path}"


def successor_file(url: str, place: str) -> Path | None:
    """Where the store that took the place of the one at `url` lies, where both are files."""
    own = sqlite.file_of(url)
    return own.parent / place if own else None


def followed(url: str, service: str, version: int) -> str:
    """Where the store lies that is in use: the one at `url`, or the file that has taken its place.

    :raises TakenOver: another database has
    :raises WrongStore: there is none
    """
    while True:
        store = EventStore.peek(url, service, version)
        try:
            by = store.taken_over()
        finally:
            store.close()
        if by is None:
            return url
        file = successor_file(url, by)
        if file is None or not file.exists():
            raise TakenOver(by)
        url = f"sqlite:///{file}"


def next_file(url: str) -> str:
    """Where a store is built beside a file: the first number that no other store has, `scoring.2.sqlite`."""
    own = sqlite.file_of(url)
    assert own is not None  # noqa: S101  asked of files alone
    stem = own.name.split(".")[0]
    for number in count(2):
        file = own.with_name(f"{stem}.{number}.sqlite")
        if not file.exists() or is_unfinished(f"sqlite:///{file}", stem):
            return f"sqlite:///{file}"
    raise AssertionError  # there are always more numbers


def is_unfinished(url: str, service: str) -> bool:
    """Whether what lies there is a store that is still being built, or was hardly begun."""
    store = EventStore(connect(url, service), service)
    try:
        found = store.versions()
        return not found or BUILDING in found
    finally:
        store.close()


def discard(url: str, service: str) -> None:
    """Drop what was built at `url`, if it was never finished.

    :raises WrongStore: it is in use
    """
    file = sqlite.file_of(url)
    if file and not file.exists():
        return
    store = EventStore(connect(url, service), service)
    try:
        if (found := store.versions()) and BUILDING not in found:
            raise WrongStore(f"The store of {service} there is in use; name another database to build in.")
        if found and not file:
            store.recorder.define([f'DROP SCHEMA "{service}" CASCADE'])
    finally:
        store.close()
    if file:
        for ending in ("", "-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)
