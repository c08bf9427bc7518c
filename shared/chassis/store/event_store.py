"""A service's own store: its streams, how far it has read its upstreams, and its own tables, in one transaction."""

import asyncio
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, ParamSpec, Self, TypeVar

from eventsourcing.persistence import StoredEvent

from shared.chassis.store import fence, postgres, sqlite
from shared.chassis.store.errors import NoStore, StoreError, TakenOver, Unavailable, Unfinished, WrongStore
from shared.chassis.store.meaning import translated
from shared.chassis.store.signal import Signal
from shared.chassis.store.streams import Stream
from shared.chassis.store.transaction import Advance, Append, Head, Statement, Transaction

P = ParamSpec("P")
T = TypeVar("T")

CHASSIS = 1
"""Version of the tables that every store has; raise it with a migration."""
TOPIC = "meritlog:record:v1"
"""What the event store calls our records: a name of their own, never an import path."""
BUILDING, TAKEN_OVER = "building", "taken over by "
"""Marks beside the versions: no program, of whatever version, opens a store that has one. The second goes on with a
name."""
MARK_VERSION = """INSERT INTO schema_version (name, version) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version"""


class Published(NamedTuple):
    """The last record that the broker confirmed, and where it lies in the topic."""

    generation: int
    position: int
    partition: int
    offset: int


class EventStore:
    """One per service, on SQLite or PostgreSQL. Blocking: call it through `run` (the one that writes) and `ask`.

    >>> store = EventStore.open("sqlite:///data/scoring.sqlite", "scoring", ddl=["CREATE TABLE IF NOT EXISTS …"])
    >>> store.commit(follow=advance, append=[Append("scores/binjiang-2020", 17, [record])])
    """

    def __init__(self, recorder: sqlite.Recorder | postgres.Recorder, service: str) -> None:
        self.recorder = recorder
        self.service = service
        self.signal = Signal()
        self.adopted: list[Callable[[], object]] = []
        """Called, on the thread that writes, once another database has been adopted."""
        self._before: list[EventStore] = []
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"{service}-store")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix=f"{service}-reads")

    @classmethod
    def open(
        cls,
        url: str,
        service: str,
        ddl: Sequence[str] = (),
        version: int = 1,
        migrations: Mapping[int, Sequence[str]] | None = None,
        *,
        building: bool = False,
    ) -> Self:
        """The store at `sqlite:///path` or `postgresql://…`, its tables made where missing.

        `ddl` makes the service's own tables at `version` (`CREATE … IF NOT EXISTS`), also those that an earlier version
        did not have; `migrations[n]` changes, from n-1, what it had. With `building` it is one that no service opens
        before `finish`: a new one, or one whose building broke off.

        :raises WrongStore: nothing to wait for: unwritable, of a newer version, not a database
        :raises TakenOver: another store has taken its place
        :raises Unfinished: it is still being built
        :raises StoreFull: no room on the disk
        :raises Unavailable: the database does not answer (yet): `service.reach("database", …)` waits for it
        """
        with translated():
            store = cls(connect(url, service), service)
            try:
                store._prepare(ddl, version, migrations or {}, building=building)
            except BaseException:
                store.close()
                raise
        return store

    @classmethod
    def peek(cls, url: str, service: str, version: int) -> Self:
        """A store that is there, as it is: of this version or an earlier one, and nothing of it changed.

        :raises NoStore: there is none
        :raises WrongStore: it is a newer program's
        :raises Unavailable: the database does not answer
        """
        if (file := sqlite.file_of(url)) and not file.exists():
            raise NoStore(service)
        with translated():
            store = cls(connect(url, service), service)
            try:
                store._known(store.versions(), version)
            except BaseException:
                store.close()
                raise
        return store

    def _known(self, found: Mapping[str, int], version: int) -> None:
        """Look that it is the service's store, and nothing in it newer than what this program knows.

        :raises NoStore: it is none, or another service's
        :raises WrongStore: it is newer
        """
        if self.service not in found:
            raise NoStore(self.service)
        self._not_newer(found, version)

    def _not_newer(self, found: Mapping[str, int], version: int) -> None:
        for name, known in (("chassis", CHASSIS), (self.service, version)):
            if found.get(name, 0) > known:
                raise WrongStore(
                    f"The store of {self.service} is of version {found[name]}, made by a newer program than this one, "
                    f"which knows version {known}; start the newer program."
                )

    def _prepare(
        self, ddl: Sequence[str], version: int, migrations: Mapping[int, Sequence[str]], *, building: bool
    ) -> None:
        found = self.versions()
        if by := taken_over_by(found):
            raise TakenOver(by)
        self._not_newer(found, version)
        strangers = found.keys() - {"chassis", self.service, BUILDING}
        if strangers:
            raise WrongStore(f"The store named for {self.service} belongs to {', '.join(strangers)}; name another one.")
        if building:
            self._to_build(found, version)
        elif BUILDING in found:
            raise Unfinished(self.service)
        if found.get("chassis") == CHASSIS and found.get(self.service) == version:
            if isinstance(self.recorder, postgres.Recorder):
                self.recorder.datastore.register_type_adapters()
            return
        self.recorder.create_table()
        newer = range(found.get(self.service, version) + 1, version + 1)
        steps = [step for number in newer for step in migrations.get(number, ())]
        self.recorder.define([*steps, *ddl])
        marks = [("chassis", CHASSIS), (self.service, version)]
        self.commit(execute=[Statement(MARK_VERSION, [*marks, (BUILDING, 1)] if building else marks)])

    def _to_build(self, found: Mapping[str, int], version: int) -> None:
        """Look that it is empty, or is being built by this version.

        :raises WrongStore: it is in use, or was begun by another program
        """
        if BUILDING in found:
            if found.get(self.service) != version:
                raise WrongStore(
                    f"This store of {self.service} was begun by a program of another version; begin it anew."
                )
        elif found and self.query("SELECT 1 FROM stream_heads LIMIT 1"):
            raise WrongStore(
                f"This store of {self.service} is in use; name an empty database for the one to be built beside it."
            )
        elif found:
            self.commit(execute=[Statement(MARK_VERSION, [(BUILDING, 1)])])

    def finish(self) -> None:
        """What was being built is done: services may open it."""
        self.commit(execute=[Statement("DELETE FROM schema_version WHERE name = ?", [(BUILDING,)])])

    def taken_over(self) -> str | None:
        """The store that has taken the place of this one; None while it is the one in use."""
        return taken_over_by(self.versions())

    def adopt(self, successor: Self) -> None:
        """Go on from another store's database, under whoever holds this one; both are closed with it.

        On the thread that writes: nothing is half written then. Readers in hand end on the one before.
        """
        self.recorder, successor.recorder = successor.recorder, self.recorder
        self._before.append(successor)
        self.signal.ring(name for (name,) in self.query("SELECT DISTINCT stream FROM stream_heads"))
        for hear in self.adopted:
            hear()

    def versions(self) -> dict[str, int]:
        """Versions of the tables by whose they are; empty where there are none yet."""
        try:
            return {str(name): int(number) for name, number in self.query("SELECT name, version FROM schema_version")}
        except Unavailable:
            raise
        except StoreError as error:
            if "schema_version" in str(error.__cause__):  # no such table
                return {}
            raise

    # --- reading ---

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a SELECT with `?` for parameters."""
        with translated():
            return self.recorder.query(sql, parameters)

    def stream(self, name: str) -> Stream:
        """One of this store's own streams, `<kind>/<assessment>`."""
        return Stream(self.query, name)

    def streams(self, kind: str) -> list[str]:
        """Names of all streams of a kind, in order."""
        sql = "SELECT DISTINCT stream FROM stream_heads WHERE substr(stream, 1, ?) = ?"
        return sorted(row[0] for row in self.query(sql, (len(kind) + 1, f"{kind}/")))

    def assessments(self, kind: str) -> list[str]:
        """Assessments that have a stream of this kind."""
        return [name.removeprefix(f"{kind}/") for name in self.streams(kind)]

    def followed_head(self, upstream: str, assessment: str) -> Head | None:
        """How far one assessment of an upstream was read."""
        sql = "SELECT generation, position, digest FROM upstream_heads WHERE upstream = ? AND assessment = ?"
        rows = self.query(sql, (upstream, assessment))
        return Head(*rows[0]) if rows else None

    def followed(self, upstream: str) -> dict[str, Head]:
        """How far each assessment of an upstream was read."""
        sql = "SELECT assessment, generation, position, digest FROM upstream_heads WHERE upstream = ? ORDER BY 1"
        return {row[0]: Head(*row[1:]) for row in self.query(sql, (upstream,))}

    def followed_digests(self, upstream: str, assessment: str, generation: int, position: int) -> tuple[int, bytes]:
        """Shortened digests of what was read from about `position` on: the first one's position, and 16 bytes each.

        Empty where they are not known: before a snapshot.
        """
        sql = """
            SELECT first, digests FROM upstream_digests
            WHERE upstream = ? AND assessment = ? AND generation = ? AND first >= (
                SELECT MAX(first) FROM upstream_digests
                WHERE upstream = ? AND assessment = ? AND generation = ? AND first <= ?)
            ORDER BY first LIMIT 1000"""
        whose = (upstream, assessment, generation)
        rows = self.query(sql, (*whose, *whose, position))
        return (int(rows[0][0]), b"".join(row[1] for row in rows)) if rows else (position, b"")

    # --- writing ---

    def commit(
        self,
        *,
        follow: Advance | None = None,
        append: Sequence[Append] = (),
        execute: Sequence[Statement] = (),
    ) -> None:
        """All of it in one transaction, on the disk when this returns.

        :raises Conflict: somebody was first, or an earlier try went through unheard: nothing written, read again
        :raises StoreFull: nothing written
        :raises Unavailable: whether it was written is not known: read again, by identity
        """
        self.settle(Transaction(follow, [part for part in append if part.states], execute))

    def settle(self, transaction: Transaction) -> None:
        """`commit` of a transaction that was put together elsewhere."""
        if not transaction:
            return
        with translated():
            self.recorder.insert_events(stored(transaction), transaction=transaction)
        self.signal.ring(part.stream for part in transaction.append)

    @contextmanager
    def alone(self) -> Generator[Callable[[Transaction], None]]:
        """Hold every other writer of this store for the block, this store's own too; readers go on.

        What the transaction that it gives is called with is written at the end of the block, or, where that fails,
        not at all.

        :raises Conflict: a head is not where it is expected
        """
        with translated(), self.recorder.alone() as write:
            yield lambda transaction: write(stored(transaction), transaction)

    def published(self, stream: str) -> Published | None:
        """How far the broker has confirmed a stream."""
        sql = "SELECT generation, position, kafka_partition, kafka_offset FROM stream_published WHERE stream = ?"
        rows = self.query(sql, (stream,))
        return Published(*rows[0]) if rows else None

    def set_published(self, cursors: Mapping[str, Published]) -> None:
        """Store how far the broker has confirmed; a slower relay never moves it back."""
        sql = (
            "INSERT INTO stream_published (stream, generation, position, kafka_partition, kafka_offset) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET generation = excluded.generation, "
            "position = excluded.position, kafka_partition = excluded.kafka_partition, "
            "kafka_offset = excluded.kafka_offset WHERE (stream_published.generation, stream_published.position) "
            "< (excluded.generation, excluded.position)"
        )
        self.commit(execute=[Statement(sql, [(stream, *cursor) for stream, cursor in sorted(cursors.items())])])

    def forget_published(self, stream: str) -> None:
        """The topic does not hold what it confirmed: publish this stream again from its first record."""
        self.commit(execute=[Statement("DELETE FROM stream_published WHERE stream = ?", [(stream,)])])

    def unpublished(self, kind: str) -> list[tuple[str, Head, Published | None]]:
        """Streams of a kind whose head the broker has not confirmed: name, head and cursor."""
        sql = (
            "SELECT h.stream, h.generation, h.position, h.digest, p.generation, p.position, p.kafka_partition, "
            "p.kafka_offset FROM stream_heads AS h LEFT JOIN stream_published AS p ON p.stream = h.stream "
            "WHERE substr(h.stream, 1, ?) = ? "
            "AND (p.stream IS NULL OR (p.generation, p.position) < (h.generation, h.position)) "
            "AND NOT EXISTS (SELECT 1 FROM stream_heads AS l WHERE l.stream = h.stream AND l.generation > h.generation)"
        )
        return [
            (row[0], Head(*row[1:4]), None if row[4] is None else Published(*row[4:]))
            for row in self.query(sql, (len(kind) + 1, f"{kind}/"))
        ]

    # --- threads ---

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it on the one thread that writes; cancelling who waits does not stop it half-way."""
        return await self._on(self._writer, partial(function, *args, **kwargs))

    async def ask(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something that only reads, beside the writer."""
        return await self._on(self._readers, partial(function, *args, **kwargs))

    async def _on(self, pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, call))

    def close(self) -> None:
        """Finish what is being written, then close."""
        self._writer.shutdown()
        self._readers.shutdown()
        self.recorder.close()
        for before in self._before:
            before.close()


def stored(transaction: Transaction) -> list[StoredEvent]:
    """The records that a transaction appends, as the recorder stores them."""
    return [
        StoredEvent(fence.originator(part.stream, part.generation), position, TOPIC, state)
        for part in transaction.append
        for position, state in enumerate(part.states, part.first_position)
    ]


def taken_over_by(found: Mapping[str, int]) -> str | None:
    """What the marks of a store name as its successor."""
    return next((name.removeprefix(TAKEN_OVER) for name in found if name.startswith(TAKEN_OVER)), None)


def connect(url: str, service: str) -> sqlite.Recorder | postgres.Recorder:
    """The recorder that a URL names.

    :raises WrongStore: no such kind of database, or nothing to wait for
    """
    scheme, _, path = url.partition(":///")
    if scheme == "sqlite" and path:
        return sqlite.connect(path, service)
    if url.startswith(("postgresql://", "postgres://")):
        return postgres.connect(url, service)
    raise WrongStore("A database URL reads sqlite:///path or postgresql://user@host:5432/name.")
