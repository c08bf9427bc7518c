"""What is shown: the live board, what a freeze or a closing fixes, and every change with the entry that caused it."""

import itertools
import json
from fractions import Fraction
from functools import cache

import pytest

from services.ranking.domain import Board
from services.scoring.domain.book import Book
from services.scoring.handlers import said
from shared.contracts.entries import Entry, decode_entry
from shared.contracts.records import Record, decode_record
from shared.gate.outcomes import Accepted
from shared.gate.replay import check_lines
from shared.rubric import load
from tests.services import ROOT

YEAR = ROOT / "samples" / "binjiang-2020.jsonl"


@cache
def year() -> list[Entry]:
    """The entries of the sample year."""
    with YEAR.open("rb") as file:
        outcomes = [line.outcome for line in check_lines(file, load)]
    return [decode_entry(one.stored) for one in outcomes if isinstance(one, Accepted)]


@cache
def played() -> list[tuple[Entry, Record, dict, dict, dict, dict]]:
    """The year, entry by entry: the record of scores, the live units, what ranking says, live board and shown board."""
    book, board, steps = Book(load=load), Board("binjiang-2020"), []
    for entry in year():
        record = decode_record(said(book, book.apply(entry), 1, None))
        data = json.loads(json.dumps(board.apply(record)))
        units = {
            place.unit: {"rank": place.rank, "tied": place.tied, "exact": book.live.tallies[place.unit].total}
            for place in book.live.ranked()
        }
        steps.append((entry, record, units, data, board.live(), board.public()))
    return steps


def places(board: dict) -> list[tuple]:
    return [(unit["unit"], unit["rank"], unit["total"]) for unit in board["units"]]


def test_the_live_board_stands_as_scoring_does_after_every_entry():
    """Given the year, when entry after entry is taken in, then ranks, ties and totals are always those of scoring."""
    for entry, _, units, _, live, _ in played():
        assert live["known_at"]["position"] == entry.position
        shown = {
            unit["unit"]: {"rank": unit["rank"], "tied": unit["tied"], "exact": Fraction(unit["exact"])}
            for unit in live["units"]
        }
        assert shown == units


def test_each_change_leads_from_one_board_to_the_next():
    """
    Given the year,
    when an entry changes totals or ranks,
    then its record names the entry and says of just those units what they were and are.
    """
    for (_, _, _, _, before, _), (entry, _, _, data, after, _) in itertools.pairwise(played()):
        was = {unit["unit"]: unit for unit in before["units"]}
        moved = [
            unit
            for unit in after["units"]
            if any(unit[name] != was.get(unit["unit"], {}).get(name) for name in ("exact", "rank"))
        ]
        assert (data["cause"]["position"], data["cause"]["id"]) == (entry.position, entry.id)
        assert [change["unit"] for change in data["changes"]] == [unit["unit"] for unit in moved]
        for change, unit in zip(data["changes"], moved, strict=True):
            earlier = was[unit["unit"]]
            assert change["total"] == {"before": earlier["total"], "after": unit["total"]}
            assert change["rank"] == {"before": earlier["rank"], "after": unit["rank"]}


def test_a_change_names_the_indicators_that_caused_it():
    """Given the year, when a unit's total changes, then the indicators that changed are named."""
    for _, record, _, data, _, _ in played():
        touched = {}
        for change in record.data["changes"]:
            touched.setdefault(change["unit"], []).append(change["indicator"])
        assert all(change["because"] == touched.get(change["unit"], []) for change in data["changes"])


def test_a_unit_whose_rank_changed_shows_how_many_places_and_by_which_entry():
    """Given units in order, when an entry changes a rank, then the board says by how many places, and which entry."""
    ranks = 0
    for entry, _, _, data, live, _ in played():
        units = {unit["unit"]: unit for unit in live["units"]}
        for change in data["changes"]:
            assert units[change["unit"]]["last"]["position"] == entry.position
            rank = change["rank"]
            if rank["before"] not in (None, rank["after"]):
                assert units[change["unit"]]["moved"] == rank["before"] - rank["after"]
                ranks += 1
    assert ranks > 20


@pytest.mark.parametrize("kind", ["AssessmentFrozen", "AssessmentClosed", "AssessmentRestated"])
def test_from_a_statement_on_the_public_sees_what_it_names(kind):
    """
    Given the year,
    when the assessment is frozen, closed or restated,
    then the record carries the whole standing, and the public sees it while the live board goes on.
    """
    steps = played()
    first = next(number for number, step in enumerate(steps) if step[0].type == f"meritlog.{kind}.v1")
    entry, _, _, data, _, public = steps[first]

    standing = data["standing"]
    assert standing["as_of"] == entry.data["as_of"]
    assert standing["known_at"]["position"] == int(entry.data["known_at"])
    assert places(public) == places(standing)
    assert public["shown"] == ("frozen" if kind == "AssessmentFrozen" else "closed")
    until = next(
        (number for number, step in enumerate(steps) if number > first and "standing" in step[3]),
        len(steps),
    )
    assert all(places(step[5]) == places(standing) for step in steps[first:until])


def test_the_live_board_goes_on_under_a_frozen_one():
    """Given a freeze, when figures go on coming in, then the live board moves and the shown one does not."""
    under = [step for step in played() if step[4]["state"] == "frozen"]
    assert len({json.dumps(places(live)) for _, _, _, _, live, _ in under}) > 1
    assert len({json.dumps(places(public)) for _, _, _, _, _, public in under}) == 1


def test_a_restatement_names_what_it_replaces():
    """Given a closed year, when it is restated, then the record says the position that it supersedes."""
    closings = [entry.position for entry, *_ in played() if entry.type == "meritlog.AssessmentClosed.v1"]
    restated = [(entry, data) for entry, _, _, data, _, _ in played() if entry.type == "meritlog.AssessmentRestated.v1"]
    assert restated
    assert [data["supersedes"] for _, data in restated] == closings[-1:]
    assert all("supersedes" not in data for entry, _, _, data, _, _ in played() if entry.type.endswith("Closed.v1"))


def test_a_snapshot_starts_a_generation_and_forgets_what_was():
    """
    Given a board,
    when a record opens a newer generation with a snapshot,
    then it says all anew, indicators that it does not name are gone, and the board's own generation is newer.
    """
    steps = played()
    board = Board("binjiang-2020")
    for _, record, *_ in steps[:900]:
        board.apply(record)
    before = board.live()
    last = steps[899][1]
    snapshot = Record(
        id="binjiang-2020/2/900",
        source=last.source,
        type=last.type,
        time=last.time,
        assessment=last.assessment,
        position=900,
        generation=2,
        data={
            "cause": last.data["cause"],
            "changes": [],
            "totals": [board.rows[unit].totals for unit in sorted(board.rows)],
            "frame": board.frame,
            "state": "open",
            "snapshot": True,
        },
    )

    data = board.apply(snapshot)

    assert data["snapshot"]
    assert all(change["total"]["before"] is None for change in data["changes"])
    assert board.live()["generation"] == before["generation"] + 1
    assert places(board.live()) == places(before)
    assert all(unit["indicators"] == {} for unit in board.live()["units"])
