"""`merit rebuild --beside` under a running `merit up`: killed, gone on with, taken over, and nobody notices."""

import json
import os
import subprocess
import sys
import threading
import time

import httpx
import pytest

from services.intake.domain.outcomes import Accepted
from services.intake.domain.replay import check_lines
from shared.rubric import load
from tests.readers import noticed_nothing, reading
from tests.running import NAME, ROOT, STRUCTURED, YEAR, shown, up, wait_for
from tests.services import free_port
from tests.undisturbed import left_alone

SETTLED_SECONDS = 180
FEEDS = [f"/v1/{kind}/{NAME}" for kind in ("entries", "scores", "changes")]
ALL, LINES = {"after": 0, "limit": 10_000}, {"Accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    """The stored forms that the year's file leads to."""
    with YEAR.open("rb") as file:
        return [line.outcome.stored for line in check_lines(file, load) if isinstance(line.outcome, Accepted)]


def rebuilding(data, *words):
    """`merit rebuild` on this folder, as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "rebuild", *words],
        cwd=ROOT,
        env=os.environ | {"MERITLOG_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rebuilt(data, *words):
    """What it answers: status and JSON."""
    with rebuilding(data, *words, "--json") as command:
        out, err = command.communicate(timeout=120)
    assert err == ""
    return command.returncode, json.loads(out)["assessments"]


def sending(client, lines, pause):
    """Send lines one after the other, meanwhile."""

    def send():
        with httpx.Client(base_url=client.base_url, timeout=60, trust_env=False) as own:
            for line in lines:
                own.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
                time.sleep(pause)

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def test_stores_built_beside_take_over_and_nobody_notices(tmp_path, entries):
    """
    Given the sample year on its way into `merit up`, and readers of standings, board and live changes,
    when a rebuild beside is killed in its middle, begun again, and takes over, twice,
    then no reader is failed or sent back, the stores in use are the new ones, and what was told is byte for byte what
    a process that was left alone tells; so it is after the next start, when each store stands in its place again.
    """
    lines = [line for line in YEAR.read_bytes().split(b"\n") if line]
    port = free_port(24500, 24999)
    with up(tmp_path, port) as client:
        for line in lines[:400]:
            client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
        wait_for(lambda: shown(client) > 0, SETTLED_SECONDS)
        sender = sending(client, lines[400:], 0.02)
        with reading(NAME, str(client.base_url), str(client.base_url)) as readers:
            dying = rebuilding(tmp_path, "--beside", "--take-over")
            wait_for((tmp_path / "scoring.2.sqlite").exists, 60)
            dying.kill()
            dying.communicate()

            looked = rebuilt(tmp_path, "--beside")
            first = rebuilt(tmp_path, "--beside", "--take-over")
            second = rebuilt(tmp_path, "--beside", "--take-over")
            sender.join(SETTLED_SECONDS)
            wait_for(lambda: shown(client) == len(entries), SETTLED_SECONDS)
            wait_for(lambda: readers[2].seen[-1][1] == len(entries), 30)
            time.sleep(0.2)
        ledger, scores, standings = (client.get(path, params=ALL, headers=LINES).content.splitlines() for path in FEEDS)
        ready = client.get("/readyz").json()
        client.process.terminate()
        assert client.process.wait(60) == 0
    with up(tmp_path, port) as client:
        again = [client.get(path, params=ALL, headers=LINES).content.splitlines() for path in FEEDS]
        standing = client.get(f"/v1/standings/{NAME}").json()

    assert noticed_nothing(readers)
    assert readers[2].connections == 1
    assert [position for _, position in readers[2].seen] == list(range(1, len(entries) + 1))
    for status, found in (looked, first, second):
        assert status == 0
        assert [(each["service"], each["differences"], each["disputed"]) for each in found] == [
            ("scoring", [], []),
            ("ranking", [], []),
        ]
    assert [each["store"] for each in second[1]] == ["scoring.3.sqlite", "ranking.3.sqlite"]
    assert ready == {"status": "ready", "reasons": {}, "parked": {}}
    book, told_scores, told_standings = left_alone(ledger, NAME)
    assert len(ledger) == len(entries)
    assert scores == told_scores
    assert standings == told_standings
    assert again == [ledger, scores, standings]
    assert standing == json.loads(json.dumps(book.standing()))
    assert not (tmp_path / "scoring.3.sqlite").exists()
    assert (tmp_path / "scoring.sqlite.before").exists()
