"""A topic read from its beginning to its end by librdkafka, from a real broker."""

import asyncio

import pytest
from confluent_kafka import Producer

from shared.chassis import topic
from shared.chassis.kafka import Kafka
from shared.chassis.settings import ServiceSettings
from shared.chassis.topics import ENTRIES, ensure, ours
from tests.builders import chain


@pytest.fixture
def name(bootstrap, prefix) -> str:
    """A topic of the test's own, as `merit topics` makes it."""
    asyncio.run(ensure(Kafka(bootstrap), ours(prefix=prefix)))
    return f"{prefix}{ENTRIES}"


def publish(bootstrap, name, bodies, key="a", partition=2):
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    for body in bodies:
        producer.produce(name, body, key.encode(), partition=partition, headers=[("content-type", b"x")])
    producer.flush()


def read(bootstrap, name, assessment="a", after=0):
    brokers = topic.terms(ServiceSettings(kafka=bootstrap))
    return [body for batch in topic.entries(brokers, name, assessment, after) for body in batch]


def test_one_assessments_entries_are_read_whole_from_behind_any_position(bootstrap, name, monkeypatch):
    """Given two assessments whose entries lie between each other, then those of one come, in order, each once."""
    monkeypatch.setattr(topic, "BATCH", 100)
    one, other = chain(1500, "a"), chain(700, "b")
    for first in range(0, 1500, 250):
        publish(bootstrap, name, one[first : first + 250])
        publish(bootstrap, name, other[first // 2 : first // 2 + 125], "b")
    assert read(bootstrap, name) == one
    assert read(bootstrap, name, "b") == other
    assert read(bootstrap, name, after=1234) == one[1234:]
    assert read(bootstrap, name, after=1500) == []
    assert read(bootstrap, name, "nobody") == []


def test_what_a_second_relay_repeats_comes_once(bootstrap, name, monkeypatch):
    """Given entries that were published again, from before, then each comes once."""
    monkeypatch.setattr(topic, "AT_ONCE", 64)
    entries = chain(400, "a")
    publish(bootstrap, name, [*entries[:300], *entries[100:350], *entries[90:95], *entries[350:]])
    assert read(bootstrap, name) == entries


def test_an_entry_that_is_not_there_is_named(bootstrap, name):
    """Given a topic that lacks an entry, as after its retention, then what lacks is said, and what to do."""
    entries = chain(30, "a")
    publish(bootstrap, name, [*entries[:10], *entries[11:]])
    with pytest.raises(topic.TopicError, match="lacks entry 11 of a: it does not hold the whole ledger"):
        read(bootstrap, name)


@pytest.mark.parametrize("after", [300, 400, 650, 1000])
def test_a_topic_that_begins_later_serves_whoever_has_what_was_before(bootstrap, name, after):
    """Given a topic made anew, whose first entry is 301, then what lies behind a position is found all the same."""
    entries = chain(1000, "a")
    publish(bootstrap, name, entries[300:])
    assert read(bootstrap, name, after=after) == entries[after:]


def test_what_is_no_entry_is_told(bootstrap, name):
    """Given bytes under the assessment's key that are no entry, then reading ends there and says so."""
    publish(bootstrap, name, [*chain(3, "a"), b"{}"])
    with pytest.raises(topic.TopicError, match="holds what is no entry of a, behind position 3"):
        read(bootstrap, name)


def test_a_topic_that_is_not_there_is_told(bootstrap, prefix):
    """Given no topic, then it is said how it is made, and none is made by asking."""
    for _ in range(2):
        with pytest.raises(topic.TopicError, match=f"no topic {prefix}nothing; make it with `merit topics`"):
            read(bootstrap, f"{prefix}nothing")


def test_brokers_that_do_not_answer_are_told(monkeypatch):
    """Given nobody at the address, then it is said within the time that a broker has."""
    monkeypatch.setattr(topic, "SECONDS", 1.0)
    with pytest.raises(topic.TopicError, match="cannot be read from Kafka"):
        read("127.0.0.1:1", "x")
