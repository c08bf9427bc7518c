"""What is wrong with a request to `merit up`'s gate: its status, what is kept of it, and that nothing else suffers."""

import hashlib
import json

import pytest

from cli.main import run
from tests.builders import appealed, corrected, decided, deducted, event, named, raw, ruled, submitted, withdrawn
from tests.running import NAME, STRUCTURED, up
from tests.services import ROOT, free_port

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
RUBRIC = (ROOT / "rubrics" / "binjiang-2020.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    """A client of a server with one open assessment."""
    digest = "sha256:" + hashlib.sha256(RUBRIC.encode()).hexdigest()
    data = {
        "rubric": {"id": NAME, "version": 1, "digest": digest, "content": RUBRIC},
        "period": {"from": "2020-01-01", "to": "2020-12-31"},
        "timezone": "Asia/Shanghai",
    }
    with up(tmp_path_factory.mktemp("gate"), free_port(24500, 24599)) as client:
        assert sent(client, raw(event("AssessmentOpened", data))).status_code == 201
        yield client


def sent(client, body, headers=STRUCTURED, assessment=NAME):
    return client.post(f"/v1/entries/{assessment}", content=body, headers=headers)


def kept(client, assessment=NAME, **of):
    return client.get(f"/v1/refused/{assessment}", params={"limit": 1000} | of).json()["refused"]


@pytest.mark.parametrize("size", [512 * 1024 + 1, 3_000_000])
def test_an_entry_that_is_too_large_to_be_read_is_kept_among_the_refused(gate, size):
    """
    Given a body larger than any entry, and smaller than what the server takes at all,
    when it is sent as one event,
    then it is 413 `too-large`, and the refused have one more whose source and id nobody could read.
    """
    before = kept(gate)

    answer = sent(gate, b"{" + b" " * size)

    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    *others, last = kept(gate)
    assert others == before
    assert (last["code"], last["source"], last["id"]) == ("too-large", None, None)


def test_what_is_sent_to_an_assessment_that_is_not_open_is_found_under_its_name(gate):
    """
    Given an assessment that nobody opened,
    when an entry is sent to it,
    then it is refused, and the refusal is looked up under that name by source and id.
    """
    figure = submitted(assessment="never-2020")

    answer = sent(gate, raw(figure), assessment="never-2020")

    (row,) = kept(gate, "never-2020", source=figure["source"], id=figure["id"])
    assert (answer.status_code, answer.json()["code"], row["code"]) == (422, "unknown-assessment", "unknown-assessment")


def test_entries_of_a_batch_that_are_no_json_take_no_other_along(gate):
    """
    Given a batch with numbers and bytes that JSON does not have between good entries,
    when it is sent,
    then the good ones are accepted, and the answer says in their order which were refused.
    """
    first, last = raw(submitted(1)), raw(submitted(2))
    bad = [first.replace(b":1,", literal) for literal in (b":01,", b":NaN,", b':"\xff",', b":tru,")]

    answer = sent(gate, b"[" + b",".join([first, *bad, last]) + b"]", BATCH)

    results = answer.json()
    assert answer.status_code == 200
    assert [result["status"] for result in results] == [201, 422, 422, 422, 422, 201]
    assert {result["code"] for result in results[1:5]} == {"malformed"}
    assert results[5]["position"] == results[0]["position"] + 1


def test_a_batch_that_is_no_array_is_refused_as_a_whole(gate):
    """
    Given a batch whose brackets do not balance,
    when it is sent,
    then it is 422 `malformed`, and nothing of it is accepted.
    """
    head = gate.get(f"/v1/assessments/{NAME}").json()["head"]

    answer = sent(gate, b"[" + raw(submitted()), BATCH)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert json.loads(gate.get(f"/v1/assessments/{NAME}").content)["head"] == head


FIGURE, DEDUCTION, RULING = submitted(id="firms"), deducted(id="late"), ruled("A03", "min", id="ruling")
DATA = FIGURE["data"] | {"value": 5700}
FIXED = corrected(FIGURE, DATA, id="fixed")
GONE = withdrawn(DEDUCTION, id="gone")
NOBODY = {"source": "/binjiang/nobody", "id": "never"}
DISPUTES = [FIGURE, DEDUCTION, FIXED, GONE, RULING]
"""Entries that are accepted, and then argued about."""
ARGUED = {
    "a correction of what a correction replaced": (corrected(FIGURE, DATA), 409, "entry-superseded"),
    "a withdrawal of what a correction replaced": (withdrawn(FIGURE), 409, "entry-superseded"),
    "a withdrawal of what was withdrawn": (withdrawn(DEDUCTION), 409, "entry-superseded"),
    "a withdrawal of a withdrawal": (withdrawn(GONE), 422, "forbidden"),
    "a correction of a withdrawal": (corrected(GONE, GONE["data"]), 422, "forbidden"),
    "a correction that is about another unit": (corrected(FIXED, DATA, subject="tax"), 422, "malformed"),
    "a correction with what no reading counts": (corrected(FIXED, DATA | {"value": -1}), 422, "out-of-range"),
    "a correction of nothing": (corrected({**FIXED, **NOBODY}, DATA), 422, "unknown-entry"),
    "an appeal on nothing": (appealed({"entry": NOBODY}), 422, "unknown-entry"),
    "an appeal by nobody": (appealed(subject="finance", source="/binjiang/finance"), 422, "unknown-unit"),
    "an appeal on another's entry": (
        appealed({"entry": named(FIGURE), "indicator": None}, subject="tax", source="/binjiang/tax"),
        422,
        "not-your-entry",
    ),
    "a decision of no appeal": (decided({**FIGURE}), 422, "unknown-entry"),
    "a ruling on no finding": (ruled("A99", "min"), 422, "unknown-finding"),
    "a ruling with no reading of it": (ruled("A03", "most"), 422, "unknown-reading"),
    "a ruling on a question for the record": (ruled("A07", "flow"), 422, "unknown-reading"),
    "the same ruling under its own name, otherwise": (
        RULING | {"data": RULING["data"] | {"reading": "first"}},
        409,
        "id-conflict",
    ),
}


@pytest.fixture(scope="module")
def argued(gate):
    """A client of the same server, whose ledger has what is argued about."""
    for entry in DISPUTES:
        answer = sent(gate, raw(entry))
        assert answer.status_code == 201, answer.json()
    return gate


def held(client):
    """All that a ledger's readers can see of it."""
    looked = ("entries", "standings", "checkpoints", "timeline", "sensitivity")
    return [client.get(f"/v1/{each}/{NAME}").content for each in looked]


@pytest.mark.parametrize("case", ARGUED)
def test_what_cannot_be_argued_is_refused_and_changes_nothing(argued, tmp_path, capsys, case):
    """
    Given a ledger with a correction, a withdrawal and a ruling,
    when somebody answers them with what cannot be,
    then it is refused with one sentence, whoever asks, a server or `merit check`, and nothing of the ledger is changed.
    """
    entry, status, code = ARGUED[case]
    before = held(argued)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(before[0] + raw(entry) + b"\n")

    answer = sent(argued, raw(entry))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].isprintable()
    assert held(argued) == before
    assert run(["check", str(file), "--json"]) == 1
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert refused["code"] == code
    assert refused["reason"] == answer.json()["detail"]


def test_of_rulings_that_contradict_each_other_the_latest_in_force_holds(argued):
    """
    Given a finding that is ruled one way,
    when it is ruled another way, and that ruling is withdrawn,
    then each holds while it is the latest in force; earlier positions read as they did.
    """

    def read(position, **asked):
        at = {"known-at": position, **asked}
        return argued.get(f"/v1/standings/{NAME}", params=at).json()["rules"]["readings"]["A03"]

    first = argued.get(f"/v1/assessments/{NAME}").json()["head"]["position"]
    assert read(first) == "min"
    other = ruled("A03", "first", id="otherwise")
    assert sent(argued, raw(other)).status_code == 201
    assert (read(first + 1), read(first)) == ("first", "min")
    assert sent(argued, raw(withdrawn(other))).status_code == 201
    assert [read(position) for position in (first + 2, first + 1, first)] == ["min", "first", "min"]
    assert read(first + 2, reading="A03=mean") == "mean"


def test_a_member_that_another_type_has_does_no_harm(argued):
    """
    Given entries with members of `data` that other types have, of any kind of value,
    when they are sent,
    then they are accepted, and whatever is asked is answered.
    """
    strange = {"appeal": [], "indicator": {}, "supersedes": "x", "period": 1, "tier": [], "occasion": True}
    for entry in (
        ruled("A27", "dense"),
        deducted(),
        appealed({"indicator": "M1"}),
        event("RecusalRecorded", {"scope": "M1", "reason": "x", "entry": "x"}),
    ):
        answer = sent(argued, raw(entry | {"data": strange | entry["data"]}))
        assert answer.status_code == 201, answer.json()
    assert all(held(argued))
    for path in (f"standings/{NAME}", f"timeline/{NAME}", f"sensitivity/{NAME}", f"tipping/{NAME}/market"):
        assert argued.get(f"/v1/{path}").status_code == 200
    assert argued.get("/readyz").json()["parked"] == {}
