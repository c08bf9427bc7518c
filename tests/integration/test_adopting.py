"""A database restored to an earlier state takes back what the topic holds beyond it, before it accepts anything."""

import asyncio
import json
import sqlite3

import pytest

from services.intake.app import build
from services.intake.settings import IntakeSettings
from shared.chassis import topics
from shared.chassis.kafka import Kafka
from tests.builders import opened, raw, submitted
from tests.integration import containers
from tests.services import calling

STRUCTURED = {"Content-Type": "application/cloudevents+json"}


@pytest.fixture
def settings(tmp_path, bootstrap):
    """An intake on the broker, on SQLite in a folder, so that its database is restored by copying a file."""
    return IntakeSettings(data=tmp_path, kafka=bootstrap, start_seconds=60)


def name(tmp_path) -> str:
    """An assessment of the test's own: the broker is everybody's."""
    return f"adopt-{tmp_path.name[-40:].replace('_', '-')}"


async def send(client, assessment, *values):
    answers = [
        await client.post(
            f"/v1/entries/{assessment}", content=raw(submitted(each, assessment=assessment)), headers=STRUCTURED
        )
        for each in values
    ]
    assert {answer.status_code for answer in answers} == {201}


async def published(client, assessment, head):
    """Wait until the broker has confirmed the ledger up to its head."""
    store = client._transport.app.state.store
    while (cursor := store.published(f"entries/{assessment}")) is None or cursor.position < head:
        await asyncio.sleep(0.1)


def copied(folder, to):
    """SQLite's own backup, as the how-to says."""
    with sqlite3.connect(folder / "intake.sqlite") as one, sqlite3.connect(to) as other:
        one.backup(other)
    one.close()
    other.close()


async def test_a_restored_database_takes_back_what_was_published(tmp_path, settings):
    """
    Given a ledger of nine entries on a topic, and a backup of its database with four,
    when intake starts on the backup,
    then it has the nine before it accepts the tenth; on no database at all it has them too.
    """
    assessment = name(tmp_path)
    await topics.ensure(Kafka(containers.kafka().bootstrap), topics.ours([]))
    async with calling(build(settings)) as client:
        first = await client.post(
            f"/v1/entries/{assessment}", content=raw(opened(assessment=assessment)), headers=STRUCTURED
        )
        assert first.status_code == 201
        await send(client, assessment, 1, 2, 3)
        await published(client, assessment, 4)
        copied(tmp_path, tmp_path / "backup")
        await send(client, assessment, 4, 5, 6, 7, 8)
        await published(client, assessment, 9)
        whole = (await client.get(f"/v1/entries/{assessment}")).content

    for restore in (lambda: copied_back(tmp_path), lambda: removed(tmp_path)):
        restore()
        async with calling(build(settings)) as client:
            assert (await client.get(f"/v1/entries/{assessment}")).content == whole
            assert assessment not in (await client.get("/readyz")).json()["parked"].get("intake", {})
            again = await client.post(
                f"/v1/entries/{assessment}?dry-run=true",
                content=raw(submitted(9, assessment=assessment)),
                headers=STRUCTURED,
            )
            assert again.status_code == 200
            assert again.json()["position"] == 10


def copied_back(folder):
    removed(folder)
    (folder / "backup").rename(folder / "intake.sqlite")


def removed(folder):
    for file in folder.glob("intake.sqlite*"):
        file.unlink()


async def test_a_database_that_went_another_way_is_told_and_left_alone(tmp_path, settings):
    """
    Given a backup on which somebody accepted other entries without a broker,
    when intake starts on it beside the topic,
    then the assessment is parked as a fork, its ledger stays as it is, and it accepts nothing more; nothing of it is
    published, while another assessment's entries are.
    """
    assessment = name(tmp_path)
    await topics.ensure(Kafka(containers.kafka().bootstrap), topics.ours([]))
    async with calling(build(settings)) as client:
        await client.post(f"/v1/entries/{assessment}", content=raw(opened(assessment=assessment)), headers=STRUCTURED)
        await published(client, assessment, 1)
        copied(tmp_path, tmp_path / "backup")
        await send(client, assessment, 1, 2)
        await published(client, assessment, 3)
    copied_back(tmp_path)
    async with calling(build(IntakeSettings(data=tmp_path, start_seconds=60))) as client:
        await send(client, assessment, 7)
        other = (await client.get(f"/v1/entries/{assessment}")).content
    async with calling(build(settings)) as client:
        parked = (await client.get("/readyz")).json()["parked"]["intake"]
        assert parked[assessment].startswith("Fork: the topic holds position 2")
        refused = await client.post(
            f"/v1/entries/{assessment}", content=raw(submitted(8, assessment=assessment)), headers=STRUCTURED
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "fork")
        assert (await client.get(f"/v1/entries/{assessment}")).content == other
        beside = f"{assessment}-beside"
        await client.post(f"/v1/entries/{beside}", content=raw(opened(assessment=beside)), headers=STRUCTURED)
        await published(client, beside, 1)
        assert client._transport.app.state.store.published(f"entries/{assessment}").position == 1
        assert json.loads(other.splitlines()[1])["data"]["value"] == "7"
