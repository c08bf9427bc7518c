"""The compose file as a stack of its own, with credentials for everybody who speaks in the sample year."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from shared.rubric import load

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy/docker-compose.yml"
YEAR = ROOT / "samples/binjiang-2020.jsonl"
RUBRIC = ROOT / "rubrics/binjiang-2020.yaml"
PROJECT = "meritlog-test"
SERVICES = ("intake", "scoring", "ranking", "notifier", "web", "router")
OURS = ("credentials", "topics", *SERVICES)
PORTS = {
    "MERITLOG_PORT": "25100",
    "KAFKA_PORT": "25101",
    "POSTGRES_PORT": "25102",
    "INTAKE_PORT": "25103",
    "SCORING_PORT": "25104",
    "RANKING_PORT": "25105",
    "NOTIFIER_PORT": "25106",
    "WEB_PORT": "25107",
}
ADDRESS = f"http://127.0.0.1:{PORTS['MERITLOG_PORT']}"
CREATE = """
import json, sys
from pathlib import Path
from shared.chassis.credentials import create
made = {}
for word in sys.argv[1:]:
    role, _, name = word.partition("=")
    made[word] = create(Path("/credentials/credentials.json"), label=word, roles=(role,),
                        created="2020-01-01T00:00:00+00:00", **{role: name})
print(json.dumps(made))
"""


def compose(*arguments: str, stdin: str | None = None, within: int = 600) -> str:
    """`docker compose` on this stack; its standard output."""
    done = subprocess.run(
        ["docker", "compose", "-p", PROJECT, "-f", FILE, *arguments],
        input=stdin,
        env=os.environ | PORTS | {"MERITLOG_SAMPLE_CLOCK": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=within,
    )
    assert done.returncode == 0, f"compose {' '.join(arguments)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@contextmanager
def up() -> Iterator[None]:
    """The stack from nothing, as the how-to starts it; its data goes with it. What it said is shown on failure."""
    try:
        compose("up", "-d", "--wait", "--build")
        yield
    except BaseException:
        print(compose("logs", "--no-color", "--tail", "12", *OURS))
        raise
    finally:
        compose("--profile", "tools", "down", "--volumes", "--timeout", "50")


def tokens() -> dict[str, str]:
    """A token for each `provider=…` and `unit=…` of the rubric, and one for the `office`."""
    rubric = load(RUBRIC.read_text(encoding="utf-8"))
    wanted = [*(f"provider={name}" for name in rubric.providers), *(f"unit={name}" for name in rubric.units)]
    made = compose("run", "--rm", "-T", "--entrypoint", "python", "merit", "-c", CREATE, *wanted)
    office = compose("run", "--rm", "-T", "--entrypoint", "cat", "merit", "/credentials/office.token")
    return {**json.loads(made), "office": office.strip()}


def sender(line: bytes) -> str:
    """Whose token a line is sent with: an appeal is its unit's, a figure its provider's, all else the office's."""
    try:
        event = json.loads(line)
    except ValueError:
        return "office"
    if event.get("type") == "meritlog.AppealFiled.v1":
        return f"unit={event['subject']}"
    return f"provider={event['provider']}" if event.get("provider") else "office"


def send_year(held: dict[str, str]) -> dict[int, int]:
    """Send every line of the year, each by its own sender; how many lines got each status."""
    statuses: dict[int, int] = {}
    with httpx.Client(base_url=ADDRESS, timeout=30, trust_env=False) as client:
        for line in filter(None, YEAR.read_bytes().splitlines()):
            headers = {
                "content-type": "application/cloudevents+json",
                "authorization": f"Bearer {held.get(sender(line), held['office'])}",
            }
            answer = client.post("/v1/entries/binjiang-2020", content=line, headers=headers)
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    return statuses


def position(body: dict) -> int:
    """How far an answer goes: a board shows a closed standing, and says beside it where it stands itself."""
    return body.get("position") or body["known_at"]["position"]


def read(path: str, token: str, *, until: int | None = None, within: float = 60) -> Any:
    """An answer through the router; `until` waits for the position it is about."""
    deadline = time.monotonic() + within
    with httpx.Client(base_url=ADDRESS, timeout=30, trust_env=False) as client:
        while True:
            answer = client.get(path, headers={"authorization": f"Bearer {token}"})
            body = answer.json() if answer.headers["content-type"].endswith("json") else answer.text
            reached = answer.status_code == 200 and (until is None or position(body) >= until)
            if reached:
                return body
            assert time.monotonic() < deadline, (path, answer.status_code, str(body)[:500])
            time.sleep(0.5)
