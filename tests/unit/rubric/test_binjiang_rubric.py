"""rubrics/binjiang-2020.yaml says what the published document says, and what the contract fixes."""

import hashlib
import re
from fractions import Fraction
from pathlib import Path

import pytest

from shared.rubric import load
from shared.rubric.trial import failures, run

FOLDER = Path(__file__).parents[3] / "rubrics"
RUBRIC = load((FOLDER / "binjiang-2020.yaml").read_text(encoding="utf-8"))
DOCUMENT = FOLDER / RUBRIC.document.file

READINGS = """
A01 50 20 · A02 start-at-5 deduct-only uncapped · A03 mean min first · A04 city province district · A05 mean min each ·
A06 below inclusive · A08 integers half-steps any · A13 new all · A15 verdict-then-coverage verdict-only ·
A16 best latest · A18 accumulate once · A21 per-line once · A24 highest each · A27 competition dense · A28 shown exact ·
A30 pending zero · A31 year from-effect
"""
QUESTIONS = ["A07", "A10", "A20", "A22", "A29", "A32", "A34", "A35"]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def quotes():
    for indicator in RUBRIC.indicators.values():
        yield indicator.text
        yield from (line.text for line in indicator.lines.values())
    yield from (finding.text for finding in RUBRIC.findings.values())
    yield from (task.text for task in RUBRIC.tasks)
    yield from (item.text for item in RUBRIC.work_items)


def test_the_digest_is_that_of_the_published_document():
    assert RUBRIC.document.digest == "sha256:" + hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()


@pytest.mark.parametrize("quote", sorted({each for each in quotes() if each}))
def test_every_quote_stands_in_the_document_word_for_word(quote):
    assert squeezed(quote) in squeezed(DOCUMENT.read_text(encoding="utf-8"))


def test_every_indicator_line_and_finding_is_quoted():
    assert all(quotes())


def test_the_readings_are_those_of_the_contract_with_the_default_first():
    listed = [part.split() for part in READINGS.replace("\n", " ").split("·")]

    found = [[finding.id, *finding.readings] for finding in RUBRIC.findings.values() if finding.readings]

    assert found == listed


def test_the_findings_without_readings_are_questions_for_the_record():
    assert [finding.id for finding in RUBRIC.findings.values() if not finding.readings] == QUESTIONS


def test_the_envelope_is_a_hundred_and_twenty_points_for_each_unit():
    for unit in RUBRIC.units:
        own = [each for each in RUBRIC.indicators.values() if unit in each.units]
        for block in RUBRIC.blocks.values():
            assert sum(each.max for each in own if each.block == block.id) == block.max
    assert sum(block.max for block in RUBRIC.blocks.values()) == RUBRIC.total == Fraction(120)


def test_task_table_and_work_plan_are_whole():
    assert [task.row for task in RUBRIC.tasks] == list(range(1, 19))
    assert [item.item for item in RUBRIC.work_items] == list(range(1, 15))
    assert [item.item for item in RUBRIC.work_items if item.lead == "market"] == [1, 3, 12, 13, 14]
    assert not RUBRIC.work_items[1].indicators
    assert {row for item in RUBRIC.work_items for row in item.tasks} == set(range(1, 19))


def test_twelve_rows_are_reported_by_the_unit_itself():
    own = [
        task for task in RUBRIC.tasks if set(task.providers) & set(RUBRIC.units) and set(task.units) <= {*RUBRIC.units}
    ]

    assert len([task for task in own if task.units == task.providers]) == 12


def test_every_rule_has_an_example_under_every_reading_it_depends_on():
    shown = {(example.indicator, *pair) for example in RUBRIC.examples for pair in example.readings.items()}

    assert {example.indicator for example in RUBRIC.examples} == set(RUBRIC.indicators)
    for indicator, findings in RUBRIC.uses.items():
        others = {(finding, reading) for finding in findings for reading in RUBRIC.findings[finding].readings} - set(
            RUBRIC.defaults.items()
        )
        known = {pair[1:] for pair in shown if pair[0] == indicator}
        # B3 shares A21 with B2, whose example shows it; the district's own loans are read like the province's; the
        # cliff of F2 is that of F1.
        assert others - known <= {("A21", "once"), ("A04", "district"), ("A06", "inclusive")}


def test_its_own_examples_hold():
    assert failures(RUBRIC) == []


@pytest.mark.parametrize("example", RUBRIC.examples, ids=lambda example: f"{example.indicator} {example.name}")
def test_every_example_has_a_trace_whose_points_are_the_result(example):
    result = run(RUBRIC, example)

    assert set(result.trace) >= {"rule", "clause", "points", "exact", "max", "note", "inputs", "parts"}
    if result.state in ("scored", "pending"):
        assert Fraction(result.trace["exact"]) == result.points
    assert all(clause.startswith("附件") for clause in result.clauses)
