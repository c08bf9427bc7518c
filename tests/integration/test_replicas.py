"""Two intakes beside each other on one PostgreSQL database, both under load, one of them killed."""

import itertools
import json
import random
import threading
import time

import httpx
import pytest

from shared.contracts.entries import leaf_hash
from tests.builders import ASSESSMENT, opened, raw, submitted
from tests.integration.cluster import Cluster, wait_for

SENDERS, EVENTS = 6, 900
STRUCTURED = {"Content-Type": "application/cloudevents+json"}


@pytest.fixture
def twins(tmp_path):
    """Two intakes that share a database and a key."""
    first = Cluster(tmp_path, ["intake"], broker=False)
    first.merit("migrate", "intake")
    first.start("intake")
    try:
        first.ready()
        second = Cluster(tmp_path, ["intake"], first.databases, broker=False)
        second.start("intake")
        try:
            second.ready()
            yield first, second
        finally:
            second.stop()
    finally:
        first.stop()


class Sender(threading.Thread):
    """Sends events in an order of its own, each to either intake, until it is answered; keeps the receipts."""

    def __init__(self, urls, events, seed):
        super().__init__(daemon=True)
        self.urls, self.chance = urls, random.Random(seed)
        self.events = self.chance.sample(events, len(events))
        self.receipts = {}

    def run(self):
        with httpx.Client(timeout=30, trust_env=False) as client:
            for event in self.events:
                self.receipts[event["id"]] = self.send(client, raw(event))

    def send(self, client, body):
        while True:
            url = f"{self.chance.choice(self.urls)}/v1/entries/{ASSESSMENT}"
            try:
                answer = client.post(url, content=body, headers=STRUCTURED)
            except httpx.TransportError:
                continue
            if answer.status_code in (200, 201):
                return answer.json()["position"], answer.json()["digest"]
            assert answer.status_code == 503, answer.text
            time.sleep(0.05)


def test_two_intakes_under_load_keep_one_ledger(twins):
    """
    Given two intakes on one database,
    when six senders hand the same events to either, in different orders, and one intake is killed meanwhile,
    then every event has one position, each sender was told the same, and the chain has no gap.
    """
    first, second = twins
    urls = [each.url("intake") for each in twins]
    httpx.post(f"{urls[0]}/v1/entries/{ASSESSMENT}", content=raw(opened()), headers=STRUCTURED).raise_for_status()
    events = [submitted(number, id=f"figure-{number}") for number in range(EVENTS)]
    senders = [Sender(urls, events, seed) for seed in range(SENDERS)]
    for sender in senders:
        sender.start()
    wait_for(lambda: len(senders[0].receipts) > EVENTS // 3, 120)
    second.kill("intake")
    time.sleep(0.5)
    second.start("intake")
    for sender in senders:
        sender.join(300)
        assert not sender.is_alive()

    ledger = first.get("intake", f"/v1/entries/{ASSESSMENT}", limit=10_000).content.splitlines()
    same = second.get("intake", f"/v1/entries/{ASSESSMENT}", limit=10_000).content.splitlines()

    entries = list(map(json.loads, ledger))
    where = {entry["id"]: (entry["position"], leaf_hash(line)) for entry, line in zip(entries, ledger, strict=True)}
    assert [entry["position"] for entry in entries] == list(range(1, EVENTS + 2))
    assert [entry.get("previous") for entry in entries] == [None, *map(leaf_hash, ledger[:-1])]
    assert all(one <= other for one, other in itertools.pairwise(entry["acceptedtime"] for entry in entries))
    for sender in senders:
        assert sender.receipts == {event["id"]: where[event["id"]] for event in events}
    assert same == ledger
