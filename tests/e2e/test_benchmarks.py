"""`make bench` runs: with small numbers here, which say nothing of speed."""

import importlib.util
import subprocess
import sys

import pytest

from tests.services import ROOT


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it."""
    command = [sys.executable, "-m", "benchmarks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


PARTS = ["commands", "rubric", "ingest", "rebuild", "bundles", "coordinates", "memory"]
if importlib.util.find_spec("duckdb"):  # a peer that `make bench` installs
    PARTS += ["standings", "columns", "stored_json"]


@pytest.mark.parametrize("name", PARTS)
def test_each_part_ends_in_a_table(name):
    done = bench("--quick", name)
    assert done.returncode == 0, done.stderr
    head, rule, *rows = done.stdout.split("\n\n")[-1].splitlines()
    assert head.startswith("| work")
    assert set(rule) <= set("|-")
    assert rows
    assert all(row.count("|") == head.count("|") for row in rows)


@pytest.mark.needs("docker")
def test_streams_are_measured_on_a_real_broker():
    done = bench("--quick", "streams")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("entry to standing") == 2


@pytest.mark.needs("docker")
def test_catching_up_is_measured_on_a_real_broker():
    done = bench("--quick", "catching_up")
    assert done.returncode == 0, done.stderr
    assert "confluent-kafka + msgspec + dict" in done.stdout


def test_an_unknown_part_is_named_with_those_there_are():
    done = bench("nonsense")
    assert done.returncode == 2
    assert "no part nonsense" in done.stderr
