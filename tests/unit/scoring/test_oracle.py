"""What scoring says and what the slow, obvious scorer says is the same JSON, whatever the log and the coordinate."""

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring.domain import Book, Coordinate
from shared.contracts import entries, standing
from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import loading
from tests.oracle import binjiang, generate

Log = Sequence[Mapping[str, Any]]
Where = tuple[date | None, int | None, dict[str, str]]
read_once = functools.cache(loading.load)


def book_of(log: Log) -> Book:
    """The book of a whole log."""
    book = Book(load=read_once)
    book.extend(entries.decode_entry(generate.stored(entry)) for entry in log)
    return book


def assert_same(book: Book, log: Log, where: Where) -> None:
    """Compare the two, part by part, so that a difference is named."""
    as_of, known_at, readings = where
    theirs = book.standing(Coordinate(as_of=as_of, known_at=known_at, readings=readings))
    ours = binjiang.standing(log, *where)
    for part in ours:
        assert theirs[part] == ours[part], part
    assert theirs.keys() == ours.keys()
    assert standing.digest(theirs) == binjiang.digest(ours)


@pytest.mark.parametrize("seed", range(60))
def test_seeded_logs_agree_at_random_coordinates(seed: int) -> None:
    """Given a long random log, when both score it at random coordinates, then they say the same."""
    random = Random(seed)
    log = generate.ledger(random, random.randint(1, 150))
    book = book_of(log)
    for _ in range(8):
        assert_same(book, log, generate.coordinate(random, len(log)))


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_drawn_logs_agree(data: st.DataObject) -> None:
    """Given a log that hypothesis draws, and shrinks, then both say the same."""
    log = data.draw(generate.ledgers())
    assert_same(book_of(log), log, data.draw(generate.coordinates(len(log))))


@pytest.mark.parametrize("seed", range(12))
def test_what_each_entry_changed_adds_up(seed: int) -> None:
    """Given a log folded entry by entry, then the totals each change tells of are those of the slow scorer."""
    log = generate.ledger(Random(seed), 70)
    book = Book(load=read_once)
    totals: dict[str, tuple[Fraction, bool]] = {}
    points: dict[tuple[str, str], tuple[Fraction, str]] = {}
    for entry in log:
        change = book.apply(entries.decode_entry(generate.stored(entry)))
        for each in change.totals:
            assert each.after is not None
            totals[each.unit] = each.after.total, each.after.provisional
        for each in change.changes:
            assert each.after is not None
            points[each.unit, each.indicator] = each.after.points, each.after.state
        ours = binjiang.standing(log, known_at=entry["position"])
        assert change.state == ours["state"]
        for row in ours["units"]:
            assert totals[row["unit"]] == (Fraction(row["exact"]), row["provisional"])
            for indicator, cell in row["indicators"].items():
                assert points[row["unit"], indicator] == (Fraction(cell["exact"]), cell["state"])


@pytest.mark.parametrize("seed", range(20))
def test_the_logs_pass_the_gate(seed: int) -> None:
    """Given a generated log, when its lines go through the gate, then each is accepted as the very same bytes."""
    log = generate.ledger(Random(seed), 120)
    replay = Replay(read_once)
    for entry in log:
        line = generate.stored(entry)
        outcome = replay.read(line)
        assert isinstance(outcome, Accepted), (entry, outcome)
        assert outcome.stored == line


@pytest.mark.parametrize("seed", range(10))
def test_logs_that_leave_positions_out_agree(seed: int) -> None:
    """Given a file in which every other position is missing, when asked also at those, then both say the same."""
    random = Random(seed)
    log = [{**entry, "position": 2 * entry["position"] - 1} for entry in generate.ledger(random, 100)]
    book = book_of(log)
    for _ in range(6):
        assert_same(book, log, generate.coordinate(random, log[-1]["position"]))
