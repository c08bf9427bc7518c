"""Corrections, withdrawals, confirmations and appeals: who may, what, and when."""

import pytest

from shared.contracts.refusals import Refusal
from shared.gate.outcomes import Accepted, Refused
from shared.gate.replay import Replay
from shared.rubric import load
from tests.builders import (
    SMALL_RUBRIC,
    adopted,
    appealed,
    closed,
    confirmed,
    corrected,
    decided,
    deducted,
    frozen,
    named,
    opened,
    raw,
    recused,
    restated,
    ruled,
    submitted,
    withdrawn,
)

OPENED = opened(id="opening")
FIGURE = submitted(id="figure")
DATA = FIGURE["data"]
DEDUCTION = deducted(id="deduction")


def said(*events):
    """What the gate says of the last event, the others being accepted before it."""
    replay = Replay(load)
    *before, last = (OPENED, *events)
    for each in before:
        outcome = replay.read(raw(each))
        assert isinstance(outcome, Accepted), outcome
    outcome = replay.read(raw(last))
    return str(outcome.code) if isinstance(outcome, Refused) else type(outcome).__name__.lower()


def rewritten(target, **more):
    return corrected(target, target["data"] | {"reason": "x"}, **more)


CHANGES = [withdrawn, rewritten]


@pytest.mark.parametrize("change", CHANGES, ids=["withdrawn", "corrected"])
def test_the_reporter_and_the_assessor_may_change_an_entry(change):
    """Nobody else; without `provider` it is the assessor."""
    assert said(FIGURE, change(FIGURE)) == "accepted"
    assert said(FIGURE, change(FIGURE, provider="sme-office")) == "accepted"
    assert said(FIGURE, change(FIGURE, provider="market")) == "accepted"
    assert said(FIGURE, change(FIGURE, provider="tax")) == "not-your-entry"
    assert said(FIGURE, change(FIGURE, provider="ghost")) == "not-your-entry"
    assert said(DEDUCTION, change(DEDUCTION, provider="market")) == "not-your-entry"


@pytest.mark.parametrize("change", [*CHANGES, confirmed], ids=["withdrawn", "corrected", "confirmed"])
def test_the_entry_must_be_there(change):
    """An id that never came, or was refused, is unknown."""
    assert said(change(FIGURE)) == "unknown-entry"


@pytest.mark.parametrize("first", CHANGES, ids=["withdrawn", "corrected"])
@pytest.mark.parametrize("second", [*CHANGES, confirmed], ids=["withdrawn", "corrected", "confirmed"])
def test_the_entry_must_be_in_force(first, second):
    """Withdrawn or corrected once, it is superseded."""
    assert said(FIGURE, first(FIGURE), second(FIGURE)) == "entry-superseded"


def test_a_correction_is_corrected_by_name():
    """The chain goes on from the correction; its reporter is the first entry's."""
    first = corrected(FIGURE, DATA | {"value": 1})
    second = corrected(first, DATA | {"value": 2}, provider="market")
    assert said(FIGURE, first, second) == "accepted"
    assert said(FIGURE, first, second, withdrawn(first)) == "entry-superseded"
    assert said(FIGURE, first, second, withdrawn(second, provider="market")) == "accepted"
    assert said(FIGURE, first, withdrawn(first, provider="tax")) == "not-your-entry"


def test_withdrawing_a_correction_revives_nothing():
    """The first entry stays superseded."""
    fix = corrected(FIGURE, DATA | {"value": 1})
    assert said(FIGURE, fix, withdrawn(fix), corrected(FIGURE, DATA)) == "entry-superseded"


LASTING = [OPENED, adopted(SMALL_RUBRIC.replace("version: 1", "version: 2"), id="a"), frozen(id="f"), closed(id="c")]


@pytest.mark.parametrize("change", CHANGES, ids=["withdrawn", "corrected"])
@pytest.mark.parametrize("target", LASTING, ids=lambda target: target["type"].split(".")[1])
def test_some_types_stand_for_ever(change, target):
    """Opened, adopted, frozen, closed, restated and withdrawal events cannot be corrected or withdrawn."""
    assert said(*([target] if target is not OPENED else []), change(target)) == "forbidden"


@pytest.mark.parametrize("change", CHANGES, ids=["withdrawn", "corrected"])
def test_restatements_and_withdrawals_stand_too(change):
    """A restatement is replaced by the next one, a withdrawal by sending again."""
    again, gone = restated(2, id="r"), withdrawn(FIGURE, id="w")
    assert said(closed(1), again, change(again)) == "forbidden"
    assert said(FIGURE, gone, change(gone)) == "forbidden"


def test_all_other_types_can_be_withdrawn():
    """Rulings, recusals, appeals, confirmations."""
    for target in (ruled(), recused(), appealed(), DEDUCTION):
        assert said(target, withdrawn(target)) == "accepted"
    seen = confirmed(FIGURE)
    assert said(FIGURE, seen, withdrawn(seen)) == "accepted"


def test_a_correction_passes_every_check_that_the_first_entry_did():
    """Under the same precedence, with the target's subject and the first reporter."""
    wrong = {
        "malformed": {"value": "many"},
        "unknown-indicator": {"indicator": "Z9"},
        "unknown-measure": {"measure": "old_firms"},
        "not-this-unit": {"indicator": "T1", "measure": "coverage"},
        "out-of-range": {"value": -1},
        "outside-period": {"occurred": "2019-12-31"},
        "in-the-future": {"occurred": "2020-07-02"},
    }
    for code, over in wrong.items():
        assert said(FIGURE, corrected(FIGURE, DATA | over)) == code
    assert said(FIGURE, corrected(FIGURE, {})) == "malformed"
    judgement = {"indicator": "C1", "measure": "judgement", "value": 3, "tier": "fair", "occurred": "2020-06-30"}
    assert said(FIGURE, corrected(FIGURE, judgement | {"reason": "x"})) == "not-your-measure"
    assert said(DEDUCTION, corrected(DEDUCTION, DEDUCTION["data"] | {"reason": " "})) == "reason-missing"


def test_a_correction_may_change_indicator_and_measure():
    """As long as they are the reporter's."""
    assert said(FIGURE, corrected(FIGURE, DATA | {"measure": "growth", "value": "-2.5"})) == "accepted"


def test_a_correction_keeps_type_and_subject():
    """Naming others is malformed; it need not name them at all."""
    assert said(FIGURE, corrected(FIGURE, DATA, subject="market")) == "accepted"
    assert said(FIGURE, corrected(FIGURE, DATA, subject="tax")) == "malformed"
    for other in ({"subject": "tax"}, {"type": "meritlog.BonusAwarded.v1"}):
        fix = corrected(FIGURE, DATA)
        assert said(FIGURE, fix | {"data": fix["data"] | other}) == "malformed"


def test_confirming_is_for_somebody_else():
    """A provider or the assessor, but not the reporter; a correction's reporter is the first entry's."""
    assert said(FIGURE, confirmed(FIGURE)) == "accepted"
    assert said(FIGURE, confirmed(FIGURE, provider="tax")) == "accepted"
    assert said(FIGURE, confirmed(FIGURE, provider="market")) == "forbidden"
    assert said(FIGURE, confirmed(FIGURE, provider="reform")) == "forbidden"
    assert said(DEDUCTION, confirmed(DEDUCTION)) == "forbidden"
    assert said(DEDUCTION, confirmed(DEDUCTION, provider="sme-office")) == "forbidden"
    fix = corrected(FIGURE, DATA)
    assert said(FIGURE, fix, confirmed(fix, provider="market")) == "forbidden"
    assert said(FIGURE, fix, confirmed(fix)) == "accepted"


def test_a_confirmation_is_corrected_like_anything_else():
    """What it names instead must be there, in force and somebody else's."""
    seen, other = confirmed(FIGURE, provider="tax"), submitted(id="other")
    mine = submitted(1, over={"indicator": "T1", "measure": "coverage"}, subject="tax", provider="tax")
    instead = {"entry": named(other), "reason": "x"}
    assert said(FIGURE, other, seen, corrected(seen, instead)) == "accepted"
    assert said(FIGURE, seen, corrected(seen, instead)) == "unknown-entry"
    assert said(FIGURE, other, seen, withdrawn(other), corrected(seen, instead)) == "entry-superseded"
    assert said(FIGURE, mine, seen, corrected(seen, instead | {"entry": named(mine)})) == "forbidden"


def test_an_appeal_is_the_unit_s_own():
    """About its own entries and in its own name."""
    other = submitted(1, over={"indicator": "T1", "measure": "coverage"}, subject="tax", provider="tax")
    about = {"indicator": None, "entry": named(other)}
    assert said(other, appealed(about, subject="tax", provider="tax")) == "accepted"
    assert said(other, appealed(about)) == "not-your-entry"
    assert said(appealed({"entry": named(FIGURE)})) == "unknown-entry"
    assert said(appealed(provider="tax")) == "forbidden"
    assert said(appealed(provider=None)) == "accepted"


def test_an_appeal_is_decided_as_often_as_need_be():
    """What is no appeal cannot be."""
    appeal = appealed()
    assert said(appeal, decided(appeal), decided(appeal, upheld=False)) == "accepted"
    assert said(FIGURE, decided(FIGURE)) == "unknown-entry"
    assert said(decided(appeal)) == "unknown-entry"
    assert said(appeal, decided(appeal, provider="market")) == "forbidden"
    fix = corrected(appeal, appeal["data"] | {"grounds": "另"}, provider="market")
    assert said(appeal, fix, decided(fix)) == "accepted"


@pytest.mark.parametrize("send", [deducted, ruled, recused, frozen, closed])
def test_the_assessor_s_types_are_the_assessor_s(send):
    """`provider` absent or the assessor's id."""
    assert said(send(provider="sme-office")) == "accepted"
    assert said(send(provider="market")) == "forbidden"


def test_several_faults_on_a_target_follow_the_list():
    """Not mine before superseded before an unknown reading."""
    fix = corrected(FIGURE, DATA)
    assert said(FIGURE, fix, withdrawn(FIGURE, provider="tax")) == "not-your-entry"
    ruling = ruled()
    assert said(ruling, withdrawn(ruling), corrected(ruling, ruling["data"] | {"reading": "x"})) == "entry-superseded"
    assert Refusal.NOT_YOUR_ENTRY.order < Refusal.ENTRY_SUPERSEDED.order
