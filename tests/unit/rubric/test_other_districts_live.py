"""Rubrics whose units and indicators depend on each other: entry by entry the same as all at once."""

import json
from pathlib import Path
from random import Random

import msgspec
import pytest

from services.scoring.domain import Book, Coordinate, read_step
from shared.contracts.entries import decode_entry
from shared.contracts.numbers import exact
from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import load
from tests.builders import event
from tests.unit.scoring.test_diff import check
from tests.unit.scoring.test_timeline import assert_slow_way

RUBRICS = sorted((Path(__file__).parent / "rubrics").glob("*.yaml"))


def entries(rubric, random, count):
    """Accepted entries on every measure and line, with determinations and withdrawals among them."""
    gate, sent, year = Replay(load, rubric), [], rubric.start.year
    places = [(each, unit) for each in rubric.indicators.values() for unit in each.units]
    for number in range(count):
        owner, unit = random.choice(places)
        data = {"indicator": owner.id, "occurred": f"{year}-0{random.randint(1, 9)}-15", "reason": "据材料"}
        kind, subject, provider = "IndicatorDetermined", unit, None
        choice = random.randint(1, 12)
        if choice == 1 and sent:
            source, id_ = random.choice(sent)
            kind, subject, data = "EntryWithdrawn", None, {"entry": {"source": source, "id": id_}, "reason": "有误"}
        elif choice == 2:
            data |= random.choice([{"outcome": "not-applicable"}, {"outcome": "points", "points": "0"}])
        elif owner.lines:
            line = random.choice(list(owner.lines.values()))
            kind = "DeductionIssued" if line.takes else "BonusAwarded"
            data |= {"line": line.id, "points": str(float(random.choice([line.low, line.high])))}
            data |= {"incident" if line.takes else "occasion": random.choice("甲乙丙")}
        elif owner.measures:
            measure = random.choice(list(owner.measures.values()))
            kind, provider = "SubmissionReceived", random.choice(measure.providers)
            value = random.choice(measure.words or ("0", "1", "2", "4", "9", "10", "90", "96"))
            data |= {"measure": measure.id, "value": value}
            data |= {"occasion": random.choice(["优秀", "良好", "较差"])} if measure.lists else {}
            tiers = [
                tier.id for tier in measure.tiers.values() if value.isdigit() and tier.low <= int(value) <= tier.high
            ]
            data |= {"tier": tiers[0]} if tiers else {}
        members = event(
            kind,
            data,
            id=str(number),
            source="/x",
            subject=subject,
            provider=provider,
            time=f"{year}-12-31T09:00:00+08:00",
            assessment=rubric.id,
        )
        outcome = gate.read(json.dumps(members).encode())
        if isinstance(outcome, Accepted):
            sent.append(("/x", str(number)))
            yield decode_entry(outcome.stored)


@pytest.mark.parametrize("file", RUBRICS, ids=lambda file: file.stem)
@pytest.mark.parametrize("seed", range(3))
def test_entry_by_entry_is_all_at_once(file, seed):
    """Given entries one by one, then the changes they tell of add up to what a fresh fold finds, at every position."""
    rubric = load(file.read_text())
    log = list(entries(rubric, Random(seed), 260))
    assert len(log) > 120
    live, points, totals = Book(rubric=rubric), {}, {}
    for place, entry in enumerate(log, 1):
        change = live.apply(entry)
        points |= {(one.unit, one.indicator): (exact(one.after.points), one.after.state) for one in change.changes}
        totals |= {one.unit: (exact(one.after.total), one.after.provisional) for one in change.totals}
        if place % 20 and place != len(log):
            continue
        fresh = Book(rubric=rubric)
        fresh.extend(log[:place])
        for row in fresh.standing()["units"]:
            # What a file without an opening begins with is told of by no change.
            assert totals.get(row["unit"], (row["exact"], row["provisional"])) == (row["exact"], row["provisional"])
            for name, cell in row["indicators"].items():
                assert points.get((row["unit"], name), (cell["exact"], cell["state"])) == (cell["exact"], cell["state"])
        assert [(each.unit, each.rank, each.grade) for each in live.live.ranked()] == [
            (row["unit"], row["rank"], row.get("grade")) for row in fresh.standing()["units"]
        ]
        for unit, tally in live.live.tallies.items():
            for name, result in tally.results.items():
                assert result.full >= result.points or result.state == "conflict", (unit, name, result)


@pytest.mark.parametrize("path", RUBRICS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(5))
def test_timelines_and_diffs_of_other_districts(path, seed):
    """Given rubrics with cohorts, vetoes, rescaling and peers' means, then a timeline is one standing a step, and the
    parts of a diff add up.
    """
    random = Random(seed)
    rubric = load(path.read_text(encoding="utf-8"))
    book = Book(rubric=rubric)
    book.extend(entries(rubric, random, 70))
    at = Coordinate(readings={finding.id: random.choice(list(finding.readings)) for finding in open_(rubric)})
    answer = book.timeline(at, read_step("month"), (rubric.start, rubric.end))
    assert_slow_way(book, at, answer)
    for _ in range(3):
        check(book, Coordinate(known_at=random.randint(1, book.head)), at)


def open_(rubric):
    return [finding for finding in rubric.findings.values() if finding.readings]


@pytest.mark.parametrize("path", RUBRICS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_tipping_and_sensitivity_of_other_districts(path, seed):
    """Given the same rubrics, then a figure that says what would tip a unit does tip it, and each reading's standing is
    the one asked under it.
    """
    rubric = load(path.read_text(encoding="utf-8"))
    log = list(entries(rubric, Random(seed), 60))
    book = Book(rubric=rubric)
    book.extend(log)
    for finding in book.sensitivity()["findings"]:
        for each in finding["readings"]:
            there = book.standing(Coordinate(readings={finding["id"]: each["reading"]}))
            assert [(unit["unit"], unit["rank"], unit["exact"]) for unit in there["units"]] == [
                (unit["unit"], unit["rank"], unit["exact"]) for unit in each["units"]
            ]
    for unit in rubric.units:
        answer = book.tipping(unit)
        for figure in answer["figures"]:
            sides = figure.get("other", []) + [figure[side] for side in ("down", "up") if figure.get(side)]
            for tip in sides if "position" in figure else []:
                assert rank_with(rubric, log, unit, figure["position"], tip["value"]) == tip["rank"] != answer["rank"]


def rank_with(rubric, log, unit, position, value):
    """The rank of a unit, had an entry said another value."""
    other = [
        msgspec.structs.replace(entry, data={**entry.data, "value": value}) if entry.position == position else entry
        for entry in log
    ]
    book = Book(rubric=rubric)
    book.extend(other)
    return next(row["rank"] for row in book.standing()["units"] if row["unit"] == unit)
