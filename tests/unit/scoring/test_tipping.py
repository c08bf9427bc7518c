"""The smallest change of one input that changes a unit's rank."""

import copy
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from services.scoring.domain import Book, Coordinate, Unanswerable
from tests.oracle import binjiang, generate
from tests.unit.scoring.test_oracle import book_of

Log = list[dict[str, Any]]


def rank(log: Log, unit: str) -> int:
    return next(row["rank"] for row in binjiang.standing(log)["units"] if row["unit"] == unit)


def said(log: Log, position: int) -> dict[str, Any]:
    """What an entry says of a fact: its data, or what a correction puts in another's place."""
    entry = log[position - 1]
    return entry["data"]["data"] if entry["type"].split(".")[1] == "EntryCorrected" else entry["data"]


def edited(log: Log, position: int, value: str) -> Log:
    """The log as it would be, had an entry said another value."""
    new = copy.deepcopy(log)
    data = said(new, position)
    data["value"] = value
    if "tier" in data:
        data["tier"] = next(tier for tier, (low, high) in TIERS.items() if low <= Fraction(value) <= high)
    return new


TIERS = {"fair": (2, 4), "good": (5, 8), "outstanding": (10, 10)}


@pytest.mark.parametrize("seed", range(14))
def test_the_slow_scorer_finds_the_same_edge(seed: int) -> None:
    """Given a random log, when the entry of a figure says the value named, then the unit has the rank named; one step
    nearer it has its own; and where nothing tips, no value tried at random does.
    """
    random = Random(seed)
    log = generate.ledger(random, random.choice([40, 90, 150]))
    unit = random.choice(list(binjiang.UNITS))
    answer = book_of(log).tipping(unit)
    own = rank(log, unit)
    assert answer["rank"] == own
    for figure in answer["figures"]:
        if "position" not in figure:
            continue
        check_figure(random, log, unit, own, figure)


def check_figure(random: Random, log: Log, unit: str, own: int, figure: dict[str, Any]) -> None:
    def there(value: str) -> int:
        return rank(edited(log, figure["position"], value), unit)

    if "other" in figure:
        for tip in figure["other"]:
            assert there(tip["value"]) == tip["rank"] != own
        return
    step = Fraction(figure.get("within", {}).get("step", 1))
    for side in ("down", "up"):
        tip = figure[side]
        if tip is not None:
            assert there(tip["value"]) == tip["rank"] != own
            assert Fraction(tip["value"]) - Fraction(figure["value"]) == Fraction(tip["change"])
            near = Fraction(tip["value"]) + (step if side == "down" else -step)
            if figure["measure"] != "judgement" and near != Fraction(figure["value"]):
                assert there(written(near)) == own
        elif "within" in figure:
            end = Fraction(figure["within"]["from" if side == "down" else "to"])
            for _ in range(4):
                away = Fraction(random.randint(0, int(abs(end - Fraction(figure["value"])) / step)))
                assert there(written(Fraction(figure["value"]) + away * step * (1 if side == "up" else -1))) == own


def written(value: Fraction) -> str:
    return format(float(value), "f") if value.denominator != 1 else str(value.numerator)


@pytest.mark.parametrize("seed", range(14))
def test_awards_that_are_gone_or_added_tip_as_said(seed: int) -> None:
    """Given a random log, when an award is withdrawn, or one more is given on a line, then the rank is as was said."""
    random = Random(seed)
    log = generate.ledger(random, 90)
    unit = random.choice(list(binjiang.UNITS))
    answer = book_of(log).tipping(unit)
    for award in answer["awards"]:
        without = appended(log, "EntryWithdrawn", unit, {"entry": named(log, award["position"]), "reason": "x"})
        assert rank(without, unit) == (award["without"] or {"rank": answer["rank"]})["rank"]
    for line in answer["more"]:
        if line["with"] is None:
            continue
        data = {"indicator": line["indicator"], "line": line["line"], "points": line["with"]["points"], "reason": "x"}
        data |= {"incident" if line["takes"] else "occasion": "one more", "occurred": "2020-12-31"}
        kind = "DeductionIssued" if line["takes"] else "BonusAwarded"
        assert rank(appended(log, kind, unit, data), unit) == line["with"]["rank"] != answer["rank"]


def named(log: Log, position: int) -> dict[str, str]:
    return {"source": log[position - 1]["source"], "id": log[position - 1]["id"]}


def appended(log: Log, kind: str, unit: str, data: dict[str, Any]) -> Log:
    last = log[-1]
    entry = {**last, "id": "appended", "source": "/appended", "type": f"meritlog.{kind}.v1", "position": len(log) + 1}
    entry.pop("provider", None)
    return [*log, entry | {"subject": unit, "data": data}]


@pytest.mark.parametrize(("value", "other"), [("150", "50"), ("7", "31"), ("281", "44"), ("203", "61")])
def test_an_edge_lies_where_trying_every_value_finds_it(value: str, other: str) -> None:
    """Given the share of another unit, then the least figure that draws level or falls behind is the one named."""
    log = two_figures(value, other)
    ranks = {number: rank(edited(log, 2, str(number)), "science") for number in range(298)}
    own = ranks[int(value)]
    answer = figure(book_of(log).tipping("science"), "tech_firms")
    up = next((number for number in range(int(value), 298) if ranks[number] != own), None)
    down = next((number for number in range(int(value), -1, -1) if ranks[number] != own), None)
    assert (answer["up"] and answer["up"]["value"]) == (None if up is None else str(up))
    assert (answer["down"] and answer["down"]["value"]) == (None if down is None else str(down))


def one_figure(value: str) -> Book:
    return book_of(two_figures(value, "77"))


def two_figures(value: str, other: str) -> Log:
    writer = generate.Writer(Random(1), generate.rubric_text())
    writer.open()
    for unit, indicator, measure, by, number in (
        ("science", "K1", "tech_firms", "science", value),
        ("commerce", "S1", "export_registrations", "commerce", other),
    ):
        data = {"indicator": indicator, "measure": measure, "value": number, "occurred": "2020-01-02"}
        writer.append("SubmissionReceived", data, unit, by)
    return writer.entries


def figure(answer: dict[str, Any], measure: str) -> dict[str, Any]:
    return next(each for each in answer["figures"] if each["measure"] == measure)


def test_an_edge_is_found_to_the_unit() -> None:
    """Given 25 points for the other unit, then science needs 297 of 297 to draw level, and can lose no rank by less."""
    answer = one_figure("290").tipping("science")
    assert answer["rank"] == 2
    assert figure(answer, "tech_firms")["up"] == {"value": "297", "change": "7", "rank": 1}
    assert figure(answer, "tech_firms")["down"] is None
    assert figure(answer, "voucher_amount")["value"] is None
    assert figure(answer, "voucher_amount")["up"]["rank"] == 1


def test_none_can_is_said() -> None:
    """Given a unit that leads by far, then no single change of its figure upwards changes its rank."""
    answer = one_figure("297").tipping("science")
    assert figure(answer, "tech_firms")["up"] is None
    assert figure(answer, "tech_firms")["down"]["value"] == "296"


def test_an_unknown_unit_is_named() -> None:
    """Given no such unit, then the units are listed."""
    ask: Callable[..., object] = one_figure("1").tipping
    with pytest.raises(Unanswerable, match="no unit nobody is assessed here: the units are market"):
        ask("nobody", Coordinate())
