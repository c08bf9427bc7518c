"""Commands, start-up included, beside what Python itself takes."""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.processes import ROOT
from benchmarks.table import Pairs, Row

MERIT = str(Path(sys.executable).with_name("merit"))
YEAR = "samples/binjiang-2020.jsonl"


def rows(*, quick: bool) -> list[Row]:
    """`--help`, and the standings of a file."""
    turns = 3 if quick else 15
    bare = [sys.executable, "-c", "pass"]
    read = [sys.executable, "-c", "import numpy, pydantic, yaml"]
    first = _turns([MERIT, "--help"], bare, turns)
    second = _turns([MERIT, "standings", "--entries", YEAR, "--json"], read, turns)
    return [
        _row("`merit --help`", first, "python -c pass", "≤ 0.3 s", "Python's start, and one library"),
        _row(
            "`merit standings` on the sample year's file",
            second,
            "python -c 'import numpy, pydantic, yaml'",
            "≤ 1.5 s",
            "half is imports, a quarter the gate over 1,419 lines",
        ),
    ]


def _turns(ours: list[str], peer: list[str], turns: int) -> Pairs:
    pairs = Pairs([], [])
    for _ in range(turns):
        pairs.ours.append(_seconds(ours))
        pairs.peer.append(_seconds(peer))
    return pairs


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def _row(work: str, pairs: Pairs, peer: str, goal: str, limit: str) -> Row:
    ours, other = median(pairs.ours), median(pairs.peer)
    return Row(work, f"{ours:.2f} s", f"{other:.2f} s {peer}", f"{pairs.ratio:.1f}x", goal, limit)
