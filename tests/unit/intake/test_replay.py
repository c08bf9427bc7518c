"""Files: lines counted and judged, positions and acceptance honoured, exported ledgers read again byte for byte."""

import json

import pytest

from shared.contracts.entries import decode_entry, leaf_hash
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.replay import Replay, check_lines, report
from shared.gate.state import PILLARS, restored
from shared.rubric import load
from tests.builders import (
    SMALL_RUBRIC,
    adopted,
    closed,
    confirmed,
    corrected,
    deducted,
    frozen,
    opened,
    raw,
    restated,
    submitted,
    withdrawn,
)

OPENED = opened(id="opening")
RUBRIC = load(SMALL_RUBRIC)


def checked(*lines, rubric=None):
    return report(check_lines([each if isinstance(each, bytes) else raw(each) for each in lines], load, rubric))


def codes(result):
    return [(each["line"], each["code"]) for each in result["refused"]]


def test_the_report_counts_what_was_accepted_and_lists_what_was_refused():
    """A duplicate is neither; blank lines count for the number."""
    figure = submitted(id="figure", source="/m")
    result = checked(
        OPENED, b"", b"  \t", figure, figure, figure | {"time": "2020-07-02T09:00:00Z"}, b"{", submitted(-1)
    )
    assert result["accepted"] == 2
    assert codes(result) == [(6, "id-conflict"), (7, "malformed"), (8, "out-of-range")]
    conflict, broken, _ = result["refused"]
    assert (conflict["source"], conflict["id"]) == ("/m", "figure")
    assert (broken["source"], broken["id"]) == (None, None)
    assert conflict.keys() == {"line", "source", "id", "code", "reason"}
    assert json.dumps(result)


def test_line_ends_of_other_systems_are_read():
    """And the last line needs none."""
    assert checked(raw(OPENED) + b"\r\n", raw(submitted()) + b"\n", raw(submitted()))["accepted"] == 3


def test_an_empty_file_accepts_nothing():
    """There is nothing wrong with it either."""
    assert checked() == checked(b"", b"\n") == {"accepted": 0, "refused": []}


def test_a_file_with_a_rubric_need_not_begin_with_an_opening():
    """The assessment is the one its first accepted line names."""
    other = submitted(assessment="other-2020")
    assert codes(checked(submitted())) == [(1, "unknown-assessment")]
    assert codes(checked(submitted(-1, assessment="x"), submitted(), other, submitted(), rubric=RUBRIC)) == [
        (1, "out-of-range"),
        (3, "assessment-mismatch"),
    ]
    late = submitted(time="2020-07-01T15:00:00Z", over={"occurred": "2020-07-02"})
    assert codes(checked(late, submitted(over={"occurred": "2019-01-01"}), rubric=RUBRIC)) == [
        (1, "in-the-future"),
        (2, "outside-period"),
    ]


def test_a_file_with_a_rubric_may_begin_with_an_opening():
    """Then the opening's own is in force."""
    second = SMALL_RUBRIC.replace("id: new_firms", "id: newer_firms")
    assert codes(checked(opened(second), submitted(), rubric=RUBRIC)) == [(2, "unknown-measure")]
    assert codes(checked(submitted(), OPENED, rubric=RUBRIC)) == [(2, "forbidden")]
    other = SMALL_RUBRIC.replace("assessor: sme-office", "assessor: tax").replace("version: 1", "version: 2")
    assert (
        checked(OPENED, adopted(SMALL_RUBRIC.replace("version: 1", "version: 2")), rubric=load(other))["refused"] == []
    )


FIGURE = submitted(id="figure")
YEAR = [
    OPENED,
    FIGURE,
    deducted(),
    confirmed(FIGURE),
    corrected(FIGURE, FIGURE["data"] | {"value": 1e3}),
    frozen(3),
    adopted(SMALL_RUBRIC.replace("version: 1", "version: 2")),
    closed(5),
    restated(8),
    withdrawn(deducted(id="extra")),
]
YEAR = [*YEAR[:2], deducted(id="extra", source="/binjiang/sme-office"), *YEAR[3:9], YEAR[9]]


def stored(*events):
    outcomes = [line.outcome for line in check_lines(map(raw, events), load)]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    return [outcome.stored for outcome in outcomes]


def test_an_exported_ledger_comes_out_byte_for_byte():
    """Position, acceptance and auth context are those of its lines, and so is every digest."""
    ledger = stored(*YEAR)
    first = json.loads(ledger[0]) | {"authtype": "api_key", "authid": "office"}
    ledger[0] = raw(dict(sorted(first.items())))
    again = [line.outcome for line in check_lines(ledger, load)]
    assert [outcome.position for outcome in again] == list(range(1, 11))
    assert again[0].stored == ledger[0]
    assert [outcome.stored for outcome in check_lines_of(stored(*YEAR))] == stored(*YEAR)
    assert json.loads(again[1].stored)["previous"] == leaf_hash(ledger[0])


def check_lines_of(lines):
    return [line.outcome for line in check_lines(lines, load)]


def carried(event, position, accepted="2020-07-01T01:00:00Z"):
    return event | {"position": position, "acceptedtime": accepted}


def test_positions_on_lines_are_honoured_and_gaps_are_told():
    """What was left out in between is known by number; lines without go on counting."""
    replay = Replay(load)
    sent = [
        carried(OPENED, 1),
        carried(submitted(), 5),
        submitted(),
        carried(submitted(-1), 9),
        carried(submitted(), 10),
    ]
    outcomes = [replay.read(raw(each)) for each in sent]
    assert [getattr(outcome, "position", outcome) for outcome in outcomes if not isinstance(outcome, Refused)] == [
        1,
        5,
        6,
        10,
    ]
    assert replay.missing == [(2, 4), (7, 8)]


@pytest.mark.parametrize("position", [1, 2, 0, -1, 2.5, "x", True, {}, [], "٣", 10**17])
def test_a_position_that_does_not_rise_is_malformed(position):
    """Lines stand in the order of the ledger; the others are still read."""
    result = checked(
        carried(OPENED, 1), carried(submitted(), 2), carried(submitted(), position), carried(submitted(), 3)
    )
    assert codes(result) == [(3, "malformed")]


def test_an_opening_stands_at_position_1():
    """Nowhere else."""
    assert codes(checked(carried(OPENED, 2))) == [(1, "malformed")]


def test_the_same_again_is_known_whatever_position_it_carries():
    """Identity comes first here too."""
    replay = Replay(load)
    replay.read(raw(carried(OPENED, 1)))
    replay.read(raw(carried(FIGURE, 2)))
    for again in (carried(FIGURE, 2), carried(FIGURE, 7), carried(FIGURE, "x"), FIGURE):
        assert replay.read(raw(again)) == Known(2)
    assert replay.missing == []


def test_acceptance_on_lines_is_honoured():
    """`time` stands in where it is missing; neither goes backwards."""
    late = carried(submitted(over={"occurred": "2020-07-20"}), 2, "2020-07-20T00:00:00Z")
    outcomes = check_lines_of(
        map(raw, [OPENED, late, submitted(), carried(submitted(), 4, "2020-07-19T00:00:00+08:00")])
    )
    assert [outcome.acceptedtime for outcome in outcomes[1:]] == ["2020-07-20T00:00:00Z"] * 3
    assert codes(checked(OPENED, carried(submitted(), 2, "yesterday"))) == [(2, "malformed")]


def test_a_state_is_restored_from_few_entries():
    """Opening, adoptions, freezes, closings and the head are enough."""
    replay = Replay(load)
    for each in YEAR:
        replay.read(raw(each))
    lines = stored(*YEAR)
    entries = [decode_entry(line) for line in lines]
    state = restored([e for e in entries if e.type in PILLARS], entries[-1], leaf_hash(lines[-1]), load)
    for name in (
        "assessment",
        "position",
        "digest",
        "accepted",
        "start",
        "end",
        "zone",
        "phase",
        "statement",
        "statements",
    ):
        assert getattr(state, name) == getattr(replay.state, name), name
    assert state.rubric.version == 2
    assert state.rubrics.keys() == {1, 2}
    assert state.phase == "restated"


def test_a_restored_state_judges_what_its_ledger_judged():
    """Days are read in the assessment's zone, and the period is the opening's."""
    lines = stored(OPENED)
    state = restored([decode_entry(lines[0])], decode_entry(lines[0]), leaf_hash(lines[0]), load)
    assert (str(state.start), str(state.end), state.zone.key) == ("2020-01-01", "2020-12-31", "Asia/Shanghai")
