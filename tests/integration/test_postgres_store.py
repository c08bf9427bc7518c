import asyncio
import json
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.chassis.embedded import StoreUpstream
from shared.chassis.health import Health
from shared.chassis.metrics import Metrics
from shared.chassis.store import (
    Advance,
    Append,
    Conflict,
    EventStore,
    Head,
    Published,
    Statement,
    Unavailable,
    WrongStore,
)
from shared.chassis.store.lease import lease
from shared.chassis.stream import Follower, Patience
from tests.builders import chain
from tests.integration import containers

IDENTITIES = ["CREATE TABLE IF NOT EXISTS identities (id TEXT PRIMARY KEY, position BIGINT NOT NULL)"]

WRITER = """
import asyncio, json, random, sys
from shared.chassis.store import Append, EventStore, GroupCommitter, Statement, Transaction

class Desk:
    def __init__(self, store):
        self.store = store
        self.reload()
    def decide(self, jobs):
        self.next, states, rows, outcomes, seen = self.head, [], [], [], {}
        for job in jobs:
            if job not in seen:
                known = self.store.query("SELECT position FROM identities WHERE id = ?", (job,))
                seen[job] = known[0][0] if known else None
            if seen[job] is None:
                self.next += 1
                seen[job] = self.next
                states.append(json.dumps(job).encode())
                rows.append((job, self.next))
            outcomes.append(seen[job])
        append = [Append("entries/a", self.head + 1, states)] if states else []
        insert = [Statement("INSERT INTO identities (id, position) VALUES (?, ?)", rows)] if rows else []
        return Transaction(append=append, execute=insert), outcomes
    def settled(self):
        self.head = self.next
    def reload(self):
        head = self.store.stream("entries/a").head()
        self.head = head.position if head else 0

async def main(url, seed, number):
    store = EventStore.open(url, "intake")
    committer = GroupCommitter(store, Desk(store), limit=20)
    ids = [f"id{n}" for n in range(number)]
    random.Random(seed).shuffle(ids)
    async def one(id):
        position = await committer.submit(id)
        print(json.dumps([id, position]), flush=True)
    for start in range(0, len(ids), 40):
        await asyncio.gather(*map(one, ids[start:start + 40]))
    store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def writer(url: str, seed: int, number: int) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(seed), str(number)], stdout=subprocess.PIPE, text=True
    )


def answers(lines: str) -> dict[str, int]:
    return dict(json.loads(line) for line in lines.split("\n")[:-1] if line.startswith("["))


def test_two_processes_on_one_database(database):
    """Both hand in the same 600 identities in another order: each gets one position, and both are told it."""
    EventStore.open(database, "intake", IDENTITIES).close()
    writers = [writer(database, seed, 600) for seed in (1, 2)]
    told = [answers(process.communicate(timeout=120)[0]) for process in writers]
    store = EventStore.open(database, "intake", IDENTITIES)
    ledger = [json.loads(state) for state in store.stream("entries/a").read()]
    store.close()

    assert len(ledger) == len(set(ledger)) == 600
    assert told[0] == told[1] == {id_: position for position, id_ in enumerate(ledger, 1)}


def test_a_killed_writer_leaves_what_it_was_told(database):
    """Kill -9 of one of two processes: every answer that was given stands, and nothing is half there."""
    EventStore.open(database, "intake", IDENTITIES).close()
    with writer(database, 1, 3000) as first, writer(database, 2, 3000) as second:
        seen = "".join(first.stdout.readline() for _ in range(200))
        first.kill()
        told = [answers(seen + first.stdout.read()), answers(second.communicate(timeout=240)[0])]
    store = EventStore.open(database, "intake", IDENTITIES)
    ledger = [json.loads(state) for state in store.stream("entries/a").read()]
    identities = dict(store.query("SELECT id, position FROM identities"))
    store.close()

    assert len(ledger) == len(set(ledger)) == 3000
    assert identities == {id_: position for position, id_ in enumerate(ledger, 1)}
    assert told[1] == identities
    assert told[0].items() <= identities.items()


@pytest.fixture
def store(database):
    made = EventStore.open(database, "scoring", IDENTITIES)
    yield made
    made.close()


def test_the_same_as_on_sqlite(store):
    """Records, heads, conflicts, generations and cursors, as the unit tests have them for SQLite."""
    first, second = chain(2)
    head = Head(1, 2, json.loads(chain(3)[2])["previous"])
    store.commit(
        follow=Advance("entries", "a", None, head, ("sha256:" + "01" * 32, head.digest)),
        append=[Append("scores/a", 1, [first, second]), Append("scores/é", 1, [first])],
        execute=[Statement("INSERT INTO identities VALUES (?, ?)", [("x%?", 1), ("y", 2)])],
    )
    for wrong in (1, 2, 4):
        with pytest.raises(Conflict):
            store.commit(append=[Append("scores/b", 1, [first]), Append("scores/a", wrong, [first])])
    with pytest.raises(Conflict):
        store.commit(follow=Advance("entries", "a", None, head))
    with pytest.raises(Conflict):
        store.commit(
            append=[Append("scores/a", 3, [first])], execute=[Statement("INSERT INTO identities VALUES ('y', 3)")]
        )
    store.commit(append=[Append("scores/a", 7, [first], generation=2)])
    store.commit(append=[Append("scores/a", 8, [second], generation=2)])
    for generation, position in ((1, 3), (2, 10)):
        with pytest.raises(Conflict):
            store.commit(append=[Append("scores/a", position, [first], generation=generation)])
    store.set_published({"scores/a": Published(2, 8, 0, 5), "scores/é": Published(1, 1, 1, 1)})
    store.set_published({"scores/a": Published(1, 1, 0, 0)})

    assert store.assessments("scores") == ["a", "é"]
    assert store.stream("scores/a").feed(1, 2, 10) == [first, second]
    assert store.stream("scores/a").read(0, 10, 1) == [first, second]
    assert store.stream("scores/a").head().position == 8
    assert store.published("scores/a") == Published(2, 8, 0, 5)
    assert store.unpublished("scores") == []
    assert store.followed_head("entries", "a") == head
    assert store.query("SELECT position FROM identities WHERE id = ?", ("x%?",)) == [(1,)]
    assert store.stream("scores/b").head() is None


def test_versions_and_doors(database):
    """A newer version, a wrong password and a database that does not answer: one sentence each."""
    EventStore.open(database, "scoring", IDENTITIES, version=2).close()

    with pytest.raises(WrongStore, match="newer program"):
        EventStore.open(database, "scoring", IDENTITIES, version=1)
    with pytest.raises(WrongStore, match="refuses the account"):
        EventStore.open(database.replace("test:test", "test:wrong"), "scoring")
    with pytest.raises(Unavailable, match="does not answer"):
        EventStore.open("postgresql://test:test@127.0.0.1:21999/test", "scoring")


def test_many_open_one_database_at_once(database):
    """Replicas that start together make the tables once."""
    script = "import sys; from shared.chassis.store import EventStore; EventStore.open(sys.argv[1], 'ranking').close()"
    starting = [subprocess.Popen([sys.executable, "-c", script, database]) for _ in range(4)]
    assert [process.wait(60) for process in starting] == [0, 0, 0, 0]


async def test_a_lease_has_one_holder_and_passes_on(database):
    """The second waits, hears what the first appends, and holds it as soon as the first has gone."""
    stores = [EventStore.open(database, "scoring") for _ in range(2)]
    order = []

    async def hold(number: int, seconds: float):
        async with lease(stores[number], "relay"):
            order.append(f"{number} holds")
            await asyncio.sleep(seconds)
            order.append(f"{number} goes")

    first = asyncio.create_task(hold(0, 0.5))
    await asyncio.sleep(0.2)
    await asyncio.gather(first, hold(1, 0))
    assert order == ["0 holds", "0 goes", "1 holds", "1 goes"]

    async with lease(stores[0], "relay"):
        with stores[0].signal.listen() as bell:
            started = time.monotonic()
            await stores[1].run(stores[1].commit, append=[Append("scores/a", 1, chain(1))])
            assert await bell.wait(5) == {"scores/a"}
            assert time.monotonic() - started < 2
    for store in stores:
        store.close()


async def test_who_waits_for_a_lease_leaves_nothing_open_in_the_database(database):
    """Given a holder, a replica that waits for days holds no snapshot: what is updated meanwhile can be cleaned up."""
    stores = [EventStore.open(database, "scoring") for _ in range(2)]
    busy = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    async with lease(stores[0], "relay"):
        waiting = asyncio.create_task(lease(stores[1], "relay").__aenter__())
        await asyncio.sleep(1.2)
        assert stores[0].query(f"{busy} AND (backend_xmin IS NOT NULL OR state <> 'idle')") == []
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    for store in stores:
        store.close()


DELIVERIES = st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=12), max_size=6)


@given(ones=DELIVERIES, others=DELIVERIES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_two_followers_on_one_database_apply_each_position_once(store, ones, others):
    """Racing replicas, whatever is delivered to each: every position once, in order."""
    numbers = len(store.streams("entries"))
    name = f"a{numbers}"
    entries = chain(12, name)
    store.commit(append=[Append(f"entries/{name}", 1, entries)])

    async def deliver(deliveries) -> list[int]:
        handled = []

        async def handle(assessment, records, advance):
            copies = [str(record.position).encode() for record in records]
            append = Append(f"scores/{assessment}", records[0].position, copies)
            await store.run(lambda: store.commit(follow=advance, append=[append]))
            handled.extend(record.position for record in records)

        patience = Patience(batch=4, first_pause=0.001, longest_pause=0.01)
        health = Health("scoring", Metrics("scoring"))
        async with Follower(
            StoreUpstream(store, "entries"), handle, store, health=health, patience=patience
        ) as follower:
            for delivery in deliveries:
                await follower.offer(entries[position - 1] for position in delivery)
            follower.look([name])
            await follower.settled()
            assert health.parked == {}
        return handled

    async def race():
        return await asyncio.gather(deliver(ones), deliver(others))

    one, other = asyncio.run(race())
    assert sorted(one + other) == list(range(1, 13))
    assert [int(copy) for copy in store.stream(f"scores/{name}").read()] == list(range(1, 13))


async def test_the_database_goes_away_and_comes_back(database):
    """Stopped in the middle: commits say so, reading waits and goes on, and nothing is lost or done twice."""
    ledger, own = EventStore.open(database, "intake"), EventStore.open(database, "scoring")
    entries = chain(60, "a")
    ledger.commit(append=[Append("entries/a", 1, entries)])
    health = Health("scoring", Metrics("scoring"))

    async def handle(assessment, records, advance):
        copies = [str(record.position).encode() for record in records]
        append = [Append(f"scores/{assessment}", records[0].position, copies)]
        await own.run(lambda: own.commit(follow=advance, append=append))

    patience = Patience(batch=2, first_pause=0.05, longest_pause=0.5)
    async with Follower(StoreUpstream(ledger, "entries"), handle, own, health=health, patience=patience) as follower:
        await follower.offer(entries[:10])
        container = containers.postgres().get_wrapped_container()
        container.kill()
        with pytest.raises(Unavailable):
            await own.run(own.commit, execute=[Statement("INSERT INTO nothing VALUES (1)")])
        await follower.offer(entries[10:])
        await asyncio.sleep(1)
        container.start()
        async with asyncio.timeout(60):
            while True:
                try:
                    copied = await own.ask(own.stream("scores/a").read)
                except Unavailable:
                    copied = []
                if len(copied) == 60:
                    break
                await asyncio.sleep(0.2)

    assert [int(copy) for copy in copied] == list(range(1, 61))
    assert health.parked == {}
    ledger.close()
    own.close()
