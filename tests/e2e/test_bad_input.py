"""What is wrong with a request to `merit up`'s gate: its status, what is kept of it, and that nothing else suffers."""

import hashlib
import json

import pytest

from tests.builders import event, raw, submitted
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
