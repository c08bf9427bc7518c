"""What lies between two standings, and a year of them, over HTTP and from the command line."""

import json
import subprocess
import sys

import pytest

from cli.main import run
from tests.e2e.test_changes import send
from tests.running import NAME, YEAR, up
from tests.services import ROOT, free_port

SOME = 220
SUPPOSED = {
    "specversion": "1.0",
    "id": "supposed",
    "source": "/supposed",
    "type": "meritlog.SubmissionReceived.v1",
    "time": "2020-12-30T09:00:00+08:00",
    "assessment": NAME,
    "subject": "science",
    "provider": "science",
    "data": {"indicator": "K1", "measure": "tech_firms", "value": 297, "occurred": "2020-12-29"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A server that has taken in the beginning of the sample year."""
    with up(tmp_path_factory.mktemp("between"), free_port(26500, 26999)) as client:
        client.head = send(client, YEAR.read_bytes().split(b"\n")[:SOME])
        yield client


@pytest.fixture(scope="module")
def exported(client, tmp_path_factory):
    """The ledger as a file."""
    file = tmp_path_factory.mktemp("exported") / "ledger.jsonl"
    file.write_bytes(client.get(f"/v1/entries/{NAME}").content)
    return file


def merit(*arguments):
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_server_and_a_file_say_the_same(client, exported, tmp_path):
    """Given a ledger on a server and its export, then diff, timeline and what-if are the same JSON from both."""
    supposed, rubric = tmp_path / "supposed.jsonl", tmp_path / "other.yaml"
    supposed.write_text(json.dumps(SUPPOSED), encoding="utf-8")
    text = (ROOT / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")
    rubric.write_text(text.replace("297", "400"), encoding="utf-8")
    server = ["--server", str(client.base_url)]
    for asked in (
        ["diff", "--from", "as-of=2020-06-30,known-at=60", "--to", f"known-at={client.head},A03=min"],
        ["diff", "--to", f"rubric={rubric},A01=20"],
        ["diff", "--with", str(supposed)],
        ["diff", "--from", "known-at=50", "--to", "known-at=60", "--with", str(supposed)],
        ["sensitivity", "--as-of", "2020-06-30"],
        ["tipping", "science", "--known-at", "150"],
        ["appeals", "--known-at", "200"],
        ["timeline", "--step", "week", "--reading", "A01=20"],
        ["timeline", "--step", "10", "--from", "2020-05-05", "--to", "2020-09-09", "--known-at", "100"],
    ):
        there = merit(*asked, *server, "--json")
        assert there == merit(*asked, "--entries", exported, "--json")
        assert there[0] == 0
        assert json.loads(there[1])


def test_what_is_supposed_is_not_recorded(client):
    """Given a what-if, then its cause is the supposed entry, and the ledger and the standing stay as before."""
    before = client.get(f"/v1/standings/{NAME}").content
    answer = client.post(f"/v1/diff/{NAME}", json={"to": "", "entries": [SUPPOSED]})
    assert answer.status_code == 200
    (cause,) = answer.json()["causes"]
    assert (cause["position"], cause["id"]) == (client.head + 1, "supposed")
    assert client.get(f"/v1/standings/{NAME}").content == before
    assert client.get(f"/v1/assessments/{NAME}").json()["head"]["position"] == client.head


NAMED = {"source": SUPPOSED["source"], "id": SUPPOSED["id"]}
GONE = {"id": "gone", "type": "meritlog.EntryWithdrawn.v1", "data": {"entry": NAMED, "reason": "x"}}
TAKEN_FROM = {
    "id": "taken",
    "type": "meritlog.DeductionIssued.v1",
    "data": {"indicator": "D", "line": "D1", "points": "0.1", "incident": "x", "occurred": "2020-06-30", "reason": "x"},
}
NOT_SUPPOSABLE = {
    "no line of its kind": ([b"{"], 1, "malformed"),
    "not an event": ([b"", b"[]"], 2, "malformed"),
    "another's measure": ([{"provider": "market"}], 1, "not-your-measure"),
    "an entry of the assessor's, by a provider": ([{}, TAKEN_FROM], 2, "forbidden"),
    "tomorrow's figure": ([{"time": "2020-12-28T09:00:00+08:00"}], 1, "in-the-future"),
    "another's entry": ([{}, {**GONE, "provider": "tax"}], 2, "not-your-entry"),
    "withdrawn twice": ([{}, GONE, {**GONE, "id": "again"}], 3, "entry-superseded"),
    "the withdrawal of a withdrawal": (
        [{}, GONE, {**GONE, "id": "back", "data": {"entry": {**NAMED, "id": "gone"}, "reason": "x"}}],
        3,
        "forbidden",
    ),
    "nothing that moves points": (
        [{}, {"id": "p", "type": "meritlog.PeriodReported.v1", "data": {"period": "2020-06", "entries": 1}}],
        2,
        "unknown-type",
    ),
    "the same twice": ([{}, b"", {}], 3, "id-conflict"),
}


@pytest.mark.parametrize("case", NOT_SUPPOSABLE)
@pytest.mark.parametrize("to", ["", "known-at=60"])
def test_a_server_and_a_file_refuse_the_same_for_the_same_reason(client, exported, tmp_path, capsys, case, to):
    """
    Given entries of which one could not be accepted, for what it says, who sends it, or when,
    when they are supposed on a server and on its export, behind the head or an earlier position,
    then both name its line, with the code and the words of the gate, and the ledger is as it was.
    """
    lines, number, code = NOT_SUPPOSABLE[case]
    supposed = tmp_path / "supposed.jsonl"
    said = [line if isinstance(line, bytes) else json.dumps({**SUPPOSED, **line}).encode() for line in lines]
    supposed.write_bytes(b"\n".join(said))
    asked = ["diff", "--to", to, "--with", supposed, "--json"]

    ends = ("--server", client.base_url), ("--entries", exported)
    there, here = [(run([*map(str, asked), *map(str, end)]), *capsys.readouterr()) for end in ends]

    assert there == here
    status, out, err = here
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"merit: {supposed}, line {number}: {code}: ")
    assert client.get(f"/v1/assessments/{NAME}").json()["head"]["position"] == client.head


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"from": "soon"}, 422, "bad-coordinate"),
        ({"from": "known-at=0"}, 404, "not-known"),
        ({"to": "A01=21"}, 422, "unknown-reading"),
        ({"to": "A99=21"}, 422, "unknown-finding"),
        ({"to": "rubric=other.yaml"}, 422, "bad-coordinate"),
        ({"to": "rubric=9"}, 404, "unknown-rubric"),
    ],
)
def test_a_coordinate_that_is_none_is_a_problem(client, query, status, code):
    """Given an end that cannot be read or answered, then the problem says so in one sentence."""
    answer = client.get(f"/v1/diff/{NAME}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid-request"),
        (b"[]", "invalid-request"),
        (b'{"entries": {}}', "invalid-request"),
        (b'{"entries": [1]}', "invalid-request"),
        (b'{"to": 1}', "invalid-request"),
        (b'{"from_rubric": null}', "invalid-request"),
        (b'{"other": 1}', "invalid-request"),
        (b'{"to": "A01=20", "to": "A01=50"}', "invalid-request"),
        (b'{"to_rubric": "language: 1"}', "bad-rubric"),
        (json.dumps({"entries": [{**SUPPOSED, "subject": "nobody"}]}).encode(), "unknown-unit"),
        (json.dumps({"entries": [SUPPOSED] * 2}).encode(), "id-conflict"),
        (json.dumps({"entries": [{**SUPPOSED, "type": "meritlog.AssessmentClosed.v1"}]}).encode(), "unknown-type"),
    ],
)
def test_a_what_if_that_cannot_be_taken_is_a_problem(client, body, code):
    """Given a body that is none, or an entry that could not be accepted, then 422 says which and why."""
    answer = client.post(f"/v1/diff/{NAME}", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["detail"].endswith(".")


@pytest.mark.parametrize(
    "query", [{"step": "year"}, {"from": "2020-99-01"}, {"from": "2020-02-01", "to": "2020-01-01"}]
)
def test_a_timeline_that_cannot_be_drawn_is_a_problem(client, query):
    """Given a step or a span that is none, then 422."""
    answer = client.get(f"/v1/timeline/{NAME}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad-coordinate")


def test_a_position_beyond_the_head_is_not_yet(client):
    """Given an end beyond the head, then 503 `not-yet`, with when to ask again."""
    answer = client.get(f"/v1/diff/{NAME}", params={"to": "known-at=99999"})
    assert (answer.status_code, answer.json()["code"]) == (503, "not-yet")
    assert answer.headers["Retry-After"]
