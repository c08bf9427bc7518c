"""Publishes a service's streams: each in strict order, every record acknowledged by all copies before the next batch.

So in the log n-1 always stands before n. On any error the producer is dropped and a new one begins again behind the
last confirmed record; what is repeated so, or by another replica's relay, readers skip.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Container, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from shared.chassis.kafka import CONTENT_TYPE, LARGEST, Kafka, NoTopic, unbroken
from shared.chassis.metrics import Metrics
from shared.chassis.record import Record
from shared.chassis.store import Conflict, EventStore, Published, StoreError
from shared.chassis.store.lease import Lease, lease

BATCH_RECORDS = 500
BATCH_BYTES = 512 * 1024
ANSWER_SECONDS = 30.0
DROP_SECONDS = 3.0
LOOK_SECONDS = 1.0
"""How often streams are looked at though nobody rang: another replica may have appended and died."""
SETTLE_SECONDS = 0.25
"""How often cursors are stored: repeating the last records after a crash costs less than storing each."""
LONGEST_PAUSE = 2.0
PARTITION: Any = DefaultPartitioner()


class Unconfirmed(Exception):
    """The broker did not take a batch, or nobody knows whether it did."""


class Relay:
    """One for a service's store; `topics` says which kind of stream goes where, `withheld` which assessments do not.

    >>> relay = Relay(store, {"scores": topics.SCORES}, kafka, metrics=service.metrics)
    >>> async with service.keeping("relay", relay.run):
    """

    def __init__(
        self,
        store: EventStore,
        topics: Mapping[str, str],
        kafka: Kafka,
        *,
        metrics: Metrics,
        withheld: Container[str] = (),
    ) -> None:
        self.store = store
        self.topics = topics
        self.withheld = withheld
        self.kafka = kafka
        self.metrics = metrics
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service=store.service)
        self.cursors: dict[str, Published] = {}
        self.stored: dict[str, Published] = {}
        self._settled_at = 0.0

    async def run(self) -> None:
        """Publish until cancelled; a broker or database that is away is waited for, said once and when it is back."""
        pause, said = 0.1, ""
        while True:
            try:
                async with lease(self.store, "relay") as held, self.producer() as producer:
                    self.cursors.clear()
                    self.stored.clear()
                    await self.verify(producer)
                    self.log.info("publishing", topics=sorted(self.topics.values()))
                    pause, said = 0.1, ""
                    await self.publish(producer, held)
            except (KafkaError, NoTopic, StoreError, Unconfirmed, OSError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
                tell = self.log.debug if said == reason else self.log.warning
                tell("publishing waits", reason=reason, again_in=pause)
                said = reason
            finally:
                await self.settle()
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    @asynccontextmanager
    async def producer(self) -> AsyncGenerator[Any]:
        """A producer whose every batch is written once, by all copies; whatever is in flight dies with it."""
        producer: Any = AIOKafkaProducer(
            **self.kafka.terms(),
            acks="all",
            enable_idempotence=True,
            max_request_size=LARGEST,
            max_batch_size=LARGEST,
            request_timeout_ms=int(ANSWER_SECONDS * 1000),
        )
        try:
            await unbroken(producer.start())
            yield producer
        finally:
            await drop(producer)

    async def publish(self, producer: Any, held: Lease) -> None:
        """Keep every stream published, woken by each commit, until the lease is lost.

        :raises Unconfirmed: begin again with a new producer
        """
        with self.store.signal.listen() as bell:
            behind = await self.behind()
            while not held.lost.is_set():
                outcomes = await asyncio.gather(
                    *(self.advance(producer, stream) for stream in behind), return_exceptions=True
                )
                for outcome in outcomes:
                    if isinstance(outcome, BaseException):
                        raise outcome
                more = {stream for stream, left in zip(behind, outcomes, strict=True) if left}
                if time.monotonic() - self._settled_at > SETTLE_SECONDS:
                    await self.settle()
                if more:
                    behind = more | await bell.wait(0)
                elif not (behind := await bell.wait(SETTLE_SECONDS if self.cursors != self.stored else LOOK_SECONDS)):
                    behind = await self.behind()
                behind = {stream for stream in behind if self.goes_out(stream)}

    async def behind(self) -> set[str]:
        """Streams whose head the broker has not confirmed."""
        found: set[str] = set()
        for kind in self.topics:
            for stream, head, cursor in await self.store.ask(self.store.unpublished, kind):
                if cursor is not None and self.cursors.get(stream, cursor)[:2] <= cursor[:2]:
                    self.cursors[stream] = self.stored[stream] = cursor
                if self.cursors.get(stream, (0, 0))[:2] < head[:2] and self.goes_out(stream):
                    found.add(stream)
        return found

    def goes_out(self, stream: str) -> bool:
        """Whether a stream is published at all."""
        kind, _, assessment = stream.partition("/")
        return kind in self.topics and assessment not in self.withheld

    async def advance(self, producer: Any, stream: str) -> bool:
        """Publish the next batch of a stream and wait until it is confirmed; whether there may be more.

        :raises Unconfirmed: nothing of it counts as published
        """
        kind, _, assessment = stream.partition("/")
        if stream not in self.cursors and (known := await self.store.ask(self.store.published, stream)):
            self.cursors[stream] = self.stored[stream] = known
        cursor = self.cursors.get(stream)
        states = await self.store.ask(
            self.store.stream(stream).feed,
            cursor.generation if cursor else 0,
            cursor.position if cursor else 0,
            BATCH_RECORDS,
        )
        if not states:
            return False
        batch, last = producer.create_batch(), len(states)
        key, size = assessment.encode(), 0
        for number, state in enumerate(states):
            size += len(state)
            if number and size > BATCH_BYTES:
                last = number
                break
            if batch.append(timestamp=None, key=key, value=state, headers=[CONTENT_TYPE]) is None:
                raise Unconfirmed(f"{stream} holds a record of {len(state)} bytes, more than {LARGEST} fit")
        topic = self.topics[kind]
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                partitions = sorted(await producer.partitions_for(topic))
                partition = PARTITION(key, partitions, partitions)
                confirmed = await (await producer.send_batch(batch, topic, partition=partition))
        except (KafkaError, TimeoutError) as error:
            raise Unconfirmed(f"{topic} did not take {stream}: {str(error) or type(error).__name__}") from error
        if cursor and stream not in self.cursors:  # forgotten meanwhile beside another stream: from its first record
            return True
        head = Record.read(states[last - 1]).head
        now = Published(head.generation, head.position, partition, confirmed.offset + last - 1)
        if cursor and cursor.partition == partition and confirmed.offset <= cursor.offset:
            await self.forget({stream for stream in self.cursors if stream.startswith(f"{kind}/")}, topic)
            return True
        self.cursors[stream] = now
        self.metrics.published.labels(kind).inc(last)
        return True

    async def settle(self) -> None:
        """Store how far the broker has confirmed."""
        self._settled_at = time.monotonic()
        new = {stream: cursor for stream, cursor in self.cursors.items() if self.stored.get(stream) != cursor}
        if not new:
            return
        try:
            await self.store.run(self.store.set_published, new)
        except StoreError as error:
            self.log.debug("cursors could not be stored", reason=str(error))
        else:
            self.stored.update(new)

    async def verify(self, producer: Any) -> None:
        """Whether the topics still hold what they confirmed: the last record of each partition, read back.

        A topic that was made anew, or lost its end, is filled again from the first record.

        :raises NoTopic: a topic is not there
        """
        if missing := set(self.topics.values()) - await self.kafka.existing():
            raise NoTopic(f"Kafka has no topic {', '.join(sorted(missing))}; make it with `merit topics`.")
        for kind, topic in self.topics.items():
            cursors = {
                stream: cursor
                for stream in await self.store.ask(self.store.streams, kind)
                if (cursor := self.cursors.get(stream) or await self.store.ask(self.store.published, stream))
            }
            self.cursors |= cursors
            last: dict[int, str] = {}
            for stream, cursor in cursors.items():
                if cursor.partition not in last or cursors[last[cursor.partition]].offset < cursor.offset:
                    last[cursor.partition] = stream
            confirmed = {stream: cursors[stream] for stream in last.values()}
            partitions = await producer.partitions_for(topic)
            if confirmed and not (set(last) <= partitions and await self.holds(topic, confirmed)):
                await self.forget(cursors, topic)

    async def holds(self, topic: str, cursors: Mapping[str, Published]) -> bool:
        """Whether these records lie where the broker said they do."""
        places = {stream: TopicPartition(topic, cursor.partition) for stream, cursor in cursors.items()}
        consumer: Any = AIOKafkaConsumer(
            **self.kafka.terms(), enable_auto_commit=False, max_partition_fetch_bytes=LARGEST
        )
        try:
            await unbroken(consumer.start())
            await asyncio.sleep(0)  # lets its task begin: `stop` lets out the cancellation of one that has not
            consumer.assign(list(places.values()))
            ends = await consumer.end_offsets(list(places.values()))
            if any(ends[places[stream]] <= cursor.offset for stream, cursor in cursors.items()):
                return False
            for stream, cursor in cursors.items():
                place = places[stream]
                consumer.assign([place])
                consumer.seek(place, cursor.offset)
                async with asyncio.timeout(ANSWER_SECONDS):
                    found = await consumer.getone()
                body = await self.store.ask(self.store.stream(stream).get, cursor.position, cursor.generation)
                if found.value != body:
                    return False
            return True
        finally:
            await consumer.stop()

    async def forget(self, streams: Iterable[str], topic: str) -> None:
        """Begin again from the first record of these streams, and say why."""
        names = list(streams)
        self.log.error("the topic does not hold what it confirmed: it is filled again", topic=topic, streams=len(names))
        for stream in names:
            with suppress(Conflict):
                await self.store.run(self.store.forget_published, stream)
            self.cursors.pop(stream, None)
            self.stored.pop(stream, None)


async def drop(producer: Any) -> None:
    """End a producer with whatever it has in flight; its own `stop` waits until a broker that is away has taken it."""
    sending = producer._sender.sender_task  # noqa: SLF001
    if sending is not None:
        sending.cancel()
        await asyncio.wait({sending}, timeout=DROP_SECONDS)  # it lets requests in flight end
    await producer.client.close()
    producer._closed = True  # noqa: SLF001  else it complains of not having been stopped
