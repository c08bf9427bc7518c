"""`merit rebuild --beside` under a running `merit up`: killed, gone on with, taken over, and nobody notices."""

import json
import os
import subprocess
import sys
import time

import pytest

from services.ranking import store as ranking
from services.ranking.handlers import Boards
from services.scoring import store as scoring
from services.scoring.handlers import Books
from shared.chassis.store import EventStore
from shared.gate.outcomes import Accepted
from shared.gate.replay import check_lines
from shared.rubric import load
from tests.readers import noticed_nothing, reading
from tests.running import NAME, ROOT, STRUCTURED, YEAR, sending, shown, up, wait_for
from tests.services import free_port
from tests.undisturbed import left_alone
from tests.unit.scoring.test_rebuild import miscounting, take

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
        sender = sending(client.base_url, NAME, lines[400:], 0.02)
        with reading(NAME, str(client.base_url), str(client.base_url)) as readers:
            dying = rebuilding(tmp_path, "--beside")
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


async def told_wrongly(data, ledger, monkeypatch):
    """Stores of scoring and ranking as an earlier program would have left them that told one indicator wrongly."""
    for file in (*data.glob("scoring.sqlite*"), *data.glob("ranking.sqlite*")):
        file.unlink()
    first = EventStore.open(f"sqlite:///{data}/scoring.sqlite", "scoring", scoring.DDL, scoring.VERSION)
    second = EventStore.open(f"sqlite:///{data}/ranking.sqlite", "ranking", ranking.DDL, ranking.VERSION)
    with monkeypatch.context() as earlier:
        miscounting(earlier)
        await take(Books(first), ledger, name=NAME)
    await take(Boards(second), scoring.scores(first, NAME).feed(1, 0, 10_000), "scores", name=NAME)
    first.close()
    second.close()


def indicator(client, path):
    """What is shown of M2."""
    body = client.get(path).json()
    (market,) = (unit for unit in body["units"] if unit["unit"] == "market")
    return body.get("generation"), market["indicators"]["M2"]["exact"]


async def test_what_was_told_wrongly_is_put_right_and_nobody_is_sent_back(tmp_path, monkeypatch):
    """
    Given a server whose earlier program told one indicator wrongly, more entries coming in, and readers,
    when scoring's store is built beside and takes over, and then ranking's,
    then what differed is named, the board shows what the standing says, in a newer generation, and no reader is failed
    or sent back, nor any service parked.
    """
    lines = [line for line in YEAR.read_bytes().split(b"\n") if line]
    port = free_port(24500, 24999)
    with up(tmp_path, port) as client:
        for line in lines[:300]:
            client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
        wait_for(lambda: shown(client) > 0, SETTLED_SECONDS)
        ledger = client.get(FEEDS[0]).content.splitlines()
        wait_for(lambda: shown(client) == len(ledger), SETTLED_SECONDS)
        client.process.terminate()
        assert client.process.wait(60) == 0
    await told_wrongly(tmp_path, ledger, monkeypatch)
    board, standing = f"/v1/board/{NAME}?view=live", f"/v1/standings/{NAME}"
    with up(tmp_path, port) as client:
        wrong = indicator(client, board)
        with reading(NAME, str(client.base_url), str(client.base_url)) as readers:
            sender = sending(client.base_url, NAME, lines[300:450], 0.05)
            status, found = rebuilt(tmp_path, "--beside", "--take-over", "--service", "scoring")
            wait_for(lambda: indicator(client, board)[0] == 2, 30)
            after = rebuilt(tmp_path, "--beside", "--take-over", "--service", "ranking")
            sender.join(SETTLED_SECONDS)
            head = client.get("/v1/assessments").json()["assessments"][0]["head"]["position"]
            wait_for(lambda: shown(client) == head and readers[2].seen[-1] == (2, head), 30)
        right, true = indicator(client, board), indicator(client, standing)[1]
        ready = client.get("/readyz").json()

    assert wrong == (1, "99")
    assert (status, [each["part"] for each in found[0]["differences"]], found[0]["generation"]) == (0, ["market M2"], 2)
    assert (after[0], after[1][0]["differences"]) == (0, [])
    assert right == (2, true)
    assert true != "99"
    assert noticed_nothing(readers)
    assert ready["parked"] == {}
