"""The page that walks through the sample year says what the scored year says, figure by figure."""

import functools
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from services.scoring.domain import Book, Coordinate
from shared.contracts import entries, kinds, standing
from shared.contracts.refusals import Refusal
from shared.gate.outcomes import Refused
from tests import bundles
from tests.unit.samples.test_sample_year import book, log, of_type, outcomes, stored

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "a-year-with-disputes.md"

Entry = dict[str, Any]


def at(position: int) -> dict[str, Any]:
    """The units known at a position, by id."""
    return {row["unit"]: row for row in book().standing(Coordinate(None, position))["units"]}


def points(unit: str, indicator: str, position: int) -> str:
    """The points of one indicator, as shown."""
    return at(position)[unit]["indicators"][indicator]["points"]


def entry(name: str) -> Entry:
    """The entry of this id."""
    (found,) = [each for each in log() if each["id"] == name]
    return found


def flags(code: str, position: int, as_of: date | None = None) -> list[dict[str, Any]]:
    """The flags of one kind."""
    return [flag for flag in book().standing(Coordinate(as_of, position))["flags"] if flag["code"] == code]


@functools.cache
def until(position: int) -> Book:
    """The book of the entries up to a position, as somebody there has it."""
    made = Book()
    made.extend([entries.decode_entry(each) for each in stored()[:position]])
    return made


def counts() -> Iterator[str]:
    """How many entries there are of the types that the page counts."""
    number = Counter(each["type"] for each in log())
    yield f"{len(log())} entries accepted"
    yield f"{number[kinds.ENTRY_CORRECTED]} corrections and {number[kinds.ENTRY_WITHDRAWN]} withdrawals"
    yield f"{number[kinds.ENTRY_CONFIRMED]} confirmations"
    yield f"{number[kinds.PERIOD_REPORTED]} times"


def put_right() -> Iterator[str]:
    """The last figures of new firms: two corrected, one correction withdrawn."""
    firms = [entry(f"correction/2020-12-{day}/new_firms") for day in (27, 31)]
    taken = entry(f"withdrawal/{firms[1]['id']}")
    for each in firms:
        said = each["data"]["data"]
        yield _moved(each, f"correction: {said['value']} new firms by {said['occurred']}")
    yield _moved(taken, f"withdrawal of the correction at {firms[1]['position']}")
    assert at(firms[0]["position"]) == at(firms[0]["position"] - 1)
    yield f"a figure for a later day counts, {_counting(firms[0]['position'])}."
    yield f"the latest figure still in force, {_counting(taken['position'])}."


def _moved(each: Entry, what: str) -> str:
    position = each["position"]
    return f"| {position} | {what} | {points('market', 'M1', position)} | {at(position)['market']['total']} |"


def _counting(position: int) -> str:
    """The figure of new firms that counts, by the trace."""
    (used,) = [
        each
        for each in _inputs(book().explain("market", "M1", Coordinate(None, position))["trace"])
        if each["measure"] == "new_firms" and each["used"]
    ]
    return used["value"]


def _inputs(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from node["inputs"]
    for part in node["parts"]:
        yield from _inputs(part)


def determined() -> Iterator[str]:
    """Each determination, and what the indicator was worth before and after."""
    for each in of_type(kinds.INDICATOR_DETERMINED):
        unit, data, position = each["subject"], each["data"], each["position"]
        before, after = (points(unit, data["indicator"], known) for known in (position - 1, position))
        yield f"| {position} | {unit} {data['indicator']} | {data['outcome']} | {before} | {after} |"
    first, second = (entry(f"determination/{number}")["data"]["occurred"] for number in (4, 5))
    yield f"the fifth, true for {second}, goes over the fourth, true for {first}."


def ruled() -> Iterator[str]:
    """Each ruling, and the one withdrawn, with the totals that moved."""
    rulings = {each["id"]: each for each in of_type(kinds.RULING_MADE)}
    for each in rulings.values():
        yield f"| {each['position']} | {each['data']['finding']} {each['data']['reading']} | {_totals(each)} |"
    for each in of_type(kinds.ENTRY_WITHDRAWN):
        if each["data"]["entry"]["id"] in rulings:
            gone = rulings[each["data"]["entry"]["id"]]["position"]
            yield f"| {each['position']} | the ruling at {gone} withdrawn | {_totals(each)} |"


def _totals(each: Entry) -> str:
    before, after = at(each["position"] - 1), at(each["position"])
    moved = [unit for unit in before if before[unit]["exact"] != after[unit]["exact"]]
    return ", ".join(f"{unit} {before[unit]['total']} → {after[unit]['total']}" for unit in moved) or "nothing"


def silent() -> Iterator[str]:
    """One provider: of one period it says that there is nothing, of the next it says nothing."""
    (reported,) = [
        each
        for each in of_type(kinds.PERIOD_REPORTED)
        if each["provider"] == "cbirc-zhejiang" and each["data"]["period"] == "2020-01"
    ]
    position, day = reported["position"], date(2020, 2, 29)
    assert flags("silent-period", position, day) == []
    (flag,) = flags("silent-period", position - 1, day)
    yield f"As of {day}, known at {position - 1}, {flag['provider']} is silent for {flag['period']}."
    yield f"Entry {position} reports that period, with {reported['data']['entries']} entries"
    (still,) = flags("silent-period", len(log()))
    assert still["provider"] == flag["provider"]
    yield f"For {still['period']} it never says anything"


def appealed() -> Iterator[str]:
    """Each appeal, its decision, and what followed."""
    first, second, third = of_type(kinds.APPEAL_FILED)
    decisions = {each["data"]["appeal"]["id"]: each for each in of_type(kinds.APPEAL_DECIDED)}
    upheld, rejected = decisions[first["id"]], decisions[second["id"]]
    assert (upheld["data"]["upheld"], rejected["data"]["upheld"], len(decisions)) == (True, False, 2)
    (mended,) = [each for each in of_type(kinds.ENTRY_CORRECTED) if each["data"].get("because") == first["id"]]
    unit, position, about = first["subject"], mended["position"], entry(first["data"]["entry"]["id"])
    before, after = (f"{points(unit, 'D', known)}" for known in (position - 1, position))
    yield (
        f"| {first['position']} | {unit}, entry {about['position']} | {upheld['position']}, upheld | the correction at "
        f"{position}: D {before} → {after}, total {at(position - 1)[unit]['total']} → {at(position)[unit]['total']} |"
    )
    yield (
        f"| {second['position']} | {second['subject']}, {second['data']['indicator']} | {rejected['position']}, "
        "rejected | nothing |"
    )
    yield f"| {third['position']} | {third['subject']}, {third['data']['indicator']} | not yet | |"
    places = [each["position"] for each in (second, upheld, rejected, third)]
    two, one, none, again = (f"{len(flags('appeal-open', place))} at {place}" for place in places)
    yield f"{two}, {one}, {none}, and {again} again"


def ended() -> Iterator[str]:
    """The freeze with what it shows, the closing, what comes after it, and the restatement."""
    freeze, closing, restated = (
        next(of_type(kind)) for kind in (kinds.ASSESSMENT_FROZEN, kinds.ASSESSMENT_CLOSED, kinds.ASSESSMENT_RESTATED)
    )
    yield f"Entry {freeze['position']} freezes {_named(freeze)}"
    last = closing["position"] - 1
    yield f"| unit | shown | live at {last} |"
    shown, live = until(last).fixed(), at(last)
    assert shown is not None
    assert shown["known_at"]["position"] == int(freeze["data"]["known_at"])
    for row in shown["units"]:
        now = live[row["unit"]]
        yield f"| {row['unit']} | {row['rank']} · {row['total']} | {now['rank']} · {now['total']} |"
    said = closing["data"]
    yield f"Entry {closing['position']} closes {_named(closing)}"
    yield f"by version {said['rubric']} of the rubric, with the reading of each of {len(said['readings'])} findings"
    yield f"Entry {restated['position']} restates {_named(restated)}"
    yield f"`supersedes` {closing['position']}"
    assert int(restated["data"]["supersedes"]) == closing["position"]
    yield _named(closing)
    for each in (closing, restated):
        where = Coordinate(date.fromisoformat(each["data"]["as_of"]), int(each["data"]["known_at"]))
        yield standing.digest(book().standing(where))
    appeal, withdrawal = log()[closing["position"] : restated["position"] - 1]
    late = [each for each in outcomes() if isinstance(each, Refused) and each.code == Refusal.CLOSED]
    yield f"{len(late)} lines that come too late"
    yield "2 entries are accepted"
    yield f"{appeal['position']} is an appeal of {appeal['subject']}"
    yield from _late(withdrawal)


def _named(each: Entry) -> str:
    return f"the standing as of {each['data']['as_of']}, known at {each['data']['known_at']}"


def _late(withdrawal: Entry) -> Iterator[str]:
    award, position = entry(withdrawal["data"]["entry"]["id"]), withdrawal["position"]
    before, after = at(position - 1), at(position)
    assert [unit for unit in before if before[unit]["exact"] != after[unit]["exact"]] == ["hr"]
    assert {unit for unit in before if before[unit]["rank"] != after[unit]["rank"]} == {"hr", "science"}
    assert [rows["hr"]["indicators"]["B2"]["absorbed"] for rows in (before, after)] == ["1", "0"]
    hr, science = ([rows[unit] for rows in (before, after)] for unit in ("hr", "science"))
    yield f"{position} withdraws an award that hr got at {award['position']}, of {award['data']['points']} points"
    yield f"Under B2 hr falls from {points('hr', 'B2', position - 1)} to {points('hr', 'B2', position)}"
    yield f"its total from {hr[0]['total']} to {hr[1]['total']}, its rank from {hr[0]['rank']} to {hr[1]['rank']}"
    yield f"science, untouched, rises to {science[1]['rank']}"
    yield f"science is {science[1]['rank']} with {science[1]['total']} and hr is {hr[1]['rank']} with {hr[1]['total']}"


def test_the_page_says_what_the_year_says() -> None:
    """Given the scored year, when the page is read, then each figure in it is one that the year gives, in its place."""
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    parts = (counts, put_right, determined, ruled, silent, appealed, ended)
    for said in sorted((each for part in parts for each in part()), key=len, reverse=True):
        assert said in page, said
        page = page.replace(said, "")
    names = r"binjiang-2020|\b[A-Z]\d{1,2}\b"
    assert re.findall(r".{0,40}\d.{0,40}", re.sub(names, "", page)) == [], "figures that nothing is held against"


def test_a_closing_with_another_digest_is_disputed() -> None:
    """Given the year up to its closing, when the closing names another digest, then the close is disputed."""
    closing = next(of_type(kinds.ASSESSMENT_CLOSED))
    rows = bundles.rows(stored()[: closing["position"]])
    assert until(closing["position"]).standing(Coordinate())["state"] == "closed"
    rows[-1]["data"]["standing"] = "sha256:" + "0" * 64
    other = Book()
    other.extend([entries.decode_entry(each) for each in bundles.stored(rows)])
    assert other.standing(Coordinate())["state"] == "close-disputed"
    assert other.disputed() == [closing["position"]]
