"""The stores that earlier programs left stay as they are, and there is one of every version."""

import hashlib
import re
from pathlib import Path

import pytest

from cli.databases import TABLES

STORED = Path(__file__).parents[2] / "stored"


def test_what_was_stored_is_never_edited():
    """Each file has the digest that it was added with, and none is without."""
    sums = dict(reversed(line.split("  ")) for line in (STORED / "SHA256SUMS").read_text().splitlines())
    files = {str(file.relative_to(STORED)) for file in STORED.glob("*/*.*") if "__pycache__" not in file.parts}

    assert sums.keys() == files
    for name, digest in sums.items():
        assert hashlib.sha256((STORED / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.parametrize("service", TABLES)
def test_every_version_of_a_store_is_kept(service):
    """Whoever raises a VERSION adds what it stores: `python -m tests.stored NAME`."""
    versions = {
        int(re.search(rf"VALUES \('{service}', (\d+)\)", file.read_text(encoding="utf-8"))[1])
        for file in STORED.glob(f"*/{service}.sql")
    }
    assert versions == set(range(1, TABLES[service][1] + 1))
