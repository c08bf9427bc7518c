"""From indicators to units, to an order and to grades."""

from datetime import date

import pytest

from shared.contracts.numbers import Fraction
from shared.rubric import Determination, Figure, load
from shared.rubric.trial import facts_of
from tests.builders import language_example

DAY = date(2020, 12, 31)
GRADES = """
grades:
  - {id: excellent, name: 优秀, share: 1/3, at_least: 15}
  - {id: good, name: 良好, count: 1, at_least: 5, block: work}
  - {id: fair, name: 一般}
"""


def tallied(parts, firms, visits, *, accidents=None, out=(), readings=None):
    """Every unit's tally: `firms` and `visits` by unit; `out` are (unit, indicator) determined as not applicable."""
    rules = load(language_example(parts)).under(readings or {})
    rows = {unit: [] for unit in "abc"}
    for indicator, measure, values in (
        ("X", "firms", firms),
        ("Y", "visits", visits),
        ("X", "accidents", accidents or {}),
    ):
        for unit, value in values.items():
            rows[unit].append(Figure(indicator, measure, "statistics", Fraction(value), DAY, 1))
    facts = {unit: facts_of(rules, found) for unit, found in rows.items()}
    results = {
        (unit, indicator): rules.score(
            unit, indicator, facts, Determination(None, DAY, 2) if (unit, indicator) in out else None
        )
        for unit in "abc"
        for indicator in "XY"
    }
    return rules, rules.tally(results)


def test_a_total_is_the_exact_sum_of_its_blocks():
    _, tallies = tallied("", {"a": 40, "b": 50, "c": 1}, {"a": 33, "b": 100, "c": 1})

    assert tallies["a"].total == Fraction(113, 10)
    assert tallies["a"].blocks["work"].points == Fraction(113, 10)
    assert tallies["c"].total == Fraction(3, 10)
    assert not tallies["a"].provisional


def test_what_is_missing_is_attainable_and_makes_a_unit_provisional():
    _, tallies = tallied("", {"a": 25}, {"a": 100})

    assert (tallies["a"].total, tallies["a"].provisional) == (15, False)
    assert (tallies["b"].total, tallies["b"].attainable, tallies["b"].provisional) == (0, 20, True)


@pytest.mark.parametrize(
    ("policy", "total", "full"),
    [("leave-out", 4, 4), ("rescale", 8, 8), ("spread", 8, 8), ("peers-mean", Fraction(19, 2), Fraction(19, 2))],
)
def test_what_becomes_of_points_that_do_not_apply(policy, total, full):
    parts = f"not_applicable: {policy}"

    _, tallies = tallied(parts, {"b": 50, "c": 5}, {"a": 40, "b": 40, "c": 40}, out=[("a", "X")])

    assert (tallies["a"].total, tallies["a"].attainable) == (total, full)
    assert tallies["b"].total == 14


def test_rescaling_goes_by_maximum_and_spreading_in_equal_shares():
    text = language_example("not_applicable: rescale")
    third = (
        text[text.index("- id: Y") : text.index("tasks:")].replace("id: Y", "id: Z").replace("max: '10'", "max: '30'")
    )
    text = text.replace("tasks:", third + "tasks:", 1)

    def worth(policy):
        rules = load(text.replace("not_applicable: rescale", f"not_applicable: {policy}")).under({})
        facts = {"a": facts_of(rules, [Figure(name, "visits", "statistics", Fraction(100), DAY, 1) for name in "YZ"])}
        results = {("a", name): rules.score("a", name, facts) for name in "YZ"}
        results["a", "X"] = rules.score("a", "X", facts, Determination(None, DAY, 2))
        found = rules.tally(results)["a"].results
        return found["Y"].points, found["Z"].points

    assert worth("rescale") == (Fraction(25, 2), Fraction(75, 2))
    assert worth("spread") == (15, 35)


def test_a_capped_block_gives_no_more_than_its_maximum():
    parts = "blocks: [{id: work, name: 工作, max: 12, capped: 'true'}]"

    _, tallies = tallied(parts, {"a": 50}, {"a": 50})

    assert tallies["a"].total == tallies["a"].attainable == 12


VETO = """
rule:
  veto:
    if: {of: accidents, at_least: 1}
    of: {proportion: {actual: firms, target: 50}}
"""


def test_a_veto_zeroes_other_items_and_says_why():
    _, tallies = tallied(VETO + "    zero: [Y]", {"a": 50}, {"a": 100}, accidents={"a": 1, "b": 0})

    assert tallies["a"].total == 10
    assert tallies["a"].results["Y"].trace["note"] == "zeroed by a veto on X"


def test_a_veto_holds_the_total():
    _, tallies = tallied(
        VETO + "    hold_total: 12", {"a": 50, "b": 50}, {"a": 100, "b": 100}, accidents={"a": 1, "b": 0}
    )

    assert (tallies["a"].total, tallies["a"].attainable, tallies["a"].held) == (12, 12, 12)
    assert tallies["b"].total == 20


def test_a_veto_that_may_still_fall_leaves_what_is_attainable():
    """Given a veto on a mean that one unit can still move, then it counts now and not at full."""
    parts = """
rule:
  veto:
    if: {of: firms, below: {cohort: mean, of: firms}}
    of: {proportion: {actual: firms, target: 50}}
    zero: [Y]
    hold_total: 6
"""
    _, open_ = tallied(parts, {"a": 40, "b": 50}, {"a": 50, "b": 50})
    _, known = tallied(parts, {"a": 40, "b": 50, "c": 50}, {"a": 50, "b": 50})

    assert (open_["a"].total, open_["a"].attainable, open_["a"].provisional) == (6, 13, True)
    assert (known["a"].total, known["a"].attainable, known["a"].provisional) == (6, 6, False)


def test_a_block_that_is_shut_does_not_open_the_next():
    """Given three blocks of which each needs the one before, then short of the first there is nothing in the third."""
    block = "{{id: {0}, name: {0}, max: 10, clause: {0}{1}}}".format
    needs = ", needs: {{block: {}, at_least: 5}}".format
    blocks = [block("third", needs("work")), block("work", needs("first")), block("first", "")]
    parts = f"{{blocks: [{', '.join(blocks)}], Y.block: third}}"
    _, tallies = tallied(parts, {"a": 50}, {"a": 100})

    assert tallies["a"].blocks["work"].points == tallies["a"].blocks["third"].points == tallies["a"].total == 0


def test_a_veto_bars_a_grade_which_goes_to_the_next():
    rules, tallies = tallied(
        GRADES + VETO + "    bar: [excellent]",
        {"a": 50, "b": 50, "c": 20},
        {"a": 100, "b": 80, "c": 20},
        accidents={"a": 2, "b": 0, "c": 0},
    )

    assert [(each.unit, each.rank, each.grade) for each in rules.rank(tallies)] == [
        ("a", 1, "good"),
        ("b", 2, "excellent"),
        ("c", 3, "fair"),
    ]


def test_a_quota_is_never_exceeded_so_a_tie_across_its_edge_falls_whole():
    rules, tallies = tallied(GRADES, {"a": 50, "b": 50, "c": 20}, {"a": 100, "b": 100, "c": 20})

    assert [each.grade for each in rules.rank(tallies)] == ["fair", "fair", "fair"]


RANKING = """
findings:
  - {id: Q1, clause: x, question: x, moves: rank, readings: {below: x, inclusive: y}}
  - {id: T, clause: x, question: x, moves: rank, readings: {competition: x, dense: y}}
  - {id: R, clause: x, question: x, moves: rank, readings: {shown: x, exact: y}}
ranking:
  ties: {reading: T, competition: competition, dense: dense}
  by: {reading: R, shown: shown, exact: exact}
"""


@pytest.mark.parametrize(
    ("readings", "places"),
    [
        ({}, [("a", 1, True), ("b", 1, True), ("c", 3, False)]),
        ({"T": "dense"}, [("a", 1, True), ("b", 1, True), ("c", 2, False)]),
        ({"R": "exact"}, [("b", 1, False), ("a", 2, False), ("c", 3, False)]),
    ],
)
def test_units_are_ordered_by_rank_then_id_under_each_reading(readings, places):
    parts = RANKING + "rule: {proportion: {actual: firms, target: 100000}}"

    rules, tallies = tallied(parts, {"a": 50000, "b": 50001, "c": 10}, dict.fromkeys("abc", 0), readings=readings)

    assert [(each.unit, each.rank, each.tied) for each in rules.rank(tallies)] == places
