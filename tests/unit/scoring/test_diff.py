"""What changed between two standings adds up, exactly, and names what caused it."""

import re
from datetime import date
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring.domain import Book, Coordinate, read_step
from shared.rubric.rubric import Rubric
from tests.oracle import generate
from tests.unit.scoring.test_oracle import book_of, read_once
from tests.unit.scoring.test_timeline import assert_slow_way

OTHER = read_once(
    re.sub(r"297", "400", generate.rubric_text()).replace("version: 1", "version: 9", 1)
)  # another target for K1


def where(random: Random, head: int, rubric: Rubric | None = None) -> Coordinate:
    as_of, known_at, readings = generate.coordinate(random, head)
    return Coordinate(as_of, known_at, rubric, readings)


def sums(answer: dict[str, Any]) -> None:
    """The parts of every unit and of every indicator add up to its change, rank moves follow one another."""
    for unit in answer["units"]:
        parts = unit["parts"]
        assert sum(Fraction(part["change"]) for part in parts) == Fraction(unit["change"])
        for part in parts:
            of_indicators = [
                Fraction(each["change"])
                for indicator in unit["indicators"].values()
                for each in indicator["parts"]
                if each["cause"] == part["cause"]
            ]
            assert sum(of_indicators) + Fraction(part.get("limits", 0)) == Fraction(part["change"])
        for indicator in unit["indicators"].values():
            assert sum(Fraction(part["change"]) for part in indicator["parts"]) == Fraction(indicator["change"])
            causes = [part["cause"] for part in indicator["parts"]]
            assert causes == sorted(set(causes))
        moves = [part["rank"] for part in parts if "rank" in part]
        ranks = [unit["rank"]["from"], *(move["to"] for move in moves)]
        assert ranks[-1] == unit["rank"]["to"]
        assert all(move["from"] == before for move, before in zip(moves, ranks, strict=False))


def ends(book: Book, answer: dict[str, Any], one: Coordinate, other: Coordinate) -> None:
    """Both ends are the standings asked there, and the changes are what lies between them."""
    standings = {"from": book.standing(one), "to": book.standing(other)}
    found = {unit["unit"]: unit for unit in answer["units"]}
    for word, standing in standings.items():
        for name in ("as_of", "known_at", "rules", "state"):
            assert answer[word][name] == standing[name]
        for unit in standing["units"]:
            diff = found[unit["unit"]]
            assert diff["rank"][word] == unit["rank"]
            assert diff["total"][word] == {name: unit[name] for name in ("total", "exact", "provisional")}
            for name, cell in unit["indicators"].items():
                if name in diff["indicators"]:
                    assert diff["indicators"][name][word] == cell
    before, after = ({unit["unit"]: unit for unit in each["units"]} for each in standings.values())
    for name in {*before, *after}:
        cells = {**before[name]["indicators"], **after[name]["indicators"]}
        for indicator in cells:
            if before[name]["indicators"][indicator] != after[name]["indicators"][indicator]:
                assert indicator in found[name]["indicators"]
    assert [unit["unit"] for unit in answer["units"]] == [unit["unit"] for unit in standings["to"]["units"]]


def check(book: Book, one: Coordinate, other: Coordinate) -> dict[str, Any]:
    answer = book.diff(one, other)
    sums(answer)
    ends(book, answer, one, other)
    return answer


@pytest.mark.parametrize("seed", range(80))
def test_parts_add_up_to_the_whole(seed: int) -> None:
    """Given a random log and any two coordinates of it, then the parts are exactly what lies between the standings."""
    random = Random(seed)
    book = book_of(generate.ledger(random, random.randint(2, 160)))
    for _ in range(4):
        rubric = OTHER if random.random() < 0.3 else None
        one, other = where(random, book.head), where(random, book.head, rubric)
        forth = check(book, one, other)
        back = check(book, other, one)
        assert {unit["unit"]: Fraction(unit["change"]) for unit in forth["units"]} == {
            unit["unit"]: -Fraction(unit["change"]) for unit in back["units"]
        }


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_drawn_logs_add_up(data: st.DataObject) -> None:
    """Given a log and coordinates that hypothesis draws, and shrinks, then the parts add up."""
    log = data.draw(generate.ledgers())
    drawn = [data.draw(generate.coordinates(len(log))) for _ in range(2)]
    check(book_of(log), *(Coordinate(as_of, known_at, None, readings) for as_of, known_at, readings in drawn))


@pytest.mark.parametrize("seed", range(12))
def test_what_one_entry_changed_is_put_to_that_entry(seed: int) -> None:
    """Given two positions side by side, then all that changed between them has the one entry for its cause."""
    book = book_of(generate.ledger(Random(seed), 90))
    moved = 0
    for position in range(1, book.head):
        answer = check(book, Coordinate(known_at=position), Coordinate(known_at=position + 1))
        assert {cause["position"] for cause in answer["causes"]} <= {position + 1}
        moved += len(answer["causes"])
    assert moved > 10


@pytest.mark.parametrize("seed", range(12))
def test_what_a_day_changed_is_put_to_entries_of_that_day(seed: int) -> None:
    """Given two days and all that is known, then each cause is an entry one of whose facts became true between them."""
    random = Random(seed)
    book = book_of(generate.ledger(random, 120))
    days = sorted(random.sample([date(2020, month, 20) for month in range(1, 13)], 4))
    for one, other in pairwise(days):
        for cause in check(book, Coordinate(one), Coordinate(other))["causes"]:
            assert cause["by"] == "as-of"
            came = [fact["came"] for fact in cause["facts"]]
            assert all(one.isoformat() < fact["occurred"] <= other.isoformat() for fact in came)
            assert {fact["position"] for fact in came} == {cause["position"]}


@pytest.mark.parametrize("seed", range(8))
def test_nothing_changes_between_a_coordinate_and_itself(seed: int) -> None:
    """Given the same coordinate twice, then there is no cause and no change."""
    random = Random(seed)
    book = book_of(generate.ledger(random, 60))
    at = where(random, book.head)
    answer = check(book, at, at)
    assert answer["causes"] == []
    assert answer["without_effect"] == 0
    assert {unit["change"] for unit in answer["units"]} == {"0"}


def ledger_of(*entries: dict[str, Any]) -> Book:
    """A year with these entries behind its opening."""
    writer = generate.Writer(Random(1), generate.rubric_text())
    writer.open()
    for entry in entries:
        writer.append(**entry)
    return book_of(writer.entries)


def tech_firms(value: str, day: str) -> dict[str, Any]:
    data = {"indicator": "K1", "measure": "tech_firms", "value": value, "occurred": day}
    return {"kind": "SubmissionReceived", "data": data, "subject": "science", "by": "science"}


def entry(book: Book, position: int) -> dict[str, str]:
    found = book.ledger.entry_at(position)
    return {"source": found.source, "id": found.id}


def disputed(random: Random) -> Book:
    """A year in which one figure is reported, backdated, corrected and withdrawn over and over."""
    entries: list[dict[str, Any]] = []
    names: list[dict[str, str]] = []
    open_: list[int] = []
    for number in range(40):
        chosen = random.choice(open_) if open_ and random.random() < 0.5 else None
        report = tech_firms(str(random.randint(0, 300)), f"2020-{random.randint(1, 6):02d}-15")
        if chosen is None:
            entries.append(report)
        else:
            open_.remove(chosen)
            data: dict[str, Any] = {"entry": names[chosen], "reason": "again"}
            kind = "EntryCorrected" if random.random() < 0.5 else "EntryWithdrawn"
            if kind == "EntryCorrected":
                data["data"] = report["data"]
            entries.append({"kind": kind, "data": data, "subject": "science", "by": "science"})
        names.append(entry(ledger_of(*entries), number + 2))
        if entries[-1]["kind"] != "EntryWithdrawn":
            open_.append(number)
    return ledger_of(*entries)


def parts_of(answer: dict[str, Any]) -> list[tuple[int, Fraction]]:
    """What each entry did to K1, in order."""
    science = next(each for each in answer["units"] if each["unit"] == "science")
    parts = science["indicators"].get("K1", {"parts": []})["parts"]
    return [(answer["causes"][part["cause"]]["position"], Fraction(part["change"])) for part in parts]


@pytest.mark.parametrize("seed", range(6))
def test_each_step_is_what_its_entry_did(seed: int) -> None:
    """
    Given a figure that was backdated, corrected and withdrawn between two positions,
    when its changes are followed cause by cause,
    then after each cause the indicator is worth what it was when that entry was known; and backwards the same causes
    undo the same parts.
    """
    random = Random(seed)
    book = disputed(random)

    def points(known_at: int) -> Fraction:
        units = book.standing(Coordinate(known_at=known_at))["units"]
        return next(Fraction(each["indicators"]["K1"]["exact"]) for each in units if each["unit"] == "science")

    steps = 0
    for _ in range(12):
        one, other = sorted(random.sample(range(1, book.head + 1), 2))
        answer = check(book, Coordinate(known_at=one), Coordinate(known_at=other))
        back = check(book, Coordinate(known_at=other), Coordinate(known_at=one))
        worth, parts = points(one), parts_of(answer)
        for position, change in parts:
            worth += change
            assert worth == points(position)
        assert parts_of(back) == [(position, -change) for position, change in reversed(parts)]
        steps += len(parts)
    assert steps > 8


def test_reports_that_later_ones_outdid_are_no_causes() -> None:
    """Given three reports, month after month, then what lies between the first and the last has the last for cause."""
    book = ledger_of(*(tech_firms(value, f"2020-0{month}-15") for month, value in ((1, "30"), (2, "60"), (3, "99"))))
    (cause,) = check(book, Coordinate(known_at=2), Coordinate(known_at=4))["causes"]
    (fact,) = cause["facts"]
    assert cause["position"] == 4
    assert (fact["gone"]["value"], fact["came"]["value"]) == ("30", "99")


def test_a_correction_names_what_it_replaces() -> None:
    """Given a figure and its correction, then the correction is the cause, with the figure before and after it."""
    book = ledger_of(tech_firms("99", "2020-01-02"))
    log = [book.ledger.entry_at(position) for position in (1, 2)]
    data = {"entry": {"source": log[1].source, "id": log[1].id}, "reason": "misread"}
    data |= {"data": {**log[1].data, "value": "198"}}
    book = ledger_of(
        tech_firms("99", "2020-01-02"),
        {"kind": "EntryCorrected", "data": data, "subject": "science", "by": "science"},
    )
    answer = check(book, Coordinate(known_at=2), Coordinate(known_at=3))
    (cause,) = answer["causes"]
    assert (cause["kind"], cause["by"], cause["position"]) == ("entry", "known-at", 3)
    assert cause["type"] == "meritlog.EntryCorrected.v1"
    (fact,) = cause["facts"]
    assert (fact["gone"]["value"], fact["gone"]["position"]) == ("99", 2)
    assert (fact["came"]["value"], fact["came"]["position"]) == ("198", 3)
    science = next(unit for unit in answer["units"] if unit["unit"] == "science")
    assert science["change"] == science["indicators"]["K1"]["change"] == "25/3"


def test_a_ruling_and_a_reading_are_told_apart() -> None:
    """Given a ruling, then it is the cause with its entry; given a reading asked for, then that is, with none."""
    ruling = {"kind": "RulingMade", "data": {"finding": "A01", "reading": "20", "reason": "so read"}}
    figure = {"indicator": "R1", "measure": "trained_person_times", "value": "1320", "occurred": "2020-01-02"}
    trained = {"kind": "SubmissionReceived", "data": figure, "subject": "hr", "by": "hr"}
    book = ledger_of(trained, ruling)
    (ruled,) = check(book, Coordinate(known_at=2), Coordinate(known_at=3))["causes"]
    assert (ruled["kind"], ruled["position"], ruled["finding"]) == ("ruling", 3, "A01")
    assert (ruled["from"], ruled["to"]) == ("50", "20")
    (asked,) = check(book, Coordinate(), Coordinate(readings={"A01": "50"}))["causes"]
    assert (asked["kind"], asked["finding"], asked["to"]) == ("reading", "A01", "50")
    assert "position" not in asked


def test_where_causes_interact_the_later_carries_it() -> None:
    """Given a figure and a ruling on it between two positions, then the figure is counted as read before the ruling,
    and the ruling changes what it is worth.
    """
    figure = {"indicator": "R1", "measure": "trained_person_times", "value": "1320", "occurred": "2020-01-02"}
    ruling = {"kind": "RulingMade", "data": {"finding": "A01", "reading": "20", "reason": "so read"}}
    trained = {"kind": "SubmissionReceived", "data": figure, "subject": "hr", "by": "hr"}
    for entries in ((trained, ruling), (ruling, trained)):
        answer = check(ledger_of(*entries), Coordinate(known_at=1), Coordinate(known_at=3))
        hr = next(unit for unit in answer["units"] if unit["unit"] == "hr")
        kinds = [answer["causes"][part["cause"]]["kind"] for part in hr["parts"]]
        assert kinds == ["entry", "ruling"]
        assert [part["change"] for part in hr["parts"]] == ["25", "-15"]
    assert answer["order"] == ["entries", "rubric", "readings"]


def test_another_rubric_is_one_cause_with_the_clauses_it_moves() -> None:
    """Given another target in a rubric of one's own, then the rubric is the cause, and K1's clause is named."""
    book = ledger_of(tech_firms("99", "2020-01-02"))
    answer = check(book, Coordinate(), Coordinate(rubric=OTHER))
    (cause,) = answer["causes"]
    assert (cause["kind"], cause["from"]["version"], cause["to"]["version"]) == ("rubric", 1, 9)
    assert cause["clauses"] == [read_once(generate.rubric_text()).indicators["K1"].clause]
    assert "position" not in cause


DATED = "counts_from: {reading: A31, year: 2020-01-01, from-effect: 2020-06-17}"
FIXED = read_once(
    generate.rubric_text().replace(DATED, "counts_from: 2020-06-17").replace("version: 1", "version: 8", 1)
)


@pytest.mark.parametrize("seed", range(12))
def test_awards_before_the_day_that_counts_hide_no_later_ones(seed: int) -> None:
    """Given a rubric whose awards count from a fixed day on, then diffs and timelines by it are its standings'."""
    random = Random(seed)
    book = book_of(generate.ledger(random, 140))
    one, other = where(random, book.head, FIXED), where(random, book.head, FIXED)
    check(book, one, other)
    assert_slow_way(book, other, book.timeline(other, read_step("31"), (None, date(2020, 12, 31))))


def test_a_higher_award_from_before_that_day_is_none() -> None:
    """Given an award of 3 points before the day and one of 1 behind it, for one occasion, then the later counts."""
    awards = [
        {"indicator": "B3", "line": "hosting", "points": points, "occasion": "x", "occurred": day, "reason": "r"}
        for points, day in (("3", "2020-06-16"), ("1", "2020-06-17"))
    ]
    book = ledger_of(*({"kind": "BonusAwarded", "data": data, "subject": "hr"} for data in awards))
    answer = check(book, Coordinate(known_at=1, rubric=FIXED), Coordinate(rubric=FIXED))
    assert next(unit for unit in answer["units"] if unit["unit"] == "hr")["indicators"]["B3"]["change"] == "1"
