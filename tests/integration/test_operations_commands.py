"""`merit topics` and `merit migrate` on a real broker and a real database."""

import asyncio
import json
import secrets

import psycopg
import pytest
from aiokafka.admin import NewTopic

from cli.main import run
from services.scoring.store import VERSION
from shared.chassis.kafka import Kafka, admin
from shared.chassis.settings import ServiceSettings


@pytest.fixture
def merit(capsys):
    """Run a command: status, answer (JSON read where asked for), what stderr said."""

    def asked(*arguments):
        status = run(arguments)
        out, err = capsys.readouterr()
        return status, json.loads(out) if "--json" in arguments and out else out, err

    return asked


def test_topics_are_made_once_and_left_alone(merit, bootstrap):
    """
    Given a broker,
    when `merit topics` is called twice for a provider,
    then the second time finds everything as it must be, and both answer 0.
    """
    provider = secrets.token_hex(4)
    words = ("topics", "--kafka", bootstrap, "--provider", provider)

    first, again = merit(*words, "--json"), merit(*words)

    names = [each["topic"] for each in first[1]["topics"]]
    assert (first[0], first[2], again[0], again[2]) == (0, "", 0, "")
    assert names == [
        *(f"meritlog.{name}" for name in ("entries", "scores", "standings", "rejected")),
        f"meritlog.inbox.{provider}",
    ]
    assert [each["made"] for each in first[1]["topics"]][-1] is True
    assert again[1] == "".join(f"{name}: as it must be\n" for name in names)


def test_a_topic_with_other_settings_is_1(merit, bootstrap):
    """One that forgets is named with what differs, and not changed."""
    provider = secrets.token_hex(4)
    asyncio.run(made(bootstrap, NewTopic(f"meritlog.inbox.{provider}", 1, 1, topic_configs={"retention.ms": "1000"})))

    for _ in range(2):
        status, out, _err = merit("topics", "--kafka", bootstrap, "--provider", provider)

        (said,) = [line for line in out.splitlines() if provider in line]
        assert status == 1
        assert "retention.ms" in said


async def made(bootstrap, topic):
    """Make a topic behind our back."""
    async with admin(Kafka.of(ServiceSettings(kafka=bootstrap))) as client:
        await client.create_topics([topic])


def test_migrating_again_changes_nothing(merit, database, monkeypatch):
    """Tables are made, and found; a database of a newer version is left alone with one sentence."""
    monkeypatch.setenv("MERITLOG_DATABASE", database)

    assert merit("migrate", "scoring", "--json")[:2] == (0, {"versions": {"scoring": VERSION}})
    assert merit("migrate", "scoring") == (0, f"scoring: version {VERSION}\n", "")
    assert merit("migrate")[0] == 2
    assert merit("migrate", "ranking")[0] == 0
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE scoring.schema_version SET version = 99 WHERE name = 'scoring'")

    status, out, err = merit("migrate", "scoring")

    assert (status, out, err.count("\n")) == (3, "", 1)
    assert "start the newer program" in err


def test_a_database_that_is_not_there_is_3(merit, monkeypatch):
    """Unlike a service, the command does not wait."""
    monkeypatch.setenv("MERITLOG_DATABASE", "postgresql://nobody@127.0.0.1:1/none")

    status, out, err = merit("migrate", "scoring")

    assert (status, out, err.count("\n")) == (3, "", 1)
