"""Benchmarks whose peers are not installed here must still be able to run where they are."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OURS = ("services.", "shared.", "cli.")


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").rglob("*.py")), ids=lambda path: path.stem)
def test_what_a_benchmark_takes_of_ours_is_there(path):
    """Given a benchmark, whatever libraries it needs besides, what it takes of the project's own code is there."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            module = importlib.import_module(node.module or "")
            assert [each.name for each in node.names if not is_there(module, each.name)] == []


def is_there(module, name):
    """Whether a module has a name, or is a package that has a module of that name."""
    return hasattr(module, name) or importlib.util.find_spec(f"{module.__name__}.{name}") is not None
