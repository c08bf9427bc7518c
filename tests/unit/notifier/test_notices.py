"""Who is told what, how it is signed, and when it is tried again."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from services.notifier.app import build
from services.notifier.domain import PAUSES, Subscription, is_public, next_try, notice, secret_of, signature, webhook_id
from services.notifier.sender import NotAllowed, checked
from services.notifier.settings import NotifierSettings
from shared.chassis.store import Append, EventStore
from shared.contracts.canonical import leaf_hash
from shared.contracts.records import standing_changed
from tests.services import calling

SECRET = secret_of(b"k" * 32)


def change(unit, total=("1.00", "2.00"), rank=(2, 1)):
    return {
        "unit": unit,
        "total": {"before": total[0], "after": total[1]},
        "rank": {"before": rank[0], "after": rank[1]},
        "because": ["C1"],
    }


def record(*changes, position=7, state="open", **more) -> dict:
    cause = {"position": position, "source": "/s", "id": "i", "type": "t"}
    return {
        "id": f"a/1/{position}",
        "assessment": "a",
        "position": position,
        "data": {"cause": cause, "changes": list(changes), "state": state, **more},
    }


def subscription(**more) -> Subscription:
    given = {
        "id": "sub_1",
        "url": "https://x.example",
        "secret": SECRET,
        "owner": "o",
        "sees_all": False,
        "created": "",
    }
    return Subscription(**(given | more))


def test_only_what_was_asked_for_is_told():
    """Given a change of two units, when a subscription wants the rank of one, then it hears of that one's rank only."""
    both = record(change("hr"), change("tax", rank=(1, 1)))

    assert [each["unit"] for each in notice(subscription(units=("hr",)), both)["data"]["changes"]] == ["hr"]
    assert [each["unit"] for each in notice(subscription(kinds=("rank",)), both)["data"]["changes"]] == ["hr"]
    assert notice(subscription(units=("science",)), both) is None
    assert notice(subscription(assessment="b"), both) is None
    assert notice(subscription(active=False), both) is None


def test_under_a_fixed_standing_only_the_office_hears_of_the_live_one():
    """Given a frozen standing, when the live one moves, then the public is not told, and the office is."""
    frozen = record(change("hr"), state="frozen")

    assert notice(subscription(), frozen) is None
    assert notice(subscription(sees_all=True), frozen)["data"]["changes"]


def test_a_restatement_names_what_it_replaces():
    """Given a restatement, when it is told, then the notice carries the standing and the position it supersedes."""
    told = notice(subscription(kinds=("standing",)), record(state="restated", standing={"units": []}, supersedes=5))

    assert (told["data"]["standing"], told["data"]["supersedes"]) == ({"units": []}, 5)


def test_a_signature_checks_with_somebody_elses_library():
    """Given a signed notice, when the Standard Webhooks library checks it, then it holds, and no changed one does."""
    now = int(datetime.now(UTC).timestamp())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now)}
    signed = headers | {"webhook-signature": signature(SECRET, "msg_1", now, b'{"a":1}')}

    assert Webhook(SECRET).verify(b'{"a":1}', signed) == {"a": 1}
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(b'{"a":2}', signed)


def test_retries_go_on_for_75_hours_and_then_end():
    """Given a receiver that never answers, when attempts fail, then they are repeated over 75 hours and given up."""
    now, attempts = 0, 1
    while (due := next_try(attempts, now, 0.0)) is not None:
        now, attempts = due, attempts + 1

    assert 75 * 3600 <= now <= 76 * 3600
    assert attempts == len(PAUSES) + 1


def test_a_notice_keeps_its_name():
    """Given one record and one subscription, when it is named again, then the name is the same; another's is not."""
    assert webhook_id("sub_1", "a/7") == webhook_id("sub_1", "a/7") != webhook_id("sub_2", "a/7")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "::1",
        "fe80::1",
        "fec0::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::",
    ],
)
def test_private_addresses_are_not_public(address):
    """Given an address inside, or one that wraps an IPv4 address, when it is looked at, then it is none to send to."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "::ffff:8.8.8.8", "2606:4700::1111", "240e::1"])
def test_public_addresses_are(address):
    """Given an address of the public internet, when it is looked at, then it may be sent to."""
    assert is_public(address)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "[::ffff:127.0.0.1]", "localhost"])
async def test_an_address_inside_is_known_however_it_is_written(host):
    """Given a loopback address in another writing, when it is looked at before sending, then it is refused."""
    with pytest.raises(NotAllowed, match="not a public address"):
        await checked(f"http://{host}:9/x", allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost/\x01",
        "http://localhost/\ud800",
        "http://１２７.0.0.1/",
        "http://[::1",
        "http://localhost:0/",
        "http://localhost:99999/",
        "http:///x",
        "http://a:b@localhost/",
        "http://0177.0.0.1/",
        "file:///etc/passwd",
    ],
)
async def test_what_could_never_be_sent_is_refused_at_once(url):
    """Given a URL that no request can be made of, when it is looked at, then it is refused and not only when sent."""
    with pytest.raises(NotAllowed, match="a webhook's URL"):
        await checked(url, allow_private=True)


async def test_a_receiver_is_told_the_host_it_is_known_by():
    """Given a receiver at an IPv6 address, when it is looked at, then the Host header has its brackets and port."""
    assert (await checked("http://[::1]:9/x", allow_private=True)).host == "[::1]:9"


async def test_nothing_is_sent_inside_unless_allowed():
    """Given a URL that leads inside, when it is looked at before sending, then it is refused unless allowed."""
    with pytest.raises(NotAllowed, match="not a public address"):
        await checked("http://127.0.0.1:9/x", allow_private=False)
    assert (await checked("http://127.0.0.1:9/x", allow_private=True))[0] == "http://127.0.0.1:9/x"


async def receiver(answers: list[int], got: list):
    """A receiver on loopback that answers with these statuses in turn, then 204."""

    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        pairs = (line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        headers = {name.lower(): value for name, value in pairs}
        got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        status = answers.pop(0) if answers else 204
        writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def until(look, seconds=30):
    """Ask until it is so."""
    async with asyncio.timeout(seconds):
        while not (found := await look()):
            await asyncio.sleep(0.02)
    return found


def standing_record(position=1) -> bytes:
    data = record(change("hr"), position=position)["data"]
    return standing_changed("a", 1, position, time="2020-07-01T00:00:00Z", previous=None, data=data)


async def test_a_notice_is_delivered_seen_and_repeated_by_hand(tmp_path):
    """
    Given a subscription, and a receiver that fails at first and then takes it,
    when a standing changes,
    then the notice arrives signed, is listed with its attempts, and comes again under the same id when asked for.
    """
    got: list = []
    server = await receiver([], got)
    port = server.sockets[0].getsockname()[1]
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    service = build(NotifierSettings(data=tmp_path, allow_private=True), lambda: ranking)
    async with server, calling(service) as client:
        wish = {"url": f"http://127.0.0.1:{port}/hook", "kinds": ["rank"]}
        made = (await client.post("/v1/subscriptions", json=wish)).json()
        await ranking.run(ranking.commit, append=[Append("standings/a", 1, [standing_record()])])

        async def delivered():
            listed = (await client.get("/v1/deliveries", params={"state": "delivered"})).json()["deliveries"]
            return listed[0] if listed else None

        first = await until(delivered)
        again = await client.post(f"/v1/deliveries/{first['id']}/redeliver")
        await until(lambda: asyncio.sleep(0, len(got) == 2))
        shown = (await client.get("/v1/subscriptions")).json()["subscriptions"]
        gone = await client.delete(f"/v1/subscriptions/{made['id']}")
    ranking.close()

    assert [headers["webhook-id"] for headers, _ in got] == [first["id"], first["id"]]
    headers, body = got[0]
    assert Webhook(made["secret"]).verify(body, headers) == json.loads(standing_record())
    assert (first["state"], first["attempts"], first["status"]) == ("delivered", 1, 204)
    assert (again.status_code, gone.status_code) == (202, 204)
    assert "secret" not in shown[0]


async def test_what_is_still_to_be_sent_survives_a_restart(tmp_path):
    """
    Given a notice that its receiver refused,
    when the notifier is stopped and started again,
    then the notice is still there, with its attempts and when it is due, and nothing is sent twice.
    """
    got: list = []
    server = await receiver([503, 503], got)
    port = server.sockets[0].getsockname()[1]
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    settings = NotifierSettings(data=tmp_path, allow_private=True)
    async with server:
        async with calling(build(settings, lambda: ranking)) as client:
            await client.post("/v1/subscriptions", json={"url": f"http://127.0.0.1:{port}/hook"})
            await ranking.run(ranking.commit, append=[Append("standings/a", 1, [standing_record()])])

            async def refused():
                listed = (await client.get("/v1/deliveries")).json()["deliveries"]
                return listed and listed[0]["status"] == 503 and listed[0]

            before = await until(refused)
        async with calling(build(settings, lambda: ranking)) as client:
            after = (await client.get("/v1/deliveries", params={"state": "pending"})).json()["deliveries"][0]
    ranking.close()

    assert after["id"] == before["id"]
    assert after["attempts"] >= 1
    assert len({headers["webhook-id"] for headers, _ in got}) == 1


async def test_a_receiver_that_drips_holds_nobody_up(tmp_path):
    """
    Given a receiver that answers a byte at a time and never ends, and another that takes what comes,
    when a standing changes,
    then the other has its notice, and the attempt at the first is over after `webhook_seconds`.
    """
    got: list = []
    server = await receiver([], got)
    ended = asyncio.Event()

    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        ended.set()

    dripping = await asyncio.start_server(drip, "127.0.0.1", 0)
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    settings = NotifierSettings(data=tmp_path, allow_private=True, webhook_seconds=0.5)
    async with server, dripping, calling(build(settings, lambda: ranking)) as client:
        for each in (dripping, server):
            url = f"http://127.0.0.1:{each.sockets[0].getsockname()[1]}/"
            await client.post("/v1/subscriptions", json={"url": url})
        await ranking.run(ranking.commit, append=[Append("standings/a", 1, [standing_record()])])

        async def given_up():
            listed = (await client.get("/v1/deliveries", params={"state": "pending"})).json()["deliveries"]
            return [each["answer"] for each in listed if each["answer"]]

        assert await until(given_up) == ["no whole answer within 0.5 s"]
        await ended.wait()
    ranking.close()
    assert len(got) == 1


async def test_a_receiver_that_hangs_holds_up_only_its_own(tmp_path):
    """
    Given a receiver that never answers, with more notices due than are sent at a time, and another that takes them,
    when standings change,
    then the other has all of its notices while the first still hangs, and only a few attempts are made at that one.
    """
    got: list = []
    hanging: list = []

    async def hang(reader, writer):
        hanging.append(await reader.readuntil(b"\r\n\r\n"))
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    silent, server = await asyncio.start_server(hang, "127.0.0.1", 0), await receiver([], got)
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    settings = NotifierSettings(data=tmp_path, allow_private=True, webhook_seconds=20)
    records: list[bytes] = []
    for position in range(1, 41):
        data = record(change("hr"), position=position)["data"]
        previous = leaf_hash(records[-1]) if records else None
        records.append(standing_changed("a", 1, position, time="2020-07-01T00:00:00Z", previous=previous, data=data))
    async with silent, server, calling(build(settings, lambda: ranking)) as client:
        for each in (silent, server):
            url = f"http://127.0.0.1:{each.sockets[0].getsockname()[1]}/"
            await client.post("/v1/subscriptions", json={"url": url})
        await ranking.run(ranking.commit, append=[Append("standings/a", 1, records)])
        await until(lambda: asyncio.sleep(0, len(got) == 40), 15)
        attempts = len(hanging)
    ranking.close()

    assert 1 <= attempts <= 4


async def test_what_was_delivered_can_be_seen_after_its_subscription_ended(tmp_path):
    """Given a delivery whose subscription was deleted, when the office looks at it, then it is there; it has no way."""
    got: list = []
    server = await receiver([], got)
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    async with (
        server,
        calling(build(NotifierSettings(data=tmp_path, allow_private=True), lambda: ranking)) as client,
    ):
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        made = (await client.post("/v1/subscriptions", json={"url": url})).json()
        await ranking.run(ranking.commit, append=[Append("standings/a", 1, [standing_record()])])

        async def delivered():
            return (await client.get("/v1/deliveries", params={"state": "delivered"})).json()["deliveries"]

        (one,) = await until(delivered)
        await client.delete(f"/v1/subscriptions/{made['id']}")
        seen = await client.get(f"/v1/deliveries/{one['id']}")
        again = await client.post(f"/v1/deliveries/{one['id']}/redeliver")
    ranking.close()

    assert (seen.status_code, seen.json()["state"], again.status_code) == (200, "delivered", 404)


async def test_a_private_receiver_is_refused_when_it_is_named(tmp_path):
    """Given private addresses are not allowed, when a subscription names one, then it is a 422 that says so."""
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    async with calling(build(NotifierSettings(data=tmp_path), lambda: ranking)) as client:
        answer: httpx.Response = await client.post("/v1/subscriptions", json={"url": "http://127.0.0.1:9/hook"})
    ranking.close()

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "public" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (b'{"secret": "whsec_!"}', "A secret is whsec_ and the base64 of 24 to 64 bytes."),
        (b'{"secret": "whsec_c2hvcnQ="}', "A secret is whsec_ and the base64 of 24 to 64 bytes."),
        (b'{"units": ["\\ud800"]}', "units"),
        (b'{"assessment": "\\ud800"}', "assessment"),
        (b'{"kinds": ["everything"]}', "kinds"),
    ],
)
async def test_a_wish_that_cannot_be_met_says_why(tmp_path, wish, said):
    """Given a subscription with a member that cannot be, when it is sent, then it is a 422 that names it."""
    ranking = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking")
    async with calling(build(NotifierSettings(data=tmp_path, allow_private=True), lambda: ranking)) as client:
        sent = b'{"url": "http://127.0.0.1:9/", ' + wish[1:]
        answer = await client.post("/v1/subscriptions", content=sent, headers={"content-type": "application/json"})
    ranking.close()

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert said in answer.json()["detail"]
