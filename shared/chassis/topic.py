"""A topic read from its beginning to where it ends now, as fast as it comes: for rebuilding, not for following.

librdkafka reads on in threads of its own and hands over a thousand records at once, so that Python's part is two thirds
of a microsecond a record. Live traffic is read by `kafka.py`, as a member of a group.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import stamina
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from shared.chassis.settings import ServiceSettings

AT_ONCE = 1000
"""Records asked of librdkafka at a time: more cost more each, as they leave the processor's cache meanwhile."""
BATCH = 10_000
SECONDS = 30.0
"""How long a broker may bring nothing."""
PAUSE = 0.1
"""How long so many are waited for; with what has come by then it goes on."""

QUICK = {
    "fetch.queue.backoff.ms": 5,  # of a full queue; after the default of a second it has long run dry
    "queued.max.messages.kbytes": 65_536,
    "enable.auto.commit": False,
    "allow.auto.create.topics": False,
    "auto.offset.reset": "error",
}

UNSETTLED = {KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.LEADER_NOT_AVAILABLE, KafkaError.UNKNOWN_TOPIC_OR_PART}


class Place(msgspec.Struct):
    """Where an entry stands."""

    position: int


_place = msgspec.json.Decoder(Place).decode


class TopicError(Exception):
    """The topic cannot be read, or does not hold what was asked for; the message says what to do."""


class Lacking(TopicError):
    """An entry is not there."""


def terms(settings: ServiceSettings) -> dict[str, Any]:
    """What librdkafka is told of the brokers."""
    found: dict[str, Any] = {
        "bootstrap.servers": settings.kafka,
        "security.protocol": settings.kafka_protocol,
        "ssl.ca.location": settings.kafka_ca and str(settings.kafka_ca),
    }
    if settings.kafka_protocol.startswith("SASL"):
        found["sasl.mechanism"] = settings.kafka_mechanism
        found["sasl.username"] = settings.kafka_username or ""
        found["sasl.password"] = settings.kafka_password.get_secret_value() if settings.kafka_password else ""
    return {name: value for name, value in found.items() if value is not None}


def entries(
    brokers: dict[str, Any], topic: str, assessment: str, after: int = 0, batch: int = BATCH
) -> Iterator[list[bytes]]:
    """Batches of what a topic holds of an assessment, in order, from behind a position on; blocking.

    A `batch` has as many or some more, but for the last.

    What was published twice comes once. Positions follow each other; whether each entry names the one before it is for
    whoever takes them to check.

    :raises TopicError: no broker answers, there is no such topic, or it lacks an entry
    """
    begun = False
    try:
        for found in _from(brokers, topic, assessment, after, after, batch):
            begun = True
            yield found
    except Lacking:
        if begun or not after:
            raise
        yield from _from(brokers, topic, assessment, after, 0, batch)


def _from(
    brokers: dict[str, Any], topic: str, assessment: str, after: int, offset: int, batch: int
) -> Iterator[list[bytes]]:
    """An entry's offset is no less than how many of its ledger are before it, if they all went to one partition."""
    key = assessment.encode()
    found: list[bytes] = []
    for messages in _read(brokers, topic, offset):
        found += _following(messages, key, after + len(found), topic)
        if len(found) >= batch:
            yield found
            after, found = after + len(found), []
    if found:
        yield found


def _following(messages: list[Message], key: bytes, last: int, topic: str) -> list[bytes]:
    """Give the entries behind the last one; leave out what is of others, and what was there before."""
    if not messages:
        return []
    if messages[0].key() == key == messages[-1].key():
        bodies = [message.value() or b"" for message in messages]
        if _fit(bodies, last):
            return bodies
    found: list[bytes] = []
    for message in messages:
        if error := message.error():
            raise TopicError(f"{topic} cannot be read from Kafka: {error.str()}.")
        if message.key() != key:
            continue
        body, name = message.value() or b"", key.decode()
        try:
            position = _place(body).position
        except msgspec.DecodeError as error:
            raise TopicError(f"{topic} holds what is no entry of {name}, behind position {last}: {error}.") from None
        if position > last + 1:
            raise Lacking(
                f"{topic} lacks entry {last + 1} of {name}: it does not hold the whole ledger; read it from intake's "
                "feed, or from scoring's own copy."
            )
        if position == last + 1:
            found.append(body)
            last = position
    return found


def _fit(bodies: list[bytes], last: int) -> bool:
    """Whether they follow and are all there are.

    An entry is published behind the one before it: where both ends fit, nothing came twice and nothing between them is
    another assessment's.
    """
    try:
        first, final = _place(bodies[0]), _place(bodies[-1])
    except msgspec.DecodeError:
        return False
    return (first.position, final.position) == (last + 1, last + len(bodies))


def _read(brokers: dict[str, Any], topic: str, offset: int) -> Iterator[list[Message]]:
    consumer = Consumer({**QUICK, **brokers, "group.id": "meritlog.reading"})  # no member of it: it commits nothing
    try:
        ends = _ends(consumer, topic)
        starts = {number: max(low, offset) if offset <= high else low for number, (low, high) in ends.items()}
        consumer.assign([TopicPartition(topic, number, start) for number, start in starts.items()])
        left = {number for number, start in starts.items() if start < ends[number][1]}
        partitions = [TopicPartition(topic, number) for number in ends]
        idle = 0.0
        while left:
            messages = consumer.consume(AT_ONCE, PAUSE)
            idle = 0.0 if messages else idle + PAUSE
            if idle > SECONDS:
                raise TopicError(f"Kafka brought nothing of {topic} for {SECONDS:.0f} s; see that its brokers are up.")
            yield messages
            left -= {each.partition for each in consumer.position(partitions) if each.offset >= ends[each.partition][1]}
    except KafkaException as error:
        raise TopicError(f"{topic} cannot be read from Kafka: {error.args[0].str()}.") from None
    finally:
        consumer.close()


def _ends(consumer: Consumer, topic: str) -> dict[int, tuple[int, int]]:
    """Where each partition begins and ends."""
    known = consumer.list_topics(topic, timeout=SECONDS).topics[topic]
    if known.error is not None or not known.partitions:
        raise TopicError(f"Kafka has no topic {topic}; make it with `merit topics`.")
    found: dict[int, tuple[int, int]] = {}
    for number in known.partitions:
        for trial in stamina.retry_context(on=_is_unsettled, timeout=SECONDS):
            with trial:
                found[number] = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=SECONDS)
    return found


def _is_unsettled(error: Exception) -> bool:
    """Whether a partition has just been made, or moves to another broker."""
    return isinstance(error, KafkaException) and error.args[0].code() in UNSETTLED
