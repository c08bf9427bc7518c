"""The house rules of the tests: what each tier needs, what is left out without it, and no strangers in unit tests."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

from tests.means import HOW, there

HERE = Path(__file__).parent
NEEDS = {"integration": ("docker",), "browser": ("chromium",), "deploy": ("docker", "kubernetes")}
ALL_REQUIRED = os.environ.get("MERITLOG_REQUIRE_ALL") == "1"
LEFT_OUT: pytest.StashKey[Counter[str]] = pytest.StashKey()

# Containers are stopped by the tests that start them, and their ports are published on this machine's loopback.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")

settings.register_profile("meritlog", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("meritlog")


def tier(item: pytest.Item) -> str:
    """The folder under tests/ that a test lies in; whatever lies elsewhere is a unit test."""
    inside = item.path.relative_to(HERE).parts if item.path.is_relative_to(HERE) else ()
    return inside[0] if len(inside) > 1 else "unit"


def needs(item: pytest.Item) -> tuple[str, ...]:
    """What a test says it needs, else what its tier needs."""
    said = tuple(means for mark in item.iter_markers("needs") for means in mark.args)
    return said or NEEDS.get(tier(item), ())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what cannot run here (or fail, where everything is required); keep unit tests on loopback."""
    left_out: Counter[str] = Counter()
    kept, dropped = [], []
    for item in items:
        if tier(item) == "unit":
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1", "::1"]))
        missing = [means for means in needs(item) if not there(means)][:1]
        left_out.update(missing)
        (dropped if missing else kept).append(item)
    if dropped and ALL_REQUIRED:
        raise pytest.UsageError(f"MERITLOG_REQUIRE_ALL=1, but there is {wanting(left_out)}")
    if dropped:
        config.stash[LEFT_OUT] = left_out
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def wanting(left_out: Counter[str]) -> str:
    """One line: what is not there, how many tests wait for it, and how to get it."""
    return "; ".join(
        f"no {means} for {number} test{'s' * (number > 1)}: {HOW[means]}" for means, number in left_out.items()
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if LEFT_OUT in config.stash:
        terminalreporter.write_line(f"left out: {wanting(config.stash[LEFT_OUT])}", yellow=True)
