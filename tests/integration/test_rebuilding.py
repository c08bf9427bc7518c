"""Blue and green on Kafka and PostgreSQL: a second deployment on a store built beside takes over from the first."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial

import httpx
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer

from tests.integration import containers
from tests.integration.cluster import SERVICES, Cluster, started, wait_for
from tests.integration.switch import switch
from tests.readers import noticed_nothing, reading
from tests.running import YEAR, sending
from tests.services import ROOT, free_port
from tests.undisturbed import left_alone

SETTLED_SECONDS = 300
ALL, LINES = {"after": 0, "limit": 10_000}, {"Accept": "application/x-ndjson"}


@pytest.fixture
def blue(tmp_path):
    """The four services, readers of scoring and ranking going through switches."""
    made = Cluster(tmp_path)
    with (
        switch(free_port(23000, 23199), made.ports["scoring"]) as scoring,
        switch(free_port(23200, 23399), made.ports["ranking"]) as ranking,
    ):
        made.switches = {"scoring": scoring, "ranking": ranking}
        made.urls = {name: each.url for name, each in made.switches.items()}
        with started(made):
            yield made


def beside(blue, name):
    """The second deployment of a service, on an empty database."""
    green = Cluster(blue.folder, [name], {name: containers.postgres().database()})
    green.ports[name] = free_port(23400, 23799)
    green.urls = {each: blue.url(each) for each in SERVICES if each not in blue.urls} | blue.urls
    green.told = blue.environment(name) | {"MERITLOG_SUCCESSOR": green.databases[name]}
    return green


def rebuilding(green, name, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "rebuild", "--service", name, "--beside", "--json", *words],
        cwd=ROOT,
        env=green.told,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rebuilt(green, name, *words):
    """What `merit rebuild` finds of the assessment; others that lie in the broker's topics may be there too."""
    with rebuilding(green, name, *words) as command:
        out, err = command.communicate(timeout=180)
    assert err == ""
    (found,) = (each for each in json.loads(out)["assessments"] if each["assessment"].startswith("green-"))
    return found


def year_of(assessment):
    """The sample year as another assessment's, without the closings: they name the digest of the sample's standing."""
    lines = []
    for line in YEAR.read_bytes().splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if event["type"].split(".")[1] not in ("AssessmentClosed", "AssessmentRestated"):
                lines.append(json.dumps(event | {"assessment": assessment}, ensure_ascii=False).encode())
    return lines


async def published(topic, assessment):
    """Every record of the assessment in a topic, as it lies there."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=containers.kafka().bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        records = []
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            records += [each for batch in (await consumer.getmany(timeout_ms=500)).values() for each in batch]
        return [record.value for record in records if record.key == assessment.encode()]
    finally:
        await consumer.stop()


def shown(url, assessment):
    """The position of the live board."""
    answer = httpx.get(f"{url}/v1/board/{assessment}", params={"view": "live"}, timeout=60)
    return answer.json()["known_at"]["position"] if answer.status_code == 200 else 0


def taken_over(blue, name, *words, killed=False):
    """Let a second deployment take over from the first, as the how-to says; it, and what the rebuild found."""
    green = beside(blue, name)
    if killed:
        dying = rebuilding(green, name, *words)
        wait_for(lambda: begun(green.databases[name], name), 60)
        dying.kill()
        dying.communicate()
    looked = rebuilt(green, name, *words)
    green.start(name)
    wait_for(lambda: "still being built" in green.get(name, "/readyz").text, 60)
    assert green.get(name, "/readyz").status_code == 503
    taken = rebuilt(green, name, "--take-over", *words)
    green.ready()
    blue.switches[name].target = green.ports[name]
    held = blue.get(name, "/readyz").json()
    blue.running[name].terminate()
    assert blue.running.pop(name).wait(60) == 0
    assert held["parked"] == {}
    return green, [looked, taken]


def begun(url, name):
    """Whether a rebuild has written something there."""
    with psycopg.connect(url) as connection:
        try:
            return connection.execute(f"SELECT 1 FROM {name}.stored_events LIMIT 1").fetchone()
        except psycopg.errors.UndefinedTable:
            return False


def test_a_second_deployment_takes_over_and_readers_notice_nothing(blue, tmp_path):
    """
    Given the sample year on its way through four services, and readers of standings, board and live changes,
    when scoring's store is built beside from its topic, and then ranking's, a rebuild killed in its middle and begun
    again, a second deployment started that waits for it, the store let take over, the readers switched and the first
    deployment ended,
    then no reader is failed or sent back, nobody parks, each record was published in one form alone, and all that is
    told is what undisturbed services tell.
    """
    assessment = f"green-{tmp_path.name[-30:].replace('_', '-')}"
    lines = year_of(assessment)
    send = partial(sending, blue.url("intake"), assessment)
    send(lines[:300], 0).join()
    wait_for(lambda: shown(blue.urls["ranking"], assessment) > 0, SETTLED_SECONDS)
    sender = send(lines[300:], 0.03)
    greens, found = [], []
    try:
        with reading(assessment, blue.urls["scoring"], blue.urls["ranking"]) as readers:
            for words, killed in ((("scoring", "--from-topic"), True), (("ranking",), False)):
                green, said = taken_over(blue, *words, killed=killed)
                greens.append(green)
                found += said
            sender.join(SETTLED_SECONDS)
            assert not sender.is_alive()
            ledger = blue.get("intake", f"/v1/entries/{assessment}").content.splitlines()
            wait_for(lambda: readers[2].seen[-1][1] == len(ledger), SETTLED_SECONDS)
            wait_for(lambda: readers[0].seen[-1][1] == len(ledger), SETTLED_SECONDS)
            time.sleep(1)
        scores, standings = (
            httpx.get(f"{green.url(name)}/v1/{kind}/{assessment}", params=ALL, headers=LINES).content.splitlines()
            for green, name, kind in zip(greens, ("scoring", "ranking"), ("scores", "changes"), strict=True)
        )
        ready = [green.get(name, "/readyz").json() for green, name in zip(greens, ("scoring", "ranking"), strict=True)]
        ready += [blue.get(name, "/readyz").json() for name in ("intake", "notifier")]
    finally:
        for green in greens:
            green.stop()

    assert noticed_nothing(readers)
    assert [position for _, position in readers[2].seen] == list(range(1, len(ledger) + 1))
    assert [(each["differences"], each["disputed"]) for each in found] == [([], [])] * 4
    assert [each["parked"] for each in ready] == [{}] * 4
    _, told_scores, told_standings = left_alone(ledger, assessment)
    assert (scores, standings) == (told_scores, told_standings)
    for topic, told in (("meritlog.scores", told_scores), ("meritlog.standings", told_standings)):
        assert list(dict.fromkeys(asyncio.run(published(topic, assessment)))) == told
