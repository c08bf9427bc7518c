"""Whatever is sent there is one answer, and what is accepted can be exported and read again."""

import json
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from shared import rubric
from shared.contracts.refusals import Refusal
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.replay import Replay, check_lines
from tests.builders import (
    SMALL_RUBRIC,
    adopted,
    appealed,
    awarded,
    closed,
    confirmed,
    corrected,
    decided,
    deducted,
    determined,
    frozen,
    judged,
    named,
    opened,
    period_reported,
    recused,
    restated,
    ruled,
    submitted,
    withdrawn,
)

OPENED, FIGURE, APPEAL = opened(id="opening"), submitted(id="figure"), appealed(id="appeal")
load = cache(rubric.load)
SECOND = SMALL_RUBRIC.replace("version: 1", "version: 2")
EVENTS = [
    FIGURE, judged(), deducted(), awarded(), determined(), confirmed(FIGURE), withdrawn(FIGURE), APPEAL, ruled(),
    corrected(FIGURE, FIGURE["data"] | {"value": 1}), adopted(SECOND), period_reported(), recused(), decided(APPEAL),
    frozen(), closed(), restated(3), OPENED,
]  # fmt: skip
NAMES = sorted({name for event in EVENTS for name in (*event, *event["data"])} | {"position", "acceptedtime", "x"})
VALUES = st.sampled_from(
    [
        None, "", " ", "x", "\u0000", "\ud83d", 0, 1, 2, -1, 1.5, 1e400, 10**400, "5.0", True, [], {}, "2020-06-30",
        "2020-02-30", "2020-07-01T09:00:00Z", "market", "tax", "district", "sme-office", "M1", "C1", "judgement",
        "fair", "\x1b[2J", "长" * 2000, {"source": "x" * 2000, "id": "y" * 2000},
        named(FIGURE), named(APPEAL), FIGURE["data"], "figure", "appeal", FIGURE["source"], "2020-06", ["x"],
    ]
)  # fmt: skip


@st.composite
def changed(draw):
    """An event with some members changed, at the top or in its data."""
    event = draw(st.sampled_from(EVENTS))
    top = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=1))
    data = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2))
    fresh = {"id": draw(st.sampled_from([event["id"], "a", "b", "c", "d"]))}
    return event | fresh | {"data": event["data"] | data} | top


def sent(event):
    """In ASCII, so that lone surrogates can be sent at all."""
    return json.dumps(event).encode()


@given(st.lists(changed(), max_size=8))
def test_every_event_gets_one_answer(events):
    """Never an exception; a refusal is one sentence under a code of the contract."""
    replay = Replay(load)
    for event in (OPENED, FIGURE, APPEAL, *events):
        before = replay.state.position
        outcome = replay.read(sent(event))
        assert isinstance(outcome, Accepted | Known | Refused)
        assert replay.state.position == (outcome.position if isinstance(outcome, Accepted) else before)
        if isinstance(outcome, Refused):
            assert outcome.code in Refusal
            assert outcome.reason.isprintable()
            assert 0 < len(outcome.reason) < 500


@given(st.lists(changed(), max_size=8))
def test_what_is_accepted_is_read_again_byte_for_byte(events):
    """An export can always be imported."""
    outcomes = [line.outcome for line in check_lines(map(sent, (OPENED, FIGURE, APPEAL, *events)), load)]
    stored = [outcome.stored for outcome in outcomes if isinstance(outcome, Accepted)]
    again = [line.outcome for line in check_lines(stored, load)]
    assert [outcome.stored for outcome in again] == stored


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_are_refused(line):
    """Whatever they are."""
    outcome = Replay(load).read(line or b"-")
    assert isinstance(outcome, Refused)
