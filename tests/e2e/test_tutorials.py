"""The commands of the tutorials run as they are written, and show what the page says they show."""

import doctest
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import wait_for

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8000"
PAGES = sorted(page for page in (ROOT / "docs/tutorials").glob("*.md") if page.name != "index.md")

pytestmark = pytest.mark.needs("curl")


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """Each command of a page's console blocks (`$ `, going on with `> `), with the output shown after it."""
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for said in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            lines = said.splitlines()
            more = [line[2:] for line in lines[1:] if line.startswith("> ")]
            yield "\n".join([lines[0], *more]), "\n".join(lines[1 + len(more) :])


def settings(page: Path) -> dict[str, str]:
    """The settings that a page starts its `merit up` with."""
    started = re.search(r"^((?:MERITLOG_\w+=\S+ )*)merit up$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert started, f"{page.name} starts no merit up"
    return dict(setting.split("=", 1) for setting in started[1].split())


@pytest.fixture
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """`merit up` in a process of its own, with the settings that the test is parametrised with."""
    environment = os.environ | getattr(request, "param", {})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    merit = Path(sys.executable).with_name("merit")
    log = tmp_path / "up.log"
    with (
        log.open("w") as said,
        subprocess.Popen(
            [merit, "up", "--data", tmp_path / ".merit", "--port", str(port)], stderr=said, env=environment
        ) as process,
    ):
        deadline = time.monotonic() + 60
        while "Meritlog listens" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


@pytest.mark.parametrize(
    ("page", "server"),
    [pytest.param(page, settings(page), id=page.stem) for page in PAGES],
    indirect=["server"],
)
def test_a_tutorial_does_what_it_says(page, server, tmp_path):
    """
    Given `merit up` with the settings that the page names, in the folder that it keeps its data in by default,
    when the page's commands are run in order,
    then each succeeds, and its output is what stands below it, `...` standing for anything.
    """
    for folder in ("rubrics", "samples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    checker = doctest.OutputChecker()
    for command, shown in steps(page):
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-c", command.replace(ADDRESS, server)],
            cwd=tmp_path,
            env={"PATH": path, "LANG": "C.UTF-8", "MERIT_SERVER": server},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        got = done.stdout.replace(server, ADDRESS).strip() + "\n"
        right = shown.strip() in ("", "...") or checker.check_output(shown + "\n", got, doctest.ELLIPSIS)
        assert right, f"$ {command}\nshown:\n{shown}\ngot:\n{got}"


@pytest.mark.parametrize("server", [{"MERITLOG_SAMPLE_CLOCK": "true"}], indirect=True)
def test_the_tour_of_the_readme_runs(server, tmp_path):
    """
    Given `merit up` as the README has it,
    when its commands are run,
    then they do what they say (the year has lines that are refused, and emit says so by 1), and the year is closed as
    its assessor saw it.
    """
    before, _, behind = (ROOT / "README.md").read_text(encoding="utf-8").partition("In another terminal:")
    tour = behind.split("```")[1]
    assert "MERITLOG_SAMPLE_CLOCK=true .venv/bin/merit up" in before
    commands = [line.partition("#")[0].split() for line in tour.strip().splitlines()]
    assert [words[1] for words in commands] == ["emit", "standings", "explain", "standings", "export", "verify"]
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    for _, *words in commands:
        done = subprocess.run(
            [Path(sys.executable).with_name("merit"), *words],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MERIT_SERVER": server},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == (1 if words[0] == "emit" else 0), f"{words}\n{done.stdout}{done.stderr[-2000:]}"
    answer = httpx.get(f"{server}/v1/standings/binjiang-2020", trust_env=False).json()
    assert answer["state"] == "restated"
    wait_for(lambda: httpx.get(f"{server}/v1/board/binjiang-2020", trust_env=False).json()["state"] == "restated", 60)
