"""The dev overlay where pods really run: probes, secrets as files, read-only disks, names, pods that die."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.rendered import DEPLOY
from tests.deploy.stack import RUBRIC, YEAR, compose

pytestmark = pytest.mark.needs("docker", "node")
NAMESPACE = "meritlog"
IMAGES = ("intake", "scoring", "ranking", "notifier", "web", "merit")
PUBLIC = ("apache/kafka:4.1.2", "postgres:17")

# Runs in the pod of the pages, which may call every service: sends events, waits, and prints what the board shows.
VISIT = """
import json, sys, time, httpx
told = json.load(sys.stdin)
head = {"authorization": "Bearer " + told["token"], "content-type": "application/cloudevents+json"}
statuses = [httpx.post("http://intake:8000/v1/entries/binjiang-2020", content=line, headers=head).status_code
            for line in told["lines"]]
until = time.monotonic() + 90
while True:
    answer = httpx.get("http://ranking:8000/v1/board/binjiang-2020", headers=head)
    if answer.status_code == 200 and answer.json()["position"] >= told["until"]:
        break
    assert time.monotonic() < until, answer.text
    time.sleep(0.5)
print(json.dumps({"statuses": statuses, "board": answer.json()}))
"""


def kubectl(*arguments: str, stdin: str | None = None, within: int = 300) -> str:
    command = [*shlex.split(os.environ["MERITLOG_NODE_KUBECTL"]), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=within)
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


def load(archive: Path) -> None:
    """Put images where the node finds them."""
    subprocess.run([*shlex.split(os.environ["MERITLOG_NODE_LOAD"]), archive], check=True, timeout=600)


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the manifests with secrets of its own, made as the how-to makes them."""
    copy = tmp_path_factory.mktemp("deploy") / "k8s"
    shutil.copytree(DEPLOY / "k8s", copy, ignore=shutil.ignore_patterns("secrets"))
    dev = copy / "overlays/dev"
    make = [
        sys.executable,
        DEPLOY / "make_secrets.py",
        dev / "secrets",
        "--databases",
        "postgres",
        "--origin",
        "meritlog.example",
    ]
    subprocess.run(make, check=True, timeout=60)
    return dev


@pytest.fixture(scope="module")
def deployed(overlay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The overlay, running; taken down afterwards."""
    compose("build")
    archive = tmp_path_factory.mktemp("images") / "images.tar"
    ours = [f"meritlog/{name}:dev" for name in IMAGES]
    subprocess.run(["docker", "save", "-o", archive, *ours, *PUBLIC], check=True, timeout=600)
    load(archive)
    archive.unlink()
    try:
        kubectl("apply", "--server-side", "-k", str(overlay))
        yield overlay
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--timeout=180s")


def settled(*workloads: str) -> None:
    """Wait for rollouts; what pods say is shown when they do not come."""
    try:
        for workload in workloads:
            kubectl("-n", NAMESPACE, "rollout", "status", workload, "--timeout=240s")
    except AssertionError:
        print(kubectl("-n", NAMESPACE, "get", "pods", "-o", "wide"))
        print(kubectl("-n", NAMESPACE, "get", "events", "--sort-by=.lastTimestamp")[-6000:])
        raise


def visit(token: str, lines: list[str], until: int) -> dict:
    told = json.dumps({"token": token, "lines": lines, "until": until})
    return json.loads(kubectl("-n", NAMESPACE, "exec", "-i", "deployment/web", "--", "python", "-c", VISIT, stdin=told))


def readable(line: bytes) -> dict | None:
    """An event of the year; some of its lines are no JSON, on purpose."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def test_entries_become_a_board_and_outlive_their_pods(deployed):
    """All comes up ready; the office opens and judges; the board follows; and so it does after pods have died."""
    settled("statefulset/postgres", "statefulset/kafka", *(f"deployment/{name}" for name in IMAGES[:-1]))
    token = (deployed / "secrets/office.token").read_text()
    events = [event for line in YEAR.read_bytes().splitlines() if (event := readable(line))]
    ours = [json.dumps(event) for event in events if event.get("provider") in (None, "sme-office")][:12]
    assert RUBRIC.stem == events[0]["assessment"]
    seen = visit(token, ours, until=1)
    taken = seen["statuses"].count(201)
    assert seen["statuses"][0] == 201
    assert taken > 6, seen["statuses"]
    board = visit(token, [], until=taken)["board"]
    kubectl("-n", NAMESPACE, "delete", "pod", "-l", "app.kubernetes.io/name in (intake,scoring,ranking,postgres,kafka)")
    settled("statefulset/postgres", "statefulset/kafka", *(f"deployment/{name}" for name in IMAGES[:-1]))
    again = visit(token, ours, until=taken)
    assert again["statuses"].count(200) == taken
    assert again["board"]["units"] == board["units"]
