"""One among the replicas on a database: who holds a lease, and hears what the others append."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import psycopg
from psycopg.sql import SQL, Identifier

from shared.chassis.store import postgres
from shared.chassis.store.event_store import EventStore
from shared.chassis.store.meaning import translated

LOOK_SECONDS = 0.5
"""How often who waits looks whether it is free."""


class Lease:
    """Held while `lost` is not set. Losing it is noticed late at worst, so a holder must do no harm beside another."""

    def __init__(self) -> None:
        self.lost = asyncio.Event()


@asynccontextmanager
async def lease(store: EventStore, name: str) -> AsyncGenerator[Lease]:
    """Wait until nobody else on this database holds it, then hold it for the block.

    On PostgreSQL it is an advisory lock on a connection of its own: it ends with the process, however that ends, and
    what other replicas append rings this store's signal meanwhile. A SQLite file belongs to one process anyway.

    :raises Unavailable: the database does not answer
    """
    held = Lease()
    if not isinstance(store.recorder, postgres.Recorder):
        yield held
        return
    datastore = store.recorder.datastore
    with translated():
        connection = await psycopg.AsyncConnection.connect(
            datastore.url, autocommit=True, connect_timeout=int(postgres.CONNECT_SECONDS), **postgres.KEEPALIVES
        )
    async with connection:
        with translated():
            for setting in ("idle", "interval", "count"):  # a holder that vanished must not hold for two hours
                value = str(postgres.KEEPALIVES[f"keepalives_{setting}"])
                await connection.execute("SELECT set_config(%s, %s, false)", (f"tcp_keepalives_{setting}", value))
            await take(connection, store.service, name)
            await connection.execute(SQL("LISTEN {}").format(Identifier(postgres.channel(store.service))))
        hearing = asyncio.create_task(hear(connection, store, held))
        try:
            yield held
        finally:
            hearing.cancel()
            with suppress(asyncio.CancelledError):
                await hearing


async def take(connection: psycopg.AsyncConnection, service: str, name: str) -> None:
    """Look again and again until the lock is free, and take it.

    Waiting for it in the database would keep a snapshot open for as long as another replica lives: nothing that is
    updated meanwhile could be cleaned up, and what was listened for would pile up.
    """
    while True:
        answer = await connection.execute("SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", (service, name))
        if await answer.fetchone() == (True,):
            return
        await asyncio.sleep(LOOK_SECONDS)


async def hear(connection: psycopg.AsyncConnection, store: EventStore, held: Lease) -> None:
    """Ring for what others append, until the connection breaks."""
    assert isinstance(store.recorder, postgres.Recorder)  # noqa: S101
    own = store.recorder.datastore.backends
    try:
        async for notice in connection.notifies():
            if notice.pid not in own:  # our own commits have rung already
                store.signal.ring([notice.payload])
    except psycopg.Error:
        held.lost.set()
