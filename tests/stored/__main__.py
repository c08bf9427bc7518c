"""Keeps what a program stores, as an example that later ones must read: `python -m tests.stored NAME [PROGRAM]`.

Once for every raised VERSION: a small assessment is played into `merit up` of this checkout, or of another at PROGRAM,
and each service's store is written as SQL, with what was answered, to `tests/stored/NAME`. What is there is never
edited.
"""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from shared.contracts.standing import digest
from tests.services import ROOT, free_port

HERE = Path(__file__).parent
SERVICES = ("intake", "scoring", "ranking", "notifier")
NAME = "sample-ledger-2023"
RUBRIC = ROOT / "tests/unit/rubric/rubrics/sample-ledger-2023.yaml"
HOOK = {"url": "http://127.0.0.1:9/hook", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
STRUCTURED = {"Content-Type": "application/cloudevents+json"}
ASKED = {
    "standing": f"/v1/standings/{NAME}",
    "frozen": f"/v1/standings/{NAME}?known-at=9",
    "board": f"/v1/board/{NAME}",
    "live": f"/v1/board/{NAME}?view=live",
    "subscriptions": "/v1/subscriptions",
}


def event(number, kind, data, **more):
    """An event of the office, one a day."""
    return {
        "specversion": "1.0",
        "id": f"{kind}-{number}",
        "source": "/office",
        "type": f"meritlog.{kind}.v1",
        "time": f"2023-12-{number:02}T09:00:00+08:00",
        "assessment": NAME,
        "data": data,
        **more,
    }


def figure(number, unit, indicator, measure, value, **more):
    data = {"indicator": indicator, "measure": measure, "value": value, "occurred": "2023-11-30", **more}
    return event(number, "SubmissionReceived", data, subject=unit, provider="office")


def events():
    """An opening, figures, an award, a deduction, a correction, a withdrawal, a freeze, and figures after that."""
    text = RUBRIC.read_text(encoding="utf-8")
    rubric = {
        "id": NAME,
        "version": 1,
        "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        "content": text,
    }
    period = {"from": "2023-01-01", "to": "2023-12-31"}
    award = {"indicator": "E1", "line": "provincial", "occasion": "推广会", "occurred": "2023-06-01", "reason": "推广"}
    censure = {"indicator": "E2", "line": "censure", "incident": "通报", "points": "1.5", "occurred": "2023-07-01"}
    built = figure(3, "north", "T1", "built", "7")
    corrected = {
        "entry": {"source": "/office", "id": built["id"]},
        "reason": "更正",
        "data": built["data"] | {"value": 8},
    }
    return [
        event(
            1, "AssessmentOpened", {"rubric": rubric, "period": period, "timezone": "Asia/Shanghai", "clock": "sample"}
        ),
        figure(2, "north", "T1", "planned", "10"),
        built,
        figure(4, "south", "T2", "gathered", "88.5"),
        event(5, "BonusAwarded", award, subject="south"),
        event(6, "DeductionIssued", censure | {"reason": "批评"}, subject="north"),
        event(7, "EntryCorrected", corrected, subject="north", provider="office"),
        figure(8, "south", "T3", "judged", "9", tier="good", reason="良"),
        event(9, "AssessmentFrozen", {"as_of": "2023-12-31", "known_at": "8", "reason": "公示"}),
        event(
            10,
            "EntryWithdrawn",
            {"entry": {"source": "/office", "id": "BonusAwarded-5"}, "reason": "重复"},
            subject="south",
        ),
        figure(11, "north", "Q1", "uptime", "99.95"),
    ]


def closing(standing):
    """What closes the year on the standing that was seen."""
    data = {
        "as_of": standing["as_of"],
        "known_at": str(standing["known_at"]["position"]),
        "rubric": str(standing["rules"]["version"]),
        "readings": standing["rules"]["readings"],
        "standing": digest(standing),
        "reason": "年终",
    }
    return event(12, "AssessmentClosed", data)


def main(name, program=ROOT):
    """Play, ask, stop, and write it all down."""
    to = HERE / name
    to.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        data, port = Path(folder), free_port(25500, 25899)
        command = [sys.executable, "-m", "cli", "up", "--data", folder, "--port", str(port)]
        clock = {"MERITLOG_SAMPLE_CLOCK": "true", "MERITLOG_ALLOW_PRIVATE": "true", "PYTHONPATH": str(program)}
        running = subprocess.Popen(command, cwd=program, env=os.environ | clock)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                answers = played(client)
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
        (to / "answers.json").write_text(json.dumps(answers, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        for service in SERVICES:
            (to / f"{service}.sql").write_text("".join(dumped(data / f"{service}.sqlite")), encoding="utf-8")
        shutil.copy(data / "ledger.key", to / "ledger.key")


def played(client):
    """What is answered once all was said."""
    while not ready(client):
        time.sleep(0.2)
    client.post("/v1/subscriptions", json=HOOK).raise_for_status()
    for each in events():
        client.post(f"/v1/entries/{NAME}", json=each, headers=STRUCTURED).raise_for_status()
    refused = client.post(f"/v1/entries/{NAME}", json=figure(12, "west", "T2", "gathered", "1"), headers=STRUCTURED)
    seen = client.get(ASKED["standing"], params={"known-at": 11}).json()
    client.post(f"/v1/entries/{NAME}", json=closing(seen), headers=STRUCTURED).raise_for_status()
    while client.get(ASKED["live"]).json()["position"] < 12 or not any(each[2] == 12 for each in delivered(client)):
        time.sleep(0.2)
    return {
        **{name: client.get(path).json() for name, path in ASKED.items()},
        "deliveries": delivered(client),
        "refused": refused.json()["code"],
    }


def delivered(client):
    """What is to be sent, by name; when it is tried again is left out."""
    found = client.get("/v1/deliveries").json()["deliveries"]
    return sorted([each["id"], each["assessment"], each["position"]] for each in found)


def ready(client):
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def dumped(file):
    """A database as SQL, text as text also where it is kept as bytes."""
    with sqlite3.connect(file) as base:
        made = base.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, name")
        for table, sql in made.fetchall():
            yield f"{sql};\n"
            if sql.startswith("CREATE TABLE"):
                for row in base.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2'):
                    yield f'INSERT INTO "{table}" VALUES ({", ".join(map(literal, row))});\n'
    base.close()


def literal(value):
    """A value as SQLite reads it back."""
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = "\0"
        return f"X'{value.hex()}'" if "\0" in text else f"CAST({literal(text)} AS BLOB)"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else repr(value)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:]))
