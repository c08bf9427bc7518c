"""The notifier's store: subscriptions, and every delivery with what became of it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from services.notifier.domain import Subscription
from shared.chassis.store import EventStore, Statement

VERSION = 1
DDL = (
    """CREATE TABLE IF NOT EXISTS subscriptions (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, active SMALLINT NOT NULL, subscription BYTEA NOT NULL)""",
    """CREATE TABLE IF NOT EXISTS deliveries (
        id TEXT PRIMARY KEY, subscription TEXT NOT NULL, assessment TEXT NOT NULL, position BIGINT NOT NULL,
        body BYTEA NOT NULL, state TEXT NOT NULL, attempts BIGINT NOT NULL, due BIGINT NOT NULL,
        status BIGINT, answer TEXT, created BIGINT NOT NULL, ended BIGINT)""",
    "CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (state, due)",
    "CREATE INDEX IF NOT EXISTS deliveries_of ON deliveries (subscription, created)",
)
PENDING, DELIVERED, FAILED = "pending", "delivered", "failed"

_decode = msgspec.json.Decoder(Subscription).decode
_encode = msgspec.json.encode


class Delivery(NamedTuple):
    """One notice to one receiver. Times are seconds since the epoch."""

    id: str
    subscription: str
    assessment: str
    position: int
    body: bytes
    state: str
    attempts: int
    due: int
    status: int | None
    answer: str | None
    created: int
    ended: int | None

    def shown(self) -> dict[str, Any]:
        """Give it as JSON, without the body."""
        return {name: value for name, value in self._asdict().items() if name != "body"}


COLUMNS = ", ".join(Delivery._fields)


class Notices:
    """Reads and writes over an `EventStore`; blocking, like it."""

    def __init__(self, store: EventStore) -> None:
        """Work on this store, opened with `DDL` and `VERSION`."""
        self.store = store

    def subscriptions(self, owner: str | None = None) -> list[Subscription]:
        """Every subscription, or one owner's."""
        where, words = ("", ()) if owner is None else (" WHERE owner = ?", (owner,))
        rows = self.store.query(f"SELECT subscription FROM subscriptions{where} ORDER BY id", words)  # noqa: S608 - ours
        return [_decode(bytes(row[0])) for row in rows]

    def subscription(self, id_: str) -> Subscription | None:
        """One subscription, or None."""
        rows = self.store.query("SELECT subscription FROM subscriptions WHERE id = ?", (id_,))
        return _decode(bytes(rows[0][0])) if rows else None

    def keep(self, subscription: Subscription) -> None:
        """Store a subscription, new or changed."""
        sql = """INSERT INTO subscriptions VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
            SET active = excluded.active, subscription = excluded.subscription"""
        row = (subscription.id, subscription.owner, int(subscription.active), _encode(subscription))
        self.store.commit(execute=[Statement(sql, [row])])

    def drop(self, id_: str) -> None:
        """Take a subscription out, and what was still to be sent to it."""
        statements = [
            Statement("DELETE FROM subscriptions WHERE id = ?", [(id_,)]),
            Statement("DELETE FROM deliveries WHERE subscription = ? AND state = ?", [(id_, PENDING)]),
        ]
        self.store.commit(execute=statements)

    def deliveries(
        self, *, subscription: str | None = None, state: str | None = None, limit: int = 100, owner: str | None = None
    ) -> list[Delivery]:
        """The latest deliveries first; of one subscription, in one state, of one owner, as asked."""
        wanted = (("subscription = ?", subscription), ("state = ?", state))
        asked = [(clause, value) for clause, value in wanted if value is not None]
        if owner is not None:
            asked.append(("subscription IN (SELECT id FROM subscriptions WHERE owner = ?)", owner))
        where = " AND ".join(clause for clause, _ in asked) or "1 = 1"
        sql = f"SELECT {COLUMNS} FROM deliveries WHERE {where} ORDER BY created DESC, id LIMIT ?"  # noqa: S608 - ours
        return self._read(sql, (*(value for _, value in asked), limit))

    def delivery(self, id_: str) -> Delivery | None:
        """One delivery, or None."""
        found = self._read(f"SELECT {COLUMNS} FROM deliveries WHERE id = ?", (id_,))  # noqa: S608 - our own words
        return found[0] if found else None

    def due(self, now: int, limit: int, apart: Sequence[str] = ()) -> list[Delivery]:
        """What is to be sent now, the longest due first, `apart` from some subscriptions."""
        where = f"state = ? AND due <= ?{_apart(apart)}"
        sql = f"SELECT {COLUMNS} FROM deliveries WHERE {where} ORDER BY due, id LIMIT ?"  # noqa: S608 - our own words
        return self._read(sql, (PENDING, now, *apart, limit))

    def next_due(self, apart: Sequence[str] = ()) -> int | None:
        """When the next delivery is due, `apart` from some subscriptions."""
        sql = f"SELECT min(due) FROM deliveries WHERE state = ?{_apart(apart)}"  # noqa: S608 - question marks
        return self.store.query(sql, (PENDING, *apart))[0][0]

    def claim(self, delivery: Delivery, until: int) -> None:
        """Take a delivery in hand until then, and count the attempt.

        :raises Conflict: another replica has it
        """
        sql = """UPDATE deliveries SET due = ?, attempts = attempts + 1
            WHERE id = ? AND state = ? AND attempts = ? AND due = ?"""
        row = (until, delivery.id, PENDING, delivery.attempts, delivery.due)
        self.store.commit(execute=[Statement(sql, [row], touches=1)])

    def settle(
        self, id_: str, state: str, *, due: int, status: int | None, answer: str | None, ended: int | None
    ) -> None:
        """Store how an attempt ended."""
        sql = "UPDATE deliveries SET state = ?, due = ?, status = ?, answer = ?, ended = ? WHERE id = ?"
        self.store.commit(execute=[Statement(sql, [(state, due, status, answer, ended, id_)])])

    def again(self, id_: str, now: int) -> None:
        """Send a delivery once more, from the first attempt on."""
        sql = "UPDATE deliveries SET state = ?, attempts = 0, due = ?, ended = NULL WHERE id = ?"
        self.store.commit(execute=[Statement(sql, [(PENDING, now, id_)])])

    def _read(self, sql: str, words: Sequence[Any]) -> list[Delivery]:
        return [Delivery._make((*row[:4], bytes(row[4]), *row[5:])) for row in self.store.query(sql, words)]


def _apart(subscriptions: Sequence[str]) -> str:
    return f" AND subscription NOT IN ({', '.join('?' * len(subscriptions))})" if subscriptions else ""


def new_deliveries(rows: Sequence[tuple[str, str, str, int, bytes]], now: int) -> Statement:
    """Insert notices (id, subscription, assessment, position, body), due now; those there already are left alone."""
    sql = f"""INSERT INTO deliveries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, '{PENDING}', 0, ?, NULL, NULL, ?, NULL)
        ON CONFLICT (id) DO NOTHING"""  # noqa: S608 - our own words
    return Statement(sql, [(*row, now, now) for row in rows])
