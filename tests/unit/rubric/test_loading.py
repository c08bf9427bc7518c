"""What is wrong with a rubric file is said, with its line and what to do; nothing else ever comes of a bad one."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.rubric import RubricError, load
from tests.builders import language_example

TEXT = (Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")


def faults_of(text):
    with pytest.raises(RubricError) as caught:
        load(text)
    return caught.value.faults


def test_the_digest_is_of_the_exact_text():
    assert load(TEXT).digest == "sha256:" + hashlib.sha256(TEXT.encode()).hexdigest()


def test_names_come_in_both_languages_or_in_one():
    rubric = load(language_example())

    assert (rubric.title, rubric.english) == ("示例考核办法", "An example")
    assert rubric.units["a"].name == rubric.units["a"].english == "甲局"


def test_scalars_are_the_text_that_was_written():
    text = language_example().replace("id: a\n", "id: no\n").replace("a: '80'", "'no': '080.50'")
    text = text.replace("lead: a", "lead: no").replace("unit: a", "unit: no")

    rubric = load(text)

    assert rubric.units["no"].id == "no"
    assert str(rubric.baselines["firms_2019"]["no"]) == "161/2"


@pytest.mark.parametrize(
    ("parts", "path", "message"),
    [
        (
            "rule: {proportion: {actual: firmz, target: 50}}",
            "indicators[0].rule.proportion.actual",
            "no measure of X firmz",
        ),
        ("rule: {proportion: {target: 50}}", "indicators[0].rule.proportion", "`actual` is missing"),
        (
            "rule: {proportion: {actual: firms, target: 0}}",
            "indicators[0].rule.proportion.target",
            "cannot be divided by",
        ),
        (
            "rule: {proportion: {actual: firms, target: 50, bonus: 1}}",
            "indicators[0].rule.proportion.bonus",
            "not known",
        ),
        ("rule: {proportional: {actual: firms}}", "indicators[0].rule", "no word of the language"),
        ("rule: {judged: judgement, table: {}}", "indicators[0].rule", "begins with one word"),
        (
            "rule: {sum: [{proportion: {actual: firms, target: 50}}]}",
            "indicators[0].rule.sum[0].proportion",
            "own maximum",
        ),
        ("rule: {mean: []}", "indicators[0].rule.mean", "nothing to combine"),
        (
            "rule: {steps: {of: firms, base: 0, above: {per: 0, points: 1}}}",
            "indicators[0].rule.steps.above",
            "never ends",
        ),
        ("rule: {piecewise: {of: rate, through: [[5, 0], [5, 1]]}}", "indicators[0].rule.piecewise.through", "rise"),
        ("rule: {choose: [{if: {of: rate, at_least: 1}, then: 1}]}", "indicators[0].rule.choose", "no condition holds"),
        ("rule: {choose: [{if: {of: rate}, then: 1}, {else: 0}]}", "indicators[0].rule.choose[0].if", "one threshold"),
        ("rule: {limit: {of: 1, at_least: 5, at_most: 3}}", "indicators[0].rule.limit", "nothing between"),
        ("rule: {awards: {lines: [late]}}", "indicators[0].rule.awards.lines[0]", "no line late"),
        ("rule: {awards: {once_across: [Y]}}", "indicators[0].rule.awards.once_across", "X itself"),
        ("rule: {veto: {if: {missing: rate}, of: 1, zero: [Z]}}", "indicators[0].rule.veto.zero", "no indicator Z"),
        (
            "rule: {table: {of: {baseline: old}, points: {1: 1}}}",
            "indicators[0].rule.table.of.baseline",
            "no baseline old",
        ),
        ("rule: {table: {of: {growth: [firms]}, points: {1: 1}}}", "indicators[0].rule.table.of", "two quantities"),
        ("rule: {reading: Q9, a: 1, b: 2}", "indicators[0].rule", "no finding Q9"),
        ("rule: {reading: Q1, below: 1}", "indicators[0].rule", "nothing is said for the reading inclusive"),
        ("rule: {reading: Q1, below: 1, inclusive: 2, x: 3}", "indicators[0].rule.x", "no reading x"),
        (
            "rule: {reading: Q1, below: 1, inclusive: {judged: nothing}}",
            "indicators[0].rule.inclusive.judged",
            "nothing",
        ),
        ("rule: {reading: Q2, below: 1}", "indicators[0].rule", "no finding Q2 with readings"),
        (f"max: {'9' * 101}", "indicators[0].max", "not a number"),
        (
            "rule: {steps: {of: {peers: mean, of: {peers: mean, of: firms}}, base: 0}}",
            "indicators[0].rule.steps.of.of",
            "within",
        ),
        ("max: ten", "indicators[0].max", "not a number"),
        ("max: 1e3", "indicators[0].max", "not a number"),
        ("timezone: Mars/Olympus", "timezone", "no time zone"),
        ("timezone: ../../etc/passwd", "timezone", "no time zone"),
        ("period: {from: 2020-02-30, to: 2020-12-31}", "period.from", "not a date"),
        ("period: {from: 2020-12-31, to: 2020-01-01}", "period", "ends before"),
        ("assessor: nobody", "assessor", "no provider nobody"),
        ("language: 2", "language", "not known"),
        ("version: 1.5", "version", "whole number"),
        ("colour: red", "colour", "not known here"),
        ("units: [{id: a, name: x}, {id: a, name: y}]", "units[1]", "two units a"),
        ("units: [{id: a b, name: x}]", "units[0].id", "no id"),
        ("missing: maybe", "missing", "not one of them"),
        ("ranking: {by: luck}", "ranking.by", "not one of them"),
        ("document: {title: x, digest: 'sha256:12'}", "document.digest", "no digest"),
        (
            "tasks: [{row: 1, text: x, clause: x, units: all, providers: nobody, indicators: [X]}]",
            "tasks[0].providers",
            "nobody",
        ),
        ("examples: [{unit: a, indicator: X, figures: {x: 1}, points: 1}]", "examples[0].figures.x", "no measure x"),
        ("examples: [{unit: z, indicator: X, points: 1}]", "examples[0].unit", "does not assess z"),
        (
            "Y.measures: [{id: visits, name: x, providers: []}]",
            "indicators[1].measures[0].providers",
            "nobody reports this measure",
        ),
        (
            "Y.measures: [{id: visits, name: x, providers: [nobody]}]",
            "indicators[1].measures[0].providers[0]",
            "no provider nobody",
        ),
        ("grades: [{id: top, name: x, block: none}]", "grades", "block none"),
    ],
)
def test_a_fault_is_named_with_its_place(parts, path, message):
    faults = faults_of(language_example(parts))

    assert [fault for fault in faults if fault.path == path and message in fault.message], faults
    assert all(fault.line >= 1 and fault.advice for fault in faults)


def test_faults_in_several_places_are_all_reported_in_order_of_lines():
    text = language_example("{max: ten, Y.max: twenty, timezone: Mars, version: x}")

    lines = [fault.line for fault in faults_of(text)]

    assert lines == sorted(lines)
    assert len(lines) >= 2


def test_what_names_a_part_that_cannot_be_read_is_no_second_fault():
    """Given a finding and an indicator with a fault each, then what refers to them is not said to refer to nothing."""
    text = language_example().replace("moves: rank", "moves: ranks").replace("max: '10'", "max: ten", 1)

    assert [fault.message for fault in faults_of(text)] == [
        "'ranks' is not one of them",
        "'ten' is not a number",
    ]


def test_a_fault_names_the_line_it_stands_on():
    text = language_example("rule: {judged: nothing}")

    (fault,) = faults_of(text)

    assert "nothing" in text.splitlines()[fault.line - 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("language: 1\nlanguage: 1\n", "language stands here twice"),
        ("a: [1, 2", "not YAML"),
        ("a: *b", "anchors"),
        ("a: &b 1", "anchors"),
        ("a: !!python/object:os.system x", "tag"),
        ("[" * 100_000, "levels deep"),
        ("- " * 50_000 + "x", "levels deep"),
        ("a: \x00", "not YAML"),
        ("\ud800", "half a character"),
        ("a: 1\n---\nb: 2", "second document"),
        ("? [a]\n: 1", "not a word"),
        ("just words", "`language` is missing"),
        ("- a", "`language` is missing"),
    ],
)
def test_what_is_no_rubric_is_refused_in_one_sentence(text, message):
    (fault, *_) = faults_of(text)

    assert message in fault.message or "names with values" in fault.message


PIECES = st.sampled_from(
    ["{", "[", "reading: A01", "rule:", "none", "all", ":", "- ", "\n", "  ", "1/0", "%", "'", "max"]
)


@given(st.integers(0, len(TEXT)), st.integers(0, 200), PIECES)
@example(0, len(TEXT), "")
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_loads_or_is_faulted_and_nothing_else(start, length, piece):
    damaged = TEXT[:start] + piece + TEXT[start + length :]

    try:
        rubric = load(damaged)
    except RubricError:
        return
    rubric.under({})


@pytest.mark.parametrize(
    ("provider", "first", "count"),
    [("market", "2020-01", 12), ("sme-office", "2020", 1)],
)
def test_a_provider_has_the_periods_of_its_calendar(provider, first, count):
    periods = load(TEXT).periods(provider)

    assert periods[0].id == first
    assert len(periods) == count
    assert (periods[0].start, periods[-1].end) == (date(2020, 1, 1), date(2020, 12, 31))
