"""`merit`'s commands against a running server: what they answer, what they say, and their exit status."""

import contextlib
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from cli.main import run
from shared.contracts.standing import digest
from tests.running import wait_for
from tests.services import ROOT, free_port

RUBRIC = str(ROOT / "rubrics" / "binjiang-2020.yaml")
NAME = "binjiang-2020"
NEVER = "http://127.0.0.1:1"


@contextlib.contextmanager
def up(data: Path, port: int):
    """`merit up` on this folder and port, ready."""
    given = os.environ | {"MERITLOG_LOG_LEVEL": "error", "MERITLOG_SAMPLE_CLOCK": "true"}
    command = [sys.executable, "-m", "cli", "up", "--data", str(data), "--port", str(port)]
    running = subprocess.Popen(command, cwd=ROOT, env=given, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not ready(port):
            assert time.monotonic() < until
            time.sleep(0.1)
        yield running
    finally:
        running.kill()
        running.wait()


def ready(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    return False


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The address of an empty server."""
    port = free_port(24700, 24799)
    with up(tmp_path_factory.mktemp("served"), port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def merit(capsys, monkeypatch, server):
    """Run a command against the server: status, answer (JSON read where asked for), what stderr said."""
    monkeypatch.setenv("MERIT_SERVER", server)

    def asked(*arguments):
        status = run(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return status, json.loads(out) if "--json" in arguments and out else out, err

    return asked


@pytest.fixture
def opened(merit, request):
    """An assessment of this test's own, and the options that name it."""
    name = request.node.name.partition("[")[0][5:69].strip("_")
    assert merit("open", RUBRIC, "--assessment", name)[0] == 0
    return "--assessment", name


def figure(number: int, assessment: str, value: object = "1") -> dict:
    """One figure of the science bureau, in June."""
    return {
        "specversion": "1.0",
        "id": f"f{number}",
        "source": "/binjiang/science",
        "type": "meritlog.SubmissionReceived.v1",
        "time": f"2020-07-01T09:00:{number % 60:02}+08:00",
        "subject": "science",
        "assessment": assessment,
        "provider": "science",
        "data": {
            "indicator": "K1",
            "measure": "tech_firms",
            "value": value,
            "occurred": f"2020-06-{number % 28 + 1:02}",
        },
    }


def written(path: Path, *rows: dict | bytes) -> str:
    """A file with these lines."""
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return str(path)


def test_the_office_says_what_it_has_to_say(merit, opened):
    """
    Given an assessment that `open` opened,
    when each of the office's commands is given,
    then each answers with its receipt, and the ledger and the standing show its effect.
    """
    said = [
        ("rule", "A01", "20", "--reason", "as the office reads it"),
        ("determine", "market", "M1", "7.5", "--reason", "settled", "--occurred", "2020-06-01"),
        ("determine", "hr", "R1", "not-applicable", "--reason", "no task", "--occurred", "2020-06-01"),
        ("appeal", "market", "--grounds", "counted twice", "--entry", "3"),
        ("appeal", "market", "--grounds", "too low", "--indicator", "M2"),
        ("freeze", "--as-of", "2020-06-30", "--reason", "half a year"),
        ("adopt", RUBRIC, "--reason", "confirmed"),
        ("close", "--as-of", "2020-12-31", "--reason", "decided"),
        ("restate", "9", "--as-of", "2020-12-31", "--known-at", "3", "--reason", "without the second determination"),
    ]
    for position, words in enumerate(said, 2):
        status, receipt, err = merit(*words, *opened, "--json")
        assert (status, receipt["position"], receipt["known"], err) == (0, position, False, ""), words

    status, shown, _ = merit("standings", *opened, "--known-at", "3", "--as-of", "2020-12-31", "--json")
    ledger = [
        json.loads(httpx.get(f"{os.environ['MERIT_SERVER']}/v1/entries/{opened[1]}/{at}").content) for at in (9, 10)
    ]
    market = next(unit for unit in shown["units"] if unit["unit"] == "market")
    assert market["indicators"]["M1"]["points"] == "7.50"
    assert [entry["data"]["known_at"] for entry in ledger] == ["8", "3"]
    assert ledger[1]["data"]["standing"] == digest(shown)
    assert ledger[1]["data"]["supersedes"] == "9"
    assert (merit("standings", *opened, "--json")[1]["state"], status) == ("restated", 0)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("open", RUBRIC), "forbidden"),
        (("rule", "A01", "99", "--reason", "x"), "unknown-reading"),
        (("rule", "A99", "20", "--reason", "x"), "unknown-finding"),
        (("rule", "A01", "20", "--reason", " "), "reason-missing"),
        (("determine", "market", "M1", "21", "--reason", "x", "--occurred", "2020-06-01"), "out-of-range"),
        (("determine", "market", "M1", "-1", "--reason", "x", "--occurred", "2020-06-01"), "out-of-range"),
        (("determine", "market", "M1", "1e3", "--reason", "x", "--occurred", "2020-06-01"), "malformed"),
        (("determine", "market", "M1", "1", "--reason", "x", "--occurred", "2020-02-30"), "malformed"),
        (("determine", "market", "M1", "1", "--reason", "x"), "outside-period"),
        (("determine", "nobody", "M1", "1", "--reason", "x", "--occurred", "2020-06-01"), "unknown-unit"),
        (("determine", "market", "K1", "1", "--reason", "x", "--occurred", "2020-06-01"), "not-this-unit"),
        (("freeze", "--as-of", "2020-06-30", "--known-at", "99", "--reason", "x"), "out-of-range"),
        (("restate", "1", "--as-of", "2020-06-30", "--reason", "x"), "unknown-entry"),
        (("appeal", "market", "--indicator", "M99", "--grounds", "x"), "unknown-indicator"),
    ],
)
def test_a_refusal_is_1_and_names_its_code(merit, server, words, code):
    """The sentence on stderr begins with the code; with --json the whole problem is on stdout."""
    if httpx.get(f"{server}/v1/assessments/refusals").status_code == 404:
        merit("open", RUBRIC, "--assessment", "refusals")

    status, problem, err = merit(*words, "--assessment", "refusals", "--json")

    assert (status, problem["code"]) == (1, code)
    assert err.startswith(f"merit: refused, {code}: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("rule", "A01"), 2),
        (("rule", "A01", "20"), 2),
        (("appeal", "market", "--grounds", "x"), 2),
        (("appeal", "market", "--grounds", "x", "--entry", "0"), 2),
        (("appeal", "market", "--grounds", "x", "--entry", "99"), 3),
        (("close", "--as-of", "2020-12-31", "--known-at", "0", "--reason", "x"), 2),
        (("close", "--as-of", "2020-12-31", "--known-at", "99", "--reason", "x"), 3),
        (("close", "--as-of", "2020-02-30", "--reason", "x"), 2),
        (("open", "nowhere.yaml"), 3),
        (("adopt", RUBRIC), 2),
        (("unit", "nobody"), 2),
        (("explain", "market", "K1"), 2),
        (("unit", "../x/?#"), 3),
        (("standings", "--known-at", "99"), 3),
        (("standings", "--as-of", "2020-02-30"), 2),
        (("standings", "--reading", "A01=7"), 2),
        (("standings", "--rubric", "9"), 2),
        (("standings", "--rubric", RUBRIC), 2),
        (("standings", "--server", NEVER), 3),
        (("standings", "--server", "http://[::1"), 2),
        (("standings", "--server", "binjiang"), 2),
        (("standings", "--token", "one\ntwo"), 2),
        (("standings", "--token", "令牌"), 2),
        (("status", "--server", NEVER), 3),
    ],
)
def test_what_has_no_answer_is_one_sentence(merit, server, words, status):
    """2 for a wrong question, 3 where there is no answer; nothing on stdout, nothing in the ledger."""
    known = httpx.get(f"{server}/v1/assessments/asked")
    if known.status_code == 404:
        merit("open", RUBRIC, "--assessment", "asked")
    named = () if words[0] in ("open", "status") else ("--assessment", "asked")

    found, out, err = merit(*words, *named, "--json")

    assert (found, out, err.count("\n")) == (status, "", 1), err
    assert httpx.get(f"{server}/v1/assessments/asked").json()["head"]["position"] == 1


def test_answers_of_a_server_and_of_its_ledger_are_the_same(merit, opened, server, tmp_path):
    """`standings`, `unit` and `explain` of a server's ledger as a file say what the server says."""
    file = written(tmp_path / "some.jsonl", *(figure(number, opened[1], str(number)) for number in range(1, 4)))
    assert merit("emit", file)[0] == 0
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(httpx.get(f"{server}/v1/entries/{opened[1]}").content)

    for words in (["standings"], ["unit", "science"], ["explain", "science"], ["explain", "science", "K1"]):
        for at in ([], ["--known-at", "3", "--as-of", "2020-06-03", "--reading", "A01=20", "--rubric", "1"]):
            served = merit(*words, *at, *opened, "--json")
            assert served == merit(*words, *at, "--entries", str(ledger), "--json")
            assert served[0] == 0


def test_emit_says_what_became_of_each_line(merit, opened, tmp_path):
    """Accepted, known, refused with line and code; lines that are no JSON spoil no other; again all is known."""
    name = opened[1]
    bom, sixteen = b"\xef\xbb\xbf" + json.dumps(figure(9, name)).encode(), "{}".encode("utf-16")
    rows = [figure(1, name), b"", b"{", figure(2, name, "-1"), figure(1, name), bom, sixteen, b"NaN", figure(3, name)]
    elsewhere = figure(4, name) | {"assessment": "elsewhere"}
    file = written(tmp_path / "some.jsonl", *rows, elsewhere)

    status, report, _ = merit("emit", file, "--json")
    again = merit("emit", file, "--json")[1]
    plain, out, err = merit("emit", file)

    refused = [(each["line"], each["code"]) for each in report["refused"]]
    assert (status, report["accepted"], report["known"]) == (1, 2, 1)
    malformed = [(line, "malformed") for line in (3, 6, 7, 8)]
    assert [each for each in refused if each[1] == "malformed"] == malformed
    assert [each for each in refused if each[1] != "malformed"] == [(4, "out-of-range"), (10, "assessment-mismatch")]
    assert (again["accepted"], again["known"], len(again["refused"])) == (0, 3, len(refused))
    assert (plain, out) == (1, f"0 accepted, 3 known already, {len(refused)} refused\n")
    assert f"{file}: line 4: out-of-range: " in err


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 0, ""),
        (b"\n\n", 0, ""),
        (b"{}\n", 3, "no line of"),
        (b"\x1f\x8b\x08", 3, "no line of"),
        (None, 3, "cannot read"),
    ],
)
def test_emit_of_what_is_no_file_of_entries(merit, tmp_path, content, status, said):
    """Nothing to send is done; what names no assessment cannot be sent."""
    file = tmp_path / "some.jsonl"
    if content is not None:
        file.write_bytes(content)

    found, _, err = merit("emit", str(file))

    assert (found, err.count("\n")) == (status, 1 if said else 0)
    assert said in err


def test_emit_reads_standard_input(opened, server):
    """`-` is a file of entries too."""
    command = [sys.executable, "-m", "cli", "emit", "-", "--server", server, "--json"]
    sent = json.dumps(figure(1, opened[1]))
    done = subprocess.run(command, cwd=ROOT, input=sent, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, json.loads(done.stdout)["accepted"], done.stderr) == (0, 1, "")


def test_emit_goes_on_when_the_server_comes_back(tmp_path):
    """
    Given a server that is killed while a file is sent to it,
    when it is started again,
    then the same command goes on, and every line went in once.
    """
    port, data = free_port(24800, 24899), tmp_path / "data"
    rows = [figure(number, NAME, str(number)) for number in range(3000)]
    file = written(tmp_path / "many.jsonl", *rows)
    command = [sys.executable, "-m", "cli", "emit", file, "--server", f"http://127.0.0.1:{port}", "--json"]
    with up(data, port) as running:
        run(["open", RUBRIC, "--server", f"http://127.0.0.1:{port}"])
        sending = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        while position(port) < 400:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
    with up(data, port):
        report = json.loads(sending.communicate(timeout=120)[0])
        assert (sending.returncode, report["refused"]) == (0, [])
        assert report["accepted"] + report["known"] == 3000
        assert position(port) == 3001


def position(port: int) -> int:
    """The head of the one assessment there."""
    states = httpx.get(f"http://127.0.0.1:{port}/v1/assessments").json()["assessments"]
    return states[0]["head"]["position"] if states else 0


def test_a_server_that_never_answered_is_not_waited_for_long(tmp_path):
    """`emit` waits for one that went away, not for one that is not there."""
    began = time.monotonic()

    assert run(["emit", written(tmp_path / "some.jsonl", figure(1, NAME)), "--server", NEVER]) == 3

    assert time.monotonic() - began < 30


class Stranger(http.server.BaseHTTPRequestHandler):
    """Answers everything with the same body."""

    body = b""

    def answer(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = answer  # noqa: N815  as the library names them

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b"7", b'{"assessments": [{}]}', b"\xff"])
def test_a_server_that_is_another_is_told_apart(capsys, tmp_path, body):
    """No command takes it for Meritlog: one sentence, status 3."""
    other = http.server.HTTPServer(("127.0.0.1", free_port(24900, 24999)), type("Other", (Stranger,), {"body": body}))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    server = ["--server", f"http://127.0.0.1:{other.server_port}"]
    file = written(tmp_path / "some.jsonl", figure(1, NAME), figure(2, NAME))
    try:
        for words in (
            ["status"],
            ["standings"],
            ["open", RUBRIC],
            ["emit", file],
            ["freeze", "--as-of", "x", "--reason", "x"],
        ):
            assert run([*words, *server]) == 3, words
            assert capsys.readouterr().err.count("\n") == 1
    finally:
        other.shutdown()
        other.server_close()


def test_status_names_what_is_there(merit, opened):
    """Ready or not, each assessment's head, and the position that the board has come to behind it."""

    def named() -> tuple[int, int | None]:
        status, answer, _ = merit("status", "--json")
        assert (status, answer["ready"]) == (0, True)
        one = next(each for each in answer["assessments"] if each["assessment"] == opened[1])
        return one["head"]["position"], one["shown"]

    wait_for(lambda: named() == (1, 1), 20)
    assert re.search(rf"^{opened[1]} +open +1 +1 ", merit("status")[1], re.MULTILINE)


def test_interrupted_commands_end_quietly(server):
    """Ctrl-C on a command that waits: status 130, no traceback."""
    command = [sys.executable, "-m", "cli", "check", "-"]
    waiting = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=30)

    assert (waiting.returncode, out) == (130, b"")
    assert b"Traceback" not in err


@pytest.mark.parametrize("ended", [signal.SIGTERM, signal.SIGHUP])
def test_the_demonstration_leaves_no_server_behind(tmp_path, ended):
    """Given a demonstration at play, when it is told to end or its terminal is closed, then its server ends with it."""
    port = free_port(25000, 25099)
    command = [sys.executable, "-m", "cli", "demo", "--data", str(tmp_path / "demo"), "--port", str(port)]
    playing = subprocess.Popen([*command, "--speed", "1"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not ready(port) or position(port) < 1:
        assert time.monotonic() < until
        time.sleep(0.1)
    playing.send_signal(ended)
    said = playing.communicate(timeout=60)[1]
    assert (playing.returncode, "goes on from here" in said, "Traceback" in said) == (0, True, False)
    assert not ready(port)


def test_the_demonstration_stops_goes_on_and_gives_way(tmp_path, monkeypatch):
    """Ctrl-C stops it with status 0, again goes on from there to the end; a port in use is 3."""
    port = free_port(25000, 25099)
    command = [sys.executable, "-m", "cli", "demo", "--data", str(tmp_path / "demo"), "--port", str(port), "--leave"]
    monkeypatch.setenv("MERITLOG_CREDENTIALS", "of another server")
    playing = subprocess.Popen([*command, "--speed", "60"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not ready(port) or position(port) < 100:
        assert time.monotonic() < until
        time.sleep(0.1)
    playing.send_signal(signal.SIGINT)
    said = playing.communicate(timeout=60)[1]
    assert (playing.returncode, "goes on from here" in said, "Traceback" in said) == (0, True, False)
    assert not ready(port)

    done = subprocess.run(
        [*command, "--speed", "0"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0
    assert "refused as they must be" in done.stderr
    assert " 0 known" not in done.stderr

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert f"Port {port} on 127.0.0.1 is in use" in done.stderr
