"""What every service's `app.py` does the same way: open its store, follow its upstream, in process or on Kafka."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from shared.chassis.embedded import StoreUpstream, follow
from shared.chassis.errors import CannotStart
from shared.chassis.lane import Handler, Reload
from shared.chassis.service import Service
from shared.chassis.store import EventStore
from shared.chassis.stream import Follower

Beside = Callable[[], EventStore]
"""Gives the upstream service's store, where both run in one process."""


@asynccontextmanager
async def own_store(service: Service, ddl: Sequence[str], version: int) -> AsyncGenerator[EventStore]:
    """The service's store, waiting for a database that does not answer; `app.state.store` while the block lasts.

    :raises CannotStart: nothing to wait for: unwritable, of a newer version, no database
    """
    settings = service.settings
    url = settings.database_url or f"sqlite:///{settings.data / service.name}.sqlite"
    store = await service.reach(
        "the database", lambda: asyncio.to_thread(EventStore.open, url, service.name, ddl, version)
    )
    service.app.state.store = store
    try:
        yield store
    finally:
        store.close()


def store_of(service: Service) -> Beside:
    """Give a service's store to who follows it in the same process; it must have been started before."""

    def beside() -> EventStore:
        store: EventStore | None = getattr(service.app.state, "store", None)
        if store is None:
            raise CannotStart(f"{service.name} has not opened its store, and what follows it cannot start.")
        return store

    return beside


@asynccontextmanager
async def following(
    service: Service, store: EventStore, kind: str, handle: Handler, reload: Reload, beside: Beside | None
) -> AsyncGenerator[Follower]:
    """Follow an upstream's stream of this kind while the block lasts.

    :raises CannotStart: neither a store beside it nor a broker was named
    """
    if beside is None:
        raise CannotStart(f"{service.name} reads {kind} from Kafka: set MERITLOG_KAFKA, or run `merit up`.")
    upstream = StoreUpstream(beside(), kind)
    follower = Follower(upstream, handle, store, health=service.health, reload=reload)
    async with follower, service.keeping(f"reading {kind}", lambda: follow(follower, upstream)):
        yield follower
