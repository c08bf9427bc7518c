"""Stores that earlier programs left are opened, and built beside, by this one: it answers what they answered."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, STRUCTURED, up, wait_for
from tests.services import free_port
from tests.stored.__main__ import ASKED, HERE, NAME, SERVICES, delivered, event

KEPT = sorted(folder.parent.name for folder in HERE.glob("*/answers.json"))


@pytest.fixture(params=KEPT)
def left(request, tmp_path) -> tuple[Path, dict]:
    """A data folder as an earlier program left it, and what it had answered."""
    kept = HERE / request.param
    for service in SERVICES:
        with sqlite3.connect(tmp_path / f"{service}.sqlite") as base:
            base.executescript((kept / f"{service}.sql").read_text(encoding="utf-8"))
        base.close()
    shutil.copy(kept / "ledger.key", tmp_path)
    (tmp_path / "ledger.key").chmod(0o600)
    return tmp_path, json.loads((kept / "answers.json").read_text(encoding="utf-8"))


def holds(found, answered) -> bool:
    """Whether an answer is what was answered then; members may have been added since."""
    if isinstance(answered, dict):
        return all(name in found and holds(found[name], value) for name, value in answered.items())
    if isinstance(answered, list):
        return len(found) == len(answered) and all(map(holds, found, answered))
    return found == answered


def rebuilt(data):
    command = [sys.executable, "-m", "cli", "rebuild", "--beside", "--take-over", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"MERITLOG_DATA": str(data)}, capture_output=True, check=False, timeout=120
    )
    return done.returncode, json.loads(done.stdout)["assessments"]


@pytest.mark.parametrize("beside", [False, True], ids=["opened", "built beside"])
def test_what_an_earlier_program_stored_answers_the_same(left, beside):
    """
    Given the stores of each version that there was,
    when this program opens them, or builds new ones of scoring and ranking beside them,
    then standings, boards, subscriptions and deliveries are those of then, and the next entry goes through all four.
    """
    data, answered = left
    stored = [
        (each["service"], each["entries"], each["differences"], each["disputed"])
        for each in (rebuilt(data)[1] if beside else ())
    ]
    with up(data, free_port(25500, 25899), MERITLOG_ALLOW_PRIVATE="true") as client:
        found = {name: client.get(path).json() for name, path in ASKED.items()}
        refused = client.get(f"/v1/refused/{NAME}").json()["refused"]
        deliveries = delivered(client)
        determined = {
            "indicator": "T2",
            "outcome": "points",
            "points": "20",
            "occurred": "2023-12-01",
            "reason": "裁定",
        }
        more = event(13, "IndicatorDetermined", determined, subject="south")
        answer = client.post(f"/v1/entries/{NAME}", content=json.dumps(more), headers=STRUCTURED)
        wait_for(lambda: client.get(ASKED["live"]).json()["position"] == 13, 30)
        wait_for(lambda: any(position == 13 for _, _, position in delivered(client)), 30)
        ready = client.get("/readyz").json()
        receipt = client.get(f"/v1/receipts/{NAME}/3")

    assert stored == ([("scoring", 12, [], []), ("ranking", 12, [], [])] if beside else [])
    for name in ASKED:
        assert holds(found[name], answered[name]), name
    assert holds(deliveries, answered["deliveries"])
    assert [each["code"] for each in refused] == [answered["refused"]]
    assert (answer.status_code, answer.json()["position"]) == (201, 13)
    assert receipt.status_code == 200
    assert ready["parked"] == {}
