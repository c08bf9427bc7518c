# ruff: noqa: E501  the rows of the tables are read across
"""What `rubric check` finds where it takes a reading, a unit, or several parts together to see it; and what it leaves alone."""

import pytest

from shared.rubric.checks import check
from tests.builders import language_example
from tests.unit.rubric_checks.test_checks import BINJIANG, SMALL, found_in, with_rule
from tests.unit.rubric_checks.test_checks_elsewhere import LEDGER

X = "target: 50}"
TIER = "{measure: judgement, take: tier}"
JUDGED = "rule: {judged: judgement}"


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (BINJIANG, "points: {pass: 50, fail: 0}", "points: {pass: 60, fail: 0}", "the rule of T1 gives 60 at most under A15=verdict-only, its maximum is 50"),
        (BINJIANG, "floor: none, max: 12.5}}", "floor: none, max: 15}}", "the rule of F1 gives 55/2 at most under A05=each, its maximum is 25"),
        (BINJIANG, "{1: 5, 2: 4, 3: 3, 4: 2, 5: 1}", "{1: 5, 2: 4, 1.0: 3, 4: 2, 5: 1}", "1.0 stands here twice"),
        (BINJIANG, "{1: 5, 2: 4, 3: 3, 4: 2, 5: 1}", "{1: 5, 2: 4, 3: 3, 5: 1}", "the table says nothing between 3 and 5"),
        (BINJIANG, "{1: 5, 2: 4, 3: 3, 4: 2, 5: 1}", "{1: 5, 2: 4, 3: 3, 4: 2, 5: 1, first: 5}", "city_rank is never first"),
        (BINJIANG, "{1: 5, 2: 4, 3: 3, 4: 2, 5: 1}", "{0: 5, 1: 5, 2: 4, 3: 3, 4: 2, 5: 1}", "city_rank is never 0"),
        (BINJIANG, "{of: verdict, is: pass}", "{of: verdict, is: passed}", "verdict is never passed"),
        (BINJIANG, "en: Fair}, from: 2, to: 4}", "en: Fair}, from: 2, to: 3}", "the tiers fair and good leave a gap from 3 to 5"),
        (BINJIANG, "en: Good}, from: 5, to: 8}", "en: Good}, from: 6, to: 8}", "the tiers fair and good leave a gap from 4 to 6"),
        (BINJIANG, "en: Outstanding}, from: 10, to: 10}", "en: Outstanding}, from: 10, to: 12}", "the tier outstanding lies in part outside"),
        (BINJIANG, "units: [market]\n    name: {zh: '新增股份公司'", "units: [market, market]\n    name: {zh: '新增股份公司'", "market stands here twice"),
        (BINJIANG, "words: [pass, fail]", "words: [pass, fail, pass]", "pass stands here twice"),
        (BINJIANG, "once: [B2, B3]}", "once: [B2, B3, B2]}", "B2 stands here twice"),
        (BINJIANG, "prevails: [sme-office]", "prevails: [sme-office, sme-office]", "sme-office stands here twice"),
        (BINJIANG, "tasks: [1, 2]", "tasks: [1, 2, 2]", "2 stands here twice"),
        (BINJIANG, "    targets:\n      - {indicator: K1, measure: tech_firms, amount: 297}\n", "", "row 5 of the task table states no target, the rule of K1 has one"),
        (BINJIANG, "occasion: 综合, occurred: 2020-11-30}", "occasion: 综合, occurred: 2021-11-30}", "2021-11-30 lies outside the period"),
        (BINJIANG, "lines: [provincial-selection]", "lines: []", "the group counts no line"),
        (LEDGER, ", lines: [honour]}", "}", "the group counts no line"),
        (SMALL, "from: 1, to: 2}", "from: -1, to: 2}", "the tier fair lies in part outside"),
        (SMALL, JUDGED, f"rule: {{table: {{of: {TIER}, points: {{fair: 2, god: 5}}}}}}", "judgement is never god"),
        (SMALL, JUDGED, f"rule: {{choose: [{{if: {{of: {TIER}, is: [good, gud]}}, then: 5}}, {{else: 2}}]}}", "judgement is never gud"),
        (SMALL, X, "target: {reading: Q1, below: 50, inclusive: 0}}", "a target of 0 or less cannot be divided by"),
        (SMALL, X, "target: {quotient: [0, 5]}}", "a target is 0"),
        (SMALL, X, "target: {quotient: [5, {reading: Q1, below: 1, inclusive: 0}]}}", "what a quotient divides by is 0 under Q1=inclusive"),
        (SMALL.replace("b: 50}", "b: 0}"), X, "target: {product: [0.5, {baseline: before}]}}", "a target is 0 for b"),
        (SMALL.replace("b: 50}", "b: 100}"), X, "target: 100, base: {baseline: before}}", "the base is the target for b"),
        (SMALL, X, "target: firms, base: firms}", "the base is the target for a"),
        (SMALL.replace("amount: 50", "amount: 55"), X, "target: {reading: Q1, below: 50, inclusive: 60}}", "row 1 asks for 55 firms, the rule for 50 or 60"),
        (SMALL, "{id: b, name: Office B}", "{id: district, name: B}", "district stands for more than one unit"),
        (SMALL, "{id: b, name: Office B}", "{id: all, name: B}", "all stands for more than one unit"),
        (SMALL, "{id: c, name: Office C", "{id: a, name: Office A", "a is listed under `unscored`, and is an assessed unit"),
        (SMALL, "  - {item: 2, text", "  - {item: 01, text", "there are two of item 1"),
        (SMALL.replace("total: 20", "total: 15"), "max: 5, clause: rules.2", "max: 0, capped: true, clause: rules.2", "no award of Z ever counts: its block has a cap of 0"),
    ],
)  # fmt: skip
def test_one_thing_changed(text: str, old: str, new: str, message: str) -> None:
    """Given a sound rubric with one thing wrong, then it is named, with its line and what to do."""
    assert old in text
    assert found_in(text.replace(old, new, 1), message)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("{at_most: 50, points: 5}, {at_least: 50, points: 10}", "the bands at 50 and 50 overlap at 50"),
        ("{at_most: 60, points: 5}, {at_least: 50, points: 10}", "the bands at 60 and 50 overlap at 55"),
        ("{at_least: {reading: Q1, below: 50, inclusive: 70}, points: 10}, {below: 50, points: 5}", "the bands leave a gap at 50, where only `otherwise` counts under Q1=inclusive"),
        ("{above: 80, points: 10}, {at_least: {reading: Q1, below: 60, inclusive: 90}, points: 5}", "the band at 90 is never reached"),
    ],
)  # fmt: skip
def test_bands_that_overlap_or_do_so_under_a_reading(steps: str, message: str) -> None:
    """Given bands that share a value, or under some reading leave one out, then it is found."""
    assert found_in(with_rule(f"{{bands: {{of: firms, steps: [{steps}]}}}}"), message)


def test_parts_that_fit_alone_and_not_together_under_a_reading() -> None:
    """Given limits of which a reading puts the lower above the upper, then the file is refused."""
    limit = "{limit: {of: {proportion: {actual: firms, target: 50}}, at_least: {reading: Q1, below: 0, inclusive: 11}, at_most: 10}}"
    assert found_in(with_rule(limit), "the limits leave nothing between them")
    steps = "{steps: {of: firms, base: 0, above: {per: {reading: Q1, below: 1, inclusive: 0}, points: 1}}}"
    assert found_in(with_rule(steps), "a step of 0 or less never ends")


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (SMALL.replace("{a: 80, b: 50}", "{a: 50, b: 50, all: 0}"), X, "target: {baseline: before}}"),
        (SMALL, ", targets: [{indicator: X, measure: firms, amount: 50}]", ""),
        (SMALL, "text: Fair 1-2, good 3-5.", "text: From poor to fair."),
        (LEDGER, "max: 10, clause: 三, capped", "max: 0, clause: 三, capped"),
    ],
)  # fmt: skip
def test_what_is_sound_is_left_alone(text: str, old: str, new: str) -> None:
    """Given what is unusual and yet says what it means, then nothing is said of it."""
    assert old in text
    assert not [
        fault
        for fault in check(text.replace(old, new, 1))
        if "points should be" not in fault.message and "add up" not in fault.message
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "{veto: {if: {of: accidents, at_least: 1}, of: 5, hold_total: {reading: Q1, below: 12, inclusive: 15}}}",
        "{veto: {if: {of: accidents, at_least: {reading: Q1, below: 1, inclusive: 3}}, of: 5, hold_total: 12}}",
        "{veto: {if: {of: accidents, at_least: 1}, of: 5, zero: {reading: Q1, below: [Y], inclusive: []}}}",
        "{veto: {if: {of: accidents, at_least: 1}, of: 5, bar: {reading: Q1, below: [g], inclusive: []}}}",
        "{limit: {of: {deductions: {start: 10}}, at_least: {reading: Q1, below: -100, inclusive: -200}}}",
        "{awards: {cap: {reading: Q1, below: none, inclusive: 50}}}",
        "{awards: {cap: none, keep: {reading: Q1, below: all, inclusive: 7}}}",
        "{bands: {of: {growth: [firms, {baseline: firms_2019}]}, steps: [{reading: Q1, below: {above: 5, points: 10}, inclusive: {at_least: 5, points: 10}}]}}",
        "{choose: [{if: {of: {growth: [days, {baseline: firms_2019}]}, at_most: 7}, then: {reading: Q1, below: 1, inclusive: 1}}, {else: {reading: Q1, below: 2, inclusive: 3}}]}",
        "{choose: [{if: {reading: Q1, below: {of: {growth: [days, 77]}, above: 7}, inclusive: {of: {growth: [days, 77]}, at_least: 7}}, then: 10}, {else: 0}]}",
        "{cliff: {of: {proportion: {actual: days, target: 3.3, better: lower}}, share: 77%, inclusive: {reading: Q1, below: false, inclusive: true}}}",
        "{cliff: {of: {piecewise: {of: rate, through: [[0, 0], [100, 10]]}}, share: 63%, inclusive: {reading: Q1, below: false, inclusive: true}}}",
        "{cliff: {of: {weighted: [{weight: 3, of: {proportion: {actual: firms, target: 50}}}, {weight: 1, of: {proportion: {actual: rate, target: 100}}}]}, share: 70%, inclusive: {reading: Q1, below: false, inclusive: true}}}",
    ],
)  # fmt: skip
def test_readings_that_differ_in_few_situations_or_beyond_the_points_do_differ(rule: str) -> None:
    """Given readings that part only at one value, among many awards, or in what a veto does, then they are no fault."""
    grades = "[{id: g, name: G}, {id: h, name: H}]"
    text = language_example(f"{{rule: {rule}, examples: [], grades: {grades}}}")
    assert not [fault for fault in check(text) if "never differ" in fault.message]
