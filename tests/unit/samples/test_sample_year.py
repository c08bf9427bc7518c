"""The committed sample year: made by its generator, synthetic by its own word, complete, and scored rightly."""

import functools
import json
from calendar import monthrange
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from samples.binjiang_2020.__main__ import Year, play
from services.scoring.domain import Book, Coordinate
from shared.contracts import entries, kinds, standing
from shared.contracts.refusals import Refusal
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.replay import Replay
from shared.rubric import load
from tests.oracle import binjiang, generate

SAMPLE = Path(__file__).parents[3] / "samples" / "binjiang-2020.jsonl"
MONTH_ENDS = [date(2020, month, monthrange(2020, month)[1]) for month in range(1, 13)]


@functools.cache
def played() -> Year:
    """The year as its generator makes it today."""
    return play()


@functools.cache
def outcomes() -> list[Accepted | Known | Refused]:
    """What the gate says to each line of the committed file."""
    replay = Replay(load)
    return [replay.read(line) for line in SAMPLE.read_bytes().splitlines()]


@functools.cache
def stored() -> list[bytes]:
    """The accepted entries, as they are stored."""
    return [outcome.stored for outcome in outcomes() if isinstance(outcome, Accepted)]


@functools.cache
def log() -> list[dict[str, Any]]:
    """The accepted entries, as the slow scorer reads them."""
    return [json.loads(each) for each in stored()]


@functools.cache
def book() -> Book:
    """The book of the committed file."""
    made = Book()
    made.extend([entries.decode_entry(each) for each in stored()])
    return made


def of_type(kind: str) -> Iterator[dict[str, Any]]:
    """The accepted entries of one type."""
    return (entry for entry in log() if entry["type"] == kind)


def assert_same(as_of: date | None, known_at: int | None, readings: dict[str, str]) -> None:
    """Compare the product with the slow scorer, part by part."""
    theirs = book().standing(Coordinate(as_of, known_at, readings=readings))
    ours = binjiang.standing(log(), as_of, known_at, readings)
    for part in ours:
        assert theirs[part] == ours[part], part
    assert theirs.keys() == ours.keys()
    assert standing.digest(theirs) == binjiang.digest(ours)


def test_the_file_is_what_its_generator_makes() -> None:
    """Given the generator, when it plays the year again, then it makes the committed file, byte for byte."""
    assert "\n".join(played().lines) + "\n" == SAMPLE.read_text(encoding="utf-8"), (
        "run: python -m samples.binjiang_2020"
    )


def test_it_says_that_it_is_synthetic() -> None:
    """The opening says so, as does every reason and ground, and the clock is the sample's own."""
    opening = log()[0]["data"]
    assert "synthetic" in opening["note"]
    assert opening["clock"] == "sample"
    said = [entry["data"].get(name) for entry in log() for name in ("reason", "grounds") if name in entry["data"]]
    assert len(said) > 500
    assert all("synthetic" in each for each in said)


def test_it_is_a_years_worth() -> None:
    """Around 1,400 lines, of which most are accepted, some are repeats and some are refused."""
    counts = Counter(type(outcome).__name__ for outcome in outcomes())
    assert 1_350 <= len(outcomes()) <= 1_550
    assert counts["Accepted"] > 1_300
    assert counts["Known"] >= 30
    assert counts["Refused"] >= 30


def test_every_code_that_a_file_can_meet_is_met() -> None:
    """All of the contract's but `unknown-assessment`: the first line opens the assessment, so every other knows it."""
    met = {outcome.code for outcome in outcomes() if isinstance(outcome, Refused)}
    assert met == set(Refusal) - {Refusal.UNKNOWN_ASSESSMENT}


def test_every_type_of_entry_is_accepted() -> None:
    """Of each type of the contract there is at least one accepted entry."""
    assert {entry["type"] for entry in log()} == set(kinds.ALL)


def test_every_measure_is_reported_by_each_of_its_providers() -> None:
    """Every (unit, indicator, measure, provider) of the contract's table has a figure in the year."""
    told = {
        (entry["subject"], entry["data"]["indicator"], entry["data"]["measure"], entry["provider"])
        for entry in of_type(kinds.SUBMISSION_RECEIVED)
    }
    assert told == set(generate.MEASURES)


@pytest.mark.parametrize("indicator", ["B2", "B3", "D"])
def test_every_line_is_used(indicator: str) -> None:
    """Each line of the awards and of the deductions has an entry."""
    used = {
        entry["data"]["line"]
        for kind in (kinds.BONUS_AWARDED, kinds.DEDUCTION_ISSUED)
        for entry in of_type(kind)
        if entry["data"]["indicator"] == indicator
    }
    assert used == set(binjiang.LINES[indicator])


def test_incidents_and_occasions_are_shared() -> None:
    """One incident stands under several lines, one occasion under two indicators, one evidence under two lines."""
    lines: dict[tuple[str, str], set[str]] = {}
    for kind, name in ((kinds.DEDUCTION_ISSUED, "incident"), (kinds.BONUS_AWARDED, "occasion")):
        for entry in of_type(kind):
            lines.setdefault((entry["subject"], entry["data"][name]), set()).add(entry["data"]["line"])
    assert {"D1", "D2", "D4"} in lines.values()
    assert {"pilot", "promoted-document"} in lines.values()
    assert "shared-evidence" in {flag["code"] for flag in book().standing(Coordinate())["flags"]}


def test_reports_come_late_and_after_later_ones() -> None:
    """Some figures are for a day before one that was already reported: backdated."""
    newest: dict[tuple[str, ...], str] = {}
    backdated = 0
    for entry in of_type(kinds.SUBMISSION_RECEIVED):
        data = entry["data"]
        series = (entry["subject"], data["indicator"], data["measure"], entry["provider"], data.get("occasion", ""))
        backdated += data["occurred"] < newest.get(series, "")
        newest[series] = max(data["occurred"], newest.get(series, ""))
    assert backdated > 10


def test_an_appeal_is_upheld_and_one_is_rejected() -> None:
    """Both are decided; the upheld one is followed by the correction that names it, which gives points back."""
    assert {entry["data"]["upheld"] for entry in of_type(kinds.APPEAL_DECIDED)} == {True, False}
    (mended,) = [entry for entry in of_type(kinds.ENTRY_CORRECTED) if "because" in entry["data"]]
    before = book().scorecard("hr", Coordinate(None, mended["position"] - 1))["indicators"]["D"]["exact"]
    after = book().scorecard("hr", Coordinate(None, mended["position"]))["indicators"]["D"]["exact"]
    assert Fraction(after) > Fraction(before)


def test_every_unit_changes_rank() -> None:
    """Both as the year goes on, and as the ledger grows."""
    head = log()[-1]["position"]
    for places in (
        [Coordinate(day) for day in MONTH_ENDS],
        [Coordinate(None, known_at) for known_at in range(100, head + 1, 100)],
    ):
        ranks: dict[str, set[int]] = {}
        for where in places:
            for row in book().standing(where)["units"]:
                ranks.setdefault(row["unit"], set()).add(row["rank"])
        assert ranks.keys() == binjiang.UNITS.keys()
        assert all(len(seen) > 1 for seen in ranks.values()), ranks


@functools.cache
def rows(place: tuple[date | None, int | None], finding: str, reading: str) -> list[dict[str, Any]]:
    """The units of a standing."""
    return book().standing(Coordinate(*place, readings={finding: reading}))["units"]


@pytest.mark.parametrize(
    ("finding", "reading"), [(one, other) for one, known in binjiang.READINGS.items() for other in known[1:]]
)
def test_every_reading_makes_a_difference(finding: str, reading: str) -> None:
    """Somewhere in the year each reading that is not the default gives other points or ranks than the default."""
    head = log()[-1]["position"]
    default = binjiang.READINGS[finding][0]
    days = [(day, None) for day in (None, date(2020, 1, 3), *MONTH_ENDS)]
    places = [*days, *((None, known_at) for known_at in range(20, head, 24))]
    assert any(rows(place, finding, reading) != rows(place, finding, default) for place in places)


def test_every_flag_is_raised() -> None:
    """At the head, or as of March, when two providers differ and the office has said nothing yet.

    Not `unplaced`: the second version of the rubric places all that the first did.
    """
    march = date(2020, 3, 31)
    raised = {flag["code"] for as_of in (march, None) for flag in book().standing(Coordinate(as_of))["flags"]}
    assert raised == {
        "appeal-open",
        "conflict",
        "restated-figure",
        "self-reported",
        "shared-evidence",
        "silent-period",
    }


def test_the_year_ends_as_it_says() -> None:
    """Frozen, then closed, then restated; each statement's digest is that of the standing it names."""
    head = log()[-1]["position"]
    states = [
        book().standing(Coordinate(None, at))["state"]
        for kind in (kinds.ASSESSMENT_FROZEN, kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED)
        for at in [entry["position"] for entry in of_type(kind)]
    ]
    assert states == ["frozen", "closed", "restated"]
    assert next(of_type(kinds.ASSESSMENT_RESTATED))["position"] == head
    for kind in (kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED):
        said = next(of_type(kind))["data"]
        where = Coordinate(date.fromisoformat(said["as_of"]), int(said["known_at"]), readings=said["readings"])
        assert standing.digest(book().standing(where)) == said["standing"]


def test_the_slow_scorer_agrees_at_the_head() -> None:
    """Given the whole year, when both score it, then they say the same JSON."""
    assert_same(None, None, {})


@pytest.mark.parametrize("seed", range(30))
def test_the_slow_scorer_agrees_anywhere(seed: int) -> None:
    """Given a random day, position and table of readings, when both score the year, then they say the same JSON."""
    assert_same(*generate.coordinate(Random(seed), len(log())))
