"""What the gate asks of a rubric."""

from fractions import Fraction
from pathlib import Path

import pytest

from shared.rubric import NotPlaced, load
from tests.builders import language_example

BINJIANG = load((Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8"))
ASK = BINJIANG.admission


def code_of(ask, *arguments):
    try:
        ask(*arguments)
    except NotPlaced as error:
        return error.code
    return None


def judged(value, tier="fair"):
    return {"value": value, "tier": tier, "reason": "x"}


@pytest.mark.parametrize(
    ("unit", "indicator", "measure", "provider", "data", "code"),
    [
        ("market", "M1", "new_firms", "market", {"value": "5605"}, None),
        ("market", "M1", "new_firms", "market", {"value": "5605.0"}, None),
        ("market", "M1", "new_firms", "market", {"value": "5605.5"}, "out-of-range"),
        ("market", "M1", "new_firms", "market", {"value": "-1"}, "out-of-range"),
        ("market", "M1", "new_firms", "market", {"value": "many"}, "malformed"),
        ("market", "M1", "new_firms", "tax", {"value": "1"}, "not-your-measure"),
        ("tax", "M1", "new_firms", "market", {"value": "1"}, "not-this-unit"),
        ("economy", "M1", "new_firms", "market", {"value": "1"}, "unknown-unit"),
        ("market", "M9", "new_firms", "market", {"value": "1"}, "unknown-indicator"),
        ("market", "M1", "new_firm", "market", {"value": "1"}, "unknown-measure"),
        ("market", "B2", "pilot", "sme-office", {"value": "1"}, "unknown-measure"),
        ("district", "C2", "library_stock", "market", {"value": "2990"}, None),
        ("market", "C2", "library_stock", "market", {"value": "2990"}, "not-this-unit"),
        ("district", "C2", "judgement", "sme-office", judged("3"), "not-this-unit"),
        ("reform", "F1", "inclusive_growth", "pbc-hangzhou", {"value": "-3.25"}, None),
        ("reform", "F2", "completion", "cbirc-zhejiang", {"value": "120"}, None),
        ("reform", "F2", "completion", "market", {"value": "120"}, "not-your-measure"),
        ("tax", "T1", "coverage", "tax", {"value": "100.1"}, "out-of-range"),
        ("tax", "T1", "verdict", "city-tax", {"value": "pass"}, None),
        ("tax", "T1", "verdict", "city-tax", {"value": "maybe"}, "out-of-range"),
        ("tax", "T1", "verdict", "city-tax", {"value": "5"}, "out-of-range"),
        ("tax", "B1", "city_rank", "sme-office", {"value": "1", "occasion": "全市"}, None),
        ("tax", "B1", "city_rank", "sme-office", {"value": "0", "occasion": "全市"}, "out-of-range"),
        ("tax", "B1", "city_rank", "sme-office", {"value": "1"}, "malformed"),
        ("tax", "C1", "judgement", "sme-office", judged("3"), None),
        ("tax", "C1", "judgement", "sme-office", judged("2.5"), None),
        ("tax", "C1", "judgement", "sme-office", judged("2.33"), None),
        ("tax", "C1", "judgement", "sme-office", judged("4.5"), "tier-mismatch"),
        ("tax", "C1", "judgement", "sme-office", judged("9", "outstanding"), "tier-mismatch"),
        ("tax", "C1", "judgement", "sme-office", judged("3", "superb"), "tier-mismatch"),
        ("tax", "C1", "judgement", "sme-office", judged("10.5", "outstanding"), "out-of-range"),
        ("tax", "C1", "judgement", "sme-office", judged("-1"), "out-of-range"),
        ("tax", "C1", "judgement", "sme-office", {"value": "3"}, "malformed"),
        ("economy", "C1", "judgement", "sme-office", {"value": "3"}, "malformed"),
    ],
)
def test_a_figure_is_refused_only_where_no_reading_could_count_it(unit, indicator, measure, provider, data, code):
    assert code_of(ASK.figure, unit, indicator, measure, provider, data) == code


def test_faults_come_in_the_order_of_the_contract():
    codes = [fault.code for fault in ASK.figure_faults("tax", "M1", "new_firms", "tax", {"value": "-1"})]

    assert codes == ["not-this-unit", "not-your-measure", "out-of-range"]


def test_only_judged_measures_need_a_reason():
    assert ASK.needs_reason("C1", "judgement")
    assert not ASK.needs_reason("F2", "completion")
    assert not ASK.needs_reason("C9", "judgement")


@pytest.mark.parametrize(
    ("unit", "indicator", "line", "points", "answer"),
    [
        ("market", "B3", "instruction-national", None, Fraction(3)),
        ("market", "B3", "instruction-national", "3.0", Fraction(3)),
        ("market", "B3", "instruction-national", "2", "out-of-range"),
        ("market", "B3", "speech", "1.5", Fraction(3, 2)),
        ("market", "B3", "speech", "2.5", "out-of-range"),
        ("market", "B3", "speech", None, "malformed"),
        ("market", "B3", "pilot", "2", "unknown-line"),
        ("market", "D", "D1", "0.3", "unknown-line"),
        ("district", "B2", "pilot", "2", "not-this-unit"),
        ("nobody", "B2", "pilot", "2", "unknown-unit"),
        ("market", "B9", "pilot", "2", "unknown-indicator"),
    ],
)
def test_an_award_has_the_points_of_its_line(unit, indicator, line, points, answer):
    if isinstance(answer, str):
        assert code_of(ASK.award, unit, indicator, line, points) == answer
    else:
        assert ASK.award(unit, indicator, line, points) == answer


@pytest.mark.parametrize(
    ("indicator", "line", "points", "answer"),
    [
        ("D", "D1", "0.3", Fraction(3, 10)),
        ("D", "D4", "2", Fraction(2)),
        ("D", "D1", "0", "out-of-range"),
        ("D", "D1", "-0.3", "out-of-range"),
        ("D", "D1", None, "malformed"),
        ("D", "D5", "0.3", "unknown-line"),
        ("B3", "speech", "1", "unknown-line"),
    ],
)
def test_a_deduction_has_the_points_of_its_line(indicator, line, points, answer):
    if isinstance(answer, str):
        assert code_of(ASK.deduction, "tax", indicator, line, points) == answer
    else:
        assert ASK.deduction("tax", indicator, line, points) == answer


@pytest.mark.parametrize(
    ("unit", "indicator", "outcome", "points", "answer"),
    [
        ("hr", "R1", "points", "50", Fraction(50)),
        ("hr", "R1", "points", "50.01", "out-of-range"),
        ("reform", "F1", "points", "-0.1", "out-of-range"),
        ("tax", "D", "points", "-1000", Fraction(-1000)),
        ("tax", "D", "points", "5.5", "out-of-range"),
        ("tax", "D", "not-applicable", None, None),
        ("tax", "D", "points", None, "malformed"),
        ("tax", "D", "points", "a lot", "malformed"),
        ("tax", "D", "unknown", None, "malformed"),
        ("tax", "R1", "points", "1", "not-this-unit"),
    ],
)
def test_a_determination_lies_within_what_some_reading_can_give(unit, indicator, outcome, points, answer):
    if isinstance(answer, str):
        assert code_of(ASK.determination, unit, indicator, outcome, points) == answer
    else:
        assert ASK.determination(unit, indicator, outcome, points) == answer


@pytest.mark.parametrize(
    ("finding", "reading", "code"),
    [
        ("A01", "20", None),
        ("A01", "30", "unknown-reading"),
        ("A07", "x", "unknown-reading"),
        ("A99", "x", "unknown-finding"),
    ],
)
def test_a_ruling_names_a_finding_and_one_of_its_readings(finding, reading, code):
    assert code_of(ASK.reading, finding, reading) == code


def test_a_value_off_a_step_that_holds_under_every_reading_is_out_of_range():
    text = language_example().replace("- id: opinion", "- grain: '5'\n    id: opinion")

    ask = load(text).admission

    assert code_of(ask.figure, "a", "X", "opinion", "peers", {"value": "85"}) is None
    assert code_of(ask.figure, "a", "X", "opinion", "peers", {"value": "86"}) == "out-of-range"
