"""Standings in, notices out: what each subscription is to hear of a record, stored with the record's position."""

import asyncio
from collections.abc import Callable

import msgspec

from services.notifier.domain import body, notice, webhook_id
from services.notifier.store import Notices, new_deliveries
from shared.chassis.store import Advance
from shared.chassis.stream import Record


class Mailroom:
    """Turns records of standings into deliveries."""

    def __init__(self, notices: Notices, clock: Callable[[], int]) -> None:
        """Keep them in this store; `clock` tells seconds since the epoch."""
        self.notices = notices
        self.clock = clock
        self.arrived = asyncio.Event()
        """Set when there is something to send."""

    async def handle(self, assessment: str, records: list[Record], advance: Advance) -> None:
        """Take in records of standings, in order, and store what is to be sent.

        :raises StoreError: nothing was stored
        """
        store = self.notices.store
        subscriptions = await store.ask(self.notices.subscriptions)
        rows: list[tuple[str, str, str, int, bytes]] = []
        for record in records if subscriptions else ():
            event = msgspec.json.decode(record.body)
            if event["data"].get("snapshot"):
                continue  # a rebuild says again what was said before
            for subscription in subscriptions:
                told = notice(subscription, event)
                if told is not None:
                    name = webhook_id(subscription.id, f"{assessment}/{record.position}")
                    rows.append((name, subscription.id, assessment, record.position, body(told)))
        execute = [new_deliveries(rows, self.clock())] if rows else []
        await store.run(store.commit, follow=advance, execute=execute)
        if rows:
            self.arrived.set()

    async def forget(self, assessment: str) -> None:
        """Nothing is kept in memory."""
