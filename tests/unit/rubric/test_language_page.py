"""The reference page of the rubric language means what it says."""

import re
from pathlib import Path

import pytest

import shared.rubric.rules
from shared.rubric import load
from shared.rubric.rules.grammar import CONDITIONS, POINTS, QUANTITIES
from shared.rubric.trial import failures
from tests.builders import language_example

PAGE = (Path(__file__).parents[3] / "docs/reference/rubric-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_whole_file_of_the_page_loads_and_its_examples_hold():
    rubric = load(BLOCKS[0])

    assert rubric.examples
    assert failures(rubric) == []


@pytest.mark.parametrize("block", BLOCKS[1:])
def test_every_example_of_the_page_loads_and_gives_the_points_it_says(block):
    rubric = load(language_example(block))

    assert failures(rubric) == []
    assert rubric.examples or "grades" in block


def test_every_word_of_the_language_stands_in_an_example():
    assert shared.rubric.rules.__all__
    shown = "".join(BLOCKS)
    spelt_out_only = {"number"}

    missing = [word for word in (*POINTS, *QUANTITIES, *CONDITIONS) if not re.search(rf"\b{word}\b", shown)]

    assert set(missing) <= spelt_out_only
