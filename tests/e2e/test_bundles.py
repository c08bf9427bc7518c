"""From a running server to a verified bundle, and from the bundle to another server: through the commands alone."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from shared.proof import merkle, tlog_proof
from shared.proof.keys import VerifierKey
from tests.running import NAME, YEAR, shown, up, wait_for
from tests.services import ROOT, free_port

SETTLED_SECONDS = 180


def merit(*arguments: object, cwd: Path, server: httpx.Client | None = None) -> subprocess.CompletedProcess[str]:
    """A command, as a person runs it."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"MERIT_SERVER": str(server.base_url)} if server else {})
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder in which the year was sent to `merit up --data data` and these bundles were exported."""
    folder = tmp_path_factory.mktemp("bundles")
    with up(folder / "data", free_port(24500, 24999)) as server:
        assert merit("emit", YEAR, cwd=folder, server=server).returncode == 1
        head = server.get(f"/v1/assessments/{NAME}").json()["head"]["position"]
        wait_for(lambda: shown(server) == head, SETTLED_SECONDS)
        (folder / "keys.txt").write_bytes(server.get(f"/v1/checkpoints/{NAME}/keys").content)
        assert merit("export", "head.zip", cwd=folder, server=server).returncode == 0
        options = ["--as-of", "2020-09-30", "--known-at", "2020-10-15", "--reading", "A01=20"]
        assert merit("export", "autumn.zip", *options, cwd=folder, server=server).returncode == 0
        asked = {"as-of": "2020-09-30", "known-at": "2020-10-15", "reading": "A01=20"}
        (folder / "autumn.json").write_bytes(server.get(f"/v1/standings/{NAME}", params=asked).content)
        (folder / "curl.zip").write_bytes(server.get(f"/v1/bundles/{NAME}", params=asked).content)
        assert merit("export", "lines.jsonl", "--lines", cwd=folder, server=server).returncode == 0
        entries = server.get(f"/v1/entries/{NAME}").content
        assert (folder / "lines.jsonl").read_bytes() == entries
        assert merit("export", "--lines", cwd=folder, server=server).stdout.encode() == entries
        again = merit("export", "head.zip", cwd=folder, server=server)
        assert (again.returncode, again.stderr) == (2, "merit: head.zip is there already: name another file\n")
        for words, status, code in (
            ({"known-at": head + 1}, 503, "not-yet"),
            ({"reading": "A01=7"}, 422, "unknown-reading"),
            ({"known-at": "2019-01-01"}, 404, "not-known"),
            ({"rubric": 9}, 404, "unknown-rubric"),
        ):
            refused = server.get(f"/v1/bundles/{NAME}", params=words)
            assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert server.get("/v1/bundles/nowhere").status_code == 404
    return folder


def verified(folder: Path, bundle: str, *keys: object) -> dict:
    done = merit("verify", bundle, "--json", *keys, cwd=folder)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_bundle_of_any_coordinate_verifies_offline(folder):
    """
    Given bundles of the head and of a day in autumn under another reading,
    when they are verified with the server gone and its key pinned,
    then they hold, and the standing is the one that the server gave over HTTP; over HTTP the bundle is the same.
    """
    key = ["--key", folder / "keys.txt"]
    assert verified(folder, "head.zip", *key)["holds"]
    report = verified(folder, "autumn.zip", *key)
    assert report["holds"]
    assert report["coordinate"]["readings"] == {"A01": "20"}
    with ZipFile(folder / "autumn.zip") as bundle:
        assert json.loads(bundle.read("standing.json")) == json.loads((folder / "autumn.json").read_bytes())
    assert (folder / "curl.zip").read_bytes() == (folder / "autumn.zip").read_bytes()


def test_another_server_goes_on_from_a_bundle(folder):
    """
    Given a bundle imported into an empty folder, with the ledger's key put beside it,
    when a server starts there,
    then it gives the same ledger, its receipts prove under the same key, its bundle has the same bytes, and it goes on.
    """
    done = merit("import", "head.zip", "--key", "keys.txt", "--data", "other", cwd=folder)
    assert done.returncode == 0, done.stderr
    shutil.copy(folder / "data" / "ledger.key", folder / "other")
    key = VerifierKey.parse((folder / "keys.txt").read_text())
    with up(folder / "other", free_port(24500, 24999)) as server:
        with ZipFile(folder / "head.zip") as bundle:
            lines = bundle.read("entries.jsonl")
        assert server.get(f"/v1/entries/{NAME}").content == lines
        stored = lines.splitlines()
        for position in (1, 700, len(stored)):
            receipt = tlog_proof.parse(server.get(f"/v1/receipts/{NAME}/{position}").content)
            tlog_proof.verified(receipt, merkle.leaf_hash(stored[position - 1]), key.name, [key])
        wait_for(lambda: shown(server) == len(stored), SETTLED_SECONDS)
        assert merit("export", "again.zip", cwd=folder, server=server).returncode == 0
        assert merit("emit", YEAR, cwd=folder, server=server).stdout.startswith("0 accepted")
    assert (folder / "again.zip").read_bytes() == (folder / "head.zip").read_bytes()


def test_a_key_that_was_rotated_is_believed_by_who_pinned_the_one_before(folder):
    """
    Given a ledger whose key handed over to another,
    when it is started and exported,
    then who pinned the first key verifies it, the bundles before still verify, and a stranger's key does not.
    """
    shutil.copytree(folder / "data", folder / "rotated")
    assert merit("key", "rotate", "--data", "rotated", cwd=folder).returncode == 0
    with up(folder / "rotated", free_port(24500, 24999)) as server:
        wait_for(lambda: shown(server) > 0, SETTLED_SECONDS)
        assert merit("export", "rotated.zip", cwd=folder, server=server).returncode == 0
        now = server.get(f"/v1/checkpoints/{NAME}/keys").text.split("\n")[0]
    assert merit("key", "show", NAME, "--data", "rotated", cwd=folder).stdout == now + "\n"
    pinned = (folder / "keys.txt").read_text().strip()
    assert now != pinned
    for bundle in ("rotated.zip", "head.zip"):
        assert verified(folder, bundle, "--key", pinned)["holds"]
    assert verified(folder, "rotated.zip", "--key", now)["holds"]
    assert not verified(folder, "head.zip", "--key", now)["holds"]


def test_scoring_stops_where_its_copy_is_not_what_was_signed(folder):
    """
    Given a scoring whose copy of one entry was changed on its disk,
    when it is started,
    then it parks that assessment, says why, and gives no bundle of it.
    """
    shutil.copytree(folder / "data", folder / "tampered")
    with sqlite3.connect(folder / "tampered" / "scoring.sqlite") as store:
        (row,) = store.execute(
            "SELECT rowid, state FROM stored_events WHERE originator_id LIKE 'ledger/%' AND originator_version = 700"
        ).fetchall()
        store.execute("UPDATE stored_events SET state = ? WHERE rowid = ?", (row[1] + b" ", row[0]))
    store.close()
    with up(folder / "tampered", free_port(24500, 24999), MERITLOG_CHECKPOINT_SECONDS="0.2") as server:
        wait_for(lambda: NAME in server.get("/readyz").json()["parked"].get("scoring", {}), SETTLED_SECONDS)
        assert server.get("/readyz").json()["parked"]["scoring"][NAME].startswith("Fork: intake signed another ledger")
        refused = server.get(f"/v1/bundles/{NAME}")
        assert (refused.status_code, refused.json()["code"]) == (409, "fork")
