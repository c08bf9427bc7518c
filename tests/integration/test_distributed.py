"""The year on Kafka and PostgreSQL, with everything killed now and then."""

import json
import os
import random
import threading
import time

import httpx
import pytest

from services.scoring.domain.book import Book
from services.scoring.handlers import said
from shared.contracts.entries import decode_entry, leaf_hash
from shared.gate.outcomes import Accepted
from shared.gate.replay import check_lines
from shared.rubric import load
from tests.integration.cluster import SERVICES, cluster, wait_for
from tests.services import ROOT

NAME = "binjiang-2020"
YEAR = ROOT / "samples" / "binjiang-2020.jsonl"
KILLS = int(os.environ.get("MERITLOG_CHAOS", "8"))
SETTLED_SECONDS = 300
STRUCTURED = {"Content-Type": "application/cloudevents+json"}


class Sender(threading.Thread):
    """Sends the year line by line, each until it is answered; keeps every receipt."""

    def __init__(self, url: str, pause: float):
        super().__init__(daemon=True)
        self.url = url
        self.pause = pause
        self.receipts: dict[int, str] = {}
        self.sent = 0

    def run(self):
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            for line in YEAR.read_bytes().split(b"\n"):
                if line:
                    self.send(client, line)
                    self.sent += 1
                    time.sleep(self.pause)

    def send(self, client, line):
        while True:
            try:
                answer = client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code < 500:
                break
            time.sleep(0.2)
        if answer.status_code in (200, 201):
            body = answer.json()
            assert self.receipts.setdefault(body["position"], body["digest"]) == body["digest"]


@pytest.fixture(scope="module")
def entries() -> list[dict]:
    """What the year's file leads to, as an undisturbed run would store it."""
    with YEAR.open("rb") as file:
        return [line.outcome for line in check_lines(file, load) if isinstance(line.outcome, Accepted)]


def shown(running) -> int:
    """The position of the live board; 0 while it cannot be asked."""
    answer = running.get("ranking", f"/v1/board/{NAME}", view="live")
    return answer.json()["known_at"]["position"] if answer.status_code == 200 else 0


def test_killed_at_random_the_year_ends_as_if_undisturbed(tmp_path, entries):
    """
    Given the year being sent to four services on Kafka and PostgreSQL,
    when services, broker and database are killed at random meanwhile,
    then every answered entry is there under its digest, nothing is doubled or skipped, and every record of scores,
    the standing and the board are those of an undisturbed run.
    """
    chance = random.Random(2020)
    targets = (*SERVICES, "broker", "database")
    with cluster(tmp_path) as running:
        sender = Sender(running.url("intake"), pause=0.01)
        sender.start()
        for number in range(KILLS):
            at = (number + 1) * 1400 // (KILLS + 1)
            wait_for(lambda at=at: sender.sent >= at or not sender.is_alive(), SETTLED_SECONDS)
            target = targets[number % len(targets)] if number < len(targets) else chance.choice(targets)
            running.kill(target)
            if target in SERVICES:
                time.sleep(chance.random())
                running.start(target)
        sender.join(SETTLED_SECONDS)
        assert not sender.is_alive()

        ledger = running.get("intake", f"/v1/entries/{NAME}").content.splitlines()
        head = len(ledger)
        wait_for(lambda: shown(running) == head, SETTLED_SECONDS)
        scores = running.get("scoring", f"/v1/scores/{NAME}", limit=10_000).content.splitlines()
        standing = running.get("scoring", f"/v1/standings/{NAME}").json()
        board = running.get("ranking", f"/v1/board/{NAME}", view="live").json()
        parked = [running.get(name, "/readyz").json()["parked"] for name in SERVICES]

    assert parked == [{}] * len(SERVICES)
    assert [json.loads(line)["position"] for line in ledger] == list(range(1, len(entries) + 1))
    assert [json.loads(line).get("previous") for line in ledger] == [None, *map(leaf_hash, ledger[:-1])]
    assert {place: leaf_hash(ledger[place - 1]) for place in sender.receipts} == sender.receipts
    assert [json.loads(line)["id"] for line in ledger] == [each.event.id for each in entries]

    book, expected, previous = Book(load=load), [], None
    for line in ledger:
        expected.append(said(book, book.apply(decode_entry(line)), 1, previous))
        previous = leaf_hash(expected[-1])
    assert scores == expected
    assert standing == json.loads(json.dumps(book.standing()))
    assert [(unit["unit"], unit["rank"], unit["exact"]) for unit in board["units"]] == [
        (unit["unit"], unit["rank"], unit["exact"]) for unit in standing["units"]
    ]
