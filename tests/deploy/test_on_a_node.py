"""The dev overlay where pods really run: probes, secrets as files, read-only disks, names, pods that die."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.rendered import DEPLOY
from tests.deploy.stack import ROOT, RUBRIC, YEAR, compose

pytestmark = pytest.mark.needs("docker", "node")
NAMESPACE = "meritlog"
IMAGES = ("intake", "scoring", "ranking", "notifier", "web", "merit")
PUBLIC = ("apache/kafka:4.1.2", "postgres:17")
WORKLOADS = ("statefulset/postgres", "statefulset/kafka", *(f"deployment/{name}" for name in IMAGES[:-1]))

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


# The same, of a reader who asks all the time until there is nothing more to read: what was no answer, and heads that
# went back.
READ = """
import json, select, sys, time, httpx
head = {"authorization": "Bearer " + sys.stdin.readline().strip()}
asked = {"http://scoring:8000/v1/standings/binjiang-2020": 0, "http://ranking:8000/v1/board/binjiang-2020": 0}
said, answers = [], 0
while not select.select([sys.stdin], [], [], 0.1)[0]:
    for url, before in asked.items():
        try:
            answer = httpx.get(url, headers=head, timeout=20)
        except httpx.HTTPError as error:
            said.append(f"{url}: {error!r}")
            continue
        body = answer.json()
        position = body.get("position") or body.get("known_at", {}).get("position", 0)
        if answer.status_code != 200 or position < before:
            said.append(f"{url}: {answer.status_code}, {before}, {position}")
        asked[url], answers = position, answers + 1
print(json.dumps({"said": said, "answers": answers}))
"""
HOW_TO = (ROOT / "docs/how-to/rebuild.md").read_text(encoding="utf-8")


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
    make_secrets(dev)
    return dev


def make_secrets(dev: Path) -> None:
    """What `secrets.sh` of the overlay does."""
    make = [sys.executable, DEPLOY / "make_secrets.py", dev / "secrets"]
    named = ["--databases", "postgres", "--origin", "meritlog.example"]
    subprocess.run([*make, *named], check=True, timeout=60)


@pytest.fixture(scope="module")
def deployed(overlay: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The overlay, running and ready; taken down afterwards."""
    compose("build")
    archive = tmp_path_factory.mktemp("images") / "images.tar"
    ours = [f"meritlog/{name}:dev" for name in IMAGES]
    subprocess.run(["docker", "save", "-o", archive, *ours, *PUBLIC], check=True, timeout=600)
    load(archive)
    archive.unlink()
    try:
        kubectl("apply", "--server-side", "-k", str(overlay))
        settled()
        yield overlay
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--timeout=180s")


def settled() -> None:
    """Wait for all rollouts; what pods say is shown when they do not come."""
    try:
        for workload in WORKLOADS:
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


def of_the_office() -> list[str]:
    """The first entries of the year that the office sends."""
    events = [event for line in YEAR.read_bytes().splitlines() if (event := readable(line))]
    return [json.dumps(event) for event in events if event.get("provider") in (None, "sme-office")][:12]


def test_entries_become_a_board_and_outlive_their_pods(deployed):
    """The office opens and judges; the board follows; and so it does after pods have died."""
    token = (deployed / "secrets/office.token").read_text()
    ours = of_the_office()
    assert RUBRIC.stem == json.loads(ours[0])["assessment"]
    seen = visit(token, ours, until=1)
    taken = seen["statuses"].count(201)
    assert seen["statuses"][0] == 201
    assert taken > 6, seen["statuses"]
    board = visit(token, [], until=taken)["board"]
    kubectl("-n", NAMESPACE, "delete", "pod", "-l", "app.kubernetes.io/name in (intake,scoring,ranking,postgres,kafka)")
    settled()
    again = visit(token, ours, until=taken)
    assert again["statuses"].count(200) == taken
    assert again["board"]["units"] == board["units"]


def commands(section: str) -> list[str]:
    """The blocks of commands under a heading of the how-to."""
    said = HOW_TO.partition(f"### {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^```\n(.*?)^```", said, re.DOTALL | re.MULTILINE)


def operator(*blocks: str) -> str:
    """What an operator's shell says, in which images are those that were loaded."""
    script = 'kubectl() { $MERITLOG_NODE_KUBECTL "$@"; }\n' + "".join(blocks).replace(":0.2.0", ":dev")
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, f"{script}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.needs("jq")
@pytest.mark.parametrize("service", ["scoring", "ranking"])
def test_the_how_to_builds_beside_and_takes_over_and_no_reader_notices(deployed, service):
    """
    Given a board,
    when the commands of the how-to are given one after the other, and then the release is applied on the new store,
    then each is as told, readers asked all the time and had answers, and entries are scored as before.
    """
    named, database, beside, after = commands("On Kubernetes")
    named = named.replace("service=scoring ", f"service={service} ")
    token = (deployed / "secrets/office.token").read_text()
    sent = visit(token, of_the_office(), until=1)["statuses"]
    before = visit(token, [], until=sent.count(201) + sent.count(200))["board"]
    command = [*shlex.split(os.environ["MERITLOG_NODE_KUBECTL"]), "-n", NAMESPACE, "exec", "-i", "deployment/web"]
    reader = subprocess.Popen(
        [*command, "--", "python", "-c", READ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin
    reader.stdin.write(f"{token}\n")
    reader.stdin.flush()

    told = operator(named, database, beside)
    secret = deployed / f"secrets/{service}/database"
    secret.write_text(f"{secret.read_text()}_green")
    make_secrets(deployed)
    kubectl("apply", "--server-side", "-k", str(deployed))
    operator(named, after)

    seen = json.loads(reader.communicate("", timeout=60)[0])
    assert told.count("as it was told") == 2
    assert "now in use" in told
    assert seen["said"] == []
    assert seen["answers"] > 20
    assert visit(token, [], until=before["position"])["board"]["units"] == before["units"]
