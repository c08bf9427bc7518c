"""`merit up` and each service alone, where something is wrong: one sentence, the right status, and nothing lost."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import httpx
import pytest

from tests.services import ROOT, free_port

NAME = "binjiang-2020"
EVERY = ("intake", "scoring", "ranking", "notifier")
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
UP = ["-m", "cli", "up"]
OLDER = """
import shared.rubric
from shared.rubric.faults import Fault, RubricError
def load(text):
    raise RubricError([Fault(7, "units", "not understood here", "look it up")])
shared.rubric.load = shared.rubric.loading.load = load
from cli.main import main
main()
"""
"""A program that does not understand the rubrics which another has taken in."""


def ended(*arguments, **environment):
    """Run until it ends by itself: status and what it said."""
    given = os.environ | {"MERITLOG_LOG_LEVEL": "error", "MERITLOG_PORT": str(free_port(24500, 24599))} | environment
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""
    return done.returncode, done.stderr


@contextlib.contextmanager
def up(data, *program):
    """`merit up` on this folder, ready; a client of it."""
    port = free_port(24600, 24699)
    given = os.environ | {"MERITLOG_LOG_LEVEL": "error", "MERITLOG_SAMPLE_CLOCK": "true"}
    command = [sys.executable, *(program or UP[:2]), "up", "--data", str(data), "--port", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, env=given, stderr=subprocess.PIPE, text=True)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            wait_for(lambda: client.get("/readyz").status_code == 200)
            client.process = running
            yield client
        running.send_signal(signal.SIGTERM)
        running.said = running.communicate(timeout=60)[1]
    finally:
        running.kill()
        running.wait()


def wait_for(look, seconds=60):
    """Ask until it is so."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(httpx.TransportError, KeyError):
            if look():
                return
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.1)


def lines(first, last):
    """Lines of the sample year."""
    return (ROOT / "samples" / f"{NAME}.jsonl").read_bytes().splitlines()[first:last]


def sent(client, events):
    """Send them one by one; how often each status came."""
    path = f"/v1/entries/{NAME}"
    return Counter(client.post(path, content=each, headers=STRUCTURED).status_code for each in events)


def one_sentence(said):
    """Nothing but one line, and no traceback."""
    return said.count("\n") == 1 and "Traceback" not in said


@pytest.fixture(scope="module")
def year(tmp_path_factory):
    """A folder with the stores of a year that has begun, left in good order."""
    data = tmp_path_factory.mktemp("started")
    with up(data) as client:
        body = b"[" + b",".join(lines(0, 60)) + b"]"
        assert client.post(f"/v1/entries/{NAME}", content=body, headers=BATCH).status_code == 200
        wait_for(lambda: client.get(f"/v1/board/{NAME}").json()["position"] == 60)
    return data


@pytest.fixture
def copied(year, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(year, tmp_path / "data")


@pytest.mark.parametrize(
    ("arguments", "environment", "status", "said"),
    [
        (["--data", "{file}"], {}, 3, "name a folder that can be written to"),
        (["--data", "{file}/below"], {}, 3, "name a folder that can be written to"),
        (["--data", "/proc/meritlog"], {}, 3, "name a folder that can be written to"),
        (["--port", "70000"], {}, 2, "MERITLOG_PORT"),
        (["--port", "x"], {}, 2, "'--port'"),
        ([], {"MERITLOG_LOG_LEVEL": "loud"}, 2, "MERITLOG_LOG_LEVEL"),
        ([], {"MERITLOG_DATABASE": "mysql://here/x"}, 3, "postgresql://"),
        ([], {"MERITLOG_HOST": "0.0.0.0"}, 3, "merit credential create"),
        ([], {"MERITLOG_CREDENTIALS": "{none}"}, 3, "cannot be read"),
        ([], {"MERITLOG_CREDENTIALS": "{file}"}, 3, "is damaged"),
        ([], {"MERITLOG_CREDENTIALS": "{open}"}, 3, "chmod o-w"),
    ],
)
def test_what_is_wrong_from_outside(tmp_path, arguments, environment, status, said):
    """A folder, a port, a setting, credentials: said before anything is taken in."""
    places = {name: tmp_path / name for name in ("file", "none", "open")}
    places["file"].write_text("not a folder, not JSON")
    places["open"].write_text('{"credentials": []}')
    places["open"].chmod(0o666)
    data = {"MERITLOG_DATA": str(tmp_path / "data")}
    environment = {name: value.format(**places) for name, value in environment.items()}

    found, heard = ended(*UP, *(each.format(**places) for each in arguments), **(data | environment))

    assert (found, one_sentence(heard), said in heard) == (status, True, True), heard


@pytest.mark.parametrize("program", [["cli", "up"], *(["services." + name] for name in EVERY), ["web"]])
def test_a_port_in_use_touches_no_store(tmp_path, program):
    """Said by all alike, before a folder is made."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port(24500, 24599)))
        taken.listen()
        port = str(taken.getsockname()[1])
        data = {"MERITLOG_DATA": str(tmp_path / "data"), "MERITLOG_PORT": port}
        status, said = ended("-m", *program, **data)

    assert (status, one_sentence(said)) == (3, True), said
    assert f"Port {port} on 127.0.0.1 is in use" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "program"), [("intake", UP), ("notifier", UP), *((name, ["-m", f"services.{name}"]) for name in EVERY)]
)
def test_a_store_of_a_newer_version_is_left_as_it_is(copied, name, program):
    """By `merit up` and by the service alone."""
    with contextlib.closing(sqlite3.connect(copied / f"{name}.sqlite")) as store:
        store.execute("UPDATE schema_version SET version = 99 WHERE name = ?", (name,))
        store.commit()
    before = (copied / f"{name}.sqlite").read_bytes()

    status, said = ended(*program, MERITLOG_DATA=str(copied))

    assert (status, one_sentence(said)) == (3, True), said
    assert "of version 99, made by a newer program" in said
    assert (copied / f"{name}.sqlite").read_bytes() == before


def another(raw):
    """Something else under the name of the database."""
    return b"no database at all " * 1000


def halved(raw):
    """What a copy that broke off leaves: whole pages, but half of them."""
    return raw[: len(raw) // 8192 * 4096]


@pytest.mark.parametrize(("name", "spoil"), [("intake", another), *((name, halved) for name in EVERY)])
def test_a_damaged_store_is_left_as_it_is(copied, name, spoil):
    """Neither overwritten nor believed."""
    file = copied / f"{name}.sqlite"
    spoilt = spoil(file.read_bytes())
    file.write_bytes(spoilt)

    status, said = ended(*UP, MERITLOG_DATA=str(copied))

    assert (status, one_sentence(said)) == (3, True), said
    assert f"{name}.sqlite is damaged or no database" in said
    assert file.read_bytes() == spoilt


def test_a_rubric_that_this_program_cannot_use_stops_its_assessment_only(copied):
    """
    Given a ledger whose rubric an older program does not understand,
    when that program is started on it,
    then it says so on /readyz, answers 503 for this assessment, and takes in others' requests.
    """
    with up(copied, "-c", OLDER) as client:
        parked = client.get("/readyz").json()["parked"]["intake"]
        answers = [
            client.post(f"/v1/entries/{NAME}", content=lines(60, 61)[0], headers=STRUCTURED),
            client.get(f"/v1/assessments/{NAME}"),
            client.get(f"/v1/standings/{NAME}"),
        ]
        listed = client.get("/v1/assessments")

    assert "line 7, units: not understood here" in parked[NAME]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "unavailable")] * 3
    assert (listed.status_code, listed.json()) == (200, {"assessments": []})
    assert "Traceback" not in client.process.said

    with up(copied) as client:
        assert sent(client, lines(60, 61)) == {201: 1}


@pytest.mark.parametrize("spoil", ["UPDATE stored_events SET state = x'ff'", "DELETE FROM stored_events"])
def test_an_entry_that_cannot_be_read_stops_its_assessment_only(copied, spoil):
    """
    Given a ledger whose last entry is damaged, or gone while the tables still name it,
    when the program is started on it,
    then it says so on /readyz and in the log, answers 503 for this assessment, and goes on otherwise.
    """
    with contextlib.closing(sqlite3.connect(copied / "intake.sqlite")) as store:
        last = "originator_id LIKE 'entries/%' AND originator_version = 60"
        assert store.execute(f"{spoil} WHERE {last}").rowcount == 1
        store.commit()

    with up(copied) as client:
        parked = client.get("/readyz").json()["parked"]["intake"]
        answers = [
            client.post(f"/v1/entries/{NAME}", content=lines(60, 61)[0], headers=STRUCTURED),
            client.get(f"/v1/assessments/{NAME}"),
        ]
        listed = client.get("/v1/assessments")

    assert f"Entry 60 of the ledger of {NAME} is damaged or lost" in parked[NAME]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "unavailable")] * 2
    assert (listed.status_code, listed.json()) == (200, {"assessments": []})
    assert "Traceback" not in client.process.said


def test_a_disk_that_takes_no_more_loses_nothing(copied):
    """
    Given a server whose files cannot grow any more,
    when entries are sent,
    then each is answered 201 or 503, what was answered 201 is there, and all go in once there is room.
    """
    with up(copied) as client:
        sent(client, lines(60, 70))
        grown = (copied / "intake.sqlite-wal").stat().st_size
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, (grown + 16 * 4096, resource.RLIM_INFINITY))
        taken = 0
        while sent(client, lines(70 + taken, 71 + taken)) == {201: 1}:
            taken += 1
        refusal = client.post(f"/v1/entries/{NAME}", content=lines(70 + taken, 71 + taken)[0], headers=STRUCTURED)
        head = client.get(f"/v1/assessments/{NAME}").json()["head"]["position"]
        standing = client.get(f"/v1/standings/{NAME}").status_code

        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(client.process.pid, resource.RLIMIT_FSIZE, unlimited)
        later = sent(client, lines(70 + taken, 120))
        wait_for(lambda: client.get(f"/v1/board/{NAME}").json()["position"] == 120)

    assert (refusal.status_code, refusal.json()["code"], standing) == (503, "unavailable", 200)
    assert "disk" in refusal.json()["detail"]
    assert head == 70 + taken
    assert later == {201: 50 - taken}
    assert "Traceback" not in client.process.said
