"""What open findings can do to a standing, and what they cannot."""

from random import Random
from typing import Any

import pytest

from services.scoring.domain import Book, Coordinate
from services.scoring.domain.sensitivity import uses
from shared.rubric import load
from tests.oracle import binjiang, generate
from tests.unit.scoring.test_oracle import book_of


def ranks(standing: dict[str, Any]) -> list[tuple[str, int]]:
    return [(unit["unit"], unit["rank"]) for unit in standing["units"]]


@pytest.mark.parametrize("seed", range(16))
def test_each_reading_is_the_standing_under_it(seed: int) -> None:
    """Given a random log at a random coordinate, then each reading shows the standing asked under it, and what it
    moves is what differs.
    """
    random = Random(seed)
    log = generate.ledger(random, 140)
    book = book_of(log)
    as_of, known_at, asked = generate.coordinate(random, book.head)
    base = binjiang.standing(log, as_of, known_at, asked)
    answer = book.sensitivity(Coordinate(as_of, known_at, None, asked))
    open_ = [each["id"] for each in base["findings"] if each["state"] == "open"]
    assert [each["id"] for each in answer["findings"]] + answer["questions"] == sorted(
        open_, key=lambda each: (each not in binjiang.READINGS, open_.index(each))
    )
    for finding in answer["findings"]:
        assert [each["reading"] for each in finding["readings"]] == list(binjiang.READINGS[finding["id"]])
        for each in finding["readings"]:
            there = binjiang.standing(log, as_of, known_at, {**asked, finding["id"]: each["reading"]})
            kept = ("unit", "rank", "tied", "total", "exact")
            assert [{name: unit[name] for name in kept} for unit in there["units"]] == [
                {name: unit[name] for name in kept} for unit in each["units"]
            ]
            assert (each["moves"] == "rank") == (ranks(there) != ranks(base))
            if each["moves"] in ("none", "state"):
                assert {unit["change"] for unit in each["units"]} == {"0"}
            assert each["holds"] == (base["rules"]["readings"][finding["id"]] == each["reading"])
        assert (finding["id"] in answer["moving"]) == any(each["moves"] == "rank" for each in finding["readings"])


@pytest.mark.parametrize("seed", range(24))
def test_that_the_others_cannot_is_so(seed: int) -> None:
    """Given the findings that move no rank alone, then what is said of all of them together holds: where they cannot,
    no combination of readings does; where they can, the one named does.
    """
    random = Random(seed)
    log = generate.ledger(random, random.choice([8, 60, 140]))
    base = ranks(binjiang.standing(log))
    others = book_of(log).sensitivity()["others"]
    if others["move_a_rank"] == "can":
        assert ranks(binjiang.standing(log, readings=others["as_read"])) != base
        return
    assert others["move_a_rank"] == "cannot"
    for _ in range(25):
        table = {finding: random.choice(binjiang.READINGS[finding]) for finding in others["findings"]}
        assert ranks(binjiang.standing(log, readings=table)) == base


def test_findings_that_move_nothing_are_not_multiplied() -> None:
    """Given a ledger with nothing in it, then no finding matters to points but those of ranks and missing figures."""
    log = generate.ledger(Random(1), 1)
    others = Book.sensitivity(book_of(log))["others"]
    assert others["move_a_rank"] == "cannot"
    assert others["combinations"] < 200


def test_a_finding_of_an_indicator_that_a_rule_looks_at_bears_on_it() -> None:
    """Given awards counted once across two indicators, of which only the other's count from a day that is in question,
    then that question bears on both.
    """
    dated = "counts_from: {reading: A31, year: 2020-01-01, from-effect: 2020-06-17}"
    rubric = load(generate.rubric_text().replace(dated, "counts_from: 2020-01-01", 1))
    assert "A31" not in rubric.bearing("B2")
    assert "A31" in uses(rubric, "B2")
    assert "A31" not in uses(rubric, "K1")
