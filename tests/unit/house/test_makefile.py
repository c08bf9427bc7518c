"""The Makefile explains itself."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


def test_help_is_the_default_and_lists_every_target():
    """`make` alone names each target with what it does."""
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    shown = subprocess.run(
        ["make", "-C", ROOT, "--no-print-directory"], capture_output=True, check=True, text=True
    ).stdout
    assert [line.split()[1] for line in shown.splitlines()] == phony.split()


def test_check_is_what_ci_runs():
    """CI has no steps of its own: it calls `make check`, and that includes every test."""
    assert re.search(r"^make .*\bcheck$", (ROOT / ".ci/run").read_text(), re.MULTILINE)
    assert re.search(r"^check: lint types imports test ", MAKEFILE, re.MULTILINE)


def test_the_repository_names_no_machine():
    """No file names a path of somebody's machine; `../shared` is known to .ci/run alone."""
    files = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True).stdout.split(b"\0")
    for name in filter(None, files):
        path = ROOT / name.decode()
        if not path.is_file() or path == Path(__file__):
            continue
        text = path.read_bytes()
        assert not re.search(rb"/(work|root|farm)/[a-z.]", text), path
        assert b"../shared/" not in text or path.parent.name == ".ci", path
