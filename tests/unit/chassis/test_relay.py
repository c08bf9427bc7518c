"""Which streams a relay publishes; how it does is shown on a real broker."""

import pytest

from shared.chassis.kafka import Kafka
from shared.chassis.metrics import Metrics
from shared.chassis.relay import Relay
from shared.chassis.store import Append, EventStore
from tests.builders import chain


@pytest.fixture
def store(tmp_path):
    made = EventStore.open(f"sqlite:///{tmp_path}/intake.sqlite", "intake", [])
    yield made
    made.close()


async def test_nothing_of_an_assessment_that_is_withheld_is_published(store):
    """
    Given two ledgers, of which one forked from what the topic holds, and a stream that has no topic,
    when the relay looks for what is to be published, or is rung for it,
    then the fork stays out of the topic and the other ledger goes in.
    """
    for stream in ("entries/a", "entries/b", "notes/b"):
        store.commit(append=[Append(stream, 1, chain(2, assessment=stream[-1]))])
    forks = {"a": "Fork: …"}
    relay = Relay(store, {"entries": "t"}, Kafka("127.0.0.1:1"), metrics=Metrics("intake"), withheld=forks)

    assert await relay.behind() == {"entries/b"}
    assert [relay.goes_out(stream) for stream in ("entries/a", "entries/b", "notes/b")] == [False, True, False]
