"""Flags: what a reader should know about the data, where the calendar, the day and the position decide."""

import json
import re
from collections import Counter
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from services.scoring import outward
from services.scoring.domain import Book, Coordinate, read_date
from services.scoring.domain.book import LIVE
from services.scoring.domain.columns import Columns
from services.scoring.domain.flags import Flags
from shared.contracts.entries import decode_entry
from shared.rubric import load
from tests.oracle import generate

RUBRIC = load(generate.rubric_text())


def book_of(*rows: dict[str, Any], rubric: Any = RUBRIC) -> Book:
    """Lines without an opening, ids e1, e2, …"""
    book = Book(rubric=rubric)
    for position, row in enumerate(rows, 1):
        members = {
            "source": "/x",
            "id": f"e{position}",
            "time": "2020-07-01T00:00:00Z",
            "acceptedtime": "2020-07-01T00:00:00Z",
            "assessment": "binjiang-2020",
            "position": position,
        }
        book.extend([decode_entry(json.dumps(members | row | {"type": f"meritlog.{row['type']}.v1"}))])
    return book


def firms(day: str, value: str = "9", **more: Any) -> dict[str, Any]:
    data = {"indicator": "K1", "measure": "tech_firms", "value": value, "occurred": day}
    return {"type": "SubmissionReceived", "subject": "science", "provider": "science", "data": data | more}


def reported(period: str) -> dict[str, Any]:
    return {"type": "PeriodReported", "provider": "science", "data": {"period": period, "entries": "0"}}


def document(occasion: str, line: str, *digests: str) -> dict[str, Any]:
    evidence = [{"name": "paper", "digest": digest} for digest in digests]
    data = {
        "indicator": "B3",
        "line": line,
        "occasion": occasion,
        "occurred": "2020-05-01",
        "points": "1",
        "reason": "r",
    }
    return {"type": "BonusAwarded", "subject": "hr", "data": data | {"evidence": evidence}}


def about(kind: str, target: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": {"entry": {"source": "/x", "id": target}, "reason": "r", **data}}


def flags(book: Book, code: str, as_of: str | None = None, known_at: int | None = None) -> list[dict[str, Any]]:
    found = book.standing(Coordinate(as_of=read_date(as_of) if as_of else None, known_at=known_at))["flags"]
    return [flag for flag in found if flag["code"] == code]


def silent(book: Book, as_of: str) -> list[str]:
    return [flag["period"] for flag in flags(book, "silent-period", as_of) if flag["provider"] == "science"]


def test_a_period_is_silent_once_it_has_ended_before_the_as_of_date() -> None:
    """A month with a figure or a report is not; the month's last day is not yet after it."""
    book = book_of(firms("2020-01-31"), reported("2020-02"))
    assert silent(book, "2020-03-31") == []
    assert silent(book, "2020-04-01") == ["2020-03"]


def test_dates_reported_speak_for_every_month_within_them() -> None:
    """From 15 January to the end of March: February and March, not January; withdrawn, none."""
    book = book_of(reported("2020-01-15/2020-03-31"), about("EntryWithdrawn", "e1"))
    assert [silent(book_of(reported("2020-01-15/2020-03-31")), "2020-04-01")] == [["2020-01"]]
    assert silent(book, "2020-04-01") == ["2020-01", "2020-02", "2020-03"]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("quarterly", ["2020-Q2", "2020-Q3"]),
        ("half-yearly", ["2020-H2"]),
        ("yearly", []),
        ("none", []),
    ],
)
def test_periods_follow_the_providers_calendar(calendar: str, expected: list[str]) -> None:
    """Given one figure in March, what is silent before 2021 depends on the calendar."""
    text = re.sub(r"(id: science,.*calendar: )monthly", rf"\g<1>{calendar}", generate.rubric_text(), count=1)
    assert text != generate.rubric_text()
    book = book_of(firms("2020-03-31"), rubric=load(text))
    assert silent(book, "2021-01-01")[: len(expected)] == expected
    assert silent(book, "2020-12-31")[: len(expected)] == [one for one in expected if one != "2020-H2"]


def test_a_figure_reported_again_for_its_day_is_restated_at_the_later_position() -> None:
    """Equal or not; while both are in force and have occurred."""
    book = book_of(firms("2020-05-31"), firms("2020-05-31"), firms("2020-06-30"), about("EntryWithdrawn", "e1"))
    assert [flag["position"] for flag in flags(book, "restated-figure", known_at=3)] == [2]
    assert flags(book, "restated-figure", known_at=3, as_of="2020-05-30") == []
    assert flags(book, "restated-figure") == []


def test_a_correction_is_not_a_restatement() -> None:
    """What it replaces is no longer in force."""
    again = firms("2020-05-31", "10")["data"]
    book = book_of(firms("2020-05-31"), about("EntryCorrected", "e1", data=again))
    assert flags(book, "restated-figure") == []
    assert [flag["position"] for flag in flags(book, "self-reported")] == [2]


def test_evidence_shared_by_two_lines_is_flagged_at_the_later_one() -> None:
    """Twice under one line is not; withdrawn, it shares nothing."""
    paper = "sha256:" + "a" * 64
    other = "sha256:" + "b" * 64
    book = book_of(
        document("x", "speech", paper),
        document("y", "speech", paper),
        document("z", "hosting", other, paper),
        about("EntryWithdrawn", "e1"),
        about("EntryWithdrawn", "e2"),
    )
    shared = [{"code": "shared-evidence", "unit": "hr", "indicator": "B3", "position": 3}]
    assert [flags(book, "shared-evidence", known_at=known) for known in (2, 3, 4, 5)] == [[], shared, shared, []]


def test_an_appeal_is_open_until_it_is_decided() -> None:
    """An appeal on an entry names that entry's indicator; a withdrawn decision opens it again."""
    appeal = {"source": "/x", "id": "e2"}
    book = book_of(
        firms("2020-05-31"),
        {"type": "AppealFiled", "subject": "science", "data": {"entry": {"source": "/x", "id": "e1"}, "grounds": "g"}},
        {"type": "AppealDecided", "data": {"appeal": appeal, "upheld": False, "reason": "r"}},
        about("EntryWithdrawn", "e3"),
        about("EntryWithdrawn", "e2"),
    )
    still = [{"code": "appeal-open", "unit": "science", "indicator": "K1", "position": 2}]
    assert [flags(book, "appeal-open", known_at=known) for known in (1, 2, 3, 4, 5)] == [[], still, [], still, []]


def test_flags_are_written_as_they_are_given():
    """However many digits their positions have, and where a determination and rows have no place on one indicator."""
    found = Flags()
    rows = Columns("science", "K1")
    positions = [*range(1, 1002, 7), 9_999, 10_000, 70_001, 99_999, 100_000, 2**31 - 2]
    for position in positions:
        rows.append(position, 737_000, (0, "tech_firms", "science", None), "1", None)
    found.add_rows("unplaced", rows, np.arange(len(positions)))
    found.add_rows("self-reported", rows, np.arange(3))
    found.add({"code": "unplaced", "unit": "science", "indicator": "K1", "position": 50})
    found.add({"code": "silent-period", "provider": "市监局", "period": "2020-06"})

    listed = list(found)

    assert listed == sorted(listed, key=lambda flag: (flag["code"], flag.get("position", 0)))
    assert len(listed) == len(found) == len(positions) + 5
    assert [flag["position"] for flag in listed if flag["code"] == "unplaced"] == sorted([*positions, 50])
    for between in (b",", b",\n    "):
        assert b"".join(found.encoded(between)) == between.join(map(msgspec.json.encode, listed))


@pytest.mark.parametrize("count", [1, 70_000])
def test_many_flags_of_rows_are_written_as_they_are_given(count):
    """Thousands at once."""
    found, rows = Flags(), Columns("hr", "R1")
    for position in range(5, 5 + count):
        rows.append(position, 737_000, (0, "trained_person_times", "hr", None), "1", None)
    found.add_rows("self-reported", rows, np.arange(count))
    assert b"".join(found.encoded(b",")) == b",".join(map(msgspec.json.encode, found))


@pytest.mark.parametrize("most", [0, 1, 3, 500])
def test_the_first_of_each_kind_are_given_and_all_are_counted(most):
    """Given flags of several codes and places, when few are asked for, then the first of each, and how many of all."""
    found, rows, other = Flags(), Columns("hr", "R1"), Columns("tax", "T1")
    for position in range(5, 105):
        rows.append(position, 737_000, (0, "trained_person_times", "hr", None), "1", None)
        other.append(1000 + position, 737_000, (0, "coverage", "tax", None), "1", None)
    found.add_rows("self-reported", rows, np.arange(100))
    found.add_rows("self-reported", other, np.arange(50))
    found.add_rows("unplaced", rows, np.arange(40, 60))
    found.add({"code": "unplaced", "unit": "hr", "indicator": "R1", "position": 46})
    found.add({"code": "conflict", "unit": "reform", "indicator": "F2"})

    expected, met = [], Counter()
    for flag in found:
        met[about := (flag["code"], flag["unit"], flag["indicator"])] += 1
        expected += [flag] if met[about] <= most else []
    assert list(found.first(most)) == expected
    assert found.counted() == {"conflict": 1, "self-reported": 150, "unplaced": 21}
    assert len(list(found)) == 172


def test_a_standing_is_written_piece_by_piece():
    """Given a standing with many flags, when it is written, then no piece holds all of it, and together they are it;
    asked for few flags, they are few and counted.
    """
    log = generate.ledger(Random(5), 60)
    book = Book(load=load)
    book.extend(decode_entry(generate.stored(entry)) for entry in log)
    answer = book.standing()
    assert len(answer["flags"]) > 10

    pieces = list(outward.whole(book, LIVE))
    assert b"".join(pieces) == msgspec.json.encode(answer)
    assert max(map(len, pieces)) < len(b"".join(pieces))
    few = msgspec.json.decode(b"".join(outward.whole(book, LIVE, 1)))
    assert few == msgspec.json.decode(msgspec.json.encode(book.standing(LIVE, 1)))
    assert sum(few["flagged"].values()) == len(answer["flags"]) > len(few["flags"])
    assert few["units"] == answer["units"]
    unit = answer["units"][0]["unit"]
    assert book.scorecard(unit, LIVE, 0)["flagged"] == dict(
        sorted(Counter(flag["code"] for flag in answer["flags"] if flag.get("unit") == unit).items())
    )
