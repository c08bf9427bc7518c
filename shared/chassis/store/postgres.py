"""The event store on PostgreSQL: one schema for each service, any number of replicas on it."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from eventsourcing.persistence import IntegrityError, StoredEvent
from eventsourcing.postgres import PostgresAggregateRecorder, PostgresDatastore
from psycopg import Connection, conninfo
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Identifier

from shared.chassis.store import fence
from shared.chassis.store.errors import WrongStore
from shared.chassis.store.transaction import Transaction

CONNECT_SECONDS = 5.0
KEEPALIVES: dict[str, Any] = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
CONNECTIONS = 2  # a writer and a reader; more while many ask at once
MORE_CONNECTIONS = 6
# The states go in binary: as text they would be twice as long.
INSERT_EVENTS = """
    INSERT INTO stored_events (originator_id, originator_version, topic, state)
    SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %b::bytea[])"""
OWN_TERMS = ("dbname", "host", "port", "user", "password")


class Datastore(PostgresDatastore):
    """The library's datastore, with the rest of the URL's terms (TLS, say) and the service's schema as its own."""

    def __init__(self, url: str, service: str) -> None:
        try:
            terms = conninfo.conninfo_to_dict(url)
        except psycopg.ProgrammingError as error:
            raise WrongStore("The database URL cannot be read; write postgresql://user@host:5432/name.") from error
        self.service = service
        self.url = url
        self.backends: set[int] = set()
        super().__init__(
            str(terms.get("dbname") or service),
            str(terms.get("host") or "127.0.0.1"),
            str(terms.get("port") or 5432),
            str(terms.get("user") or service),
            str(terms.get("password") or ""),
            connect_timeout=CONNECT_SECONDS,
            idle_in_transaction_session_timeout=60,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            lock_timeout=30,
            schema=service,
            originator_id_type="text",
        )
        given = cast("dict[str, Any]", self.pool.kwargs)
        given.update({name: value for name, value in terms.items() if name not in OWN_TERMS})
        given.setdefault("connect_timeout", int(CONNECT_SECONDS))
        given.setdefault("application_name", f"meritlog-{service}")
        for name, value in KEEPALIVES.items():
            given.setdefault(name, value)

    def after_connect_func(self) -> Callable[[Connection[Any]], None]:
        """As the library's, and unqualified names mean the service's own tables."""
        before = super().after_connect_func()
        search_path = SQL("SET search_path = {}").format(Identifier(self.service))

        backends = self.backends

        def after_connect(connection: Connection[Any]) -> None:
            before(connection)
            backends.add(connection.info.backend_pid)
            connection.execute(search_path)

        return after_connect


class Cursor:
    """Cursors of psycopg as the fence wants them: sent one behind the other, looked at once they are all there."""

    def __init__(self, connection: Connection[DictRow]) -> None:
        self.connection = connection
        self.sent: list[tuple[psycopg.Cursor[DictRow], int, str]] = []

    def run(self, sql: str, rows: Sequence[Sequence[Any]], touches: int | None, otherwise: str) -> None:
        """Send it for each row."""
        cursor = self.connection.cursor()
        if len(rows) == 1:
            cursor.execute(cast("Any", spoken(sql)), rows[0], prepare=True)
        else:
            cursor.executemany(cast("Any", spoken(sql)), rows)
        if touches is not None:
            self.sent.append((cursor, touches, otherwise))

    def check(self) -> None:
        """Look how many rows each statement touched."""
        for cursor, touches, otherwise in self.sent:
            if cursor.rowcount != touches:
                raise IntegrityError(otherwise)


class Recorder(PostgresAggregateRecorder):
    """The library's recorder, with the fence inside the transaction that inserts events.

    It is the recorder without notification ids: they come from a sequence that can skip, so nothing here counts by
    them, and with them goes the lock on the whole table that keeps them in order; the fence locks one stream.
    """

    datastore: Datastore

    def create_table(self) -> None:
        """The library's table and type, and ours, in the service's schema; one process at a time."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('meritlog schema'))")
            cursor.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(self.datastore.schema)))
            cursor.execute(
                "SELECT 1 FROM pg_type WHERE typname = %s AND typnamespace = %s::regnamespace",
                (self.stored_event_type_name, self.datastore.schema),
            )
            known = cursor.fetchone()
            for statement in self.sql_create_statements:
                if not (known and "CREATE TYPE" in statement.as_string()):
                    cursor.execute(statement, prepare=False)
            for table in fence.TABLES:
                cursor.execute(cast("Any", table), prepare=False)
        self.datastore.register_type_adapters()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """One transaction, tried once: a commit can succeed unheard, so whoever asks reads again before trying again.

        Everything goes out before anything is waited for: two round trips, the second of them the commit.
        """
        with self.datastore.get_connection() as connection, connection.transaction():
            fenced = Cursor(connection)
            with connection.pipeline():
                self._insert_events(connection.cursor(), stored_events, fenced=fenced, **kwargs)
            fenced.check()

    @contextmanager
    def alone(self) -> Generator[Callable[[Sequence[StoredEvent], Transaction], None]]:
        """Hold every other writer for the block; what it is given to write goes in at its end, or not at all."""
        with self.datastore.get_connection() as connection, connection.transaction():
            connection.execute("LOCK TABLE upstream_heads, stream_heads IN SHARE ROW EXCLUSIVE MODE")
            fenced = Cursor(connection)
            yield lambda events, transaction: self._insert_events(
                connection.cursor(), events, fenced=fenced, transaction=transaction
            )
            fenced.check()

    def _insert_events(self, cursor: psycopg.Cursor[DictRow], events: Sequence[StoredEvent], **kwargs: Any) -> None:
        transaction: Transaction = kwargs["transaction"]
        fence.pass_through(kwargs["fenced"], transaction)
        if not events:
            return
        self._insert_stored_events(cursor, events)
        for stream in {append.stream for append in transaction.append}:
            cursor.execute("SELECT pg_notify(%s, %s)", (channel(self.datastore.service), stream), prepare=True)

    def _insert_stored_events(
        self, curs: psycopg.Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        curs.execute(
            INSERT_EVENTS,
            (
                [event.originator_id for event in stored_events],
                [event.originator_version for event in stored_events],
                [event.topic for event in stored_events],
                [event.state for event in stored_events],
            ),
            prepare=True,
        )

    def query(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of a SELECT."""
        with (
            self.datastore.get_connection() as connection,
            connection.cursor(binary=True, row_factory=tuple_row) as cursor,
        ):
            return cursor.execute(cast("Any", spoken(sql)), parameters, prepare=True).fetchall()

    def define(self, statements: Sequence[str]) -> None:
        """Run DDL and the like, all or nothing, one process at a time."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('meritlog schema'))")
            for statement in statements:
                cursor.execute(cast("Any", statement), prepare=False)

    def close(self) -> None:
        """Close the connections."""
        self.datastore.close()


def spoken(sql: str) -> str:
    """`?` as psycopg writes it."""
    return sql.replace("%", "%%").replace("?", "%s")


def channel(service: str) -> str:
    """Where a service's replicas tell each other which stream has grown."""
    return f"meritlog_{service}"


def connect(url: str, service: str) -> Recorder:
    """The recorder on the database at `url`, in the schema named after the service.

    :raises WrongStore: the URL cannot be read
    :raises psycopg.OperationalError: nobody answers, or the account is refused: asked once, plainly, because a pool
        says of either only that it has no connection
    """
    datastore = Datastore(url, service)
    psycopg.connect(url, connect_timeout=int(CONNECT_SECONDS)).close()
    return Recorder(datastore, events_table_name="stored_events")
