"""What scoring says and what the slow, obvious scorer says is the same JSON, whatever the log and the coordinate."""

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring.domain import Book, Coordinate
from shared.contracts import entries
from shared.rubric import loading
from tests.oracle import binjiang, generate

Where = tuple[date | None, int | None, dict[str, str]]
read_once = functools.cache(loading.load)


def product(log: Sequence[Mapping[str, Any]], where: Where) -> dict[str, Any]:
    """The standing as scoring gives it."""
    as_of, known_at, readings = where
    book = Book(load=read_once)
    book.extend(entries.decode_entry(generate.stored(entry)) for entry in log)
    return book.standing(Coordinate(as_of=as_of, known_at=known_at, readings=readings))


def assert_same(log: Sequence[Mapping[str, Any]], where: Where) -> None:
    """Compare the two, part by part, so that a difference is named."""
    theirs = product(log, where)
    ours = binjiang.standing(log, *where)
    for part in ours:
        assert theirs[part] == ours[part], part
    assert theirs == ours


@pytest.mark.parametrize("seed", range(50))
def test_seeded_logs_agree_at_random_coordinates(seed: int) -> None:
    """Given a long random log, when both score it at random coordinates, then they say the same."""
    random = Random(seed)
    log = generate.ledger(random, random.randint(1, 150))
    for _ in range(4):
        assert_same(log, generate.coordinate(random, len(log)))


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_drawn_logs_agree(data: st.DataObject) -> None:
    """Given a log that hypothesis draws, and shrinks, then both say the same."""
    log = data.draw(generate.ledgers())
    assert_same(log, data.draw(generate.coordinates(len(log))))
