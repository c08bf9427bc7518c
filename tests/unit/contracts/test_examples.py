"""The public examples: every one is read, none is orphaned, none is ever edited."""

import hashlib
import json
from pathlib import Path

import pytest

from shared.contracts import kinds
from shared.contracts.data import MODELS
from shared.contracts.entries import jcs, leaf_hash, parse_event, stored_form
from shared.contracts.outward import OUTWARD_MODELS
from shared.contracts.records import decode_record, record_id, scores_changed, standing_changed
from shared.contracts.shapes import shape_fault
from shared.contracts.standing import digest
from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import load

EXAMPLES = Path("shared/contracts/examples")
FILES = sorted(EXAMPLES.glob("*/v*/*.json"))
ENTRIES = [file for file in FILES if f"meritlog.{file.parts[-3]}.{file.parts[-2]}" in kinds.ALL]
RECORDS = [file for file in FILES if file not in ENTRIES]


def name(file):
    return "/".join(file.parts[-3:])


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def test_examples_are_never_edited_only_added_to():
    """SHA256SUMS names them all (`sha256sum` writes it); a file that differs from its sum was edited."""
    lines = (EXAMPLES / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = dict(reversed(line.split("  ", 1)) for line in lines)
    assert sums == {name(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES}


def test_every_type_has_an_example_and_no_example_is_orphaned():
    """The folder is the type."""
    kept = {f"meritlog.{file.parts[-3]}.{file.parts[-2]}" for file in FILES}
    assert kept == {*kinds.ALL, *kinds.OUTWARD}
    assert all(read(file)["type"] == f"meritlog.{file.parts[-3]}.{file.parts[-2]}" for file in FILES)


@pytest.mark.parametrize("file", ENTRIES, ids=name)
def test_an_entry_s_example_is_read_by_the_gate_and_by_its_model(file):
    """Both forms, sent and stored."""
    event = parse_event(file.read_bytes())
    assert event.fault is None
    assert shape_fault(event.type, event.data) is None
    assert MODELS[event.type].model_validate(read(file)["data"])


@pytest.mark.parametrize("file", [file for file in ENTRIES if file.stem == "stored"], ids=name)
def test_a_stored_example_is_stored_the_same_again(file):
    """Stored events of every earlier version stay readable."""
    members = read(file)
    event = parse_event(file.read_bytes())
    assert stored_form(event, **event.added | {"position": members["position"]}) == jcs(members)


def test_the_examples_sent_are_one_ledger():
    """In order of time each is accepted, as it stands."""
    sent = [read(file) for file in ENTRIES if file.stem != "stored"]
    replay = Replay(load)
    for members in sorted(sent, key=lambda members: members["time"]):
        outcome = replay.read(json.dumps(members).encode())
        assert isinstance(outcome, Accepted), (members["type"], outcome)
    assert replay.state.phase == "restated"


@pytest.mark.parametrize("file", RECORDS, ids=name)
def test_a_record_s_example_is_written_the_same_again(file):
    """By the one function that writes such records."""
    members = read(file)
    body = jcs(members)
    record = decode_record(body)
    write = scores_changed if record.type == kinds.SCORES_CHANGED else standing_changed
    place = (record.assessment, record.generation, record.position)
    assert write(*place, time=record.time, previous=record.previous, data=record.data) == body
    assert record.id == record_id(*place)
    assert OUTWARD_MODELS[record.type].model_validate(record.data)


def test_consecutive_records_name_the_digest_before():
    """As every example after the first does."""
    folder = EXAMPLES / "StandingChanged" / "v1"
    closing, restatement = (read(folder / f"{stem}.json") for stem in ("closed", "restated"))
    assert restatement["previous"] == leaf_hash(jcs(closing))
    assert restatement["data"]["supersedes"] == closing["position"]


def test_the_closing_names_the_standing_that_was_seen():
    """The digest in the entry is that of the standing in the record."""
    entry = read(EXAMPLES / "AssessmentClosed" / "v1" / "sent.json")
    record = read(EXAMPLES / "StandingChanged" / "v1" / "closed.json")
    assert entry["data"]["standing"] == digest(record["data"]["standing"])
