"""Events that come in through Kafka: the same gate as over HTTP, the topic as the sender's identity."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from services.intake import handlers
from services.intake.app import build
from services.intake.settings import IntakeSettings
from shared.chassis import topics
from shared.chassis.kafka import Kafka
from tests.builders import ASSESSMENT, deducted, event, judged, opened, raw, submitted
from tests.integration import containers
from tests.services import calling

HEADERS = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


@pytest.fixture
def broker():
    """A broker of its own: the names of inboxes and the group that reads them are fixed."""
    container = containers.Kafka().start()
    yield Kafka(container.bootstrap)
    container.stop()


class Inboxes:
    """Intake that reads its inboxes, with whom to send to them."""

    def __init__(self, client, producer, broker):
        self.client, self.producer, self.broker = client, producer, broker

    async def send(self, provider, value, headers=HEADERS):
        await self.producer.send_and_wait(f"{topics.INBOX}{provider}", value, key=b"any", headers=headers)

    async def ledger(self, count):
        """The entries, once there are so many."""
        return await self.listed(f"/v1/entries/{ASSESSMENT}", count, lambda answer: answer.text.splitlines())

    async def refused(self, count, assessment=ASSESSMENT):
        """What was refused, once it is so many."""
        found = await self.listed(f"/v1/refused/{assessment}", count, lambda answer: answer.json()["refused"])
        return {each["id"]: each["code"] for each in found}

    async def listed(self, path, count, rows):
        async with asyncio.timeout(60):
            while True:
                answer = await self.client.get(path)
                found = rows(answer) if answer.status_code == 200 else []
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.05)

    async def rejected(self, count):
        """What stands in `meritlog.rejected`, once it is so many records."""
        reading = AIOKafkaConsumer(topics.REJECTED, auto_offset_reset="earliest", **self.broker.terms())
        found = []
        async with asyncio.timeout(60), reading:
            while len(found) < count:
                for records in (await reading.getmany(timeout_ms=200)).values():
                    found += [json.loads(record.value) for record in records]
        return found


@asynccontextmanager
async def reading(broker, database):
    settings = IntakeSettings(kafka=broker.bootstrap, database=database, start_seconds=30)
    service = build(settings)
    async with calling(service) as client, AIOKafkaProducer(**broker.terms(), acks="all") as producer:
        yield Inboxes(client, producer, broker)


async def test_events_of_both_modes_go_through_the_gate(broker, database, tmp_path, monkeypatch):
    """
    Given inboxes of the office and of two providers,
    when good and bad events come in, structured and binary, then all of it once more after a restart,
    then the good ones are in the ledger once, in order, as who owns the topic; the bad ones are kept with their code
    and stand on `meritlog.rejected`; and nothing stops the inbox.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(handlers, "LOOK_SECONDS", 0.5)
    await topics.ensure(broker, topics.ours(["sme-office", "market"]))
    opening, figure, judgement = opened(), submitted(5605), judged(3)
    binary = submitted(1200, over={"occurred": "2020-03-31"})
    attributes = [(f"ce_{name}", str(value).encode()) for name, value in binary.items() if name != "data"]
    of_others = submitted(7, source="/binjiang/tax", provider="tax", over={"indicator": "T1", "measure": "coverage"})
    not_an_office = deducted("0.3")
    huge = submitted(1, id="x" * 300_000)

    async def send_all(inboxes):
        await inboxes.send("sme-office", raw(opening))
        await inboxes.ledger(1)
        await inboxes.send("market", b"this is no event")
        await inboxes.send("market", None)
        await inboxes.send("market", raw(figure), [*HEADERS, ("trace", b"\xff\xfe")])
        await inboxes.send("market", raw(binary["data"]), [("content-type", b"application/json"), *attributes])
        await inboxes.send("market", raw(of_others))
        await inboxes.send("market", raw(not_an_office))
        await inboxes.send("market", raw(submitted(-1, id="negative")))
        await inboxes.send("market", raw(huge))
        await inboxes.send("sme-office", raw(judgement))

    async with reading(broker, database) as inboxes:
        await send_all(inboxes)
        ledger = [json.loads(line) for line in await inboxes.ledger(4)]
        refused = await inboxes.refused(4)
        nowhere = await inboxes.listed("/v1/refused/-", 2, lambda answer: answer.json()["refused"])
        told = await inboxes.rejected(6)
    async with reading(broker, database) as inboxes:
        await send_all(inboxes)
        await inboxes.send("sme-office", raw(event("RecusalRecorded", {"scope": "M1", "reason": "回避"}, id="last")))
        again = [json.loads(line) for line in await inboxes.ledger(5)]
        twice = await inboxes.listed("/v1/refused/-", 2, lambda answer: answer.json()["refused"])

    assert ledger[0]["id"] == opening["id"]
    assert {entry["id"] for entry in ledger} == {each["id"] for each in (opening, figure, binary, judgement)}
    assert [entry["id"] for entry in ledger if entry["provider" if "provider" in entry else "id"] == "market"] == [
        figure["id"],
        binary["id"],
    ]
    assert {(entry["authtype"], entry["authid"]) for entry in ledger} == {
        ("api_key", "inbox.sme-office"),
        ("api_key", "inbox.market"),
    }
    assert refused == {
        of_others["id"]: "forbidden",
        not_an_office["id"]: "forbidden",
        "negative": "out-of-range",
        huge["id"]: "too-large",
    }
    assert [each["code"] for each in nowhere] == ["malformed", "malformed"]
    assert sorted(each["code"] for each in told) == sorted([*refused.values(), *(each["code"] for each in nowhere)])
    assert all(each["reason"] for each in told)
    assert again[:4] == ledger
    assert [entry["id"] for entry in again[4:]] == ["last"]
    assert all(each["times"] >= 2 for each in twice)
    assert len(twice) == 2


async def test_an_inbox_that_is_made_later_is_read(broker, database, tmp_path, monkeypatch):
    """Given a running intake, when a provider is given an inbox and sends, then its figures come in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(handlers, "LOOK_SECONDS", 0.5)
    await topics.ensure(broker, topics.ours(["sme-office"]))
    async with reading(broker, database) as inboxes:
        await inboxes.send("sme-office", raw(opened()))
        await inboxes.ledger(1)
        await topics.ensure(broker, topics.ours(["pbc-hangzhou"]))
        figure = submitted("9.1", provider="pbc-hangzhou", over={"measure": "growth"})
        await inboxes.send("pbc-hangzhou", raw(figure))
        ledger = await inboxes.ledger(2)

    assert json.loads(ledger[1])["id"] == figure["id"]
