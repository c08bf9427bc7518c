import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.chassis import kafka, topics
from shared.chassis.embedded import StoreUpstream
from shared.chassis.health import Health
from shared.chassis.kafka import Kafka, NoTopic
from shared.chassis.metrics import Metrics
from shared.chassis.relay import Relay
from shared.chassis.store import Append, EventStore, Head
from shared.chassis.stream import Follower, Patience
from tests.builders import chain
from tests.integration import containers

SHORT = Patience(first_pause=0.05, longest_pause=0.5, alarm=2)


class Ledger:
    """An upstream that appends chained entries to its store."""

    def __init__(self, store: EventStore):
        self.store = store

    async def append(self, number: int, assessment="a", **more) -> list[bytes]:
        head = self.store.stream(f"entries/{assessment}").head() or Head(1, 0, "")
        entries = chain(number, assessment, after=head.position, previous=head.digest or None, **more)
        await self.store.run(self.store.commit, append=[Append(f"entries/{assessment}", head.position + 1, entries)])
        return entries


class Copyist:
    """A service that copies the positions it reads."""

    def __init__(self, store: EventStore, ledger: Ledger):
        self.store = store
        self.upstream = StoreUpstream(ledger.store, "entries")
        self.health = Health("scoring", Metrics("scoring"))
        self.seen: dict[int, float] = {}

    async def handle(self, assessment, records, advance):
        copies = [str(record.position).encode() for record in records]
        append = Append(f"scores/{assessment}", records[0].position, copies)
        await self.store.run(self.store.commit, follow=advance, append=[append])
        self.seen.update((record.position, time.perf_counter()) for record in records)

    def copied(self, assessment="a") -> list[int]:
        return [int(copy) for copy in self.store.stream(f"scores/{assessment}").read()]


class Line:
    """Ledger, relay, topic, follower: one arrow of the flow, as it is between machines."""

    def __init__(self, ledger: Ledger, copyist: Copyist, broker: Kafka, prefix: str):
        self.ledger, self.copyist, self.broker = ledger, copyist, broker
        self.topic = prefix + topics.ENTRIES
        self.group = f"{prefix}scoring"
        self.relay = Relay(ledger.store, {"entries": self.topic}, broker, metrics=Metrics("intake"))

    async def until(self, true, seconds: float = 30.0):
        async with asyncio.timeout(seconds):
            while not true():
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def publishing(self):
        async with running(self.relay.run()):
            yield self

    @asynccontextmanager
    async def following(self):
        made = self.copyist
        async with (
            Follower(made.upstream, made.handle, made.store, health=made.health, patience=SHORT) as follower,
            running(patiently(lambda: kafka.follow(follower, self.broker, self.topic, self.group))),
        ):
            yield follower

    def confirmed(self, position: int) -> bool:
        """Whether the broker has confirmed the stream up to here."""
        cursor = self.ledger.store.published("entries/a")
        return cursor is not None and cursor.position == position

    async def everything(self) -> list[bytes]:
        """All that lies in the topic, partition by partition."""
        consumer = AIOKafkaConsumer(self.topic, auto_offset_reset="earliest", **self.broker.terms())
        await consumer.start()
        try:
            await consumer.topics()
            ends = await consumer.end_offsets(consumer.assignment())
            found = []
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    found += [record.value for record in records]
            return found
        finally:
            await consumer.stop()


@asynccontextmanager
async def running(work):
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def patiently(work):
    """Begin again what fails, as a service does."""
    while True:
        try:
            await work()
        except (KafkaError, NoTopic, OSError):
            await asyncio.sleep(0.2)


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request, tmp_path) -> dict[str, str]:
    if request.param == "postgresql":
        url = request.getfixturevalue("database")
        return {"intake": url, "scoring": url}
    return {name: f"sqlite:///{tmp_path}/{name}.sqlite" for name in ("intake", "scoring")}


@pytest.fixture
async def line(urls, bootstrap, prefix):
    broker = Kafka(bootstrap)
    await topics.ensure(broker, topics.ours(prefix=prefix))
    async with AsyncExitStack() as closing:
        stores = {name: EventStore.open(url, name) for name, url in urls.items()}
        for store in stores.values():
            closing.callback(store.close)
        ledger = Ledger(stores["intake"])
        yield Line(ledger, Copyist(stores["scoring"], ledger), broker, prefix)


async def test_entries_go_through_once_and_in_order(line):
    """What the ledger appends, before and while the relay runs, is applied downstream: all of it, once, in order."""
    await line.ledger.append(700)
    async with line.publishing(), line.following():
        for number in (1, 30, 600):
            await line.ledger.append(number)
            await line.ledger.append(2, "b")
        await line.until(lambda: len(line.copyist.copied("a")) == 1331 and len(line.copyist.copied("b")) == 6)

    assert line.copyist.copied("a") == list(range(1, 1332))
    assert line.copyist.copied("b") == list(range(1, 7))
    assert line.copyist.health.parked == {}


async def test_a_record_on_the_topic_is_what_the_contract_says(line):
    """The stored bytes, keyed by assessment, with content-type as the only header, in order."""
    entries = await line.ledger.append(40)
    async with line.publishing():
        await line.until(lambda: line.confirmed(40))

    consumer = AIOKafkaConsumer(line.topic, auto_offset_reset="earliest", **line.broker.terms())
    await consumer.start()
    records = [await consumer.getone() for _ in entries]
    await consumer.stop()
    assert [record.value for record in records] == entries
    assert {record.key for record in records} == {b"a"}
    assert {tuple(record.headers) for record in records} == {(("content-type", b"application/cloudevents+json"),)}


async def test_a_relay_started_again_repeats_nothing_that_was_stored(line):
    """The confirmed position is kept: a second run goes on behind it."""
    await line.ledger.append(20)
    async with line.publishing():
        await line.until(lambda: line.confirmed(20))
    await line.ledger.append(5)
    async with line.publishing():
        await line.until(lambda: line.confirmed(25))

    assert len(await line.everything()) == 25


async def test_a_second_relay_only_repeats(line):
    """Two replicas publish side by side: readers see every position once, and in the log n-1 stands before n."""
    beside = Relay(line.ledger.store, line.relay.topics, line.broker, metrics=Metrics("intake"))
    async with line.publishing(), running(beside.run()), line.following():
        for _ in range(30):
            await line.ledger.append(3)
        await line.until(lambda: len(line.copyist.copied()) == 90)

    assert line.copyist.copied() == list(range(1, 91))
    positions = [json.loads(record)["position"] for record in await line.everything()]
    seen = set()
    for position in positions:
        assert position == 1 or position - 1 in seen
        seen.add(position)


async def test_two_readers_in_a_group_apply_each_position_once(line, urls):
    """A second replica joins and leaves: nothing twice, nothing missing."""
    store = EventStore.open(urls["scoring"], "scoring")
    other = Line(line.ledger, Copyist(store, line.ledger), line.broker, "")
    other.topic, other.group = line.topic, line.group
    names = [f"a{number}" for number in range(6)]
    try:
        async with line.publishing(), line.following():
            for _ in range(10):
                for name in names:
                    await line.ledger.append(2, name)
            async with other.following():
                for _ in range(20):
                    for name in names:
                        await line.ledger.append(2, name)
                    await asyncio.sleep(0.05)
                await asyncio.sleep(1)
            for name in names:
                await line.ledger.append(5, name)
            await line.until(lambda: all(len(line.copyist.copied(name)) == 65 for name in names))
        for name in names:
            assert line.copyist.copied(name) == list(range(1, 66))
        assert line.copyist.health.parked == other.copyist.health.parked == {}
    finally:
        store.close()


async def test_rubbish_and_a_gap_on_the_topic(line):
    """What is no record is dropped, with a header that is no text beside it; what is missing comes from the feed."""
    entries = await line.ledger.append(9)
    async with line.following():
        await line.until(lambda: line.copyist.copied() == list(range(1, 10)))
        more = await line.ledger.append(5)
        producer = AIOKafkaProducer(**line.broker.terms())
        await producer.start()
        await producer.send_and_wait(line.topic, b"\xff\xfe", key=b"a", headers=[("bad", b"\xff\xff")])
        await producer.send_and_wait(line.topic, None, key=b"a")
        await producer.send_and_wait(line.topic, entries[3], key=b"a", headers=[("bad", b"\xff\xff")])
        await producer.send_and_wait(line.topic, more[3], key=b"elsewhere")
        await producer.stop()
        await line.until(lambda: len(line.copyist.copied()) >= 13)
        assert line.copyist.health.parked == {}


async def test_a_fork_parks_its_assessment_and_the_others_go_on(line):
    """Somebody publishes another history of one assessment: that one stops and says so."""
    async with line.publishing(), line.following() as follower:
        await line.ledger.append(5)
        await line.until(lambda: len(line.copyist.copied()) == 5)
        producer = AIOKafkaProducer(**line.broker.terms())
        await producer.start()
        await producer.send_and_wait(line.topic, chain(6, "a", note="another history")[5], key=b"a")
        await producer.stop()
        await line.until(lambda: "a" in line.copyist.health.parked)

        await line.ledger.append(5, "a")
        await line.ledger.append(5, "b")
        await line.until(lambda: len(line.copyist.copied("b")) == 5)
        assert line.copyist.copied("a") == [1, 2, 3, 4, 5]
        assert "Fork" in line.copyist.health.parked["a"]
        assert follower.lanes["a"].parked


async def test_a_recreated_topic_is_noticed_and_filled_again(line):
    """The topic is deleted and made anew: the relay sees that it does not hold what it confirmed, and begins again."""
    entries = await line.ledger.append(12)
    async with line.publishing(), line.following():
        await line.until(lambda: len(line.copyist.copied()) == 12)
        await line.until(lambda: line.confirmed(12))
    await recreate(line)

    more = await line.ledger.append(3)
    async with line.publishing(), line.following():
        await line.until(lambda: len(line.copyist.copied()) == 15)
        await line.until(lambda: line.confirmed(15))

    assert await line.everything() == entries + more
    assert line.copyist.health.parked == {}


async def test_a_topic_recreated_under_a_running_relay_is_filled_again(line):
    """The same while publishing: the next confirmation lies before the last one."""
    entries = await line.ledger.append(12)
    async with line.publishing(), line.following():
        await line.until(lambda: len(line.copyist.copied()) == 12)
        await recreate(line)
        more = await line.ledger.append(3)
        await line.until(lambda: len(line.copyist.copied()) == 15)
        await line.until(lambda: line.confirmed(15))
        await asyncio.sleep(0.5)
    found = await line.everything()
    assert set(found) == set(entries + more)
    assert line.copyist.health.parked == {}


async def test_another_ledger_under_the_same_name_is_a_fork(line, urls, tmp_path):
    """The upstream lost its database and began anew: its records are not believed."""
    async with line.publishing(), line.following():
        await line.ledger.append(8)
        await line.until(lambda: len(line.copyist.copied()) == 8)
    anew = EventStore.open(f"sqlite:///{tmp_path}/anew.sqlite", "intake")
    try:
        other = Ledger(anew)
        await other.append(9, note="begun anew")
        line.relay = Relay(anew, line.relay.topics, line.broker, metrics=Metrics("intake"))
        async with line.publishing(), line.following():
            await line.until(lambda: "a" in line.copyist.health.parked)
        assert line.copyist.copied() == list(range(1, 9))
    finally:
        anew.close()


async def test_a_missing_topic_is_said(line):
    """`merit topics` has not been run: one sentence, tried again later."""
    with pytest.raises(NoTopic, match="merit topics"):
        await kafka.Reader(line.broker, ["nowhere"], "g", line.copyist.handle).run()


async def test_the_broker_goes_away_and_comes_back(line):
    """Killed in the middle of a run, and not there at the next start: both sides wait and go on; nothing is lost."""
    container = containers.kafka().get_wrapped_container()
    async with line.publishing(), line.following():
        await line.ledger.append(250)
        await line.until(lambda: len(line.copyist.copied()) == 250)
        await line.ledger.append(50)  # what came first may be from the feed: this comes by the topic
        await line.until(lambda: len(line.copyist.copied()) == 300 and line.confirmed(300), 60)
        container.kill()
        await line.ledger.append(200)
        await asyncio.sleep(3)
        await line.ledger.append(100)
        container.start()
        await line.ledger.append(50)
        await line.until(lambda: len(line.copyist.copied()) == 650, 90)
        container.kill()
        await asyncio.sleep(1)

    async with line.publishing(), line.following():
        await line.ledger.append(10)
        await asyncio.sleep(1)
        container.start()
        await line.until(lambda: len(line.copyist.copied()) == 660, 90)
        await line.until(lambda: line.confirmed(660), 90)

    assert line.copyist.copied() == list(range(1, 661))
    assert line.copyist.health.parked == {}
    found = await line.everything()
    assert {json.loads(record)["position"] for record in found} == set(range(1, 661))


async def recreate(line):
    client = AIOKafkaAdminClient(**line.broker.terms())
    await client.start()
    await client.delete_topics([line.topic])
    await asyncio.sleep(1)
    await client.close()
    await topics.ensure(line.broker, topics.ours(prefix=line.topic.removesuffix(topics.ENTRIES)))
