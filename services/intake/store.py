"""Intake's store: the ledger as a stream per assessment, and tables to find an entry again."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from shared import rubric
from shared.chassis.store import Append, EventStore, Head, Statement, StoreError
from shared.contracts.entries import Entry, decode_entry, identity
from shared.contracts.shapes import ASSESSMENT
from shared.gate.outcomes import Accepted, Found, Identity, Refused
from shared.gate.state import PILLARS, LedgerState, restored

ENTRIES, REJECTED = "entries", "rejected"
NOWHERE = "-"
"""Where refused events are kept that name no assessment, or what can be no assessment's name."""

VERSION = 1
DDL = (
    """CREATE TABLE IF NOT EXISTS identities (
        assessment TEXT NOT NULL, identity BYTEA NOT NULL, position BIGINT NOT NULL, content BYTEA NOT NULL,
        type TEXT NOT NULL, subject TEXT, provider TEXT, in_force SMALLINT NOT NULL,
        PRIMARY KEY (assessment, identity))""",
    """CREATE TABLE IF NOT EXISTS pillars (
        assessment TEXT NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (assessment, position))""",
    """CREATE TABLE IF NOT EXISTS refused (
        assessment TEXT NOT NULL, digest BYTEA NOT NULL, number BIGINT NOT NULL, source TEXT, id TEXT, identity BYTEA,
        code TEXT NOT NULL, reason TEXT NOT NULL, first_time TEXT NOT NULL, last_time TEXT NOT NULL,
        times BIGINT NOT NULL, PRIMARY KEY (assessment, digest))""",
    "CREATE INDEX IF NOT EXISTS refused_identity ON refused (assessment, identity)",
    "CREATE INDEX IF NOT EXISTS refused_number ON refused (assessment, number)",
    """CREATE TABLE IF NOT EXISTS checkpoints (
        assessment TEXT PRIMARY KEY, size BIGINT NOT NULL, root BYTEA NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS blocks (
        assessment TEXT NOT NULL, number BIGINT NOT NULL, digest BYTEA NOT NULL, PRIMARY KEY (assessment, number))""",
)
_ASK_AT_ONCE = 500

load_rubric = lru_cache(maxsize=16)(rubric.load)
"""Load a rubric's text; kept, since every look at a ledger needs it."""


class Unreadable(StoreError):
    """A ledger is damaged, or holds what this program cannot use or would not store: one sentence. Others go on."""


class RefusedRow(NamedTuple):
    """A refused event as it is looked up."""

    number: int
    source: str | None
    id: str | None
    code: str
    reason: str
    first_time: str
    last_time: str
    times: int

    def shown(self) -> dict[str, Any]:
        """Give it as JSON."""
        return self._asdict()


def entries(assessment: str) -> str:
    """Name the stream of an assessment's ledger."""
    return f"{ENTRIES}/{assessment}"


def rejected(assessment: str) -> str:
    """Name the stream of what was refused."""
    return f"{REJECTED}/{assessment}"


class LedgerStore:
    """Reads and statements over an `EventStore`; blocking, like it."""

    def __init__(self, store: EventStore) -> None:
        """Work on this store, opened with `DDL` and `VERSION`."""
        self.store = store

    def head(self, assessment: str) -> Head | None:
        """Give the head of a ledger, or None where there is none; what can be no ledger's name is not looked up."""
        return self.store.stream(entries(assessment)).head() if ASSESSMENT.fullmatch(assessment) else None

    def load(self, assessment: str) -> LedgerState | None:
        """Give the state of a ledger at its head, or None where there is none.

        :raises Unreadable: it is damaged, or this program cannot use a rubric that it carries
        """
        head = self.head(assessment)
        if head is None:
            return None
        positions = self.store.query(
            "SELECT position FROM pillars WHERE assessment = ? ORDER BY position", (assessment,)
        )
        pillars = (self.entry(assessment, row[0]) for row in positions if row[0] <= head.position)
        try:
            return restored(pillars, self.entry(assessment, head.position), head.digest, load_rubric)
        except rubric.RubricError as error:
            raise Unreadable(
                f"A rubric that the ledger of {assessment} carries cannot be used by this program ({error.faults[0]}); "
                "start the program that took it in, or a newer one."
            ) from error

    def entry(self, assessment: str, position: int) -> Entry:
        """Give the entry at a position that exists.

        :raises Unreadable: it is not there, or is no entry: the database is damaged
        """
        stored = self.store.stream(entries(assessment)).get(position)
        try:
            return decode_entry(stored or b"")
        except ValueError as error:
            raise Unreadable(
                f"Entry {position} of the ledger of {assessment} is damaged or lost ({error}); restore the database."
            ) from error

    def found(self, assessment: str, wanted: Iterable[Identity]) -> dict[Identity, Found]:
        """Look up identities, in as few questions as the database takes."""
        if not ASSESSMENT.fullmatch(assessment):
            return {}
        keys = {identity(source, id_): (source, id_) for source, id_ in wanted}
        answers: dict[Identity, Found] = {}
        for part in _parts(list(keys)):
            marks = ", ".join("?" * len(part))
            columns = "identity, position, content, type, subject, provider, in_force"
            sql = f"SELECT {columns} FROM identities WHERE assessment = ? AND identity IN ({marks})"  # noqa: S608 - only `?`
            for key, position, content, kind, subject, provider, in_force in self.store.query(sql, (assessment, *part)):
                answers[keys[bytes(key)]] = Found(position, bytes(content), kind, subject, provider, bool(in_force))
        return answers

    def refused(
        self, assessment: str, *, after: int = 0, limit: int = 100, named: Identity | None = None
    ) -> list[RefusedRow]:
        """List what was refused, oldest first, or only what came under one identity."""
        columns = "number, source, id, code, reason, first_time, last_time, times"
        where, more = ("identity = ? AND number > ?", (identity(*named),)) if named else ("number > ?", ())
        sql = f"SELECT {columns} FROM refused WHERE assessment = ? AND {where} ORDER BY number LIMIT ?"  # noqa: S608 - our own words
        return [RefusedRow(*row) for row in self.store.query(sql, (assessment, *more, after, limit))]

    def signed(self) -> bool:
        """Tell whether a checkpoint of any ledger was signed."""
        return bool(self.store.query("SELECT 1 FROM checkpoints LIMIT 1"))

    def signed_to(self, assessment: str) -> list[tuple[int, bytes]]:
        """Give the size and the root of what was signed last of a ledger, if anything was."""
        rows = self.store.query("SELECT size, root FROM checkpoints WHERE assessment = ?", (assessment,))
        return [(row[0], bytes(row[1])) for row in rows]

    def refused_before(self, assessment: str, digests: Sequence[bytes]) -> set[bytes]:
        """Tell which of these refusals are kept already."""
        known: set[bytes] = set()
        for part in _parts(digests):
            marks = ", ".join("?" * len(part))
            sql = f"SELECT digest FROM refused WHERE assessment = ? AND digest IN ({marks})"  # noqa: S608 - question marks only
            known |= {bytes(row[0]) for row in self.store.query(sql, (assessment, *part))}
        return known

    def last_refused(self, assessment: str) -> int:
        """Give the number of the last refusal kept, 0 where there is none."""
        head = self.store.stream(rejected(assessment)).head()
        return head.position if head else 0


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), _ASK_AT_ONCE):
        yield keys[start : start + _ASK_AT_ONCE]


def storable(text: str | None) -> str | None:
    """Give a text of anybody's as a column takes it: PostgreSQL's hold no NUL. The raw event is kept beside it."""
    return None if text is None else text.replace("\0", "\ufffd")


def refusal_digest(refused: Refused, raw: bytes) -> bytes:
    """Identify a refusal by what was sent and why it was refused: the same again is counted, not kept twice."""
    return hashlib.sha256(refused.code.encode() + b"\0" + raw).digest()


def accepted_writes(assessment: str, batch: Sequence[Accepted]) -> tuple[list[Append], list[Statement]]:
    """Give what to write for accepted entries of one assessment, in order."""
    if not batch:
        return [], []
    rows = [
        (
            assessment,
            identity(each.event.source, each.event.id),
            each.position,
            each.found.content,
            each.found.type,
            each.found.subject,
            each.found.provider,
            1,
        )
        for each in batch
    ]
    statements = [Statement("INSERT INTO identities VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)]
    pillars = [(assessment, each.position) for each in batch if each.event.type in PILLARS]
    if pillars:
        statements.append(Statement("INSERT INTO pillars VALUES (?, ?)", pillars))
    replaced = [(assessment, identity(*each.replaces)) for each in batch if each.replaces is not None]
    if replaced:
        # An entry replaced within its own batch is touched as well: its row is there by then.
        sql = "UPDATE identities SET in_force = 0 WHERE assessment = ? AND identity = ? AND in_force = 1"
        statements.append(Statement(sql, replaced, touches=len(replaced)))
    states = [each.stored for each in batch]
    return [Append(entries(assessment), batch[0].position, states)], statements
