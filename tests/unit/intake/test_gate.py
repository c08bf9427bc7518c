"""What the gate says, by `provider` alone: the codes, their order, and what they are about."""

import json

import pytest

from shared.contracts.refusals import Refusal
from shared.contracts.shapes import MEMBERS
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.replay import Replay
from shared.rubric import load
from tests.builders import (
    SMALL_RUBRIC,
    adopted,
    appealed,
    awarded,
    closed,
    closing,
    confirmed,
    corrected,
    decided,
    deducted,
    determined,
    event,
    frozen,
    judged,
    opened,
    period_reported,
    raw,
    recused,
    restated,
    rubric_part,
    ruled,
    submitted,
    withdrawn,
)

OPENED = opened(id="opening")


def after(*events):
    """A replay that has accepted these, the opening first."""
    replay = Replay(load)
    for each in (OPENED, *events):
        outcome = replay.read(raw(each))
        assert isinstance(outcome, Accepted), outcome
    return replay


def said(sent, *before):
    """What the gate says of an event after others: a code, `accepted` or `known`."""
    outcome = after(*before).read(raw(sent))
    if isinstance(outcome, Refused):
        assert outcome.reason
        assert "\n" not in outcome.reason
        return str(outcome.code)
    return type(outcome).__name__.lower()


FIGURE = submitted(id="figure")
DEDUCTION = deducted(id="deduction")
APPEAL = appealed(id="appeal")
VERDICT = {"indicator": "T1", "measure": "verdict"}
COVERAGE = {"indicator": "T1", "measure": "coverage"}

EVERY_TYPE = [
    FIGURE, judged(), DEDUCTION, awarded(), determined(), confirmed(FIGURE), withdrawn(FIGURE), APPEAL, ruled(),
    corrected(FIGURE, FIGURE["data"] | {"value": 1}), adopted(SMALL_RUBRIC.replace("version: 1", "version: 2")),
    period_reported(), recused(), decided(APPEAL), frozen(), closed(),
]  # fmt: skip


@pytest.mark.parametrize("sent", EVERY_TYPE, ids=lambda sent: sent["type"].split(".")[1])
def test_every_type_is_accepted(sent):
    """Each with the data the contract asks for."""
    assert said(sent, *(each for each in (FIGURE, APPEAL) if each is not sent)) == "accepted"


def test_an_accepted_entry_has_the_next_position_and_names_the_digest_before():
    """The ledger is a chain from position 1."""
    replay = after(FIGURE)
    outcome = replay.read(raw(DEDUCTION))
    stored = json.loads(outcome.stored)
    assert outcome.position == stored["position"] == 3
    assert stored["previous"] == after(FIGURE).state.digest
    assert replay.state.digest == outcome.digest


# -- identity


def test_the_same_again_is_known_at_its_position():
    """Whatever its spelling, and whatever has happened since."""
    replay = after(FIGURE, closed())
    assert replay.read(json.dumps(FIGURE).encode()) == Known(2)
    assert replay.state.position == 3


@pytest.mark.parametrize(
    "other",
    [
        {"data": FIGURE["data"] | {"value": 5606}},
        {"data": {}},
        {"data": None},
        {"data": {"名": 1}},
        {"type": "nonsense"},
        {"subject": "nobody"},
        {"assessment": "another"},
        {"time": "2020-07-01T01:00:00Z"},
    ],
)
def test_the_same_identity_with_other_content_is_a_conflict_whatever_else_is_wrong(other):
    """Identity is looked up as soon as the envelope is well formed."""
    assert said(FIGURE | other, FIGURE) == "id-conflict"


def test_a_refused_event_does_not_use_up_its_identity():
    """It may be sent again, put right."""
    replay = after()
    assert isinstance(replay.read(raw(FIGURE | {"subject": "tax"})), Refused)
    assert isinstance(replay.read(raw(FIGURE)), Accepted)


# -- shape


REQUIRED = [
    (sent, member.name)
    for sent in [*EVERY_TYPE, restated(3)]
    for member in MEMBERS[sent["type"]]
    if member.required and member.name != "reason"
]


@pytest.mark.parametrize(("sent", "name"), REQUIRED, ids=lambda each: each if isinstance(each, str) else None)
def test_required_data_is_required(sent, name):
    """Missing, null and of another type are malformed."""
    data = sent["data"]
    before = [each for each in (FIGURE, APPEAL) if each is not sent]
    fresh = {"id": "fresh"}
    assert said(sent | fresh | {"data": {key: data[key] for key in data if key != name}}, *before) == "malformed"
    for wrong in (None, [], [1], {"x": {}}, ""):
        assert said(sent | fresh | {"data": data | {name: wrong}}, *before) == "malformed", wrong


MALFORMED = {
    "no subject": submitted(subject=None),
    "no provider": submitted(provider=None, source="/x"),
    "a period without provider": period_reported(provider=None),
    "a date that does not exist": submitted(over={"occurred": "2020-02-30"}),
    "a time for a date": submitted(over={"occurred": "2020-06-30T00:00:00Z"}),
    "a date without dashes": submitted(over={"occurred": "20200630"}),
    "a figure in words": submitted("many"),
    "a figure in other digits": submitted("５"),
    "a figure with a sign": submitted("+5"),
    "a figure with an exponent in a string": submitted("1e3"),
    "a figure of 8193 characters": submitted("1" * 8193),
    "a truth for a figure": submitted(value=True),
    "a reason that is a number": deducted(over={"reason": 5}),
    "no tier": judged(tier=None),
    "a blank tier": judged(tier=" "),
    "no list": submitted(1, over={"indicator": "B1", "measure": "city_rank"}, provider="sme-office"),
    "no points on a ranged line": awarded(None),
    "points in words": awarded("two"),
    "no points": determined(None),
    "another outcome": determined(over={"outcome": "zero"}),
    "no incident": deducted(over={"incident": None}),
    "neither entry nor indicator": appealed({"indicator": None}),
    "no grounds": appealed({"grounds": None}),
    "a verdict in words on an appeal": decided(APPEAL, upheld="yes"),
    "a period with a day": period_reported("2020-06-01"),
    "a month that does not exist": period_reported("2020-13"),
    "a period backwards": period_reported("2020-06-30/2020-06-01"),
    "a number of entries that is not whole": period_reported(entries="1.5"),
    "evidence without digest": submitted(over={"evidence": [{"name": "a"}]}),
    "evidence that is no list": submitted(over={"evidence": {}}),
    "a note that is a number": submitted(over={"note": 5}),
    "a rubric whose digest differs": adopted(SMALL_RUBRIC) | {
        "data": {"rubric": rubric_part(digest="sha256:" + "0" * 64), "supersedes": 1, "reason": "x"}
    },
    "a rubric that is none": adopted("language: 1\nid: x\nversion: 2\n"),
    "a rubric of another version than it says": adopted(SMALL_RUBRIC) | {
        "data": {"rubric": rubric_part(version=2), "supersedes": 1, "reason": "x"}
    },
    "a name that is not ASCII": submitted(over={"备注": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("what", MALFORMED)
def test_ill_typed_data_is_malformed(what):
    """Each tells what it must be."""
    assert said(MALFORMED[what], *([APPEAL] if "appeal" in what and "grounds" not in what else [])) == "malformed"


ACCEPTED = {
    "a whole number with zeros behind the point": submitted("5605.0"),
    "a number of 400 digits": submitted("1" * 400),
    "a growth rate below zero": submitted(-3.5, over={"measure": "growth"}),
    "a number of 8192 characters": submitted("1" * 8192),
    "a verdict": submitted(
        "pass", over={"indicator": "T1", "measure": "verdict"}, subject="tax", provider="sme-office"
    ),
    "a figure of the district": submitted(
        0, over={"indicator": "C1", "measure": "library_stock"}, subject="district", provider="market"
    ),
    "a fixed line without points": awarded(None, over={"line": "instruction-city"}),
    "a fixed line with its points": awarded("1.0", over={"line": "instruction-city"}),
    "a judgement that some reading counts": judged("2.5"),
    "evidence": submitted(over={"evidence": [{"digest": "sha256:00", "name": "a", "href": None}]}),
    "members nobody knows": submitted(over={"more": [1, {"x": None}]}),
    "a determination up to the maximum": determined(20),
    "not applicable": determined(None, over={"outcome": "not-applicable"}),
    "dates of a period": period_reported("2020-04-01/2020-06-30", "0"),
    "an appeal against an entry": appealed({"indicator": None, "entry": {"source": FIGURE["source"], "id": "figure"}}),
    "a reading given as a number, of a finding without one": ruled("A08", "integers"),
    "several scopes": recused(["M1", "C1"]),
    "the assessor by name": deducted(provider="sme-office"),
    "an id of 10 kB": submitted(id="x" * 10_000),
}


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_some_reading_counts_is_accepted(what):
    """The gate refuses only what no reading could count."""
    assert said(ACCEPTED[what], FIGURE) == "accepted"


# -- the rubric


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (event("Nonsense", {}), "unknown-type"),
        (FIGURE | {"type": "meritlog.SubmissionReceived.v2"}, "unknown-type"),
        (FIGURE | {"assessment": "other"}, "assessment-mismatch"),
        (submitted(subject="police"), "unknown-unit"),
        (appealed(subject="police", provider=None), "unknown-unit"),
        (submitted(over={"indicator": "Z9"}), "unknown-indicator"),
        (appealed({"indicator": "Z9"}), "unknown-indicator"),
        (submitted(over={"measure": "old_firms"}), "unknown-measure"),
        (submitted(over={"indicator": "B3"}), "unknown-measure"),
        (awarded(over={"line": "pilot"}), "unknown-line"),
        (awarded(over={"line": "D1", "indicator": "D"}), "unknown-line"),
        (deducted(over={"line": "hosting", "indicator": "B3"}), "unknown-line"),
        (submitted(subject="tax"), "not-this-unit"),
        (submitted(subject="district"), "not-this-unit"),
        (submitted(over={"indicator": "C1", "measure": "library_stock"}), "not-this-unit"),
        (awarded(subject="district"), "not-this-unit"),
        (appealed(subject="tax", provider="tax"), "not-this-unit"),
        (appealed(subject="district", provider=None), "not-this-unit"),
        (submitted(provider="tax"), "not-your-measure"),
        (submitted(provider="ghost"), "not-your-measure"),
        (submitted(-1), "out-of-range"),
        (submitted("5605.5"), "out-of-range"),
        (submitted("maybe", over=VERDICT, subject="tax", provider="sme-office"), "out-of-range"),
        (submitted(101, over=COVERAGE, subject="tax", provider="tax"), "out-of-range"),
        (judged(-1), "out-of-range"),
        (judged("10.5", "outstanding"), "out-of-range"),
        (awarded(4), "out-of-range"),
        (awarded(2, over={"line": "instruction-city"}), "out-of-range"),
        (deducted(0), "out-of-range"),
        (deducted("-0.3"), "out-of-range"),
        (deducted("0.6"), "out-of-range"),
        (determined("20.01"), "out-of-range"),
        (determined("-1"), "out-of-range"),
        (submitted(over={"occurred": "2019-12-31"}), "outside-period"),
        (submitted(over={"occurred": "2021-01-01"}), "outside-period"),
        (period_reported("2019-12"), "outside-period"),
        (submitted(over={"occurred": "2020-07-02"}), "in-the-future"),
        (judged(9, "good"), "tier-mismatch"),
        (judged(3, "splendid"), "tier-mismatch"),
        (ruled("Z99", "any"), "unknown-finding"),
        (ruled("A08", "half"), "unknown-reading"),
        (ruled("A07", "any"), "unknown-reading"),
        (frozen(2), "out-of-range"),
        (frozen(0), "out-of-range"),
        (closed(2), "out-of-range"),
        (event("AssessmentClosed", closing(rubric=2)), "out-of-range"),
        (event("AssessmentClosed", closing(readings={"Z9": "x"})), "unknown-finding"),
        (event("AssessmentClosed", closing(readings={"A08": "x"})), "unknown-reading"),
        (adopted(SMALL_RUBRIC.replace("version: 1", "version: 2"), supersedes=2), "out-of-range"),
        (adopted(SMALL_RUBRIC + "# changed\n"), "out-of-range"),
        (restated(1), "unknown-entry"),
        (opened(), "forbidden"),
        (opened(assessment="other"), "assessment-mismatch"),
    ],
)  # fmt: skip
def test_what_no_reading_could_count_is_refused(sent, code):
    """Each with its code."""
    assert said(sent) == code


EXPLAINED = [sent for sent in EVERY_TYPE if "reason" in sent["data"]]


@pytest.mark.parametrize("sent", EXPLAINED, ids=lambda sent: sent["type"].split(".")[1])
@pytest.mark.parametrize("reason", [None, "", " \u3000\t"])
def test_a_reason_is_needed_where_somebody_decides(sent, reason):
    """Missing, null and blank alike."""
    before = [each for each in (FIGURE, APPEAL) if each["id"] != sent["id"]]
    data = sent["data"] | {"reason": reason}
    assert said(sent | {"id": "fresh", "data": data}, *before) == "reason-missing"
    del data["reason"]
    assert said(sent | {"id": "fresh", "data": data}, *before) == "reason-missing"


# -- order of codes


def test_the_first_code_in_the_list_is_given():
    """Faults are put right one by one, and each time the next code comes up."""
    wrong = judged(
        "x", "splendid", subject="police", provider="tax",
        over={"indicator": "Z9", "measure": "nothing", "occurred": "2020-07-02", "reason": ""},
    )  # fmt: skip
    steps = [
        ("unknown-unit", {}, {"subject": "market"}),
        ("unknown-indicator", {"indicator": "C1"}, {}),
        ("unknown-measure", {"measure": "judgement"}, {}),
        ("malformed", {"value": "11"}, {}),
        ("not-your-measure", {}, {"provider": "sme-office"}),
        ("out-of-range", {"value": "9"}, {}),
        ("in-the-future", {"occurred": "2021-01-01"}, {}),
        ("outside-period", {"occurred": "2020-07-01"}, {}),
        ("reason-missing", {"reason": "x"}, {}),
        ("tier-mismatch", {"tier": "good", "value": 8}, {}),
        ("accepted", {}, {}),
    ]
    for code, data, attributes in steps:
        assert said(wrong) == code
        wrong = wrong | attributes | {"data": wrong["data"] | data}


def test_malformed_comes_before_what_the_rubric_knows():
    """Also where only the rubric tells that something is missing."""
    assert said(judged(tier=None, subject="police")) == "malformed"
    assert said(awarded(None, subject="police")) == "malformed"
    assert said(submitted("many", subject="police", provider="tax")) == "malformed"


# -- opening


def test_nothing_is_known_before_the_opening():
    """And a broken opening opens nothing."""
    replay = Replay(load)
    assert replay.read(raw(FIGURE)).code == Refusal.UNKNOWN_ASSESSMENT
    assert replay.read(raw(opened(provider="market"))).code == Refusal.FORBIDDEN
    for wrong in (
        {"timezone": "Asia/Atlantis"},
        {"timezone": "../etc"},
        {"period": {"from": "2020-12-31", "to": "2020-01-01"}},
    ):
        assert replay.read(raw(opened(data=OPENED["data"] | wrong))).code == Refusal.MALFORMED
    assert replay.read(raw(opened(assessment="a/b"))).code == Refusal.MALFORMED
    assert isinstance(replay.read(raw(opened(provider="sme-office"))), Accepted)
    assert replay.state.position == 1


def test_an_adopted_rubric_is_in_force_from_its_position():
    """Entries are admitted under it; what came before stays."""
    second = SMALL_RUBRIC.replace("version: 1", "version: 2").replace("id: new_firms", "id: newer_firms")
    replay = after(FIGURE, adopted(second))
    assert replay.state.rubric.version == 2
    assert replay.read(raw(submitted())).code == Refusal.UNKNOWN_MEASURE
    assert isinstance(replay.read(raw(submitted(over={"measure": "newer_firms"}))), Accepted)
    assert isinstance(replay.read(raw(event("AssessmentClosed", closing(3, rubric=1)))), Accepted)


# -- time


def test_the_future_begins_after_the_day_of_acceptance_in_the_assessment_s_zone():
    """A fact of 1 July is taken once it is 1 July in Shanghai."""
    late, early = "2020-06-30T16:00:00Z", "2020-06-30T15:59:59Z"
    assert said(submitted(over={"occurred": "2020-07-01"}, time=late)) == "accepted"
    assert said(submitted(over={"occurred": "2020-07-01"}, time=early)) == "in-the-future"


def test_acceptance_never_goes_backwards_and_only_accepted_entries_move_it():
    """The later of this entry's acceptance and the last accepted one decides."""
    ahead = submitted(time="2020-08-01T00:00:00Z")
    old = submitted(time="2020-06-01T00:00:00Z", over={"occurred": "2020-07-31"})
    assert said(old) == "in-the-future"
    assert said(old, ahead) == "accepted"
    replay = after()
    assert isinstance(replay.read(raw(ahead | {"subject": "tax"})), Refused)
    assert replay.read(raw(old)).code == Refusal.IN_THE_FUTURE
    replay = after(ahead)
    assert replay.read(raw(old)).acceptedtime == "2020-08-01T00:00:00Z"


# -- closing


NO_LONGER = [submitted(), judged(), deducted(), awarded(), period_reported(), recused(), frozen(), closed(),
             adopted(SMALL_RUBRIC.replace("version: 1", "version: 2"))]  # fmt: skip


def test_after_closing_only_what_cannot_move_the_closed_standing_is_accepted():
    """Appeals, rulings, determinations, confirmations, corrections, withdrawals and restatements."""
    before = (FIGURE, APPEAL, closed(3))
    still = [decided(APPEAL), ruled(), determined(), confirmed(FIGURE), withdrawn(FIGURE), restated(4), appealed()]
    for sent in still:
        assert said(sent, *before) == "accepted", sent["type"]
    assert said(corrected(FIGURE, FIGURE["data"]), *before) == "accepted"
    for sent in NO_LONGER:
        assert said(sent, *before) == "closed", sent["type"]


def test_closed_is_given_only_where_nothing_else_is_wrong():
    """Even the last code in the list yields."""
    before = (FIGURE, closed(2))
    assert said(submitted(-1), *before) == "out-of-range"
    assert said(opened(), *before) == "forbidden"
    assert said(FIGURE, *before) == "known"
    assert said(FIGURE | {"subject": "tax"}, *before) == "id-conflict"


def test_a_restatement_supersedes_the_statement_that_holds():
    """Each names the one before."""
    before = (closed(1, id="c"), restated(2, id="r"))
    assert said(restated(2), *before) == "entry-superseded"
    assert said(restated(3), *before) == "accepted"
    assert said(restated(1), *before) == "unknown-entry"
    assert said(restated(3, 99), *before) == "out-of-range"


def test_a_freeze_changes_nothing_at_the_gate():
    """Entry goes on."""
    assert said(submitted(), frozen()) == "accepted"


def test_the_state_can_be_tried_on_a_copy():
    """A dry run leaves the ledger as it is."""
    state = after(FIGURE).state
    twin = state.copy()
    twin.position, twin.rubrics[9] = 99, state.rubric
    assert (state.position, 9 in state.rubrics) == (2, False)
