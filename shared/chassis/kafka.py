"""Streams between machines: how a broker is spoken to, and the one loop that reads topics without losing anything.

Of four defaults each would lose records: the acknowledgement before the work (here: offsets are committed for what was
handled, by time), acks=1 (the relay asks for all), reading from the latest (earliest), and topics made by asking for
them (`merit topics` makes them, with their real settings). An offset is a hint: what is applied is decided by position
and digest.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import stamina
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.security import parse_security
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from shared.chassis.metrics import Metrics
from shared.chassis.settings import ServiceSettings
from shared.chassis.stream import Follower

Incoming = ConsumerRecord[bytes | None, bytes | None]
CONTENT_TYPE = ("content-type", b"application/cloudevents+json")
LARGEST = 16 * 1024 * 1024
"""Bytes of the largest record: a snapshot with a whole standing; an entry has at most 512 KiB."""
COMMIT_SECONDS = 1.0
SWEEP_SECONDS = 30.0
TAKE_OVER_SECONDS = 20.0
CONNECT_SECONDS = 5.0
T = TypeVar("T")
# FastStream says of every start what we do on purpose; what it says of failures matters.
LIBRARY = logging.getLogger("faststream.reading")
LIBRARY.setLevel(logging.ERROR)


class NoTopic(Exception):
    """A topic is not there; `merit topics` makes it."""


@dataclass(frozen=True)
class Kafka:
    """Where the brokers are and how they are spoken to."""

    bootstrap: str
    security: BaseSecurity = field(default_factory=BaseSecurity)

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Kafka | None":
        """As the settings say; None where streams stay in the process."""
        if settings.kafka is None:
            return None
        encrypted = settings.kafka_protocol.endswith("SSL")
        context = ssl.create_default_context(cafile=settings.kafka_ca) if encrypted else None
        if not settings.kafka_protocol.startswith("SASL"):
            return cls(settings.kafka, BaseSecurity(ssl_context=context, use_ssl=encrypted))
        kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
        return cls(
            settings.kafka,
            kinds[settings.kafka_mechanism](
                username=settings.kafka_username or "",
                password=settings.kafka_password.get_secret_value() if settings.kafka_password else "",
                ssl_context=context,
                use_ssl=encrypted,
            ),
        )

    def terms(self) -> dict[str, Any]:
        """What every client of aiokafka is told."""
        return {"bootstrap_servers": self.bootstrap.split(","), **parse_security(self.security)}

    async def existing(self) -> set[str]:
        """Names of the topics that are there.

        :raises KafkaError: nobody answers
        """
        return await unbroken(self._existing())

    async def _existing(self) -> set[str]:
        async with admin(self) as client:
            return set(await client.list_topics())


async def unbroken(connecting: Coroutine[Any, Any, T]) -> T:
    """Await it; when cancelled, let it come to its end first: a client cancelled while it connects leaks the socket."""
    task = asyncio.ensure_future(connecting)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=CONNECT_SECONDS)
        task.cancel()
        raise


@asynccontextmanager
async def admin(kafka: Kafka) -> AsyncGenerator[AIOKafkaAdminClient]:
    """A client that asks about topics and makes them."""
    client = AIOKafkaAdminClient(**kafka.terms())
    try:
        await client.start()
        yield client
    finally:
        await client.close()


class Reader(ConsumerRebalanceListener):
    """Reads topics as a member of a group, batch after batch, until cancelled.

    `handle` gets each batch until it has returned; only then the offsets count as read. Whatever it raises is logged
    and the batch is given to it again, with growing pauses. Of a partition of which it gives a record back, no more
    counts as read: that record and those behind it come again after the next start. When partitions move to another
    member, they move after the batch in hand.
    """

    def __init__(
        self,
        kafka: Kafka,
        topics: Sequence[str],
        group: str,
        handle: Callable[[Sequence[Incoming]], Awaitable[Sequence[Any] | None]],
        *,
        metrics: Metrics | None = None,
        records: int = 1000,
        assigned: Callable[[], object] | None = None,
    ) -> None:
        self.kafka = kafka
        self.assigned = assigned
        self.topics = tuple(topics)
        self.handle = handle
        self.metrics = metrics
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(topics=list(topics), group=group)
        self.busy = asyncio.Lock()
        self.read: dict[TopicPartition, int] = {}
        self.committed: dict[TopicPartition, int] = {}
        self.waiting: set[TopicPartition] = set()
        self.unheard = False
        self.broker = KafkaBroker(
            kafka.bootstrap.split(","),
            security=kafka.security,
            apply_types=False,
            consumer_only=True,
            allow_auto_create_topics=False,
            logger=LIBRARY,
            log_level=logging.DEBUG,
            graceful_timeout=TAKE_OVER_SECONDS,
        )
        self.subscriber = self.broker.subscriber(
            *topics,
            batch=True,
            group_id=group,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            max_records=records,
            max_partition_fetch_bytes=LARGEST,
            fetch_max_wait_ms=500,
            listener=self,
            parser=self.parsed,
            decoder=whole,
        )
        self.subscriber(self.take)

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The client underneath, while it runs."""
        return self.subscriber.consumer

    async def parsed(self, message: tuple[Incoming, ...]) -> KafkaMessage:
        """A batch as it came: FastStream would decode every header, and one that is no UTF-8 would cost the batch."""
        return KafkaMessage(body=b"", raw_message=message, consumer=self.consumer)  # pyright: ignore[reportArgumentType]

    async def take(self, batch: tuple[Incoming, ...]) -> None:
        """One batch, until it is done."""
        left: Sequence[Any] = ()
        async with self.busy:
            async for trial in stamina.retry_context(
                on=Exception, attempts=None, timeout=None, wait_initial=0.1, wait_max=5.0, wait_jitter=0.1
            ):
                with trial:
                    try:
                        left = await self.handle(batch) or ()
                    except Exception as error:
                        self.log.exception("a batch failed", size=len(batch), trial=trial.num, reason=str(error))
                        raise
            waiting = {(record.topic, record.partition, record.offset) for record in left}
            for record in batch:
                where = TopicPartition(record.topic, record.partition)
                if (record.topic, record.partition, record.offset) in waiting:
                    self.waiting.add(where)
                if where not in self.waiting:
                    self.read[where] = record.offset + 1

    async def run(self) -> None:
        """Read until cancelled.

        :raises NoTopic: a topic is not there yet
        :raises KafkaError: no broker answers at the start; later outages are waited for
        """
        if missing := set(self.topics) - await self.kafka.existing():
            raise NoTopic(f"Kafka has no topic {', '.join(sorted(missing))}; make it with `merit topics`.")
        try:
            await unbroken(self.broker.start())
            self.log.info("reading")
            while True:
                await asyncio.sleep(COMMIT_SECONDS)
                self.watch()
                await self.commit()
        finally:
            await self.broker.stop()

    def watch(self) -> None:
        """Progress, not a ping, is what shows that reading goes on.

        :raises KafkaError: it has ended by itself
        """
        if any(task.done() for task in self.subscriber.tasks):
            raise KafkaError(f"reading {', '.join(self.topics)} has ended")
        consumer: Any = self.consumer
        if consumer is None or self.metrics is None:
            return
        unread = dict.fromkeys(self.topics, 0)
        for where in consumer.assignment() & self.read.keys():
            unread[where.topic] += max(0, (consumer.highwater(where) or 0) - self.read[where])
        for topic, number in unread.items():
            self.metrics.unread.labels(topic).set(number)

    async def commit(self) -> None:
        """Tell the group how far was read, where that has changed; by time, since each costs the broker 5 ms."""
        consumer: Any = self.consumer
        ours: set[TopicPartition] = consumer.assignment() if consumer else set()
        offsets = {where: offset for where, offset in self.read.items() if self.committed.get(where) != offset}
        offsets = {where: offset for where, offset in offsets.items() if where in ours}
        if not offsets:
            return
        try:
            async with asyncio.timeout(5):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as error:  # only a hint; said, because it is often the first sign
            tell = self.log.debug if self.unheard else self.log.warning
            tell("offsets could not be committed", reason=str(error) or "no answer")
            self.unheard = True
        else:
            self.committed.update(offsets)
            if self.unheard:
                self.log.info("offsets are committed again")
            self.unheard = False

    # aiokafka awaits what these return; its annotations do not say so.
    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Sequence[TopicPartition]
    ) -> None:
        """Another member takes over: end the batch in hand and say how far it went."""
        self.log.debug("partitions", revoked=len(revoked))
        with suppress(TimeoutError):
            async with asyncio.timeout(TAKE_OVER_SECONDS), self.busy:
                await self.commit()
        self.read.clear()
        self.waiting.clear()
        self.committed.clear()

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Sequence[TopicPartition]
    ) -> None:
        """These are ours now."""
        self.log.info("partitions", assigned=sorted(f"{where.topic}/{where.partition}" for where in assigned))
        if self.assigned:
            self.assigned()


async def whole(message: KafkaMessage) -> Any:
    """A batch is handed on as it came."""
    return message.raw_message


async def follow(follower: Follower, kafka: Kafka, topic: str, group: str) -> None:
    """Keep a follower at the head of a topic, until cancelled: first from the feed, then by what the topic brings.

    :raises NoTopic: the topic is not there yet
    :raises KafkaError: no broker answers at the start
    """

    async def handle(batch: Sequence[Incoming]) -> None:
        await follower.offer(record.value or b"" for record in batch)

    wanted = asyncio.Event()
    sweeping = asyncio.create_task(sweep(follower, wanted))
    try:
        await Reader(kafka, [topic], group, handle, metrics=follower.health.metrics, assigned=wanted.set).run()
    finally:
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping


async def sweep(follower: Follower, wanted: asyncio.Event) -> None:
    """Look into the feed at the start, now and then in case a last record was lost, and when it is wanted.

    That is when partitions come from another member: it may have read on with no use for what it read, as a service
    does whose store was taken over.
    """
    while True:
        wanted.clear()
        try:
            await follower.sweep()
        except Exception as error:  # noqa: BLE001  the topic goes on meanwhile
            follower.log.warning("the feed does not answer", upstream=follower.upstream.name, reason=str(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(wanted.wait(), SWEEP_SECONDS)
