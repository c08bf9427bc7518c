"""A book answers at any coordinate, and says of each entry what it changed."""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scoring.domain import Book, Coordinate, Unanswerable
from shared.contracts import standing as contract
from shared.contracts.entries import Entry, decode_entry
from shared.contracts.numbers import exact
from shared.rubric import load
from tests.oracle import generate

TEXT = generate.rubric_text()
YEAR = {"from": "2020-01-01", "to": "2020-12-31"}


def rubric_part(text: str) -> dict[str, Any]:
    version = re.search(r"(?m)^version: (\d+)", text)
    assert version
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return {"id": "binjiang-2020", "version": version[1], "digest": digest, "content": text}


def entries(*rows: dict[str, Any], first: int = 1) -> list[Entry]:
    """An opening and these rows, accepted an hour apart from 8 in the morning of 1 July, with ids e1, e2, …"""
    opening = {"rubric": rubric_part(TEXT), "period": YEAR, "timezone": "Asia/Shanghai"}
    said = [{"kind": "AssessmentOpened", "data": opening}, *rows]
    return [entry(first + place, **row) for place, row in enumerate(said)]


def entry(position: int, kind: str, data: dict[str, Any], **more: Any) -> Entry:
    hour = f"2020-07-{1 + position // 24:02}T{position % 24:02}:00:00Z"
    members = {
        "source": "/x",
        "id": f"e{position}",
        "type": f"meritlog.{kind}.v1",
        "time": hour,
        "assessment": "binjiang-2020",
        "position": position,
        "acceptedtime": hour,
        "data": data,
    }
    return decode_entry(json.dumps(members | more))


def figure(unit: str, indicator: str, measure: str, value: str, day: str = "2020-06-30", **more: Any) -> dict[str, Any]:
    provider = more.pop("provider", unit)
    data = {"indicator": indicator, "measure": measure, "value": value, "occurred": day, **more}
    return {"kind": "SubmissionReceived", "data": data, "subject": unit, "provider": provider}


def firms(value: str, day: str = "2020-06-30") -> dict[str, Any]:
    return figure("science", "K1", "tech_firms", value, day)


def award(line: str, occasion: str, points: str | None = None, **more: Any) -> dict[str, Any]:
    data = {"indicator": "B2", "line": line, "occasion": occasion, "occurred": "2020-06-30", "reason": "r", **more}
    return {"kind": "BonusAwarded", "data": data | ({"points": points} if points else {}), "subject": "hr"}


def about(kind: str, target: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "data": {"entry": {"source": "/x", "id": target}, "reason": "r", **more}}


def ruling(finding: str, reading: str) -> dict[str, Any]:
    return {"kind": "RulingMade", "data": {"finding": finding, "reading": reading, "reason": "r"}}


def adoption(text: str) -> dict[str, Any]:
    return {"kind": "RubricAdopted", "data": {"rubric": rubric_part(text), "supersedes": "1", "reason": "r"}}


def book_of(*rows: dict[str, Any]) -> Book:
    book = Book()
    book.extend(entries(*rows))
    return book


def cell(book: Book, unit: str, indicator: str, coordinate: Coordinate | None = None) -> tuple[str, str]:
    standing = book.standing(coordinate or Coordinate())
    found = next(row for row in standing["units"] if row["unit"] == unit)["indicators"][indicator]
    return found["exact"], found["state"]


# -- what an entry changes


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_the_entries_changed_adds_up_to_a_fresh_fold(data: st.DataObject) -> None:
    """Given any log, when each change is taken in turn, then they end in what a fresh fold finds, entry by entry."""
    log = [decode_entry(generate.stored(each)) for each in data.draw(generate.ledgers())]
    live, now, totals = Book(), {}, {}
    for each in log:
        change = live.apply(each)
        for one in change.changes:
            assert now.get((one.unit, one.indicator)) == (one.before and shape(one.before))
            now[one.unit, one.indicator] = one.after and shape(one.after)
        for total in change.totals:
            totals[total.unit] = total.after and exact(total.after.total)
    fresh = Book()
    fresh.extend(log)
    units = fresh.standing()["units"]
    assert {(unit["unit"], name): shown(one) for unit in units for name, one in unit["indicators"].items()} == {
        pair: (points, most, state, absorbed) for pair, (points, _, most, state, absorbed) in now.items()
    }
    assert {unit["unit"]: unit["exact"] for unit in units} == totals
    assert live.standing() == fresh.standing()


def shape(result: Any) -> tuple[str, ...]:
    return (exact(result.points), exact(result.full), exact(result.max), result.state, exact(result.absorbed))


def shown(one: dict[str, str]) -> tuple[str, ...]:
    return one["exact"], one["max"], one["state"], one["absorbed"]


def test_an_entry_says_which_indicators_and_totals_it_changed() -> None:
    """A figure changes its indicator and its unit's total; the same again, or a confirmation, changes nothing."""
    book = Book()
    opening, first, again, sure = entries(firms("99"), firms("99"), about("EntryConfirmed", "e3"))
    assert len(book.apply(opening).changes) == sum(len(each.units) for each in load(TEXT).indicators.values())
    change = book.apply(first)
    assert [(one.unit, one.indicator) for one in change.changes] == [("science", "K1")]
    before, after = change.changes[0].before, change.changes[0].after
    assert before is not None
    assert after is not None
    assert (before.state, after.state, str(after.points)) == ("pending", "scored", "25/3")
    assert [total.unit for total in change.totals] == ["science"]
    for quiet in (book.apply(again), book.apply(sure)):
        assert (quiet.changes, quiet.totals, quiet.rules_changed, quiet.state_changed) == ((), (), False, False)


def test_one_occasion_couples_two_indicators() -> None:
    """Under A21 `once` an award on B3 takes the points of the same occasion's award on B2."""
    book = book_of(ruling("A21", "once"), award("pilot", "x", "1"))
    document = award("promoted-document", "x", indicator="B3")
    change = book.apply(entry(4, **document))
    assert {(one.indicator, str(one.after and one.after.points)) for one in change.changes} == {
        ("B2", "0"),
        ("B3", "2"),
    }


def test_a_ruling_changes_the_rules_and_what_they_touch() -> None:
    """A01 `20` changes R1's maximum; withdrawing the ruling changes it back."""
    book = book_of(figure("hr", "R1", "trained_person_times", "2640"))
    ruled = book.apply(entry(3, **ruling("A01", "20")))
    back = book.apply(entry(4, **about("EntryWithdrawn", "e3")))
    assert [ruled.rules_changed, back.rules_changed] == [True, True]
    assert [str(one.after and one.after.points) for one in ruled.changes + back.changes] == ["20", "50"]


def test_freeze_close_and_restatement_carry_their_standing() -> None:
    """Each gives the whole standing at the coordinate it names, which later entries do not move."""
    book = book_of(firms("99"))
    seen = book.standing()
    frozen = {"kind": "AssessmentFrozen", "data": {"as_of": "2020-12-31", "known_at": "2", "reason": "r"}}
    change = book.apply(entry(3, **frozen))
    assert change.standing == seen
    assert (change.state, change.state_changed) == ("frozen", True)
    book.apply(entry(4, **firms("297")))
    closing = {
        "as_of": "2020-12-31",
        "known_at": "2",
        "rubric": "1",
        "readings": seen["rules"]["readings"],
        "standing": contract.digest(seen),
        "reason": "r",
    }
    change = book.apply(entry(5, kind="AssessmentClosed", data=closing))
    assert change.state == "closed"
    assert change.standing is not None
    assert change.standing["units"] == seen["units"]
    wrong = closing | {"supersedes": "5", "standing": "sha256:" + "0" * 64}
    change = book.apply(entry(6, kind="AssessmentRestated", data=wrong))
    assert (change.state, change.supersedes) == ("close-disputed", 5)
    right = closing | {"supersedes": "6"}
    assert book.apply(entry(7, kind="AssessmentRestated", data=right)).state == "restated"
    states = [book.state(known_at) for known_at in range(1, 8)]
    assert states == ["open", "open", "frozen", "frozen", "closed", "close-disputed", "restated"]


def test_a_closing_that_names_what_is_not_there_is_disputed() -> None:
    """A version or reading that the ledger has not is a difference, and no crash."""
    closing = {
        "as_of": "2020-12-31",
        "known_at": "2",
        "rubric": "9",
        "readings": {},
        "standing": "sha256:0",
        "reason": "r",
    }
    book = book_of(firms("99"))
    change = book.apply(entry(3, kind="AssessmentClosed", data=closing))
    assert (change.state, change.standing) == ("close-disputed", None)


# -- coordinates


def test_known_at_is_a_position_or_a_time() -> None:
    """A time includes its instant; a date means its end, and with a time without offset is in the assessment's zone."""
    book = book_of(firms("99"), firms("198"), firms("297"))  # accepted 02:00, 03:00, 04:00 UTC, 10 to 12 in Hangzhou

    def known(known_at: int | datetime | date) -> int:
        return book.standing(Coordinate(known_at=known_at))["known_at"]["position"]

    assert known(3) == 3
    assert known(datetime(2020, 7, 1, 3, tzinfo=UTC)) == 3
    assert known(datetime(2020, 7, 1, 2, 59, 59, tzinfo=UTC)) == 2
    assert known(datetime(2020, 7, 1, 11)) == 3  # noqa: DTZ001  no offset: the assessment's zone
    assert known(date(2020, 7, 1)) == 4
    assert known(date.max) == 4


@pytest.mark.parametrize(
    ("coordinate", "code", "too_early"),
    [
        (Coordinate(known_at=5), "not-yet", True),
        (Coordinate(known_at=0), "not-known", True),
        (Coordinate(known_at=date(2020, 6, 30)), "not-known", True),
        (Coordinate(known_at=date.min), "not-known", True),
        (Coordinate(rubric=7), "unknown-rubric", False),
        (Coordinate(readings={"A99": "x"}), "unknown-finding", False),
        (Coordinate(readings={"A01": "30"}), "unknown-reading", False),
        (Coordinate(readings={"A07": "x"}), "unknown-reading", False),
    ],
)
def test_a_coordinate_without_an_answer_says_why(coordinate: Coordinate, code: str, too_early: bool) -> None:
    """Before the first entry, beyond the head, and rules that are not there: one sentence each."""
    with pytest.raises(Unanswerable) as caught:
        book_of(firms("1"), firms("2")).standing(coordinate)
    assert (caught.value.code, caught.value.too_early) == (code, too_early)
    assert "\n" not in caught.value.reason


def test_an_empty_book_has_no_answer() -> None:
    """Nothing is known yet."""
    with pytest.raises(Unanswerable, match="no entry"):
        Book().standing()


def test_as_of_before_the_period_there_is_no_standing() -> None:
    """Given an as-of before the first day, then it is told when the period begins; a freeze that names such a day is
    shown all the same: in it nothing has occurred.
    """
    early = Coordinate(as_of=date(2019, 12, 31))
    frozen = {"as_of": "2019-12-31", "known_at": "2", "reason": "x"}
    book = book_of(firms("297"), {"kind": "AssessmentFrozen", "data": frozen})
    for ask in (book.standing, book.sensitivity, lambda at: book.tipping("science", at), lambda at: book.diff(at, at)):
        with pytest.raises(Unanswerable, match="the period begins on 2020-01-01") as told:
            ask(early)
        assert (told.value.code, told.value.too_early) == ("not-known", True)
    fixed = book.fixed()
    assert fixed is not None
    assert (fixed["as_of"], {unit["exact"] for unit in fixed["units"]}) == ("2019-12-31", {"5"})


def test_positions_may_leave_some_out() -> None:
    """A file's lines keep their positions: what is missing between them changes nothing."""
    opening, first = entries(firms("99"))
    book = Book()
    book.extend([opening, first, entry(10, **firms("198")), entry(11, **about("EntryWithdrawn", "e10"))])
    assert [cell(book, "science", "K1", Coordinate(known_at=known))[0] for known in (9, 10, 11)] == [
        "25/3",
        "50/3",
        "25/3",
    ]
    assert book.standing(Coordinate(known_at=9))["known_at"] == {"position": 9, "accepted": first.acceptedtime}
    assert book.standing(Coordinate(known_at=date(2020, 7, 1)))["known_at"]["position"] == 11


@pytest.mark.parametrize("position", [0, 2, 1, 2**31 - 1, 2**40])
def test_entries_come_in_order(position: int) -> None:
    """An entry that does not stand behind the last, or too far out, is no next entry."""
    book = book_of(firms("99"))
    with pytest.raises(ValueError, match="cannot follow"):
        book.apply(entry(2, **firms("1")).__class__(**{**as_members(firms("1")), "position": position}))


def as_members(row: dict[str, Any]) -> dict[str, Any]:
    one = entry(2, **row)
    return {name: getattr(one, name) for name in one.__struct_fields__}


def test_a_file_that_opens_nothing_takes_its_rules_from_a_rubric() -> None:
    """Period and time zone are the rubric's, the assessment is the one the first entry names."""
    book = Book(rubric=load(TEXT))
    book.extend([entry(1, **firms("297"))])
    standing = book.standing()
    assert (standing["assessment"], standing["as_of"], book.opened) == ("binjiang-2020", "2020-12-31", False)
    assert cell(book, "science", "K1") == ("25", "scored")


# -- other rubrics


WITHOUT_PILOTS = re.sub(r"\bpilot\b", "pilot-project", TEXT).replace("version: 1", "version: 2", 1)


def test_an_adopted_rubric_places_old_entries_anew() -> None:
    """What it has no line for is flagged and counts for nothing; old coordinates keep the old rubric."""
    book = book_of(award("pilot", "x", "3"), award("relending", "y", "2"), adoption(WITHOUT_PILOTS))
    assert cell(book, "hr", "B2", Coordinate(known_at=3)) == ("5", "scored")
    assert cell(book, "hr", "B2") == ("2", "scored")
    unplaced = {"code": "unplaced", "unit": "hr", "indicator": "B2", "position": 2}
    assert unplaced in book.standing()["flags"]
    assert unplaced not in book.standing(Coordinate(known_at=3))["flags"]
    assert unplaced not in book.standing(Coordinate(rubric=1))["flags"]
    assert cell(book, "hr", "B2", Coordinate(rubric=1)) == ("5", "scored")
    assert cell(book, "hr", "B2", Coordinate(rubric=2, known_at=3)) == ("2", "scored")


def test_later_entries_are_placed_under_the_new_rubric() -> None:
    """An award on the new line counts under the new rubric, and has no place under the old one."""
    book = book_of(adoption(WITHOUT_PILOTS), award("pilot-project", "x", "3"))
    assert cell(book, "hr", "B2") == ("3", "scored")
    assert cell(book, "hr", "B2", Coordinate(rubric=1)) == ("0", "scored")


def test_a_rubric_of_ones_own_is_asked_by_without_touching_the_ledger() -> None:
    """What if this were the rubric: its digest and version show, and the next answer is as before."""
    book = book_of(award("pilot", "x", "3"))
    before = book.standing()
    own = book.standing(Coordinate(rubric=load(WITHOUT_PILOTS)))
    assert own["rules"]["version"] == 2
    assert own["rules"]["digest"] != before["rules"]["digest"]
    assert {"code": "unplaced", "unit": "hr", "indicator": "B2", "position": 2} in own["flags"]
    assert book.standing() == before


def test_rulings_and_determinations_without_a_place_are_flagged() -> None:
    """A ruling on a finding that is no longer there holds nowhere; a determination beyond the new maximum neither."""
    without = TEXT.replace("version: 1", "version: 2", 1).replace("A03", "A93")
    book = book_of(
        ruling("A03", "min"),
        {
            "kind": "IndicatorDetermined",
            "subject": "hr",
            "data": {"indicator": "R1", "outcome": "points", "points": "40", "occurred": "2020-06-30", "reason": "r"},
        },
        adoption(without),
    )
    standing = book.standing()
    assert standing["rules"]["readings"]["A93"] == "mean"
    assert {"code": "unplaced", "position": 2} in standing["flags"]
    assert cell(book, "hr", "R1") == ("40", "determined")


# -- scorecards and traces


def inputs(node: dict[str, Any]) -> list[dict[str, Any]]:
    return node["inputs"] + [each for part in node["parts"] for each in inputs(part)]


def test_a_trace_names_the_entries_it_rests_on() -> None:
    """Every input carries value, day, position, source and id."""
    book = book_of(firms("99"), firms("198"))
    answer = book.explain("science", "K1")
    assert (answer["unit"], answer["indicator"], answer["exact"]) == ("science", "K1", "50/3")
    (used,) = inputs(answer["trace"])
    assert {name: used[name] for name in ("measure", "value", "occurred", "position", "source", "id", "used")} == {
        "measure": "tech_firms",
        "value": "198",
        "occurred": "2020-06-30",
        "position": 3,
        "source": "/x",
        "id": "e3",
        "used": True,
    }


def test_what_a_reading_leaves_out_shows_in_the_trace() -> None:
    """A half step under `integers` is there as excluded, with its finding; the earlier one counts."""
    half = {"tier": "good", "reason": "r", "provider": "sme-office"}
    book = book_of(
        figure("hr", "C1", "judgement", "5", "2020-03-01", **half), figure("hr", "C1", "judgement", "6.5", **half)
    )
    found = inputs(book.explain("hr", "C1")["trace"])
    assert [(each["value"], each["used"], each.get("excluded")) for each in found] == [
        ("5", True, None),
        ("6.5", False, "A08"),
    ]


def test_a_scorecard_is_a_row_of_the_standing_with_its_own_flags() -> None:
    """The same members as in the standing; flags of other units stay away."""
    book = book_of(firms("99"), figure("hr", "R1", "trained_person_times", "1"))
    card, standing = book.scorecard("science"), book.standing()
    row = next(row for row in standing["units"] if row["unit"] == "science")
    assert {name: card[name] for name in row} == row
    assert [flag for flag in card["flags"] if flag["code"] == "self-reported"] == [
        {"code": "self-reported", "unit": "science", "indicator": "K1", "position": 2}
    ]


@pytest.mark.parametrize(
    ("unit", "indicator", "code"), [("nobody", None, "unknown-unit"), ("hr", "K1", "unknown-indicator")]
)
def test_who_or_what_is_not_assessed_has_no_trace(unit: str, indicator: str | None, code: str) -> None:
    """One sentence names what there is."""
    with pytest.raises(Unanswerable) as caught:
        book_of().explain(unit, indicator)
    assert caught.value.code == code


def test_answers_are_the_same_bytes_each_time() -> None:
    """Given one log, two books say the same, byte for byte, in every answer."""
    log = generate.ledger(Random(7), 120)
    said = []
    for _ in range(2):
        book = Book()
        book.extend(decode_entry(generate.stored(each)) for each in log)
        said.append(json.dumps([book.standing(), *(book.explain(unit) for unit in ("market", "hr"))]))
    assert said[0] == said[1]
