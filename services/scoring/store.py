"""Scoring's store: its own copy of each ledger, byte for byte, the stream of scores, and columns that lie ready."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

from shared.chassis.store import Append, EventStore, Statement, Stream

LEDGER, SCORES = "ledger", "scores"
VERSION = 2
DDL = (
    """CREATE TABLE IF NOT EXISTS blocks (
        assessment TEXT NOT NULL, first BIGINT NOT NULL, last BIGINT NOT NULL, digest TEXT NOT NULL,
        body BYTEA NOT NULL, PRIMARY KEY (assessment, first))""",
    "CREATE TABLE IF NOT EXISTS hash_key (number SMALLINT PRIMARY KEY, key BYTEA NOT NULL)",
)
KEYED_SINCE = 2
"""The first version that has a key."""
KEY_BYTES = 16


class Kept(NamedTuple):
    """A block of a ledger's columns, encoded; `digest` is that of its last entry."""

    first: int
    last: int
    digest: str
    body: bytes


def ledger(store: EventStore, assessment: str) -> Stream:
    """Give the copy of an assessment's ledger."""
    return store.stream(f"{LEDGER}/{assessment}")


def scores(store: EventStore, assessment: str) -> Stream:
    """Give the stream of an assessment's scores."""
    return store.stream(f"{SCORES}/{assessment}")


def writes(assessment: str, first: int, entries: list[bytes], records: list[bytes], generation: int) -> list[Append]:
    """Give what to write for entries and the records they led to, under the same positions."""
    return [
        Append(f"{LEDGER}/{assessment}", first, entries),
        Append(f"{SCORES}/{assessment}", first, records, generation),
    ]


def keep(store: EventStore, assessment: str, kept: Kept) -> None:
    """Keep a block; one that begins at the same entry is replaced."""
    sql = (
        "INSERT INTO blocks VALUES (?, ?, ?, ?, ?) ON CONFLICT (assessment, first) DO UPDATE "
        "SET last = excluded.last, digest = excluded.digest, body = excluded.body"
    )
    store.commit(execute=[Statement(sql, [(assessment, *kept)])])


def kept(store: EventStore, assessment: str, after: int) -> Iterator[Kept]:
    """Give the blocks that begin behind a position, in order, one at a time."""
    sql = "SELECT first, last, digest, body FROM blocks WHERE assessment = ? AND first > ? ORDER BY first LIMIT 1"
    while rows := store.query(sql, (assessment, after)):
        first, last, digest, body = rows[0]
        yield Kept(first, last, digest, bytes(body))
        after = first


def last_kept(store: EventStore, assessment: str) -> int:
    """Give the position up to which blocks are kept; 0 where there are none."""
    rows = store.query("SELECT MAX(last) FROM blocks WHERE assessment = ?", (assessment,))
    return int(rows[0][0] or 0)


def copy_key(old: EventStore, new: EventStore) -> None:
    """Give a new store the key of the old one, if that has one: what is held in memory goes with both."""
    if old.versions().get("scoring", 0) >= KEYED_SINCE and (rows := old.query("SELECT number, key FROM hash_key")):
        new.commit(execute=[Statement("INSERT INTO hash_key VALUES (?, ?) ON CONFLICT DO NOTHING", rows)])


def hash_key(store: EventStore) -> bytes:
    """Give the key of the hashes in what is kept, 16 bytes; made once for each store."""
    sql = "SELECT key FROM hash_key WHERE number = 1"
    if not store.query(sql):
        made = Statement(
            "INSERT INTO hash_key VALUES (1, ?) ON CONFLICT DO NOTHING", [(secrets.token_bytes(KEY_BYTES),)]
        )
        store.commit(execute=[made])
    return bytes(store.query(sql)[0][0])
