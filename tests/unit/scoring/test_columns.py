"""Columns keep every value exactly, and find what is in force at a position and a day."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.columns import Columns, Kind
from services.scoring.domain.compiled import scan
from services.scoring.domain.identities import Identities
from shared.contracts.numbers import fraction

DAY = date(2020, 6, 30).toordinal()
SERIES = (Kind.FIGURE, "new_firms", "market", None)
DECIMALS = st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", fullmatch=True).filter(str.isascii)


def rows_of(*values: str | None, series=SERIES) -> Columns:
    """One row a value, at positions 2, 4, 6, …"""
    rows = Columns("market", "M1")
    for place, value in enumerate(values):
        rows.append(2 * place + 2, DAY + place, series, value, None)
    return rows


@given(st.lists(DECIMALS, min_size=1))
def test_every_decimal_comes_back_exactly(values):
    """Given decimals of any width, short ones fit their column, wide ones stand aside, all come back as they were."""
    rows = rows_of(*values)
    assert [rows.number(row) for row in range(rows.count)] == [fraction(value) for value in values]
    assert [fraction(rows.text(row)) for row in range(rows.count)] == [fraction(value) for value in values]


def test_words_wide_numbers_and_unsaid_points_are_told_apart():
    """A verdict is a word, 400 digits are a number, and a fixed line's points are left to the rubric."""
    rows = rows_of("pass", "9" * 400, None, "-0.50", "٣")
    assert [rows.number(row) for row in range(5)] == ["pass", Fraction("9" * 400), None, Fraction(-1, 2), "٣"]


def test_rows_are_in_force_from_their_position_until_they_are_ended():
    """A row counts from its own position, until the position at which another takes its place."""
    rows = rows_of("1", "2", "3")
    rows.until[1] = 9

    def at(known_at: int, last_day: int = DAY + 9) -> list[int]:
        return rows.in_force(known_at, last_day).tolist()

    assert [at(1), at(2), at(3), at(6), at(8), at(9)] == [[], [0], [0], [0, 1, 2], [0, 1, 2], [0, 2]]
    assert at(6, DAY + 1) == [0, 1]
    assert at(6, DAY - 1) == []


def test_a_column_read_before_an_append_stays_as_it_was():
    """Given a view of a column, when rows are appended and the column moves, then the view is unchanged."""
    rows = rows_of("1", "2")
    seen = rows.value[: rows.count]
    for position in range(100, 400):
        rows.append(position, DAY, SERIES, "7", "good")
    assert seen.tolist() == [1, 2]
    assert rows.count == 302
    assert {rows.tier_of(row) for row in range(302)} == {None, "good"}


def test_a_row_takes_28_bytes():
    """The layout's cost, without what growing leaves free."""
    rows = rows_of("1")
    names = ("position", "occurred", "until", "code", "value", "scale", "tier")
    assert sum(getattr(rows, name).itemsize for name in names) == 28


@given(
    st.lists(st.tuples(st.text(max_size=3), st.text(max_size=3)), unique=True, max_size=300),
    st.lists(st.integers(0, 300), max_size=20),
)
def test_identities_are_found_among_their_candidates(pairs, looked_up):
    """Given identities by name and in runs of any number, and looked up before, each is found among its candidates."""
    with pytest.MonkeyPatch.context() as few:
        few.setattr("services.scoring.domain.identities.MANY", 7)
        few.setattr("services.scoring.domain.identities.MOST_SINGLY", 5)
        known = Identities()
        for position, (source, id_) in enumerate(pairs, 1):
            if position in looked_up:
                known.look_up(pairs[position - 1 : position + 20])
            assert list(known.candidates(source, id_)) == []
            known.add(source, id_, position)
    for position, (source, id_) in enumerate(pairs, 1):
        assert position in known.candidates(source, id_)
    assert list(known.candidates("nobody", "nothing at all")) == []


@pytest.fixture
def by_turns():
    """Threads give way to each other all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("by_turns")
def test_identities_are_found_while_others_are_added_and_looked_up(monkeypatch):
    """Given one thread that adds and looks up, and two that look up, then each finds all that is there."""
    monkeypatch.setattr("services.scoring.domain.identities.MANY", 64)
    known, count = Identities(), 3000
    added = [0]

    def missed(last: Callable[[], int], times: int) -> list[int]:
        draw = Random(times)
        asked = [draw.randrange(last()) for _ in range(times)]
        return [each for each in asked if each + 1 not in list(known.candidates("/x", str(each)))]

    def add() -> list[int]:
        found: list[int] = []
        for each in range(added[0], count):
            known.add("/x", str(each), each + 1)
            added[0] = each + 1
            found += missed(lambda: added[0], 1)
        return found

    for each in range(200):
        known.add("/x", str(each), each + 1)
        added[0] = each + 1
    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(missed, lambda: added[0], count + number) for number in range(2)]
        writer = threads.submit(add)
    assert [one.result() for one in (writer, *readers)] == [[], [], []]


def test_what_was_looked_up_stays_at_hand_while_others_are_added(monkeypatch):
    """Given identities that were looked up, some of them before they were there, then none is looked up again."""
    monkeypatch.setattr("services.scoring.domain.identities.MANY", 8)
    known, asked = Identities(), [("/x", str(each)) for each in range(100)]
    known.look_up(asked)
    for position, each in enumerate(asked, 1):
        known.add(*each, position)
    assert list(known.candidates("/y", "0")) == []

    def again(_identities: object) -> None:
        raise AssertionError

    monkeypatch.setattr(known, "_found", again)
    assert [list(known.candidates(*each)) for each in asked] == [[position] for position in range(1, 101)]


def test_identities_that_share_a_hash_are_all_candidates():
    """Given a hash that is the same for two, every position is a candidate, in one run and in several."""
    known = Identities()
    same = scan.identities([("/x", "1")] * 2, known.key)
    known.add_hashed(same, 1)
    known.add_hashed(same[:1], 3)
    assert sorted(known.candidates("/x", "1")) == [1, 2, 3]
    assert list(known.candidates("/x", "2")) == []


def test_positions_cost_twelve_bytes_in_runs():
    """A run holds a hash of 8 bytes and a position of 4."""
    known = Identities()
    known.add_hashed(np.arange(10_000, dtype=np.uint64), 1)
    known.look_up([("/x", "1")])
    ((hashes, positions),) = known._runs
    assert (hashes.itemsize, positions.itemsize) == (8, 4)
