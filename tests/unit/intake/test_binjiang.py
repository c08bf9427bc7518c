"""The gate under binjiang-2020: the contract's ranges, to the letter."""

from pathlib import Path

import pytest

from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import load
from tests.builders import awarded, deducted, determined, raw, ruled, submitted

RUBRIC = load(Path("rubrics/binjiang-2020.yaml").read_text(encoding="utf-8"))


def said(sent):
    outcome = Replay(load, RUBRIC).read(raw(sent))
    return "accepted" if isinstance(outcome, Accepted) else str(outcome.code)


def figure(place, value, provider=None, subject=None, **over):
    """`M1.new_firms` of its unit, from the unit itself unless told otherwise."""
    indicator, measure = place.split(".")
    unit = subject or RUBRIC.indicators[indicator].units[0]
    data = {"indicator": indicator, "measure": measure} | over
    return submitted(value, over=data, subject=unit, provider=provider or unit)


FIGURES = {
    "accepted": [
        figure("M1.new_firms", 0), figure("M1.new_firms_priority", "2430"), figure("M2.joint_stock_firms", 15),
        figure("M3.converted_firms", 50), figure("M3.converted_companies", 40), figure("M4.ip_standard_firms", 16),
        figure("M5.ip_standard_people", 44), figure("K1.tech_firms", 297), figure("K2.voucher_amount", "700.5"),
        figure("F1.inclusive_growth", "-3.5", "pbc-hangzhou"), figure("F1.all_loans_growth_city", 300, "pbc-hangzhou"),
        figure("F1.all_loans_growth_province", 1, "pbc-hangzhou"),
        figure("F1.all_loans_growth_district", 1, "pbc-hangzhou"),
        figure("F1.bank_inclusive_growth", 1, "cbirc-zhejiang"), figure("F1.bank_average_growth", 0, "cbirc-zhejiang"),
        figure("F2.completion", 120, "pbc-hangzhou"), figure("F2.completion", 0, "cbirc-zhejiang"),
        figure("F2.completion", "70", "sme-office"), figure("S1.export_registrations", 77),
        figure("S2.new_exporting_firms", 22), figure("S2.exporting_firms", 30), figure("R1.trained_person_times", 2640),
        figure("T1.verdict", "pass", "city-tax"), figure("T1.verdict", "fail", "city-tax"), figure("T1.coverage", 100),
        figure("B1.city_rank", 6, "sme-office", "market", occasion="年度名单"),
        figure("C2.library_stock", 3000, "market", "district"),
        figure("C1.judgement", "2.5", "sme-office", tier="fair", reason="x"),
        figure("C5.judgement", 10, "sme-office", "tax", tier="outstanding", reason="x"),
    ],
    "out-of-range": [
        figure("M1.new_firms", -1), figure("M1.new_firms", "1.5"), figure("K2.voucher_amount", "-0.1"),
        figure("F2.completion", -1, "sme-office"), figure("T1.coverage", "100.1"), figure("T1.coverage", -1),
        figure("T1.verdict", "maybe", "city-tax"), figure("T1.verdict", 1, "city-tax"),
        figure("B1.city_rank", 0, "sme-office", "market", occasion="x"),
        figure("B1.city_rank", "1.5", "sme-office", "market", occasion="x"),
        figure("C1.judgement", -1, "sme-office", tier="fair", reason="x"),
        figure("C1.judgement", "10.5", "sme-office", tier="outstanding", reason="x"),
    ],
    "tier-mismatch": [
        figure("C1.judgement", 0, "sme-office", tier="fair", reason="x"),
        figure("C1.judgement", 1, "sme-office", tier="fair", reason="x"),
        figure("C1.judgement", "4.5", "sme-office", tier="fair", reason="x"),
        figure("C1.judgement", 9, "sme-office", tier="good", reason="x"),
        figure("C1.judgement", 9, "sme-office", tier="outstanding", reason="x"),
        figure("C1.judgement", 3, "sme-office", tier="poor", reason="x"),
    ],
    "reason-missing": [figure("C1.judgement", 3, "sme-office", tier="fair")],
    "malformed": [
        figure("C1.judgement", 3, "sme-office", reason="x"),
        figure("B1.city_rank", 1, "sme-office", "market"),
        figure("M1.new_firms", "pass"),
    ],
    "not-your-measure": [
        figure("M1.new_firms", 1, "science"), figure("F2.completion", 1, "market"), figure("T1.verdict", "pass", "tax"),
        figure("T1.coverage", 1, "city-tax"), figure("F1.inclusive_growth", 1, "cbirc-zhejiang"),
    ],
    "unknown-measure": [
        figure("B2.pilot", 1, "sme-office", "market"), figure("B3.hosting", 1, "sme-office", "market"),
        figure("D.D1", 1, "sme-office", "market"), figure("M1.library_stock", 1),
    ],
    "not-this-unit": [
        figure("C2.library_stock", 1, "market", "market"), figure("M1.new_firms", 1, "market", "district"),
        figure("C1.judgement", 3, "sme-office", "district", tier="fair", reason="x"),
        figure("M1.new_firms", 1, "market", "tax"),
    ],
    "unknown-unit": [figure("M1.new_firms", 1, "market", "economy")],
}  # fmt: skip


@pytest.mark.parametrize(("code", "sent"), [(code, sent) for code, many in FIGURES.items() for sent in many])
def test_figures(code, sent):
    """Counts, amounts, rates, ranks, verdicts and judgements."""
    assert said(sent) == code


def award(line, points=None):
    place = next(each.id for each in RUBRIC.indicators.values() if line in each.lines and not each.lines[line].takes)
    return awarded(points, over={"indicator": place, "line": line})


LINES = {
    "pilot": ("1", "5"), "relending": ("1", "3"), "instruction-national": ("3", "3"),
    "instruction-ministerial": ("2", "2"), "instruction-city": ("1", "1"), "promoted-document": ("2", "2"),
    "speech": ("1", "2"), "onsite-provincial": ("2", "2"), "city-meeting": ("1", "1"),
    "hosting": ("1", "3"), "provincial-selection": ("0.5", "1"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "ends"), LINES.items())
def test_lines_of_awards(line, ends):
    """Points inside the printed range; a fixed line needs none and may repeat its own."""
    low, high = ends
    assert said(award(line, low)) == said(award(line, high)) == "accepted"
    assert said(award(line)) == ("accepted" if low == high else "malformed")
    for outside in ("0", "-1", "0.4", high + ".01" if "." not in high else high + "1"):
        assert said(award(line, outside)) == "out-of-range"


@pytest.mark.parametrize(("line", "low", "high"), [("D1", 0.1, 0.5), ("D2", 0.1, 0.3), ("D3", 0.1, 0.3), ("D4", 1, 2)])
def test_lines_of_deductions(line, low, high):
    """Positive points inside the printed range."""
    for points, code in ((low, "accepted"), (high, "accepted"), (0, "out-of-range"), (high + 1, "out-of-range")):
        assert said(deducted(points, over={"line": line})) == code
    assert said(deducted(-low, over={"line": line})) == "out-of-range"


@pytest.mark.parametrize(
    "sent",
    [
        awarded(1, over={"indicator": "D", "line": "D1"}),
        awarded(1, over={"indicator": "B3", "line": "pilot"}),
        awarded(1, over={"indicator": "M1", "line": "pilot"}),
        deducted(over={"indicator": "B3", "line": "hosting"}),
        deducted(over={"indicator": "M1", "line": "D1"}),
        deducted(over={"line": "D5"}),
    ],
)
def test_a_line_belongs_to_its_indicator(sent):
    """A bonus on D and a deduction elsewhere have no line."""
    assert said(sent) == "unknown-line"


@pytest.mark.parametrize(
    ("indicator", "unit", "points", "code"),
    [
        ("M1", "market", 20, "accepted"),
        ("M1", "market", "20.01", "out-of-range"),
        ("M1", "market", "-0.01", "out-of-range"),
        ("R1", "hr", 50, "accepted"),
        ("R1", "hr", 51, "out-of-range"),
        ("B3", "tax", 5, "accepted"),
        ("D", "tax", 5, "accepted"),
        ("D", "tax", "5.1", "out-of-range"),
        ("D", "tax", -5, "accepted"),
        ("D", "tax", -500, "accepted"),
        ("T1", "market", 50, "not-this-unit"),
        ("M1", "district", 1, "not-this-unit"),
    ],
)
def test_determinations_stay_within_what_some_reading_allows(indicator, unit, points, code):
    """The largest maximum of any reading; lower than 0 only where a reading allows negative points."""
    assert said(determined(points, over={"indicator": indicator}, subject=unit)) == code


READINGS = {
    "A01": "50 20", "A02": "start-at-5 deduct-only uncapped", "A03": "mean min first", "A04": "city province district",
    "A05": "mean min each", "A06": "below inclusive", "A08": "integers half-steps any", "A13": "new all",
    "A15": "verdict-then-coverage verdict-only", "A16": "best latest", "A18": "accumulate once", "A21": "per-line once",
    "A24": "highest each", "A27": "competition dense", "A28": "shown exact", "A30": "pending zero",
    "A31": "year from-effect",
}  # fmt: skip


def test_rulings_choose_among_the_readings_of_the_contract():
    """The first is the default; a finding without readings is a question for the record."""
    for finding, readings in READINGS.items():
        assert list(RUBRIC.findings[finding].readings) == readings.split()
        assert {said(ruled(finding, reading)) for reading in readings.split()} == {"accepted"}
        assert said(ruled(finding, "other")) == "unknown-reading"
    for finding in ("A07", "A10", "A20", "A22", "A29", "A32", "A34"):
        assert said(ruled(finding, "any")) == "unknown-reading"
    assert said(ruled("A99", "any")) == "unknown-finding"
    assert said(ruled("A01", 20)) == "accepted"
