"""`merit` starts lightly, and fails in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import run

ROOT = Path(__file__).parents[3]


def test_help_imports_nothing_heavy() -> None:
    """Given `merit --help`, then neither numpy nor pydantic nor rich nor any service is imported."""
    script = (
        "import sys; from cli.main import run; run(['--help']);"
        "heavy = {'numpy', 'pydantic', 'rich', 'yaml', 'msgspec', 'httpx', 'fastapi', 'services', 'shared'};"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "standings" in done.stdout


def test_no_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """`merit` alone shows the help and exits 2; a wrong command is one sentence."""
    assert run([]) == 2
    assert "Usage: merit" in capsys.readouterr().out
    assert run(["nonsense"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["rubric"]) == 2


def test_nobody_reading_is_no_error() -> None:
    """Given a reader that leaves early, as `head` does, then there is no complaint."""
    arguments = ["merit", "rubric", "show", "rubrics/binjiang-2020.yaml"]
    script = f"import sys; from cli.main import main; sys.argv = {arguments}; main()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0
