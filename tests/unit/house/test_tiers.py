"""What a machine lacks is left out in one line, or fails where everything is required."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]
TEST = "def test_it():\n    assert True\n"
DIALS_OUT = """
import socket, pytest
def test_it():
    with pytest.raises(Exception, match="198.51.100.1"):
        socket.create_connection(("198.51.100.1", 9), timeout=0.1)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
"""


def run(tmp_path: Path, files: dict[str, str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Pytest with our conftest over a small tree, on a machine that has nothing but Python."""
    tests = tmp_path / "tests"
    tests.mkdir()
    for ours in ("conftest.py", "means.py"):
        shutil.copy(TESTS / ours, tests)
    shutil.copy(TESTS.parent / "pyproject.toml", tmp_path)
    for name, text in files.items():
        (tests / name).parent.mkdir(parents=True, exist_ok=True)
        (tests / name).write_text(text)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("MERITLOG", "PYTEST"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=clean | {"PATH": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_what_is_missing_is_left_out_in_one_line(tmp_path):
    """Without Docker and a browser the unit tests run; one line says what did not and how to get it."""
    files = {f"{tier}/test_{tier}.py": TEST for tier in ("unit", "integration", "browser", "deploy")}
    done = run(tmp_path, files)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("left out: ")]
    assert "no docker for 2 tests: install Docker" in line
    assert "no chromium for 1 test: install chromium" in line
    assert "1 passed, 3 deselected" in done.stdout.splitlines()[-1]


def test_where_all_is_required_the_missing_fails(tmp_path):
    """CI does not go green by leaving tests out."""
    done = run(tmp_path, {"unit/test_unit.py": TEST, "browser/test_browser.py": TEST}, MERITLOG_REQUIRE_ALL="1")
    assert done.returncode != 0
    assert "MERITLOG_REQUIRE_ALL=1, but there is no chromium for 1 test" in done.stderr


def test_a_test_may_need_more_than_its_folder(tmp_path):
    """A mark says what one test needs, whatever its folder."""
    marked = "import pytest\n@pytest.mark.needs('kubectl')\n" + TEST
    done = run(tmp_path, {"unit/test_unit.py": TEST, "unit/test_marked.py": marked})
    assert "no kubectl for 1 test" in done.stdout


def test_unit_tests_reach_loopback_and_nothing_else(tmp_path):
    """A unit test that dials out fails at once, by name; a port of its own machine it may try."""
    done = run(tmp_path, {"unit/test_unit.py": DIALS_OUT})
    assert "1 passed" in done.stdout, done.stdout
