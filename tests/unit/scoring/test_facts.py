"""What rules look at: only what can count, unless a trace is asked for."""

import functools
from random import Random

import numpy as np
import pytest

from services.scoring.domain import Book, Coordinate, Unanswerable, bearing, moments, order
from services.scoring.domain.columns import Kind
from services.scoring.domain.facts import Sheet
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.placement import Placement
from services.scoring.domain.scores import Scores
from shared.contracts.entries import decode_entry
from shared.rubric import loading
from tests.oracle import generate

read_once = functools.cache(loading.load)
TWO = ("hosting", "speech", "city-meeting", "promoted-document")


def awards_again(log: list[dict], random: Random) -> list[dict]:
    """The log with many awards more, of few occasions, some of the same points, some leaving fixed points unsaid."""
    whole = list(log)
    for number in range(60):
        line = random.choice(TWO)
        data = {
            "indicator": "B3",
            "line": line,
            "occasion": f"第{random.randint(1, 3)}次",
            "occurred": f"2020-{random.randint(1, 12):02d}-20",
            "reason": "合成",
        }
        if line in ("hosting", "speech"):
            data["points"] = random.choice(["1", "1.0", "1.25", "2"])
        elif random.random() < 0.5:
            data["points"] = {"city-meeting": "1", "promoted-document": "2"}[line]
        entry = {
            **log[-1],
            "data": data,
            "id": f"again/{number}",
            "position": len(whole) + 1,
            "source": "/binjiang/sme-office",
            "subject": random.choice(["market", "tax"]),
            "type": "meritlog.BonusAwarded.v1",
        }
        entry.pop("provider", None)
        whole.append(entry)
    return whole


def worth(scores: Scores) -> dict:
    return {pair: result.worth for pair, result in scores.results().items()}


@pytest.mark.parametrize("seed", range(20))
def test_compiled_loops_find_the_same_rows(seed, monkeypatch):
    """
    Given a log with withdrawals, corrections, rulings and backdated entries, which grows between questions,
    when the rows that bear on points are found in an order made before, by compiled loops, and step by step,
    then they are the same, and those left out with their findings, at any coordinate.
    """
    random = Random(seed)
    log = awards_again(generate.ledger(random, 80), random)
    book = Book(load=read_once)
    monkeypatch.setattr(order, "FEW", random.choice([0, 2, 1000]))
    entries = [decode_entry(generate.stored(entry)) for entry in log]
    for _ in range(12):
        book.extend(entries[book.head : max(2, book.head + random.choice([0, 0, 5, 40]))])
        as_of, known_at, readings = generate.coordinate(random, len(log))
        try:
            scores = book.scores(Coordinate(as_of, known_at, None, readings))
        except Unanswerable:
            continue
        for rows in book.ledger.rows.values():
            found = []
            for many in (0, 0, 1 << 30):  # only the second question is answered by an order
                monkeypatch.setattr(bearing, "MANY_ROWS", many)
                kept, excluded = bearing.bearing(rows, scores.placement, scores.moment)
                found.append((kept.tolist(), excluded))
            scanned = bearing.scanning(rows, scores.placement, scores.moment, 0)
            assert found[0] == found[1] == found[2]
            if scanned is not None:
                assert (scanned[0].tolist(), scanned[1]) == found[2]


@pytest.mark.parametrize("seed", range(15))
def test_awards_that_others_outdo_change_nothing(seed):
    """
    Given many awards of the same lines and occasions,
    when indicators are scored with all of them, and with the highest of each line and occasion,
    then everything is worth the same, at any coordinate, and also where entries are taken in one by one.
    """
    random = Random(seed)
    log = awards_again(generate.ledger(random, 40), random)
    book, live = Book(load=read_once), Book(load=read_once)
    for entry in log:
        live.apply(decode_entry(generate.stored(entry)))
        book.extend([decode_entry(generate.stored(entry))])

    fewer = more = 0
    for _ in range(8):
        as_of, known_at, readings = generate.coordinate(random, len(log))
        try:
            all_, some = (
                book.scores(Coordinate(as_of, known_at, None, readings), traced=each) for each in ("market", None)
            )
        except Unanswerable:
            continue
        assert worth(all_) == worth(some)
        more += len(all_.facts("market").awards.get("B3", ()))
        fewer += len(some.facts("market").awards.get("B3", ()))
        assert all_.facts("tax") == some.facts("tax")
    assert fewer < more
    assert worth(live.live) == worth(book.scores())


def test_a_trace_names_every_award():
    """Given two awards of one occasion, when its indicator is explained, then both are there, and one counts."""
    random = Random(1)
    log = awards_again(generate.ledger(random, 5), random)
    book = Book(load=read_once)
    book.extend(decode_entry(generate.stored(entry)) for entry in log)

    def inputs(node: dict) -> list[dict]:
        return node["inputs"] + [each for part in node["parts"] for each in inputs(part)]

    named = inputs(book.explain("market", "B3")["trace"])
    expected = [entry["id"] for entry in log if entry.get("subject") == "market" and entry["id"].startswith("again/")]
    assert {each["id"] for each in named} >= set(expected)
    assert not all(each["used"] for each in named)


def test_a_figure_that_holds_no_longer_is_gone_whatever_others_made_meanwhile():
    """
    Given a figure that is taken out of force,
    when another question has just kept facts which it made before there was any such figure,
    then the figure is gone from the sheet all the same.
    """
    rubric = loading.load(generate.rubric_text())
    ledger = Ledger(lambda position: pytest.fail(f"no entry {position} is needed"), rubric)
    placement = Placement(rubric, ledger)
    rows = ledger.tables[ledger.table(("market", "M1"))]
    series = (Kind.FIGURE, "new_firms", "market", None)
    row = rows.append(1, rubric.end.toordinal(), series, "7", None)
    ledger.head = 1
    sheet = Sheet()
    sheet.put(rows, placement, moments.moment(ledger, Coordinate()))
    there = sheet.units["market"].figures["M1", "new_firms"]

    rows.end(row, 2)
    ledger.head = 2
    nothing = placement.facts(rows, np.empty(0, np.intp), ())
    placement._made["market", "M1"] = nothing._replace(figures={})
    sheet.put(rows, placement, moments.moment(ledger, Coordinate()))

    assert len(there) == 1
    assert sheet.units["market"].figures["M1", "new_firms"] == ()


@pytest.mark.parametrize("seed", range(15))
def test_the_same_rows_bear_where_they_come_in_one_by_one(seed):
    """
    Given a log with withdrawals, corrections, rulings and backdated entries,
    when its entries come in one by one, and a sheet takes in each table after each of them,
    then the same rows bear as where they are looked for among all, as of any day and by any readings.
    """
    random = Random(seed)
    log = awards_again(generate.ledger(random, 60), random)
    as_of, _, readings = generate.coordinate(random, len(log))
    book, sheet, rules = Book(load=read_once), Sheet(), None
    for entry in log:
        book.extend([decode_entry(generate.stored(entry))])
        moment = moments.moment(book.ledger, Coordinate(as_of, None, None, readings))
        placement = book._placements.of(moment.rubric)
        sheet, rules = (sheet if moment.rules is rules else Sheet()), moment.rules
        for rows in book.ledger.rows.values():
            sheet.put(rows, placement, moment)
            found, left_out = bearing.bearing(rows, placement, moment)
            folded = sheet._folded[rows.unit, rows.indicator]
            assert (folded.bearing.tolist(), folded.excluded) == (found.tolist(), left_out)


def test_one_figure_more_is_taken_in_without_a_look_at_many(monkeypatch):
    """
    Given a book that follows a ledger,
    when one more figure comes in, an earlier one or the latest,
    then what bore before is all that it is held against: so a ledger of millions is followed as fast as a small one.
    """
    random = Random(3)
    log = generate.ledger(random, 60)
    book = Book(load=read_once)
    for entry in log:
        book.apply(decode_entry(generate.stored(entry)))
    assert worth(book.live)

    figure = {"indicator": "M2", "measure": "joint_stock_firms", "occurred": "2020-12-30", "value": "11"}
    common = {**log[-1], "type": "meritlog.SubmissionReceived.v1", "subject": "market", "provider": "market"}
    found = []
    with monkeypatch.context() as patched:
        patched.setattr("services.scoring.domain.facts.bearing", lambda *_, **__: pytest.fail("it looked at many"))
        for number, said in enumerate(({}, {"value": "12"}, {"occurred": "2020-01-02", "value": "3"})):
            more = common | {"id": f"more/{number}", "position": book.head + 1, "data": figure | said}
            found.append(book.apply(decode_entry(generate.stored(more))).changes)

    assert [bool(each) for each in found] == [True, True, False]
    assert worth(book.live) == worth(book.scores())
