"""The event store on SQLite: one file for each service, durable at every commit."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
)

from shared.chassis.store import fence
from shared.chassis.store.errors import WrongStore
from shared.chassis.store.transaction import Transaction

BUSY_SECONDS = 30
READERS = 4


class Pool(SQLiteConnectionPool):
    """Connections whose commit means that the disk has it: an answered 201 survives a power cut."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")  # else WAL mode may lose the last commits with the power
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.execute("PRAGMA cache_size = -8192")
        return connection


class Datastore(SQLiteDatastore):
    """The library's datastore on our pool."""

    def __init__(self, path: str) -> None:
        super().__init__(path, originator_id_type="text")
        self.pool.close()
        self.pool = Pool(db_name=path, lock_timeout=BUSY_SECONDS, pool_size=READERS, pool_timeout=BUSY_SECONDS)


class Cursor:
    """A cursor of the library as the fence wants it."""

    def __init__(self, cursor: SQLiteCursor) -> None:
        self.cursor = cursor.sqlite_cursor

    def run(self, sql: str, rows: Sequence[Sequence[Any]], touches: int | None, otherwise: str) -> None:
        """Run it for each row and look at once how many were touched."""
        run = self.cursor.executemany(sql, rows) if len(rows) > 1 else self.cursor.execute(sql, rows[0])
        touched = run.rowcount
        if touches is not None and touched != touches:
            raise IntegrityError(otherwise)


class Recorder(SQLiteApplicationRecorder):
    """The library's recorder, with the fence inside the transaction that inserts events.

    Rows keep a rowid: entries are too large for SQLite's tables without one.
    """

    datastore: Datastore

    def construct_create_table_statements(self) -> list[str]:
        """The library's table and ours."""
        return [*super().construct_create_table_statements(), *fence.TABLES]

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        transaction: Transaction = kwargs["transaction"]
        fence.pass_through(Cursor(c), transaction)
        if stored_events:
            c.executemany(
                self.insert_events_statement,
                [(e.originator_id, e.originator_version, e.topic, e.state) for e in stored_events],
            )

    @contextmanager
    def alone(self) -> Generator[Callable[[Sequence[StoredEvent], Transaction], None]]:
        """Hold every other writer for the block; what it is given to write goes in at its end, or not at all."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("UPDATE schema_version SET version = version")  # takes the lock that writers take
            yield lambda events, transaction: self._insert_events(cursor, events, transaction=transaction)

    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of a SELECT, read beside whatever is being written."""
        with self.datastore.transaction(commit=False) as cursor:
            plain = cursor.sqlite_cursor.connection.cursor()
            plain.row_factory = None  # tuples, not the library's rows
            return plain.execute(sql, parameters).fetchall()

    def define(self, statements: Sequence[str]) -> None:
        """Run DDL and the like, all or nothing."""
        with self.datastore.transaction(commit=True) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def close(self) -> None:
        """Close the file; the last one out folds the WAL into it."""
        self.datastore.close()


def file_of(url: str) -> Path | None:
    """The file that a URL names; None where it names no file."""
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme == "sqlite" and path else None


def take_place(path: Path, by: Path) -> None:
    """Let the file `by` stand at `path`, at one stroke; what stood there is kept as `<path>.before`.

    Where another process has one of them open, or the disk cannot, nothing is moved.
    """
    for each in (path, by):
        with closing(sqlite3.connect(each, timeout=BUSY_SECONDS)) as last:
            last.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if Path(f"{each}-wal").exists():  # the last one out would have folded it in
            return
    kept = path.with_name(f"{path.name}.before")
    with suppress(OSError):
        kept.unlink(missing_ok=True)
        kept.hardlink_to(path)
        by.replace(path)


def connect(path: str, service: str) -> Recorder:
    """The recorder on the file at `path`; its folder is made where missing.

    :raises WrongStore: the folder cannot be made or written to, or the file is no database
    """
    del service  # a file has one owner; its name is the path's
    folder = Path(path).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(path, timeout=BUSY_SECONDS) as probe:
            probe.execute("PRAGMA user_version")
        probe.close()
    except (OSError, sqlite3.OperationalError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WrongStore(
            f"The database file {path} cannot be opened ({reason}); name a folder that can be written to."
        ) from error
    except sqlite3.DatabaseError as error:
        raise WrongStore(
            f"The database file {path} is damaged or no database ({error}); put back a copy, or name another folder."
        ) from error
    return Recorder(Datastore(path))
