"""A timeline says at every step what a standing asked there says, in one pass."""

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from services.scoring.domain import Book, Coordinate, Unanswerable, read_step
from services.scoring.domain.timeline import MOST_STEPS
from tests.oracle import generate
from tests.unit.scoring.test_oracle import book_of

STEPS = ("day", "week", "month", "9", "31")


def seen(book: Book, at: Coordinate) -> dict[str, Any] | None:
    """The slow way: one standing, cut down to what a point says."""
    try:
        standing = book.standing(at)
    except Unanswerable:
        return None
    kept = ("unit", "rank", "tied", "provisional", "total", "exact", "attainable")
    return {
        "provisional": standing["provisional"],
        "units": [{name: unit[name] for name in kept} for unit in standing["units"]],
    }


def rules(point: dict[str, Any] | None) -> dict[str, Any] | None:
    """A point as known then, without the position and rules that it names."""
    return point and {name: point[name] for name in ("provisional", "units")}


def assert_slow_way(book: Book, at: Coordinate, answer: dict[str, Any]) -> None:
    most = answer["known_at"]["position"]
    for point in answer["points"]:
        day = date.fromisoformat(point["as_of"])
        assert point["now"] == seen(book, Coordinate(day, most, at.rubric, at.readings)), day
        try:
            known = min(most, book.standing(Coordinate(day, day))["known_at"]["position"])
        except Unanswerable:
            assert point["then"] is None
            continue
        then = Coordinate(day, known, at.rubric, at.readings)
        assert rules(point["then"]) == seen(book, then), day
        if point["then"] is not None:
            named = book.standing(then)
            assert point["then"]["known_at"] == named["known_at"]["position"]
            assert point["then"]["version"] == named["rules"]["version"]
            assert point["then"]["readings"] == named["rules"]["readings"]


@pytest.mark.parametrize("seed", range(40))
def test_a_timeline_is_one_standing_a_step(seed: int) -> None:
    """Given a random log with corrections, withdrawals, rulings and late reports, at a random coordinate and step,
    then every point is what the standings asked there one by one say.
    """
    random = Random(seed)
    book = book_of(generate.ledger(random, random.randint(1, 160)))
    as_of, known_at, readings = generate.coordinate(random, book.head)
    at = Coordinate(as_of, known_at, None, readings)
    step = random.choice(STEPS[1:])
    assert_slow_way(book, at, book.timeline(at, read_step(step), (None, date(2020, 12, 31))))


def test_a_day_by_day_year_is_one_standing_a_day() -> None:
    """Given a long log, when every day of the year is asked for, then each is the standing of that day."""
    book = book_of(generate.ledger(Random(77), 400))
    answer = book.timeline(Coordinate(), read_step("day"), (None, date(2020, 12, 31)))
    assert [point["as_of"] for point in answer["points"]] == [
        (date(2020, 1, 1) + timedelta(days=day)).isoformat() for day in range(366)
    ]
    assert_slow_way(book, Coordinate(), answer)


@pytest.mark.parametrize(
    ("step", "ends"),
    [
        ("month", ["2020-01-31", "2020-02-29", "2020-03-10"]),
        ("week", ["2020-01-19", "2020-01-26", "2020-02-02"]),
        ("20", ["2020-02-03", "2020-02-23", "2020-03-10"]),
    ],
)
def test_steps_end_with_their_last_day(step: str, ends: list[str]) -> None:
    """Given a span, then months and weeks end as the calendar has them, and the last step with the span."""
    book = book_of(generate.ledger(Random(3), 40))
    span = date(2020, 1, 15), date(2020, 3, 10)
    found = [point["as_of"] for point in book.timeline(Coordinate(), read_step(step), span)["points"]]
    assert found[: len(ends) - 1] == ends[:-1] if step != "week" else found[:3] == ends
    assert found[-1] == "2020-03-10"


def test_it_ends_where_nothing_more_is_known() -> None:
    """Given a year of which only the beginning has come in, then its timeline ends with the day of the last entry."""
    log = generate.ledger(Random(5), 30)
    last = generate.datetime.fromisoformat(log[-1]["acceptedtime"]).astimezone(generate.ZONE).date()
    answer = book_of(log).timeline(Coordinate(), read_step("day"))
    assert answer["points"][-1]["as_of"] == min(last, date(2020, 12, 31)).isoformat()


def test_what_was_not_known_then_is_none() -> None:
    """Given a day before the first entry, then nothing was known then, and the facts of that day are known now."""
    log = generate.ledger(Random(6), 30)
    point = book_of(log).timeline(Coordinate(), read_step("day"))["points"][0]
    assert point["then"] is None
    assert len(point["now"]["units"]) == 6


@pytest.mark.parametrize("step", ["", "0", "-1", "year", "1.5", "٣", "999999"])
def test_a_step_that_is_none_is_refused(step: str) -> None:
    """Given another word, or no whole number of days, then one sentence says what to write."""
    with pytest.raises(Unanswerable, match="write day, week, month or 10"):
        read_step(step)


def test_too_many_steps_and_an_empty_span_are_refused() -> None:
    """Given a span of many years day by day, or one that ends before it begins, then neither is played."""
    book = book_of(generate.ledger(Random(1), 5))
    with pytest.raises(Unanswerable, match=f"more than {MOST_STEPS} steps"):
        book.timeline(Coordinate(), read_step("day"), (date(2020, 1, 1), date(9999, 12, 31)))
    with pytest.raises(Unanswerable, match="let the first be the earlier"):
        book.timeline(Coordinate(), read_step("day"), (date(2020, 2, 1), date(2020, 1, 1)))
