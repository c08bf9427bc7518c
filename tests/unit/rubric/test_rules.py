"""What rules give, beyond the examples of the language's page: states, bounds, traces, what moves what."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.numbers import Fraction
from shared.rubric import Award, Determination, Figure, UnitFacts, load
from shared.rubric.trial import facts_of, failures
from tests.builders import language_example

BINJIANG = load((Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8"))
DAY = date(2020, 12, 31)


def figure(measure, value, *, indicator="X", provider="statistics", occurred=DAY, position=1, occasion=None, tier=None):
    value = value if isinstance(value, str) else Fraction(value)
    return Figure(indicator, measure, provider, value, occurred, position, occasion, tier)


def award(line, name, points, *, indicator="X", occurred=DAY, position=1):
    return Award(indicator, line, name, Fraction(points), occurred, position)


def scored(parts, *figures, awards=(), unit="a", indicator="X", others=None, readings=None, determination=None):
    rules = load(language_example(parts)).under(readings or {})
    facts = {unit: facts_of(rules, figures, awards)}
    facts |= {name: facts_of(rules, rows) for name, rows in (others or {}).items()}
    return rules.score(unit, indicator, facts, determination)


def binjiang(indicator, *figures, unit, awards=(), readings=None):
    rules = BINJIANG.under(readings or {})
    return rules.score(unit, indicator, {unit: facts_of(rules, figures, awards)}, None)


def inputs_of(trace):
    found = {each["position"]: each for each in trace["inputs"]}
    for part in trace["parts"]:
        found |= inputs_of(part)
    return found


# -- now and at full


@pytest.mark.parametrize(
    ("rule", "now", "full"),
    [
        ("mean: [{proportion: {actual: firms, target: 50}}, {proportion: {actual: rate, target: 100}}]", 5, 10),
        ("least: [{proportion: {actual: firms, target: 50}}, {proportion: {actual: rate, target: 100}}]", 0, 10),
        ("greatest: [{proportion: {actual: firms, target: 50}}, {proportion: {actual: rate, target: 100}}]", 10, 10),
        (
            "all_or_nothing: [{proportion: {actual: firms, target: 50}}, {proportion: {actual: rate, target: 100}}]",
            0,
            10,
        ),
        ("cliff: {of: {proportion: {actual: rate, target: 100}}, share: 70%}", 0, 10),
        ("limit: {of: {proportion: {actual: rate, target: 100}}, at_most: 6}", 0, 6),
        ("multiplied: {of: {proportion: {actual: rate, target: 100}}, by: 0.5}", 0, 5),
        ("multiplied: {of: {proportion: {actual: firms, target: 50}}, by: difficulty, up_to: 1.5}", 0, 15),
        ("steps: {of: rate, base: 0, above: {per: 10, points: 1}}", 0, 10),
        ("bands: {of: rate, steps: [{at_least: 90, points: 8}]}", 0, 8),
        ("piecewise: {of: rate, through: [[0, 0], [100, 9]]}", 0, 9),
        ("table: {of: verdict, points: {pass: 7, fail: 1}}", 0, 7),
        ("judged: judgement", 0, 10),
        ("veto: {if: {of: accidents, at_least: 1}, of: {proportion: {actual: firms, target: 50}}, zero: [X]}", 10, 10),
    ],
)
def test_what_is_missing_counts_nothing_now_and_everything_at_full(rule, now, full):
    result = scored(f"rule: {{{rule}}}", figure("firms", 50))

    assert (result.points, result.full, result.state) == (now, full, "pending")


def test_missing_as_zero_makes_nothing_pending():
    result = scored("{missing: zero, rule: {proportion: {actual: rate, target: 100}}}")

    assert (result.points, result.full, result.state) == (0, 0, "scored")


def test_a_conflict_in_one_part_is_a_conflict_of_the_whole_even_where_another_is_missing():
    result = scored(
        "rule: {mean: [{proportion: {actual: growth, target: average}}, {proportion: {actual: rate, target: 100}}]}",
        figure("growth", 5),
        figure("average", 0),
    )

    assert (result.points, result.full, result.state) == (0, 10, "conflict")
    assert result.trace["note"] == "the comparator 0 is not above 0"


def test_dividing_by_nothing_is_a_conflict():
    result = scored(
        "rule: {piecewise: {of: {quotient: [firms, days]}, through: [[0, 0], [1, 10]]}}",
        figure("firms", 1),
        figure("days", 0),
    )

    assert result.state == "conflict"


def test_a_part_that_is_not_applicable_leaves_its_weight_to_the_others():
    rule = """
    rule:
      weighted:
        - {weight: 3, of: {proportion: {actual: firms, target: 50}}}
        - weight: 1
          of:
            choose:
              - {if: {missing: rate}, then: {not_applicable: 无此项}}
              - {else: {proportion: {actual: rate, target: 100}}}
    """

    assert scored(rule, figure("firms", 25)).points == 5
    assert scored(rule, figure("firms", 25), figure("rate", 100)).points == Fraction(25, 4)


def test_where_no_part_applies_the_whole_does_not():
    result = scored("rule: {mean: [{not_applicable: 无}, {not_applicable: 无}]}")

    assert (result.state, result.points, result.full) == ("not-applicable", 0, 0)


# -- the cohort


def test_a_cohort_is_pending_while_another_unit_has_not_reported():
    rule = "rule: {proportion: {actual: firms, target: {cohort: highest, of: firms}}}"

    result = scored(rule, figure("firms", 30), others={"b": [figure("firms", 60)]})

    assert (result.points, result.full, result.state) == (5, 10, "pending")


@pytest.mark.parametrize(
    "rule",
    [
        "{proportion: {actual: firms, target: {cohort: lowest, of: firms}, cap: none}}",
        "{pending: {proportion: {actual: firms, target: 10, cap: none}}}",
        (
            "{choose: [{if: {of: firms, at_most: {cohort: mean, of: firms}}, then: 1}, "
            "{else: {proportion: {actual: firms, target: 10, cap: none}}}]}"
        ),
    ],
)
def test_what_is_attainable_is_never_less_than_what_stands(rule):
    """Given points beyond the maximum that may still change, then they are attainable too."""
    result = scored(f"rule: {rule}", figure("firms", 30), others={"b": [figure("firms", 10)]})

    assert (result.points, result.full, result.state) == (30, 30, "pending")


@pytest.mark.parametrize(
    ("quantity", "points"),
    [
        ("{cohort: highest, of: firms}", 9),
        ("{cohort: lowest, of: firms}", 2),
        ("{cohort: mean, of: firms}", 5),
        ("{cohort: total, of: firms}", 15),
        ("{cohort: count, of: firms}", 3),
        ("{cohort: place, of: firms}", 2),
        ("{cohort: place, of: firms, better: lower}", 2),
        ("{peers: mean, of: firms}", Fraction(11, 2)),
        ("{peers: highest, of: firms}", 9),
    ],
)
def test_functions_of_the_cohort(quantity, points):
    rule = f"{{rule: {{piecewise: {{of: {quantity}, through: [[0, 0], [100, 100]]}}}}, max: 100}}"

    result = scored(rule, figure("firms", 4), others={"b": [figure("firms", 9)], "c": [figure("firms", 2)]})

    assert result.points == points


@pytest.mark.parametrize(("ties", "place"), [("competition", 3), ("dense", 2)])
def test_units_with_equal_figures_share_a_place(ties, place):
    rule = f"rule: {{steps: {{of: {{cohort: place, of: firms, ties: {ties}}}, base: 0, above: {{per: 1, points: 1}}}}}}"

    result = scored(rule, figure("firms", 1), others={"b": [figure("firms", 9)], "c": [figure("firms", 9)]})

    assert result.points == place


def test_reverse_order_gives_the_last_in_a_count_the_most():
    rule = """
    rule:
      proportion:
        actual: {sum: [{difference: [{cohort: count, of: days}, {cohort: place, of: days, better: lower}]}, 1]}
        target: {cohort: count, of: days}
    """

    result = scored(rule, figure("days", 1), others={"b": [figure("days", 2)], "c": [figure("days", 3)]})

    assert result.points == 10


# -- awards and deductions


def test_an_occasion_is_counted_once_per_line_with_most_points():
    rows = [
        award("speech", "会", 1, position=1),
        award("speech", "会", 2, position=2),
        award("speech", "会", 2, position=3),
    ]

    result = scored("rule: {awards: {}}", awards=rows)

    assert result.points == 2
    assert {position: each["used"] for position, each in inputs_of(result.trace).items()} == {
        1: False,
        2: True,
        3: False,
    }


def test_nested_caps_absorb_from_the_inside_out():
    rule = """
    rule:
      awards:
        cap: 4
        groups:
          - cap: 4
            lines: [pilot]
            groups: [{cap: 1.5, lines: [speech]}]
    """
    rows = [award("speech", "一", 2), award("pilot", "二", 3), award("praise", "三", 1)]

    result = scored(rule, awards=rows)

    # speech 2 → 1.5; with pilot 4.5 → 4; with praise 5 → 4.
    assert (result.points, result.absorbed) == (4, 2)


@pytest.mark.parametrize(("keep", "points"), [("all", 6), ("highest", 3), ("2", 5)])
def test_a_group_keeps_the_highest(keep, points):
    rows = [
        award("speech", "一", 2, position=1),
        award("pilot", "二", 3, position=2),
        award("praise", "三", 1, position=3),
    ]

    assert scored(f"rule: {{awards: {{keep: {keep}}}}}", awards=rows).points == points


def test_a_deduction_can_be_larger_than_the_indicator():
    result = scored("{max: 0, rule: {deductions: {}}}", awards=[award("serious", str(n), 2) for n in range(3)])

    assert (result.points, result.max, result.full) == (-6, 0, -6)


@pytest.mark.parametrize(
    ("awards", "points"),
    [
        ([("B2", "pilot", 2), ("B3", "instruction-national", 3)], (0, 3)),
        ([("B2", "pilot", 3), ("B3", "instruction-national", 3)], (3, 0)),
        ([("B2", "pilot", 4), ("B3", "instruction-national", 3), ("B3", "speech", 2)], (4, 0)),
        ([("B3", "instruction-national", 3), ("B3", "speech", 2)], (0, 3)),
        ([("B2", "pilot", 2), ("B2", "relending", 3), ("B3", "city-meeting", 1)], (3, 0)),
    ],
)
def test_once_across_indicators_an_occasion_counts_on_its_highest_line(awards, points):
    rows = [award(line, "同一事", value, indicator=name, position=n) for n, (name, line, value) in enumerate(awards)]

    found = [
        binjiang(indicator, awards=rows, unit="reform", readings={"A21": "once"}).points for indicator in ("B2", "B3")
    ]

    assert tuple(found) == points


def test_what_a_reading_drops_names_its_finding_and_reading():
    rows = [
        award("instruction-national", "一", 3, indicator="B3", position=1),
        award("instruction-city", "一", 1, indicator="B3", position=2),
        award("instruction-city", "二", 1, indicator="B3", position=3),
        award("instruction-city", "三", 1, indicator="B3", position=4, occurred=date(2020, 3, 1)),
    ]

    result = binjiang("B3", awards=rows, unit="market", readings={"A18": "once", "A31": "from-effect"})

    found = inputs_of(result.trace)
    assert result.points == 3
    assert found[1]["used"]
    assert not found[2]["used"]
    assert "excluded" not in found[2]
    assert (found[3]["excluded"], found[3]["reading"]) == ("A18", "once")
    assert (found[4]["excluded"], found[4]["reading"]) == ("A31", "from-effect")


def test_deductions_name_incidents_and_awards_occasions():
    result = binjiang("D", awards=[award("D1", "交办", "0.3", indicator="D")], unit="tax")

    assert result.trace["inputs"][0] == {
        "measure": "D1",
        "value": "0.3",
        "occurred": "2020-12-31",
        "position": 1,
        "used": True,
        "line": "D1",
        "incident": "交办",
    }


def test_the_day_the_rules_came_into_force_counts():
    rows = [award("pilot", "前", 2, indicator="B2", occurred=date(2020, 6, 16), position=1)]
    rows += [award("pilot", "当日", 1, indicator="B2", occurred=date(2020, 6, 17), position=2)]

    assert binjiang("B2", awards=rows, unit="tax", readings={"A31": "from-effect"}).points == 1


# -- figures


def test_what_a_reading_excludes_is_removed_before_the_latest_is_chosen():
    rows = [
        figure(
            "judgement", 3, indicator="C1", provider="sme-office", tier="fair", occurred=date(2020, 6, 1), position=1
        ),
        figure("judgement", Fraction(5, 2), indicator="C1", provider="sme-office", tier="fair", position=2),
    ]

    default, half = (binjiang("C1", *rows, unit="tax", readings=table) for table in ({}, {"A08": "half-steps"}))

    assert (default.points, half.points) == (3, Fraction(5, 2))
    assert inputs_of(default.trace)[2]["excluded"] == "A08"


def test_figures_that_only_another_reading_looks_at_are_shown_as_excluded_with_their_finding():
    """Given a figure that only another reading counts, when explained, then it names the finding and the reading."""
    only_all = figure("exporting_firms", 30, indicator="S2", provider="commerce")
    loans = [
        figure(f"all_loans_growth_{where}", 10, indicator="F1", provider="pbc-hangzhou", position=position)
        for position, where in enumerate(("city", "province", "district"), 1)
    ]

    exports = binjiang("S2", only_all, unit="commerce")
    growth = binjiang("F1", *loans, unit="reform", readings={"A04": "province"})
    coverage = figure("coverage", 90, indicator="T1", provider="tax")
    verdict = binjiang("T1", coverage, unit="tax", readings={"A15": "verdict-only"})

    excluded = {"used": False, "excluded": "A13", "reading": "new"}
    assert exports.state == "pending"
    assert inputs_of(exports.trace)[1].items() >= excluded.items()
    assert {n: each.get("excluded") for n, each in inputs_of(growth.trace).items()} == {1: "A04", 2: None, 3: "A04"}
    assert inputs_of(verdict.trace)[1]["excluded"] == "A15"


def test_a_figure_that_two_conditions_ask_stands_once_in_the_trace():
    """Given a verdict that fails and no coverage, when explained, then the verdict stands there once."""
    result = binjiang("T1", figure("verdict", "fail", indicator="T1", provider="city-tax"), unit="tax")

    assert result.state == "pending"
    assert [each["position"] for each in result.trace["inputs"]] == [1]


def test_a_trace_says_what_each_cap_cut():
    """Given more than caps let through, when explained, then the notes name what came in and where it was held."""
    rows = [award("promoted-document", str(n), 2, indicator="B3", position=n) for n in range(1, 4)]
    rows += [award("instruction-national", "一", 3, indicator="B3", position=4)]
    blows = [award("D4", str(n), 2, indicator="D", position=n) for n in range(1, 4)]

    results = binjiang("B3", awards=rows, unit="tax"), binjiang("D", awards=blows, unit="tax")
    trained = binjiang("R1", figure("trained_person_times", 3300, indicator="R1", provider="hr"), unit="hr")

    assert [result.trace["note"] for result in results] == [
        "awards of 8 points, capped at 5",
        "6 points, capped at 5, deducted from 5",
    ]
    assert results[0].trace["parts"][1]["note"] == "6 points, capped at 5"
    assert trained.trace["note"] == "3300 of 2640: 1.25, held at 1, of 50 points"


def test_two_providers_that_agree_in_value_score():
    rows = [
        figure("completion", 80, indicator="F2", provider="pbc-hangzhou", position=1),
        figure("completion", 80, indicator="F2", provider="cbirc-zhejiang", position=2),
    ]

    result = binjiang("F2", *rows, unit="reform")

    assert (result.state, result.points) == ("scored", 20)
    assert all(each["used"] for each in inputs_of(result.trace).values())


def test_figures_that_another_prevails_over_are_shown_unused():
    rows = [
        figure("completion", 80, indicator="F2", provider="pbc-hangzhou", position=1),
        figure("completion", 90, indicator="F2", provider="sme-office", position=2),
    ]

    result = binjiang("F2", *rows, unit="reform")

    assert {n: each["used"] for n, each in inputs_of(result.trace).items()} == {1: False, 2: True}


def test_a_lower_limb_of_growth_is_not_floored_at_nothing():
    values = {
        "inclusive_growth": -5,
        "all_loans_growth_city": 10,
        "bank_inclusive_growth": 10,
        "bank_average_growth": 10,
    }
    rows = [
        figure(name, value, indicator="F1", provider="x", position=n) for n, (name, value) in enumerate(values.items())
    ]

    result = binjiang("F1", *rows, unit="reform")

    assert result.trace["parts"][0]["exact"] == "25/4"
    assert result.points == 0


# -- determinations


def test_a_determination_prevails_and_shows_what_it_overrides():
    said = Determination(Fraction(7), DAY, 9)

    result = scored("rule: {proportion: {actual: firms, target: 50}}", figure("firms", 50), determination=said)

    assert (result.points, result.full, result.state) == (7, 7, "determined")
    assert result.trace["rule"] == "determination"
    assert result.trace["inputs"][0]["position"] == 9
    assert result.trace["parts"][0]["points"] == "10.00"


def test_a_determination_as_not_applicable_is_nothing_now_and_at_full():
    result = scored("", determination=Determination(None, DAY, 9))

    assert (result.points, result.full, result.state, result.absorbed) == (0, 0, "not-applicable", 0)


# -- what moves what, and under which reading


def test_an_entry_moves_its_own_indicator_alone():
    rules = BINJIANG.under({})

    assert rules.affected("market", "M1") == {("market", "M1")}
    assert rules.affected("market", "B2") == {("market", "B2")}
    assert rules.affected("district", "C2") == frozenset()


def test_occasions_shared_across_indicators_couple_them_within_a_unit():
    rules = BINJIANG.under({"A21": "once"})

    assert rules.affected("tax", "B2") == rules.affected("tax", "B3") == {("tax", "B2"), ("tax", "B3")}


def test_a_rule_over_the_cohort_couples_its_units():
    rules = load(language_example("rule: {proportion: {actual: firms, target: {cohort: highest, of: firms}}}")).under(
        {}
    )

    assert rules.affected("a", "X") == {("a", "X"), ("b", "X"), ("c", "X")}
    assert rules.affected("a", "Y") == {("a", "Y")}


def test_a_rule_that_reads_another_indicator_moves_with_it():
    rules = load(language_example("rule: {proportion: {actual: {measure: visits, indicator: Y}, target: 10}}")).under(
        {}
    )

    assert rules.affected("a", "Y") == {("a", "X"), ("a", "Y")}


def test_the_maximum_follows_the_reading():
    assert BINJIANG.under({}).maximum("R1") == 50
    assert BINJIANG.under({"A01": "20"}).maximum("R1") == 20
    assert BINJIANG.under({"A01": "20"}) is BINJIANG.under({"A01": "20"})


def test_a_table_of_readings_is_filled_with_the_defaults():
    assert BINJIANG.readings({"A27": "dense"}) == {**BINJIANG.defaults, "A27": "dense"}


# -- what always holds

VALUES = st.fractions(min_value=-50, max_value=150, max_denominator=20)
RULES = [
    "proportion: {actual: growth, target: 50}",
    "cliff: {of: {proportion: {actual: growth, target: average, floor: none}}, share: 70%}",
    "mean: [{proportion: {actual: growth, target: 9}}, {steps: {of: average, base: 0, above: {per: 7, points: 1}}}]",
    "piecewise: {of: growth, through: [[-10, 0], [0, 3], [100, 10]]}",
    "limit: {of: {sum: [{proportion: {actual: growth, target: 9, max: 8}}, {deductions: {}}]}, at_least: 0}",
    "least: [{proportion: {actual: growth, target: 50}}, {bands: {of: average, steps: [{at_least: 3, points: 10}]}}]",
]
LOADED = [load(language_example(f"rule: {{{rule}}}")) for rule in RULES]


@given(st.sampled_from(LOADED), st.none() | VALUES, st.none() | VALUES, st.lists(st.sampled_from("一二三"), max_size=3))
def test_points_lie_between_the_bounds_and_full_is_never_less_than_now(rubric, growth, average, incidents):
    rules = rubric.under({})
    rows = [figure(name, value) for name, value in (("growth", growth), ("average", average)) if value is not None]
    deducted = [award("serious", name, 2, position=n) for n, name in enumerate(incidents)]

    result = rules.score("a", "X", {"a": facts_of(rules, rows, deducted)})

    node = rules.points("X")
    assert result.points <= result.full <= node.max
    assert node.low is None or result.points >= node.low
    assert (result.state == "pending") >= (result.points != result.full and result.state != "conflict")


LADDER = load(language_example("rule: {awards: {ladder: true}}")).under({})
RUNGS = [
    award(line, "会", points, position=n)
    for n, (line, points) in enumerate([("speech", 1), ("praise", 2), ("speech", 1), ("pilot", 2), ("praise", 1)])
]


@given(st.permutations(RUNGS))
def test_the_order_in_which_facts_arrive_changes_nothing(rows):
    result = LADDER.score("a", "X", {"a": UnitFacts(awards={"X": tuple(rows)})})

    assert result.points == 2
    assert [each["position"] for each in result.trace["inputs"] if each["used"]] == [3]


def test_inner_groups_keep_before_outer_ones():
    rule = "rule: {awards: {keep: 2, groups: [{keep: highest, lines: [speech, pilot]}]}}"
    rows = [
        award("pilot", "一", 3, position=1),
        award("speech", "二", 2, position=2),
        award("praise", "三", 1, position=3),
    ]

    assert scored(rule, awards=rows).points == 4


@pytest.mark.parametrize(
    ("word", "points", "state"), [("mean", 0, "conflict"), ("total", 4, "scored"), ("count", 4, "scored")]
)
def test_a_cohort_that_leaves_nobody(word, points, state):
    """Given that no other unit belongs, then there is a sum of nothing and no mean to compare with."""
    rubric = load(
        language_example(
            f"""
rule: {{steps: {{of: {{peers: {word}, of: firms, where: {{of: verdict, is: pass}}}}, base: 0, start: 4}}}}
examples:
  - unit: a
    indicator: X
    figures: {{firms: 30}}
    others: {{b: {{figures: {{verdict: fail, firms: 1}}}}, c: {{figures: {{verdict: none}}}}}}
    points: {points}
    state: {state}
"""
        )
    )
    assert failures(rubric) == []


# -- conditions on what is still open

OFFICE = "{of: {measure: completion, prevails: [office]}, below: 60}"
ONE = figure("completion", 50, provider="leaders")
TWO = figure("completion", 90, provider="statistics", position=2)
FIRMS = "{proportion: {actual: firms, target: 50}}"


@pytest.mark.parametrize(
    "rule",
    [
        f"rule: {{choose: [{{if: {OFFICE}, then: 1}}, {{else: {FIRMS}}}]}}",
        f"rule: {{choose: [{{if: {OFFICE}, then: {{not_applicable: 无}}}}, {{else: {FIRMS}}}]}}",
        f"rule: {{veto: {{if: {OFFICE}, of: {FIRMS}, zero: [X]}}}}",
        f"rule: {{veto: {{if: {{not: {OFFICE}}}, of: {FIRMS}, zero: [X]}}}}",
    ],
)
def test_a_condition_on_figures_that_differ_is_a_conflict_and_on_one_alone_pending(rule):
    """Given a condition on a figure that two providers must agree on, then its state is that of the whole."""
    differ = scored(rule, ONE, TWO, figure("firms", 50))
    alone = scored(rule, ONE, figure("firms", 50))

    assert (differ.points, differ.full, differ.state) == (0, 10, "conflict")
    assert (alone.full, alone.state) == (10, "pending")


def test_a_branch_chosen_by_the_cohort_is_pending_while_another_unit_has_not_reported():
    """Given a mean that may still fall or rise, then the branch it chose stands until it is known."""
    rule = "rule: {choose: [{if: {of: firms, at_least: {cohort: mean, of: firms}}, then: 8}, {else: 2}]}"

    open_ = scored(rule, figure("firms", 30), others={"b": [figure("firms", 60)]})
    known = scored(rule, figure("firms", 30), others={"b": [figure("firms", 60)], "c": [figure("firms", 0)]})

    assert (open_.points, open_.full, open_.state) == (2, 8, "pending")
    assert (known.points, known.full, known.state) == (8, 8, "scored")


def test_a_cohort_is_pending_while_who_belongs_to_it_rests_on_a_provisional_figure():
    """Given a peer that a single provider's figure leaves out, then the comparison may still change."""
    where = "{not: {of: {measure: completion, prevails: [office]}, below: 60}}"
    rule = f"rule: {{proportion: {{actual: firms, target: {{cohort: highest, of: firms, where: {where}}}}}}}"
    office = figure("completion", 70, provider="office")

    result = scored(
        rule,
        figure("firms", 30),
        office,
        others={"b": [figure("firms", 60), ONE], "c": [figure("firms", 30), office]},
    )

    assert (result.points, result.state) == (10, "pending")


def test_a_veto_within_a_sum_takes_the_whole_indicator():
    """Given a veto on the indicator it stands in, then what stands beside it is taken too, and deductions stay."""
    rule = f"""
    rule:
      sum:
        - veto: {{if: {{of: accidents, at_least: 1}}, of: {{limit: {{of: {FIRMS}, at_most: 6}}}}, zero: [X]}}
        - {{proportion: {{actual: rate, target: 100, max: 4}}}}
        - {{deductions: {{}}}}
    """.replace(FIRMS, FIRMS.replace("50}", "50, max: 6}"))
    facts = figure("firms", 50), figure("rate", 100)

    vetoed = scored(rule, *facts, figure("accidents", 1))
    taken = scored(
        rule, figure("firms", 0), figure("rate", 0), figure("accidents", 1), awards=[award("serious", "一", 2)]
    )

    assert scored(rule, *facts, figure("accidents", 0)).points == 10
    assert (vetoed.points, vetoed.full) == (0, 0)
    assert vetoed.trace["note"] == "zeroed by a veto on X"
    assert taken.points == -2
