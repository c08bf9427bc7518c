"""Following what is shown: server-sent events over a real socket, taken up again where the reader was."""

import contextlib
import json
import signal

import pytest

from tests.running import NAME, STRUCTURED, YEAR, shown, up, wait_for
from tests.services import free_port

HALF, WHOLE = 40, 80


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return YEAR.read_bytes().split(b"\n")[:WHOLE]


def send(client, lines) -> int:
    """How many entries the ledger has when these are taken and shown."""
    for line in lines:
        client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
    head = client.get(f"/v1/assessments/{NAME}").json()["head"]["position"]
    wait_for(lambda: shown(client) == head, 60)
    return head


def follow(client, count, *, last=None, **query) -> list[tuple[str, dict]]:
    """The ids and records of the next events, after the one with the id `last`."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    found, id_ = [], None
    with client.stream("GET", f"/v1/changes/{NAME}", headers=headers, params=query) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        with contextlib.closing(answer.iter_lines()) as text:
            for line in text:
                if line.startswith("id: "):
                    id_ = line.removeprefix("id: ")
                elif line.startswith("data: ") and id_ is not None:
                    found.append((id_, json.loads(line.removeprefix("data: "))))
                    id_ = None
                if len(found) == count:
                    return found
    raise AssertionError("the stream ended")


def test_a_reader_goes_on_after_a_restart_where_it_was(tmp_path, lines):
    """
    Given a reader of changes whose server is killed,
    when the server is there again, with more entries, and the reader names the last event it has,
    then it gets just the ones behind it, in order, as if nothing had been.
    """
    port = free_port(26000, 26499)
    with up(tmp_path, port) as client:
        head = send(client, lines[:HALF])
        first = follow(client, head, after=0)
        client.process.send_signal(signal.SIGKILL)
    with up(tmp_path, port) as client:
        end = send(client, lines[HALF:])
        rest = follow(client, end - head + 5, last=first[-6][0])
        feed = client.get(f"/v1/changes/{NAME}", params={"after": 0, "limit": 1000}).json()["changes"]

    assert [id_ for id_, _ in first] == [f"1-{position}" for position in range(1, head + 1)]
    assert [id_ for id_, _ in rest] == [f"1-{position}" for position in range(head - 4, end + 1)]
    assert [record for _, record in first[:-5] + rest] == feed


def test_a_reader_without_a_place_hears_what_comes_next(tmp_path, lines):
    """Given a reader that names no place, when an entry comes in, then it is the first that the reader hears of."""
    with up(tmp_path, free_port(26500, 26999)) as client:
        head = send(client, lines[:HALF])
        headers = {"Accept": "text/event-stream"}
        with client.stream("GET", f"/v1/changes/{NAME}", headers=headers) as answer:
            client.post(f"/v1/entries/{NAME}", content=lines[HALF], headers=STRUCTURED)
            ids = (line for line in answer.iter_lines() if line.startswith("id: "))
            assert next(ids) == f"id: 1-{head + 1}"


def test_a_place_that_is_none_is_refused(tmp_path, lines):
    """Given a Last-Event-ID that the stream never sent, when a reader names it, then it is told what one looks like."""
    with up(tmp_path, free_port(27000, 27499)) as client:
        send(client, lines[:1])
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "twelve"}
        answer = client.get(f"/v1/changes/{NAME}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "<generation>-<position>" in answer.json()["detail"]


def test_silence_is_broken_by_pings(tmp_path, lines):
    """Given that nothing changes, when a reader waits, then a ping comes, as an event that scripts can see."""
    with up(tmp_path, free_port(27500, 27999)) as client:
        send(client, lines[:1])
        with client.stream("GET", f"/v1/changes/{NAME}", headers={"Accept": "text/event-stream"}) as answer:
            assert "event: ping" in answer.iter_lines()
