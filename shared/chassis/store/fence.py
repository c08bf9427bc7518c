"""Compare-and-set, in SQL that both databases speak: what keeps two writers from writing the same position twice.

The library's own check is only "newer than", under which two consumers of overlapping batches duplicate silently.
Heads are rows that every append must move on from where it thinks they stand. Moving one takes its row's lock until
the commit, so appends to one stream go one after the other, and streams do not wait for each other.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from eventsourcing.persistence import IntegrityError

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
OPEN_STREAM = """
    INSERT INTO stream_heads (stream, generation, opens, position, digest)
    SELECT CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT)
    WHERE NOT EXISTS (SELECT 1 FROM stream_heads AS later WHERE later.stream = ? AND later.generation > ?)"""
MOVE_STREAM = """
    UPDATE stream_heads SET position = ?, digest = ? WHERE stream = ? AND generation = ? AND position = ?
    AND NOT EXISTS (SELECT 1 FROM stream_heads AS later WHERE later.stream = ? AND later.generation > ?)"""


class Cursor(Protocol):
    """What is needed of a database."""

    def run(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a statement for each row; how many rows it touched in all."""
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
        touched = cursor.run(statement.sql, statement.rows)
        if statement.touches is not None and touched != statement.touches:
            raise IntegrityError(f"{touched} rows instead of {statement.touches} for: {statement.sql}")


def follow(cursor: Cursor, advance: Advance) -> None:
    """Store how far an upstream was read."""
    new, old, whose = advance.new, advance.expected, (advance.upstream, advance.assessment)
    if old is None:
        touched = cursor.run(INSERT_UPSTREAM, [(*whose, *new)])
    else:
        touched = cursor.run(MOVE_UPSTREAM, [(*new, *whose, *old)])
    if touched != 1:
        raise IntegrityError(f"{advance.upstream} of {advance.assessment} was read on from {old} elsewhere")
    if advance.digests:
        first = new.position - len(advance.digests) + 1
        kept = b"".join(shortened(digest) for digest in advance.digests)
        cursor.run(KEEP_DIGESTS, [(*whose, new.generation, first, kept)])


def move(cursor: Cursor, append: Append) -> None:
    """Move a stream's head over what is appended; opening a generation inserts its row."""
    stream, generation, first = append.stream, append.generation, append.first_position
    last, digest = first + len(append.states) - 1, leaf_hash(append.states[-1])
    touched = 0
    if first > 1:
        touched = cursor.run(MOVE_STREAM, [(last, digest, stream, generation, first - 1, stream, generation)])
    if not touched and (first == 1 or generation > 1):
        touched = cursor.run(OPEN_STREAM, [(stream, generation, first, last, digest, stream, generation)])
    if touched != 1:
        raise IntegrityError(f"{stream} does not stand at position {first - 1} of generation {generation}")


def shortened(digest: str) -> bytes:
    """The part of a digest that is kept of every record read."""
    return bytes.fromhex(digest.removeprefix("sha256:"))[:KEPT_BYTES]


def originator(stream: str, generation: int) -> str:
    """The event store's name of one generation of a stream."""
    return f"{stream}@{generation}"
