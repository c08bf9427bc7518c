"""Compare-and-set, in SQL that both databases speak: what keeps two writers from writing the same position twice.

The library's own check is only "newer than", under which two consumers of overlapping batches duplicate silently.
Heads are rows that every append must move on from where it thinks they stand. Moving one takes its row's lock until
the commit, so appends to one stream go one after the other, and streams do not wait for each other.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from shared.chassis.store.transaction import Advance, Append, Transaction
from shared.contracts.entries import leaf_hash

# How much of a digest is kept of records read long ago: 128 bits are beyond any forger.
KEPT_BYTES = 16

# BYTEA is PostgreSQL's; SQLite keeps what it is given whatever a column is called.
TABLES = (
    "CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    """CREATE TABLE IF NOT EXISTS stream_heads (
        stream TEXT NOT NULL, generation BIGINT NOT NULL, opens BIGINT NOT NULL, position BIGINT NOT NULL,
        digest TEXT NOT NULL, PRIMARY KEY (stream, generation))""",
    """CREATE TABLE IF NOT EXISTS stream_published (
        stream TEXT PRIMARY KEY, generation BIGINT NOT NULL, position BIGINT NOT NULL,
        kafka_partition BIGINT NOT NULL, kafka_offset BIGINT NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS upstream_heads (
        upstream TEXT NOT NULL, assessment TEXT NOT NULL, generation BIGINT NOT NULL, position BIGINT NOT NULL,
        digest TEXT NOT NULL, PRIMARY KEY (upstream, assessment))""",
    """CREATE TABLE IF NOT EXISTS upstream_digests (
        upstream TEXT NOT NULL, assessment TEXT NOT NULL, generation BIGINT NOT NULL, first BIGINT NOT NULL,
        digests BYTEA NOT NULL, PRIMARY KEY (upstream, assessment, generation, first))""",
)

INSERT_UPSTREAM = (
    "INSERT INTO upstream_heads (upstream, assessment, generation, position, digest) VALUES (?, ?, ?, ?, ?)"
)
MOVE_UPSTREAM = (
    "UPDATE upstream_heads SET generation = ?, position = ?, digest = ? WHERE upstream = ? AND assessment = ? "
    "AND generation = ? AND position = ? AND digest = ?"
)
KEEP_DIGESTS = "INSERT INTO upstream_digests (upstream, assessment, generation, first, digests) VALUES (?, ?, ?, ?, ?)"
NO_LATER = "NOT EXISTS (SELECT 1 FROM stream_heads AS later WHERE later.stream = ? AND later.generation > ?)"
OPEN_STREAM = f"""
    INSERT INTO stream_heads (stream, generation, opens, position, digest)
    SELECT CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT) WHERE {NO_LATER}"""
MOVE_STREAM = f"""
    UPDATE stream_heads SET position = ?, digest = ?
    WHERE stream = ? AND generation = ? AND position = ? AND {NO_LATER}"""  # noqa: S608  constants
RENEW_STREAM = f"""{OPEN_STREAM}
    ON CONFLICT (stream, generation) DO UPDATE SET position = excluded.position, digest = excluded.digest
    WHERE stream_heads.position = excluded.opens - 1"""


class Cursor(Protocol):
    """What is needed of a database."""

    def run(self, sql: str, rows: Sequence[Sequence[Any]], touches: int | None, otherwise: str) -> None:
        """Run a statement for each row.

        :raises IntegrityError: `otherwise`, at the latest before the commit, where it touches another number of rows
        """
        ...


def pass_through(cursor: Cursor, transaction: Transaction) -> None:
    """Move every head, then write beside them; the appended records themselves are the recorder's to insert.

    :raises IntegrityError: a head is not where it is expected, or a constraint does not hold
    """
    if transaction.follow:
        follow(cursor, transaction.follow)
    for append in sorted(transaction.append, key=lambda append: append.stream):  # one order for all: no deadlocks
        move(cursor, append)
    for statement in transaction.execute:
        if statement.rows:
            cursor.run(
                statement.sql, statement.rows, statement.touches, f"not {statement.touches} rows: {statement.sql}"
            )


def follow(cursor: Cursor, advance: Advance) -> None:
    """Store how far an upstream was read."""
    new, old, whose = advance.new, advance.expected, (advance.upstream, advance.assessment)
    elsewhere = f"{advance.upstream} of {advance.assessment} was read on elsewhere"
    if old is None:
        cursor.run(INSERT_UPSTREAM, [(*whose, *new)], 1, elsewhere)
    else:
        cursor.run(MOVE_UPSTREAM, [(*new, *whose, *old)], 1, elsewhere)
    if advance.digests:
        first = new.position - len(advance.digests) + 1
        kept = b"".join(shortened(digest) for digest in advance.digests)
        cursor.run(KEEP_DIGESTS, [(*whose, new.generation, first, kept)], 1, elsewhere)


def move(cursor: Cursor, append: Append) -> None:
    """Move a stream's head over what is appended; generation 1 opens at position 1, a later one anywhere."""
    stream, generation, first = append.stream, append.generation, append.first_position
    last, digest = first + len(append.states) - 1, leaf_hash(append.states[-1])
    stands_elsewhere = f"{stream} does not stand at position {first - 1} of generation {generation}"
    if generation == 1 and first > 1:
        cursor.run(
            MOVE_STREAM, [(last, digest, stream, generation, first - 1, stream, generation)], 1, stands_elsewhere
        )
    else:
        statement = OPEN_STREAM if generation == 1 else RENEW_STREAM
        cursor.run(statement, [(stream, generation, first, last, digest, stream, generation)], 1, stands_elsewhere)


def shortened(digest: str) -> bytes:
    """The part of a digest that is kept of every record read."""
    return bytes.fromhex(digest.removeprefix("sha256:"))[:KEPT_BYTES]


def originator(stream: str, generation: int) -> str:
    """The event store's name of one generation of a stream."""
    return f"{stream}@{generation}"
