import secrets
from collections.abc import Iterator

import pytest

from tests.integration import containers


@pytest.fixture(scope="session", autouse=True)
def _stopped_afterwards() -> Iterator[None]:
    """What a test started is stopped when all are done."""
    yield
    containers.stop()


@pytest.fixture
def database() -> str:
    """The URL of a database of the test's own."""
    return containers.postgres().database()


@pytest.fixture
def bootstrap() -> str:
    """Where the broker is."""
    return containers.kafka().bootstrap


@pytest.fixture
def prefix() -> str:
    """What the names of the test's own topics begin with."""
    return f"{secrets.token_hex(4)}."
