# ruff: noqa: E501  the rows of the tables are read across
"""What `rubric check` finds in files that load and yet are wrong, each with its line and what to do."""

from pathlib import Path

import pytest

from shared.rubric import load
from shared.rubric.checks import check

BINJIANG = (Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")

SMALL = """\
language: 1
id: small
version: 1
title: A small rubric
document: {title: A notice, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
period: {from: 2020-01-01, to: 2020-12-31}
timezone: Asia/Shanghai
assessor: office
total: 20
missing: pending
units:
  - {id: a, name: Office A}
  - {id: b, name: Office B}
providers:
  - {id: office, name: The office, calendar: none}
  - {id: bureau, name: The bureau, calendar: monthly}
unscored:
  - {id: c, name: Office C, clause: plan.2}
blocks:
  - {id: work, name: Work, max: 15, clause: rules.1}
  - {id: bonus, name: Bonus, max: 5, clause: rules.2}
findings:
  - id: Q1
    clause: rules.1.1
    question: Does exactly 70 % score?
    readings: {below: below scores nothing, inclusive: 70 % scores nothing}
    moves: rank
baselines:
  before: {a: 80, b: 50}
indicators:
  - id: X
    block: work
    units: all
    name: Firms
    max: 10
    clause: rules.1.1
    text: 10 points for 50 firms.
    measures:
      - {id: firms, name: Firms, providers: bureau, whole: true, from: 0}
    rule: {cliff: {of: {proportion: {actual: firms, target: 50}}, share: 70%, inclusive: {reading: Q1, below: false, inclusive: true}}}
  - id: Y
    block: work
    units: all
    name: Service
    max: 5
    clause: rules.1.2
    text: Fair 1-2, good 3-5.
    measures:
      - id: judgement
        name: Judgement
        providers: office
        whole: true
        from: 0
        to: 5
        tiers:
          fair: {name: Fair, from: 1, to: 2}
          good: {name: Good, from: 3, to: 5}
    rule: {judged: judgement}
  - id: Z
    block: bonus
    units: all
    name: Bonus
    max: 5
    clause: rules.2.1
    text: Up to 5 points.
    lines:
      - {id: praise, name: Praise, gives: 2}
      - {id: pilot, name: Pilot, gives: [1, 3]}
    rule: {awards: {cap: 5, lines: [praise, pilot]}}
tasks:
  - {row: 1, text: 50 firms, clause: plan.1, units: all, providers: bureau, indicators: [X], targets: [{indicator: X, measure: firms, amount: 50}]}
work:
  - {item: 1, text: Firms, clause: plan.1, units: all, tasks: [1], indicators: [X]}
  - {item: 2, text: Parks, clause: plan.2, units: [], tasks: [], indicators: []}
examples:
  - {name: half, unit: a, indicator: X, figures: {firms: 40}, points: 8}
"""

PROPORTION = "proportion: {actual: firms, target: 50}"
CLIFF = "{of: {proportion: {actual: firms, target: 50}}, share: 70%, inclusive: {reading: Q1, below: false, inclusive: true}}"


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which a part of the text stands."""
    return text[: text.index(part)].count("\n") + 1


def with_rule(rule: str, *, lines: str = "") -> str:
    """The small rubric with another rule for the indicator X."""
    text = SMALL.replace(f"    rule: {{cliff: {CLIFF}}}", f"{lines}    rule: {rule}")
    assert text != SMALL
    return text


def found_in(text: str, message: str) -> list[int]:
    """The lines of the faults with this message; each says what to do."""
    faults = check(text)
    assert all(fault.advice and fault.line > 0 for fault in faults)
    assert [fault.line for fault in faults] == sorted(fault.line for fault in faults)
    return [fault.line for fault in faults if message in fault.message]


@pytest.mark.parametrize("text", [SMALL, BINJIANG], ids=["small", "binjiang"])
def test_a_sound_rubric_has_no_fault(text: str) -> None:
    """Given a rubric in which everything fits, then nothing is found."""
    assert check(text) == []


MUTATIONS = [
    # (what is written instead, of what, the message, a part of the line the fault names)
    ("total: 21", "total: 20", "the blocks add up to 20, the total says 21", "total: 21"),
    ("max: 14, clause: rules.1", "max: 15, clause: rules.1", "the indicators of work add up to 15 for a", "id: work"),
    ("max: 6\n    clause: rules.1.2", "max: 5\n    clause: rules.1.2", "the best tier ends at 5 points", "fair:"),
    ("cap: 4", "cap: 5", "the rule of Z gives 4 at most, its maximum is 5", "max: 5\n    clause: rules.2.1"),
    ("from: 2, to: 5", "from: 3, to: 5", "the tiers fair and good overlap at 2", "good:"),
    ("from: 4, to: 5", "from: 3, to: 5", "the tiers fair and good leave a gap from 2 to 4", "good:"),
    (
        "providers: office\n        from: 0",
        "providers: office\n        whole: true\n        from: 0",
        "leave a gap from 2 to 3",
        "good:",
    ),
    ("amount: 60", "amount: 50", "row 1 asks for 60 firms, the rule for 50", "row: 1"),
    ("target: {baseline: later}}", "target: 50}", "there is no baseline later", "cliff:"),
    ("id: Q2\n", "id: Q1\n", "there is no finding Q1", "cliff:"),
    (
        "clause: rules.1.1\n    measures:",
        "clause: rules.1.1\n    text: 10 points for 50 firms.\n    measures:",
        "the rule of X quotes no clause",
        "id: X",
    ),
    ("lines: [praise]", "lines: [praise, pilot]", "nothing counts the line pilot", "id: pilot"),
    (
        "indicators: []}\n  - {item: 2, text: Parks, clause: plan.3",
        "indicators: [X]}\n  - {item: 2, text: Parks, clause: plan.2",
        "item 1 of the work plan feeds no indicator",
        "item: 1",
    ),
    ("{item: 1, text: Parks", "{item: 2, text: Parks", "there are two of item 1", "text: Parks"),
    ("points: 9}", "points: 8}", "points should be 9, the rule gives 8", "name: half"),
]


@pytest.mark.parametrize(("new", "old", "message", "at"), MUTATIONS, ids=[row[2] for row in MUTATIONS])
def test_a_fault_names_its_line_and_what_to_do(new: str, old: str, message: str, at: str) -> None:
    """Given one thing changed in a sound rubric, then the fault is found where it stands."""
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    assert found_in(text, message) == [line_of(text, at)]


def test_without_a_rule_points_are_given_by_nothing() -> None:
    """Given an indicator with points and no rule, then that clause is carried out by nothing."""
    text = SMALL.replace("    rule: {judged: judgement}\n", "")
    assert found_in(text, "no rule carries out rules.1.2: Y has points and nothing gives them")
    assert found_in(text, "the indicators of work add up to 10 for a; 10 for b, the block says 15")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  - {id: b, name: Office B}", "  - {id: a, name: Office B}", "there are two units a"),
        ("  - {id: bureau,", "  - {id: office,", "there are two providers office"),
        ("  - {id: bonus,", "  - {id: work,", "there are two blocks work"),
        ("  - id: Y\n", "  - id: X\n", "there are two indicators X"),
        ("{id: pilot,", "{id: praise,", "there are two lines praise"),
        ("block: bonus", "block: bonuses", "there is no block bonuses"),
        ("units: all\n    name: Firms", "units: [a, d]\n    name: Firms", "there is no unit d"),
        ("providers: bureau, whole", "providers: bureaux, whole", "there is no provider bureaux"),
        ("actual: firms", "actual: firm", "there is no measure of X firm"),
        ("reading: Q1", "reading: Q9", "there is no finding Q9"),
        ("inclusive: true}}}", "exclusive: true}}}", "Q1 has no reading exclusive"),
        ("target: 50}", "target: 0}", "a target of 0 or less cannot be divided by"),
        ("{actual: firms, target: 50}", "{actual: firms}", "`target` is missing"),
        ("lines: [praise, pilot]", "lines: [praise, pilots]", "there is no line pilots"),
    ],
)
def test_what_reading_the_file_refuses_is_given_as_it_is(old: str, new: str, message: str) -> None:
    """Given a file that is no rubric, then the faults are those of reading it, with their lines."""
    assert old in SMALL
    assert found_in(SMALL.replace(old, new, 1), message)


# -- totals and grades


def test_a_capped_block_may_come_to_more_but_not_to_less() -> None:
    """Given a block with a cap of its own, then items above the cap are fine, items below it are not."""
    more = SMALL.replace("max: 15, clause: rules.1", "max: 12, capped: true, clause: rules.1").replace(
        "total: 20", "total: 17"
    )
    assert check(more) == []
    less = SMALL.replace("max: 15, clause: rules.1", "max: 18, capped: true, clause: rules.1").replace(
        "total: 20", "total: 23"
    )
    assert found_in(less, "the indicators of work add up to 15 for a; 15 for b, the block says 18")


def test_a_unit_that_an_indicator_leaves_out_cannot_reach_the_block() -> None:
    """Given an indicator for one unit only, then the other one's sum is short."""
    text = SMALL.replace("units: all\n    name: Service", "units: [a]\n    name: Service")
    assert found_in(text, "the indicators of work add up to 10 for b, the block says 15")


def test_grades_fit_together() -> None:
    """Given grades whose shares exceed the whole, or whose thresholds rise, then both are found."""
    grades = "grades:\n  - {id: g1, name: Good, share: 60%, at_least: 10}\n  - {id: g2, name: Fair, share: 50%, at_least: 12}\n"
    text = SMALL + grades
    assert found_in(text, "the shares of the grades add up to 110 %")
    assert found_in(text, "the grade g2 asks for 12 points, more than g1 before it") == [line_of(text, "id: g2")]


# -- bands and tables


def test_a_band_that_is_never_reached() -> None:
    """Given bands listed from the lowest up, then the later ones are never the first that holds."""
    rule = "{bands: {of: firms, steps: [{at_least: 10, points: 5}, {at_least: 40, points: 10}], otherwise: 0}}"
    assert found_in(with_rule(rule), "the band at 40 is never reached")


def test_bands_that_leave_a_gap() -> None:
    """Given bands that both exclude an edge, then that edge falls to `otherwise`."""
    rule = "{bands: {of: firms, steps: [{above: 40, points: 10}, {below: 40, points: 5}], otherwise: 0}}"
    assert found_in(with_rule(rule), "the bands leave a gap at 40")
    sound = rule.replace("above: 40", "at_least: 40")
    assert not found_in(with_rule(sound), "the bands")


def test_a_table_with_a_word_that_never_comes() -> None:
    """Given a table with a word that its measure can never be, then it is found at that word."""
    verdict = "      - {id: verdict, name: Verdict, providers: bureau, words: [pass, fail]}\n"
    text = with_rule("{table: {of: verdict, points: {pass: 10, passed: 5}}}").replace(
        "    rule:", verdict + "    rule:", 1
    )
    assert found_in(text, "verdict is never passed") == [line_of(text, "passed: 5")]


# -- targets and denominators


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("{proportion: {actual: firms, base: 50, target: 50}}", "the base is the target"),
        ("{proportion: {actual: {quotient: [firms, 0]}, target: 50}}", "what a quotient divides by is 0"),
        ("{proportion: {actual: {growth: [firms, 0]}, target: 50}}", "what a growth divides by is 0"),
    ],
)
def test_denominators_that_can_only_be_zero(rule: str, message: str) -> None:
    """Given a rule that can only divide by nothing, then it is found."""
    assert found_in(with_rule(rule), message)


def test_baselines_that_are_zero_or_not_there() -> None:
    """Given a target of each unit's own, then each unit needs one, above 0."""
    text = with_rule("{proportion: {actual: firms, target: {baseline: before}}}")
    assert not found_in(text, "baseline")
    assert found_in(text.replace("{a: 80, b: 50}", "{a: 80}"), "the baseline before has no number for b")
    assert found_in(
        text.replace("{a: 80, b: 50}", "{a: 80, b: 0}"), "a target is the baseline before, which is 0 for b"
    )
    assert not found_in(text.replace("{a: 80, b: 50}", "{all: 80}"), "baseline")


def test_a_target_measure_that_is_never_positive() -> None:
    """Given a target that is a figure which is never above 0, then nobody can divide by it."""
    text = with_rule("{proportion: {actual: firms, target: loss}}").replace(
        "whole: true, from: 0}\n",
        "whole: true, from: 0}\n      - {id: loss, name: Loss, providers: bureau, to: 0}\n",
        1,
    )
    assert found_in(text, "a target is loss, which is never above 0")


# -- clauses


def test_measures_and_providers_that_nothing_uses() -> None:
    """Given a measure that no rule looks at, then it is found, unless it is only tracked; so is an idle provider."""
    measure = "      - {id: more, name: More, providers: bureau}\n"
    text = SMALL.replace("whole: true, from: 0}\n", "whole: true, from: 0}\n" + measure, 1)
    assert found_in(text, "no rule looks at the measure more of X") == [line_of(text, "id: more")]
    assert check(text.replace("name: More,", "name: More, scored: false,")) == []
    tracked = SMALL.replace("name: Firms, providers: bureau,", "name: Firms, scored: false, providers: bureau,")
    assert found_in(tracked, "said not to be scored, and a rule looks at it")
    idle = SMALL.replace("units:\n  - {id: a", "units:\n  - {id: a", 1).replace(
        "  - {id: bureau,", "  - {id: idle, name: Idle, calendar: none}\n  - {id: bureau,"
    )
    assert found_in(idle, "idle provides nothing") == [line_of(idle, "id: idle")]


def test_a_row_of_the_task_table_that_feeds_nothing() -> None:
    """Given a row that no indicator stands behind, then it is found, unless somebody bears it without points."""
    row = "  - {row: 2, text: Parks, clause: plan.9, units: all, providers: bureau, indicators: []}\nwork:"
    text = SMALL.replace("work:", row, 1)
    assert found_in(text, "row 2 of the task table feeds no indicator") == [line_of(text, "row: 2")]
    assert check(text.replace("plan.9", "plan.2")) == []


def test_a_provider_that_prevails_where_it_never_reports() -> None:
    """Given a figure that somebody else's would override, then that name is found."""
    text = with_rule("{proportion: {actual: {measure: firms, prevails: [office]}, target: 50}}")
    assert found_in(text, "office does not report this measure")


def test_a_veto_that_bars_a_grade_nobody_gives() -> None:
    """Given a veto on a grade that is not there, then it is found."""
    text = with_rule("{veto: {if: {of: firms, below: 10}, of: {proportion: {actual: firms, target: 50}}, bar: [best]}}")
    assert found_in(text, "there is no grade best")


# -- readings

QUESTION = """\
  - id: Q2
    clause: rules.1.1
    question: How?
    readings: {one: one way, two: another way}
    moves: rank
"""


def with_question(rule: str = "") -> str:
    """The small rubric with a second finding, and the rule of X where it is used."""
    text = SMALL.replace("baselines:", QUESTION + "baselines:")
    return text.replace(PROPORTION, rule) if rule else text


def test_readings_that_no_rule_uses() -> None:
    """Given a finding with readings that nothing depends on, then it is found."""
    text = with_question()
    assert found_in(text, "no rule uses the readings of Q2") == [line_of(text, "id: Q2")]


def test_readings_that_come_to_the_same_rule() -> None:
    """Given two branches that are written differently and say the same, then that is known without trying."""
    text = with_question("proportion: {actual: firms, target: {reading: Q2, one: 50, two: 50.0}}")
    assert found_in(text, "the readings one and two of Q2 can never differ: they come to the same rules")


def test_readings_that_differ_in_words_only() -> None:
    """Given two rules that always give the same points, then all tries say so."""
    text = with_question(
        "sum: [{proportion: {actual: firms, target: 50, max: {reading: Q2, one: 4, two: 6}}}, "
        "{proportion: {actual: firms, target: 50, max: {reading: Q2, one: 6, two: 4}}}]"
    )
    assert found_in(text, "the readings one and two of Q2 can never differ:")
    assert not found_in(text, "they come to the same rules")


def test_readings_that_differ() -> None:
    """Given two targets, then facts are found under which they differ."""
    text = with_question("proportion: {actual: firms, target: {reading: Q2, one: 50, two: 60}}")
    assert not found_in(text, "Q2")


def test_of_three_readings_the_two_that_are_one_are_named() -> None:
    """Given three readings of which two say the same, then only that pair is a fault."""
    text = with_question("proportion: {actual: firms, target: {reading: Q2, one: 50, two: 60, three: 60}}").replace(
        "two: another way}", "two: another way, three: a third}"
    )
    assert [fault.message.partition(":")[0] for fault in check(text) if "differ" in fault.message] == [
        "the readings two and three of Q2 can never differ"
    ]


def test_a_single_reading_is_no_choice() -> None:
    """Given a finding with one reading, then there is nothing to choose."""
    text = with_question("proportion: {actual: firms, target: {reading: Q2, one: 50}}").replace(
        ", two: another way", ""
    )
    assert found_in(text, "Q2 has one reading")


def test_a_finding_that_says_it_moves_nothing_and_does() -> None:
    """Given a finding declared to move nothing, whose readings move points, then it is found."""
    text = SMALL.replace("moves: rank", "moves: none")
    assert found_in(text, "Q1 is said to move nothing, and its readings move the rank") == [
        line_of(text, "moves: none")
    ]


# -- caps


def test_an_award_that_no_cap_lets_through() -> None:
    """Given a group whose cap is 0, then its line can never count."""
    text = SMALL.replace(
        "{cap: 5, lines: [praise, pilot]}", "{cap: 5, lines: [praise], groups: [{cap: 0, lines: [pilot]}]}"
    )
    assert found_in(text, "no cap ever lets the line pilot through") == [line_of(text, "id: pilot")]


def test_an_award_of_which_a_part_is_always_cut() -> None:
    """Given a line that gives more than its cap, then the rest can never count."""
    text = SMALL.replace("gives: [1, 3]", "gives: [1, 8]")
    assert found_in(text, "the line pilot gives up to 8 points, a cap lets 5 of them through") == [
        line_of(text, "id: pilot")
    ]


def test_a_deduction_beyond_the_points_there_are_is_no_fault() -> None:
    """Given a deduction larger than the indicator, which takes all there is, then that is as documents mean it."""
    text = SMALL.replace("gives: 2", "takes: 9").replace("gives: [1, 3]", "takes: [1, 3]")
    text = text.replace("{awards: {cap: 5, lines: [praise, pilot]}}", "{deductions: {start: 5, cap: 5}}")
    assert check(text) == []


# -- binjiang, changed


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("total: 120", "total: 110", "the blocks add up to 120, the total says 110"),
        ('max: {reading: A01, "50": 50, "20": 20}', 'max: {reading: A01, "50": 40, "20": 20}', "add up to 40 for hr"),
        ("good: {name: {zh: 较好, en: Good}, from: 5, to: 8}", "good: {name: {zh: 较好, en: Good}, from: 4, to: 8}", "overlap at 4"),
        ("measure: new_firms, amount: 5900", "measure: new_firms, amount: 5800", "asks for 5800 new_firms, the rule for 5900"),
        ("all: exporting_firms", "all: new_exporting_firms", "the readings new and all of A13 can never differ"),
        ("all: exporting_firms", "all: new_exporting_firms", "no rule looks at the measure exporting_firms of S2"),
        ("district: all_loans_growth_district}", "district: all_loans_growth_city}", "city and district of A04 can never differ"),
        ("counts_from: {reading: A31, year: 2020-01-01, from-effect: 2020-06-17}", "counts_from: 2020-01-01", "no rule uses the readings of A31"),
        ("start: {reading: A02, start-at-5: 5,", "start: {reading: A02, start-at-5: 0,", "of A02 can never differ"),
        ("ladder: {reading: A24, highest: true, each: false}", "ladder: true", "no rule uses the readings of A24"),
        ("keep: {reading: A18, accumulate: all, once: highest}", "keep: highest", "no rule uses the readings of A18"),
        ("A27, competition: competition, dense: dense", "A27, competition: dense, dense: dense", "of A27 can never differ"),
        ("pending: pending, zero: zero", "pending: pending, zero: pending", "the readings pending and zero of A30 can never"),
        ("    gives: [1, 5]", "    gives: [1, 6]", "the line pilot gives up to 6 points, a cap lets 5 of them through"),
        ("            cap: 3\n", "            cap: 0\n", "no cap ever lets the line provincial-selection through"),
        ("points: 21.875", "points: 21.874", "points should be 10937/500, the rule gives 175/8"),
        ("clause: 附件1.要点.2\n    why", "clause: 附件1.要点.3\n    why", "item 2 of the work plan feeds no indicator"),
    ],
)  # fmt: skip
def test_binjiang_with_one_thing_changed(old: str, new: str, message: str) -> None:
    """Given the rubric of 2020 with one thing wrong, then it is found."""
    assert old in BINJIANG
    assert found_in(BINJIANG.replace(old, new), message)


def test_what_is_empty_is_named_and_breaks_nothing() -> None:
    """Given an indicator of nobody, bands without steps, and a range without a whole number, then all is still told."""
    nobody = SMALL.replace("units: all\n    name: Bonus", "units: []\n    name: Bonus")
    assert found_in(nobody, "Z assesses nobody")
    assert found_in(with_rule("{bands: {of: firms, steps: []}}"), "the rule of X gives 0 at most")
    assert check(SMALL.replace("whole: true, from: 0}", "whole: true, from: 0.2, to: 0.8}"))


def test_it_can_still_be_loaded() -> None:
    """Given the small rubric of these tests, then it is one: what is found here is beyond what reading refuses."""
    assert load(SMALL).id == "small"
