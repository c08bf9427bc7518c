"""What every service's `app.py` does the same way: open its store, follow its upstream, publish its own streams.

In one process a service reads the one before it straight from its store, and nothing is published. Between machines
it reads a topic, fills gaps from the upstream's feed, and a relay publishes what it derived.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Container, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
from starlette.types import ASGIApp

from shared.chassis.beside import followed
from shared.chassis.embedded import StoreUpstream, follow
from shared.chassis.errors import CannotStart
from shared.chassis.feed import ANSWER_SECONDS, reaching
from shared.chassis.lane import Handler, Reload
from shared.chassis.service import Service
from shared.chassis.store import EventStore, TakenOver, Unavailable, Unfinished, WrongStore, sqlite
from shared.chassis.stream import Follower

LOOK_SECONDS = 1.0
"""How often a service looks whether another store has taken the place of its own."""
Beside = Callable[[], EventStore]
"""Gives the upstream service's store, where both run in one process; `Unavailable` while it still waits for it."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A stream between two services: its kind in the upstream's store, its topic, and the path of its feed."""

    kind: str
    topic: str
    path: str


ENTRIES = Flow("entries", "meritlog.entries", "/v1/entries")
SCORES = Flow("scores", "meritlog.scores", "/v1/scores")
STANDINGS = Flow("standings", "meritlog.standings", "/v1/changes")


@asynccontextmanager
async def own_store(service: Service, ddl: Sequence[str], version: int) -> AsyncGenerator[EventStore]:
    """The service's store, waiting for a database that does not answer; `app.state.store` while the block lasts.

    :raises CannotStart: nothing to wait for: unwritable, of a newer version, no database
    """
    settings = service.settings
    url = settings.database_url or f"sqlite:///{settings.data / service.name}.sqlite"
    store = await service.reach("the database", lambda: asyncio.to_thread(in_use, url, service.name, ddl, version))
    service.app.state.store = store
    looking = service.keeping("the store", lambda: succeeding(service, store, url, ddl, version), needed=False)
    try:
        async with looking:
            yield store
    finally:
        store.close()


def in_use(url: str, service: str, ddl: Sequence[str], version: int) -> EventStore:
    """Open a store, or the file beside it that has taken its place, which then stands there.

    :raises WrongStore: nothing to wait for, as `EventStore.open`
    """
    try:
        return EventStore.open(url, service, ddl, version)
    except TakenOver:
        own, by = sqlite.file_of(url), sqlite.file_of(followed(url, service, version))
        if own is None or by is None:
            raise
        successor(by, service, ddl, version).close()
        sqlite.take_place(own, by)
        return EventStore.open(f"sqlite:///{by if by.exists() else own}", service, ddl, version)


def successor(file: Path, service: str, ddl: Sequence[str], version: int) -> EventStore:
    """Open the file that has taken a store's place: what says so is that store, so its building is over."""
    url = f"sqlite:///{file}"
    try:
        return EventStore.open(url, service, ddl, version)
    except Unfinished:
        store = EventStore.open(url, service, ddl, version, building=True)
        store.finish()
        return store


def last_in_line(url: str, service: str, ddl: Sequence[str], version: int) -> EventStore:
    """Open the file that has taken a store's place, or the one that has taken that one's since, and so on.

    :raises TakenOver: another database has
    :raises WrongStore: as `EventStore.open`
    """
    while True:
        file = sqlite.file_of(followed(url, service, version))
        assert file is not None  # noqa: S101  another database has a reason of its own
        try:
            return successor(file, service, ddl, version)
        except TakenOver:  # since it was looked for
            continue


async def succeeding(service: Service, store: EventStore, url: str, ddl: Sequence[str], version: int) -> None:
    """Go on from the store that takes the place of this one, once one does: a file beside it, with no pause.

    In another database it is another deployment's; this one answers what it holds until it is stopped.
    """
    while True:
        if by := await store.ask(store.taken_over):
            try:
                new = await asyncio.to_thread(last_in_line, url, service.name, ddl, version)
            except WrongStore as error:
                service.log.warning("this store was taken over", by=by, reason=str(error))
                service.health.wait("its successor", str(error), needed=False)
                await asyncio.Event().wait()
            else:
                await store.run(store.adopt, new)
                service.log.info("another store has taken over", store=by)
        await asyncio.sleep(LOOK_SECONDS)


def store_of(service: Service) -> Beside:
    """Give a service's store to who follows it in the same process, once it is open."""

    def beside() -> EventStore:
        store: EventStore | None = getattr(service.app.state, "store", None)
        if store is None:
            raise Unavailable(f"{service.name} has not opened its store yet.")
        return store

    return beside


async def opened(beside: Beside) -> EventStore:
    """Give the store of the service before, or raise that it is not open yet."""
    return beside()


@asynccontextmanager
async def following(
    service: Service,
    store: EventStore,
    flow: Flow,
    handle: Handler,
    reload: Reload,
    upstream: Beside | str | None,
) -> AsyncGenerator[Follower]:
    """Follow a stream while the block lasts: from the store beside it, or its topic with the feed at a URL.

    :raises CannotStart: neither a store beside it, nor a broker and the upstream's URL
    """
    if callable(upstream):
        source = StoreUpstream(await service.reach("the service before it", partial(opened, upstream)), flow.kind)
        follower = Follower(source, handle, store, health=service.health, reload=reload)
        loop = asyncio.get_running_loop()
        store.adopted.append(partial(loop.call_soon_threadsafe, follower.again))
        async with follower, service.keeping(f"reading {flow.kind}", lambda: follow(follower, source)):
            yield follower
        return
    if upstream is None or service.settings.kafka is None:
        raise CannotStart(
            f"{service.name} reads {flow.topic} from Kafka: set MERITLOG_KAFKA and the URL of the service before it, "
            "or run `merit up`."
        )
    from shared.chassis import kafka  # noqa: PLC0415  half a second and 30 MB that one process does without

    token = service.settings.token.get_secret_value() if service.settings.token else None
    brokers = kafka.Kafka.of(service.settings)
    assert brokers is not None  # noqa: S101  its setting was looked at above
    async with reaching(flow.kind, flow.path, upstream, token) as feed:
        follower = Follower(feed, handle, store, health=service.health, reload=reload)
        reading = service.keeping(
            f"reading {flow.topic}", lambda: kafka.follow(follower, brokers, flow.topic, f"meritlog.{service.name}")
        )
        async with follower, reading:
            yield follower


@asynccontextmanager
async def asking(service: Service, other: ASGIApp | str | None) -> AsyncGenerator[httpx.AsyncClient]:
    """Ask another service over its HTTP: in this process, or at a URL with this service's own credential."""
    token = service.settings.token.get_secret_value() if service.settings.token else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    here = None if isinstance(other, str) or other is None else httpx.ASGITransport(other)
    url = other if isinstance(other, str) else "http://localhost"
    async with httpx.AsyncClient(
        transport=here, base_url=url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False
    ) as client:
        yield client


@asynccontextmanager
async def publishing(
    service: Service, store: EventStore, topics: Mapping[str, str], withheld: Container[str] = ()
) -> AsyncGenerator[None]:
    """Publish the store's streams of these kinds to these topics while the block lasts; in one process do nothing.

    Of the assessments `withheld` nothing goes out.
    """
    if service.settings.kafka is None:
        yield
        return
    from shared.chassis.kafka import Kafka  # noqa: PLC0415  as above
    from shared.chassis.relay import Relay  # noqa: PLC0415

    brokers = Kafka.of(service.settings)
    assert brokers is not None  # noqa: S101  its setting was looked at above
    relay = Relay(store, topics, brokers, metrics=service.metrics, withheld=withheld)
    async with service.keeping("publishing", relay.run, needed=False):
        yield
