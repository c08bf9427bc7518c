"""Appeals: their state at any position, and what the entries that followed from them moved."""

from random import Random
from typing import Any

import pytest

from services.scoring.domain import Book, Coordinate, Unanswerable
from shared.contracts.numbers import shown
from tests.unit.scoring.test_book import about, book_of, entries, entry, figure, firms

Json = dict[str, Any]


def filed(unit: str = "science", **data: Any) -> Json:
    named = data or {"indicator": "K1"}
    return {"kind": "AppealFiled", "data": {"grounds": "漏计"} | named, "subject": unit}


def decided(target: str, *, upheld: bool = True) -> Json:
    data = {"appeal": {"source": "/x", "id": target}, "upheld": upheld, "reason": "复核"}
    return {"kind": "AppealDecided", "data": data}


def corrected(target: str, value: str, **more: Any) -> Json:
    return about("EntryCorrected", target, data=firms(value)["data"], **more)


def named(target: str) -> Json:
    return {"because": {"source": "/x", "id": target}}


def determined(points: str, **more: Any) -> Json:
    data = {"indicator": "K1", "outcome": "points", "points": points, "occurred": "2020-06-30", "reason": "r", **more}
    return {"kind": "IndicatorDetermined", "data": data, "subject": "science"}


def appeals(book: Book, known_at: int | None = None, **more: Any) -> list[Json]:
    return book.appeals(Coordinate(known_at=known_at, **more))["appeals"]


def test_an_appeal_goes_from_open_to_upheld_to_what_followed() -> None:
    """Given an appeal against a figure, its decision and the correction, then each counts from its own position on."""
    book = book_of(
        firms("99"), filed(entry={"source": "/x", "id": "e2"}), decided("e3"), corrected("e2", "198", **named("e3"))
    )
    assert appeals(book, 2) == []
    (before,) = appeals(book, 3)
    assert (before["state"], before["decision"], before["followed"]) == ("open", None, [])
    assert (before["unit"], before["indicator"], before["grounds"]) == ("science", "K1", "漏计")
    assert before["entry"] == {"position": 2, "source": "/x", "id": "e2", "type": "meritlog.SubmissionReceived.v1"}
    (then,) = appeals(book, 4)
    assert (then["state"], then["decision"]["position"], then["followed"]) == ("upheld", 4, [])
    assert then["decision"]["accepted"] == "2020-07-01T04:00:00Z"
    (now,) = appeals(book)
    (follower,) = now["followed"]
    assert (follower["position"], follower["type"]) == (5, "meritlog.EntryCorrected.v1")
    (change,) = follower["changes"]
    assert (change["unit"], change["indicator"]) == ("science", "K1")
    assert change["before"] == {"points": "8.33", "exact": "25/3", "state": "scored"}
    assert change["after"] == {"points": "16.67", "exact": "50/3", "state": "scored"}
    assert {"before": "13.33", "after": "21.67"} in [each["total"] for each in follower["totals"]]


def test_a_rejected_appeal_has_no_followers_and_a_decision_changes_no_point() -> None:
    """Given a rejection, then nothing followed; given a second decision, then the later one holds."""
    book = book_of(firms("99"), filed(), decided("e3", upheld=False), decided("e3"))
    assert [each["state"] for each in appeals(book, 4)] == ["rejected"]
    assert [(each["state"], each["followed"]) for each in appeals(book)] == [("upheld", [])]
    totals = [[unit["exact"] for unit in book.standing(Coordinate(known_at=at))["units"]] for at in (3, 4, 5)]
    assert totals[0] == totals[1] == totals[2]


@pytest.mark.parametrize(
    ("row", "moves"),
    [
        (corrected("e2", "198", **named("e3")), True),
        (corrected("e2", "198", because="e3"), True),
        (corrected("e2", "198", **named("e4")), True),
        (about("EntryWithdrawn", "e2", **named("e3")), True),
        (determined("20", **named("e3")), True),
        (corrected("e2", "99", **named("e3")), False),
    ],
)
def test_what_names_the_appeal_or_its_decision_followed_from_it(row: Json, moves: bool) -> None:
    """Given a correction, withdrawal or determination whose `because` names either, then it is told what it moved."""
    book = book_of(firms("99"), filed(), decided("e3"), row)
    (appeal,) = appeals(book)
    (follower,) = appeal["followed"]
    assert (follower["position"], follower["unit"]) == (5, "science")
    assert bool(follower["changes"]) is moves


@pytest.mark.parametrize(
    "because", ["e9", "as the office found", {"source": "/y", "id": "e3"}, {"source": "/x", "id": "e2"}, None]
)
def test_another_because_is_none_of_an_appeal(because: Any) -> None:
    """Given a correction for another reason, or for none, then it did not follow."""
    more = {} if because is None else {"because": because}
    book = book_of(firms("99"), filed(), decided("e3"), corrected("e2", "198", **more))
    assert [each["followed"] for each in appeals(book)] == [[]]


def test_words_that_two_appeals_share_name_neither() -> None:
    """Given two appeals of one id from different sources, then the id alone names neither, and with its source one."""
    rows = [
        firms("99"),
        filed(),
        filed(),
        corrected("e2", "198", because="same"),
        determined("3", because={"source": "/y", "id": "same"}),
    ]
    book = Book()
    log = entries(*rows)
    for place, source in ((2, "/x"), (3, "/y")):
        log[place] = entry(
            place + 1, "AppealFiled", rows[place - 1]["data"], subject="science", source=source, id="same"
        )
    book.extend(log)
    assert [[each["position"] for each in appeal["followed"]] for appeal in appeals(book)] == [[], [6]]


def test_a_corrected_appeal_is_one_and_a_withdrawn_one_says_so() -> None:
    """Given an appeal that its unit rewords, decided by its first name, and one that it takes back, then two stand."""
    reworded = about("EntryCorrected", "e3", data={"indicator": "K1", "grounds": "再述"})
    book = book_of(
        firms("99"), filed(), filed("hr", indicator="R1"), reworded, decided("e3"), about("EntryWithdrawn", "e4")
    )
    first, second = appeals(book)
    assert (first["position"], first["grounds"], first["corrected"], first["state"]) == (3, "再述", 5, "upheld")
    assert (second["unit"], second["state"], second["grounds"]) == ("hr", "withdrawn", "漏计")
    assert [each["state"] for each in appeals(book, 6)] == ["upheld", "open"]
    assert [each["grounds"] for each in appeals(book, 4)] == ["漏计", "漏计"]


def test_a_withdrawn_decision_leaves_the_appeal_open_again() -> None:
    """Given a decision that is taken back, then the appeal is as before it."""
    book = book_of(firms("99"), filed(), decided("e3"), about("EntryWithdrawn", "e4"))
    assert [each["state"] for each in appeals(book)] == ["open"]


def test_what_followed_and_was_ended_since_says_from_where_on() -> None:
    """Given a correction that was itself corrected, then it still followed, and names the entry that ended it."""
    book = book_of(firms("99"), filed(), corrected("e2", "150", **named("e3")), corrected("e4", "198", because="e3"))
    (appeal,) = appeals(book)
    assert [(each["position"], each.get("ended")) for each in appeal["followed"]] == [(4, 5), (5, None)]
    assert "ended" not in appeals(book, 4)[0]["followed"][0]


def test_points_are_told_as_of_the_day_and_by_the_rules_that_were_asked() -> None:
    """Given a day before the figure's, then the correction moved nothing there; given another reading, its points."""
    rows = [figure("hr", "R1", "trained_person_times", "1320"), filed("hr", indicator="R1")]
    data = figure("hr", "R1", "trained_person_times", "2640")["data"]
    book = book_of(*rows, about("EntryCorrected", "e2", data=data, **named("e3")))
    day = {"as_of": book_of(*rows).ledger.period[0]}  # type: ignore[index]
    assert appeals(book, **day)[0]["followed"][0]["changes"] == []
    (change,) = appeals(book, readings={"A01": "20"})[0]["followed"][0]["changes"]
    assert (change["before"]["exact"], change["after"]["exact"]) == ("10", "20")


def test_asked_again_as_entries_come_in_it_says_what_a_fresh_book_says() -> None:
    """Given questions at every position on the way, then each answer is that of a book that read all at once."""
    rows = [firms("99"), filed(), determined("9", **named("e3")), filed("hr", indicator="R1")]
    rows += [corrected("e2", "150", because="e3"), about("EntryWithdrawn", "e4", **named("e5"))]
    rows += [decided("e5", upheld=False), corrected("e6", "198", **named("e8"))]
    log, growing, whole = entries(*rows), Book(), book_of(*rows)
    for each in log:
        growing.apply(each)
        assert growing.appeals() == book_of(*rows[: each.position - 1]).appeals()
    for position in range(1, len(log) + 1):
        assert growing.appeals(Coordinate(known_at=position)) == whole.appeals(Coordinate(known_at=position))


@pytest.mark.parametrize("seed", range(6))
def test_what_it_moved_is_what_the_stream_of_scores_said(seed: int) -> None:
    """Given corrections, withdrawals and determinations at random, then each is told as its record tells it."""
    random = Random(seed)
    rows: list[Json] = [firms(str(random.randint(1, 300))), filed()]
    last, because = 2, named("e3")
    for _ in range(8):
        row = random.choice(
            [
                corrected(f"e{last}", str(random.randint(1, 300)), **because),
                determined(str(random.randint(0, 25)), **because),
            ]
        )
        rows.append(row)
        last = len(rows) + 1 if row["kind"] == "EntryCorrected" else last
    book, told = Book(), dict[int, set[tuple[str, str, str, str]]]()
    for each in entries(*rows):
        change = book.apply(each)
        told[each.position] = {
            (one.unit, one.indicator, shown(one.before.points), shown(one.after.points))
            for one in change.changes
            if one.before and one.after
        }
    (appeal,) = appeals(book)
    assert [each["position"] for each in appeal["followed"]] == list(range(4, 12))
    for follower in appeal["followed"]:
        changes = follower["changes"]
        found = {
            (each["unit"], each["indicator"], each["before"]["points"], each["after"]["points"]) for each in changes
        }
        assert found == told[follower["position"]]


def test_entries_that_are_supposed_are_thought_of_there_and_forgotten_here() -> None:
    """Given an appeal asked about, when another decision is supposed, then the book itself says what it said."""
    book = book_of(firms("99"), filed(), corrected("e2", "150", because="e3"))
    before = book.appeals()
    assert len(appeals(book.supposing(3, []))[0]["followed"]) == 0
    assert book.appeals() == before


@pytest.mark.parametrize(("known_at", "code"), [(0, "not-known"), (9, "not-yet")])
def test_a_coordinate_without_an_answer_is_refused(known_at: Any, code: str) -> None:
    """Given a position that is not there, then the question is refused as everywhere."""
    with pytest.raises(Unanswerable) as caught:
        book_of(firms("99"), filed()).appeals(Coordinate(known_at=known_at))
    assert caught.value.code == code
