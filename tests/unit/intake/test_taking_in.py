"""What comes in over HTTP and by the inbox: each event is answered or kept, and none spoils another."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import pytest

from services.intake.app import build
from services.intake.desk import rejection
from services.intake.handlers import take
from services.intake.ledgers import Fork
from services.intake.receiving import BATCH, JSON, STRUCTURED
from services.intake.settings import IntakeSettings
from services.intake.store import Unreadable
from shared.chassis.kafka import Kafka, Reader
from shared.chassis.store import StoreError, Unavailable
from shared.chassis.topics import ENTRY_BYTES
from shared.contracts.refusals import Refusal
from shared.gate.outcomes import Refused
from tests.builders import ASSESSMENT, opened, raw, submitted
from tests.services import client_of

ENTRIES = f"/v1/entries/{ASSESSMENT}"


@asynccontextmanager
async def intake(folder):
    """Intake with an assessment opened, and a client of it."""
    service = build(IntakeSettings(data=folder, start_seconds=10))
    async with service.running(), client_of(service.app) as client:
        assert (await client.post(ENTRIES, content=raw(opened(id="opening")), headers=typed(STRUCTURED))).is_success
        yield service.app.state.ledgers, client


def typed(media, **more):
    """Headers that say so."""
    return {"content-type": media} | more


def binary(event):
    """The attributes of an event as headers."""
    return {f"ce-{name}": str(value) for name, value in event.items() if name != "data"}


@pytest.mark.parametrize(
    "broken", [b"{c:1}", b'{"id": NaN}', b"", b'{"a": "\\ud800"}', b"[1, 2]", b'{"id": 1, "id": 2}']
)
async def test_a_batch_goes_in_but_for_the_event_that_cannot_be_read(tmp_path, broken):
    """Given a batch in which one event is no JSON, the others are taken; the answer says which was not, and why."""
    events = b"[" + raw(submitted(1, id="first")) + b", " + broken + b", " + raw(submitted(2, id="last")) + b"]"
    async with intake(tmp_path) as (_, client):
        answer = await client.post(ENTRIES, content=events, headers=typed(BATCH))
    assert answer.status_code == 200
    assert [each["status"] for each in answer.json()] == [201, 422, 201]
    assert answer.json()[1]["code"] == "malformed"


@pytest.mark.parametrize("body", [b"", b"{}", b"[1", b"null", b"[1],[2]"])
async def test_what_is_no_batch_is_refused_whole(tmp_path, body):
    """Given a body in which no event can be told from the next, nothing is taken."""
    async with intake(tmp_path) as (_, client):
        answer = await client.post(ENTRIES, content=body, headers=typed(BATCH))
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


async def test_an_event_is_the_same_in_structured_and_in_binary_mode(tmp_path):
    """Given an event in binary mode, the same one in structured mode is known already."""
    event = submitted(5, id="one", datacontenttype=JSON)
    async with intake(tmp_path) as (_, client):
        first = await client.post(ENTRIES, content=json.dumps(event["data"]), headers=typed(JSON) | binary(event))
        again = await client.post(ENTRIES, content=raw(event), headers=typed(STRUCTURED))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["position"] == again.json()["position"] == 2


@pytest.mark.parametrize("more", ['{}, "subject": "tax"', '{}, "x": 1', "{}}, {", "]", "5 6"])
async def test_data_in_binary_mode_brings_in_no_attributes(tmp_path, more):
    """Given a body that is more than one JSON value, the event is malformed, whatever it would have come to."""
    event = submitted(5, id="one")
    async with intake(tmp_path) as (_, client):
        answer = await client.post(
            ENTRIES, content=more.replace("{}", json.dumps(event["data"]), 1), headers=typed(JSON) | binary(event)
        )
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "multipart/form-data"])
async def test_what_is_no_cloudevent_by_its_type_is_not_read(tmp_path, media):
    """Given another content type, the answer names those that are taken."""
    async with intake(tmp_path) as (_, client):
        answer = await client.post(ENTRIES, content=raw(submitted()), headers=typed(media))
    assert answer.status_code == 415
    assert STRUCTURED in answer.json()["detail"]


def sent(value, *headers):
    """A record of market's inbox."""
    return SimpleNamespace(topic="meritlog.inbox.market", value=value, headers=headers)


@pytest.mark.parametrize(
    "poison",
    [
        sent(None),
        sent(b""),
        sent(b"\xff\xfe"),
        sent(b"[" * 10_000),
        sent(b"{}", ("ce_id", None)),
        sent(b"{}", ("ce_id", b"\xff"), ("ce_source", b"/x")),
        sent(b'{}, "subject": "tax"', ("ce_id", b"x"), ("content-type", b"application/json")),
        sent(raw({"assessment": "no/such\x00place"})),
        sent(raw(submitted(id="other", provider="tax"))),
    ],
)
async def test_a_record_of_the_inbox_that_cannot_be_taken_takes_nothing_along(tmp_path, poison):
    """Given rubbish between two events, both are in the ledger, and the rubbish is kept, once."""
    first, last = (sent(raw(submitted(number, id=f"e{number}"))) for number in (1, 2))
    async with intake(tmp_path) as (ledgers, client):
        await take(ledgers, [first, poison, last])
        await take(ledgers, [first, poison, last])
        lines = (await client.get(ENTRIES, params={"after": 1})).text.splitlines()
        kept = await refused(client, ASSESSMENT) + await refused(client, "-")
    assert [json.loads(line)["id"] for line in lines] == ["e1", "e2"]
    assert [each["times"] for each in kept] == [2]


async def refused(client: httpx.AsyncClient, assessment):
    return (await client.get(f"/v1/refused/{assessment}")).json()["refused"]


@pytest.mark.parametrize("byte", [b"x", b'"', b"\x01", b"\xff", "区".encode()])
@pytest.mark.parametrize("size", [1000, 524_288, 5_000_000])
def test_what_is_kept_of_a_refusal_fits_the_topic(byte, size):
    """Given bytes that take six times their room as JSON, the record of the refusal is one that the broker takes."""
    refused = Refused(Refusal.MALFORMED, "not JSON", None, None)
    record = rejection("-", 1, refused, byte * (size // len(byte)), "2020-07-01T01:00:03Z")
    assert len(record) < ENTRY_BYTES * 3 // 4
    assert json.loads(record)["event"].startswith(byte.decode("utf-8", "replace"))


async def test_reading_a_large_body_holds_nobody_up(tmp_path):
    """Given a batch that takes long to read, the loop goes round meanwhile."""
    deep = raw(submitted(1, over={"x": [[]] * 50_000}))
    late: list[float] = []

    async def tick():
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 0.01
            await asyncio.sleep(0.01)
            late.append(loop.time() - due)

    async with intake(tmp_path) as (_, client):
        ticking = asyncio.create_task(tick())
        started = time.monotonic()
        answer = await client.post(ENTRIES, content=b"[" + b",".join([deep] * 10) + b"]", headers=typed(BATCH))
        took = time.monotonic() - started
        ticking.cancel()
    assert [each["status"] for each in answer.json()] == [201] + [200] * 9
    assert max(late) < took / 2


async def test_an_assessment_that_cannot_go_on_holds_up_no_other(tmp_path, monkeypatch):
    """
    Given an assessment whose rubric this program cannot use, and one that breaks the program,
    when an inbox brings events of both and of a third,
    then the third's are in its ledger, and the others' are given back, to be read again.
    """
    whole, older, broken = (sent(raw(submitted(1, id=f"e-{name}", assessment=name))) for name in (ASSESSMENT, "b", "c"))
    async with intake(tmp_path) as (ledgers, client):
        load = ledgers.store.load

        def loaded(assessment):
            if assessment == "b":
                raise Unreadable("start a newer program")
            if assessment == "c":
                raise RuntimeError("a mistake of ours")
            return load(assessment)

        monkeypatch.setattr(ledgers.store, "load", loaded)
        waiting = await take(ledgers, [older, whole, broken])
        lines = (await client.get(ENTRIES, params={"after": 1})).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"e-{ASSESSMENT}"]
    assert waiting == [older, broken]


@pytest.mark.parametrize(
    ("stopped", "status", "code"),
    [
        (Fork("Fork: restore the true database."), 409, "fork"),
        (Unreadable("Entry 8 is damaged or lost; restore the database."), 503, "unavailable"),
    ],
)
async def test_what_comes_for_a_ledger_that_was_not_gone_on_with_waits(tmp_path, capsys, stopped, status, code):
    """
    Given an assessment whose topic holds another history, or whose database cannot be read beside it,
    when an event comes for it over HTTP, twice, and by an inbox,
    then HTTP says which of the two it is, the inbox's event waits, and the log gives the reason.
    """
    late = sent(raw(submitted(1, id="e")))
    async with intake(tmp_path) as (ledgers, client):
        ledgers.stopped[ASSESSMENT] = stopped
        answers = [await client.post(ENTRIES, content=raw(submitted(2)), headers=typed(STRUCTURED)) for _ in range(2)]
        waiting = await take(ledgers, [late])
        lines = (await client.get(ENTRIES, params={"after": 1})).text
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(status, code)] * 2
    assert {answer.json()["detail"] for answer in answers} == {str(stopped)}
    assert (waiting, lines) == ([late], "")
    said = capsys.readouterr().out
    assert str(stopped) in said
    assert "Traceback" not in said


async def test_a_database_that_is_away_is_waited_for(tmp_path, monkeypatch):
    """Given a database that does not answer, when an inbox brings events, then the whole batch is asked for again."""
    async with intake(tmp_path) as (ledgers, _):

        def away(assessment):
            raise Unavailable("nobody answers")

        monkeypatch.setattr(ledgers.store, "load", away)
        with pytest.raises(StoreError):
            await take(ledgers, [sent(raw(submitted(1, id="e")))])


async def test_what_waits_is_not_counted_as_read():
    """
    Given a batch of two partitions, of one of which a record has to wait,
    when it was handled,
    then that partition counts as read up to that record, and no further by later batches; the other goes on.
    """

    def record(partition, offset):
        return SimpleNamespace(topic="t", partition=partition, offset=offset)

    async def handle(batch):
        return [each for each in batch if (each.partition, each.offset) == (0, 6)]

    reader = Reader(Kafka("127.0.0.1:1"), ["t"], "g", handle)
    await reader.take((record(0, 5), record(0, 6), record(1, 1), record(0, 7)))
    await reader.take((record(0, 8), record(1, 2)))

    assert {where.partition: offset for where, offset in reader.read.items()} == {0: 6, 1: 3}
