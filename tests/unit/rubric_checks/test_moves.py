"""What each finding can move, found by trying its readings."""

from pathlib import Path

from shared.rubric import load
from shared.rubric.checks import moves

BINJIANG = load((Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8"))
MOVES = {move.finding: move for move in moves(BINJIANG)}


def test_every_finding_is_told_of_as_the_rubric_declares_it() -> None:
    """Given the rubric of 2020, then all its findings are there, questions for the record without a search."""
    assert {move.finding: move.declared for move in MOVES.values()} == {
        finding.id: finding.moves for finding in BINJIANG.findings.values()
    }
    for finding in BINJIANG.findings.values():
        assert (MOVES[finding.id].found is None) == (not finding.readings)
        assert list(MOVES[finding.id].readings) == list(finding.readings)


def test_the_default_reading_moves_nothing_against_itself() -> None:
    """Given each finding's default, then it is what the others are compared with."""
    for finding in BINJIANG.findings.values():
        if finding.default is not None:
            assert MOVES[finding.id].readings[finding.default] == "none"


def test_a_shift_that_is_the_same_for_all_moves_totals_only() -> None:
    """Given D from 5 down or from 0 down, then all six lose the same 5; uncapped they do not."""
    assert MOVES["A02"].readings == {"start-at-5": "none", "deduct-only": "total", "uncapped": "rank"}


def test_an_indicator_of_one_unit_moves_ranks() -> None:
    """Given a finding on what only one unit is assessed by, then that unit moves alone."""
    assert MOVES["A01"].readings == {"50": "none", "20": "rank"}


def test_what_is_missing_moves_the_state_and_no_point() -> None:
    """Given a missing figure read as pending or as zero, then its points are 0 under both."""
    assert MOVES["A30"].found == "state"


def test_ties_and_rounding_move_ranks() -> None:
    """Given the two findings about the order itself, then they move ranks without any point."""
    assert (MOVES["A27"].found, MOVES["A28"].found) == ("rank", "rank")


def test_every_reading_of_binjiang_moves_something() -> None:
    """Given the rubric of 2020, then none of its readings is idle."""
    for move in MOVES.values():
        assert [reach for reach in move.readings.values() if reach == "none"] == ["none"] * bool(move.readings)


def test_it_says_the_same_each_time() -> None:
    """Given the same rubric, then the search walks the same way."""
    assert moves(BINJIANG) == list(MOVES.values())
