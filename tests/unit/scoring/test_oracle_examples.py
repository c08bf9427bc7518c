"""The slow scorer is itself right: small ledgers whose totals were computed by hand, the arithmetic beside them."""

from datetime import date
from typing import Any

import pytest

from tests.oracle import binjiang

DAY = "2020-07-01"


def log(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """A ledger: the opening at position 1, then the rows at 2, 3, … with ids `e2`, `e3`, …."""
    rubric = {"id": "binjiang-2020", "version": "1", "digest": "sha256:00", "content": ""}
    opening = {"rubric": rubric, "period": {"from": "2020-01-01", "to": "2020-12-31"}, "timezone": "Asia/Shanghai"}
    events = [{"type": "meritlog.AssessmentOpened.v1", "data": opening}, *rows]
    return [
        {
            "source": "/x",
            "id": f"e{position}",
            "assessment": "binjiang-2020",
            "position": position,
            "acceptedtime": "2020-07-01T01:00:00Z",
            **event,
        }
        for position, event in enumerate(events, 1)
    ]


def figure(unit: str, indicator: str, measure: str, value: str, day: str = DAY, **more: Any) -> dict[str, Any]:
    """A submission, by the unit itself unless `provider` says otherwise."""
    provider = more.pop("provider", unit)
    data = {"indicator": indicator, "measure": measure, "value": value, "occurred": day, **more}
    return {"type": "meritlog.SubmissionReceived.v1", "subject": unit, "provider": provider, "data": data}


def award(
    unit: str, indicator: str, line: str, occasion: str, points: str | None = None, day: str = DAY
) -> dict[str, Any]:
    """An award on B2 or B3."""
    data = {"indicator": indicator, "line": line, "occasion": occasion, "occurred": day, "reason": "r"}
    return {
        "type": "meritlog.BonusAwarded.v1",
        "subject": unit,
        "data": data if points is None else {**data, "points": points},
    }


def deduction(unit: str, line: str, incident: str, points: str, day: str = DAY) -> dict[str, Any]:
    """A deduction on D."""
    data = {"indicator": "D", "line": line, "incident": incident, "points": points, "occurred": day, "reason": "r"}
    return {"type": "meritlog.DeductionIssued.v1", "subject": unit, "data": data}


def about(kind: str, target: str, **data: Any) -> dict[str, Any]:
    """A correction, withdrawal or confirmation of the entry `target`."""
    named = {"entry": {"source": "/x", "id": target}, "reason": "r", **data}
    return {"type": f"meritlog.{kind}.v1", "data": named}


def ruling(finding: str, reading: str) -> dict[str, Any]:
    """A ruling."""
    return {"type": "meritlog.RulingMade.v1", "data": {"finding": finding, "reading": reading, "reason": "r"}}


def determination(unit: str, indicator: str, points: str | None, day: str = DAY) -> dict[str, Any]:
    """A determination; None is not applicable."""
    data: dict[str, Any] = {"indicator": indicator, "occurred": day, "reason": "r"}
    data |= {"outcome": "not-applicable"} if points is None else {"outcome": "points", "points": points}
    return {"type": "meritlog.IndicatorDetermined.v1", "subject": unit, "data": data}


def of(standing: dict[str, Any], unit: str) -> dict[str, Any]:
    """The row of one unit."""
    return next(row for row in standing["units"] if row["unit"] == unit)


def cell(standing: dict[str, Any], unit: str, indicator: str) -> tuple[str, str, str]:
    """(exact, state, absorbed) of one indicator."""
    found = of(standing, unit)["indicators"][indicator]
    return found["exact"], found["state"], found["absorbed"]


def test_an_empty_year_is_five_points_each_and_all_tied() -> None:
    """Nothing known: D starts at 5 for all six, the rest is 0.

    total      = 5
    attainable = 50 (common) + 50 (individual) + B1 0 + B2 0 + B3 0 + D 5 = 105
    rank       = 1 for all, tied, by id
    """
    standing = binjiang.standing(log())
    assert [row["unit"] for row in standing["units"]] == ["commerce", "hr", "market", "reform", "science", "tax"]
    for row in standing["units"]:
        assert (row["rank"], row["tied"], row["total"], row["attainable"]) == (1, True, "5.00", "105.00")
        assert row["blocks"]["bonus"] == {"points": "5.00", "max": "20"}
    assert standing["as_of"] == "2020-12-31"
    assert standing["provisional"] is True


@pytest.mark.parametrize(
    ("firms", "priority", "readings", "exact"),
    [
        # 20 x (5605/5900 + 2430/2700) / 2 = 20 x (0.95 + 0.90) / 2 = 20 x 0.925 = 18.5
        ("5605", "2430", {}, "37/2"),
        # 110 % and 50 %: 20 x (1 + 0.5) / 2 = 15, not 20 x 0.8 = 16
        ("6490", "1350", {}, "15"),
        # min: 20 x 0.5 = 10;  first: 20 x 1 = 20
        ("6490", "1350", {"A03": "min"}, "10"),
        ("6490", "1350", {"A03": "first"}, "20"),
    ],
)
def test_m1(firms: str, priority: str, readings: dict[str, str], exact: str) -> None:
    """The two vectors of the closely read rubric, and the other readings of A03."""
    entries = log(figure("market", "M1", "new_firms", firms), figure("market", "M1", "new_firms_priority", priority))
    assert cell(binjiang.standing(entries, readings=readings), "market", "M1") == (exact, "scored", "0")


def test_a_missing_measure_is_pending_and_attainable_at_full() -> None:
    """Only new_firms 2950 of 5900: 20 x (0.5 + 0) / 2 = 5.

    total      = 5 (M1) + 5 (D) = 10
    attainable = C 50 + M1 20 x (0.5 + 1) / 2 = 15 + M2..M5 5 + 5 + 10 + 10 = 30 + D 5 = 100
    under A30 `zero` both are 10.
    """
    entries = log(figure("market", "M1", "new_firms", "2950"))
    row = of(binjiang.standing(entries), "market")
    assert (row["total"], row["attainable"], row["indicators"]["M1"]["state"]) == ("10.00", "100.00", "pending")
    row = of(binjiang.standing(entries, readings={"A30": "zero"}), "market")
    assert (row["total"], row["attainable"], row["provisional"]) == ("10.00", "10.00", False)


def test_the_latest_date_counts_then_the_later_position() -> None:
    """K1 of 297: 99 on 1 July (position 2), 297 on 1 June (3), 198 on 1 July (4).

    1 July, position 4: 25 x 198/297 = 25 x 2/3 = 50/3; as of 30 June: 25 x 297/297 = 25; known at 3: 25 x 1/3.
    """
    entries = log(
        figure("science", "K1", "tech_firms", "99"),
        figure("science", "K1", "tech_firms", "297", "2020-06-01"),
        figure("science", "K1", "tech_firms", "198"),
    )
    assert cell(binjiang.standing(entries), "science", "K1")[0] == "50/3"
    assert cell(binjiang.standing(entries, as_of=date(2020, 6, 30)), "science", "K1")[0] == "25"
    standing = binjiang.standing(entries, known_at=3)
    assert cell(standing, "science", "K1")[0] == "25/3"
    flags = [(flag["code"], flag["position"]) for flag in binjiang.standing(entries)["flags"] if "unit" in flag]
    assert flags == [("restated-figure", 4), ("self-reported", 2), ("self-reported", 3), ("self-reported", 4)]


@pytest.mark.parametrize(
    ("readings", "exact", "state"),
    [
        # limb 1: 9 / 10 = 0.9; limb 2: 5 / 10 = 0.5; mean 0.7, not below 0.70: 25 x 0.7 = 17.5
        ({}, "35/2", "scored"),
        ({"A06": "inclusive"}, "0", "scored"),
        # min 0.5 < 0.7: 0;  each: 12.5 x 0.9 + 0 = 11.25
        ({"A05": "min"}, "0", "scored"),
        ({"A05": "each"}, "45/4", "scored"),
        # province: 9 / 6 capped at 1; mean (1 + 0.5) / 2 = 0.75: 18.75
        ({"A04": "province"}, "75/4", "scored"),
        # district: comparator -1 <= 0: a conflict as a whole
        ({"A04": "district"}, "0", "conflict"),
    ],
)
def test_f1(readings: dict[str, str], exact: str, state: str) -> None:
    """Two limbs over their comparators, under each reading."""
    rates = {
        "inclusive_growth": "9",
        "all_loans_growth_city": "10",
        "all_loans_growth_province": "6",
        "all_loans_growth_district": "-1",
        "bank_inclusive_growth": "5",
        "bank_average_growth": "10",
    }
    entries = log(*(figure("reform", "F1", one, value, provider="bank") for one, value in rates.items()))
    assert cell(binjiang.standing(entries, readings=readings), "reform", "F1")[:2] == (exact, state)


def test_f1_with_a_missing_limb_keeps_the_other() -> None:
    """Limb 1 is 10/10 = 1, limb 2 unknown: mean (1 + 0) / 2 = 0.5 < 0.7, so 0; attainable (1 + 1) / 2 = 25.

    attainable of reform = C 50 + F1 25 + F2 25 + D 5 = 105; under `each` F1 has 12.5 and total 12.5 + 5 = 17.5.
    """
    entries = log(
        figure("reform", "F1", "inclusive_growth", "10", provider="pbc-hangzhou"),
        figure("reform", "F1", "all_loans_growth_city", "10", provider="pbc-hangzhou"),
    )
    row = of(binjiang.standing(entries), "reform")
    assert (row["total"], row["attainable"]) == ("5.00", "105.00")
    row = of(binjiang.standing(entries, readings={"A05": "each"}), "reform")
    assert (row["total"], row["attainable"]) == ("17.50", "105.00")


def test_f2_conflict_alone_and_the_office() -> None:
    """80 alone: 25 x 0.8 = 20, pending at 25. 80 and 90: conflict, 0. The office says 60: below 70, 0, scored."""
    one = figure("reform", "F2", "completion", "80", provider="pbc-hangzhou")
    two = figure("reform", "F2", "completion", "90", provider="cbirc-zhejiang")
    office = figure("reform", "F2", "completion", "60", "2020-01-02", provider="sme-office")
    entries = log(one, two, office)
    assert cell(binjiang.standing(entries, known_at=2), "reform", "F2")[:2] == ("20", "pending")
    assert cell(binjiang.standing(entries, known_at=3), "reform", "F2")[:2] == ("0", "conflict")
    assert of(binjiang.standing(entries, known_at=3), "reform")["attainable"] == "105.00"
    assert cell(binjiang.standing(entries), "reform", "F2")[:2] == ("0", "scored")


def test_t1() -> None:
    """Coverage 90 alone: 45, pending. Then fail: 45, scored. Coverage 100 and fail: conflict. Pass: 50."""
    entries = log(
        figure("tax", "T1", "coverage", "90"),
        figure("tax", "T1", "verdict", "fail", provider="city-tax"),
        figure("tax", "T1", "coverage", "100.0"),
        figure("tax", "T1", "verdict", "pass", provider="city-tax"),
    )
    found = [cell(binjiang.standing(entries, known_at=known), "tax", "T1")[:2] for known in (2, 3, 4, 5)]
    assert found == [("45", "pending"), ("45", "scored"), ("0", "conflict"), ("50", "scored")]
    only = [binjiang.standing(entries, known_at=known, readings={"A15": "verdict-only"}) for known in (2, 4, 5)]
    assert [cell(one, "tax", "T1")[:2] for one in only] == [("0", "pending"), ("0", "scored"), ("50", "scored")]


def test_b1_best_and_latest() -> None:
    """List a: 4th, then 3rd; list b: 1st, on an earlier date than a's last. best = 6 - 1 = 5; latest = 6 - 3 = 3."""
    entries = log(
        figure("hr", "B1", "city_rank", "4", "2020-05-01", occasion="a", provider="sme-office"),
        figure("hr", "B1", "city_rank", "1", "2020-06-01", occasion="b", provider="sme-office"),
        figure("hr", "B1", "city_rank", "3", occasion="a", provider="sme-office"),
    )
    assert cell(binjiang.standing(entries), "hr", "B1")[0] == "5"
    assert cell(binjiang.standing(entries, readings={"A16": "latest"}), "hr", "B1")[0] == "3"


def test_bonus_ladder_sub_caps_and_cap() -> None:
    """B3 of one unit.

    instructions: x national 3 and city 1 are one ladder: 3; y national 3; sub-cap 5 of 6        -> 5, cut 1
    documents:    x promoted 2, z speech 1.5, z speech 2 (same line and occasion: 2); 4 of 5     -> 4
    selection:    p 1, q 1, r 1, s 1; sub-cap 3 of 4                                             -> 3, cut 1
    sum of counted 6 + 4 + 4 = 14; under sub-caps 12; under the cap 5; absorbed 14 - 5 = 9
    A18 once: one instruction, 3; counted 3 + 4 + 4 = 11, 5, absorbed 6
    A21 once: x counts once, on national 3: documents 2; counted 6 + 2 + 4 = 12, 5, absorbed 7
    """
    entries = log(
        award("hr", "B3", "instruction-city", "x"),
        award("hr", "B3", "instruction-national", "x"),
        award("hr", "B3", "instruction-national", "y", "3"),
        award("hr", "B3", "promoted-document", "x"),
        award("hr", "B3", "speech", "z", "1.5"),
        award("hr", "B3", "speech", "z", "2"),
        *(award("hr", "B3", "provincial-selection", one, "1") for one in "pqrs"),
    )
    assert cell(binjiang.standing(entries), "hr", "B3") == ("5", "scored", "9")
    assert cell(binjiang.standing(entries, readings={"A18": "once"}), "hr", "B3") == ("5", "scored", "6")
    assert cell(binjiang.standing(entries, readings={"A21": "once"}), "hr", "B3") == ("5", "scored", "7")


def test_one_occasion_over_b2_and_b3() -> None:
    """Pilot 2 and document 2 of one occasion: 2 + 2; under A21 once B2 first on a tie: 2 + 0.

    With pilot 1 in its place (withdrawn and awarded anew) the document wins: 0 + 2.
    """
    entries = log(
        award("tax", "B2", "pilot", "x", "2"),
        award("tax", "B3", "promoted-document", "x"),
        about("EntryWithdrawn", "e2"),
        award("tax", "B2", "pilot", "x", "1"),
    )

    def both(known_at: int, **readings: str) -> list[str]:
        standing = binjiang.standing(entries, known_at=known_at, readings=readings)
        return [cell(standing, "tax", indicator)[0] for indicator in ("B2", "B3")]

    assert both(3) == ["2", "2"]
    assert both(3, A21="once") == ["2", "0"]
    assert both(4, A21="once") == ["0", "2"]
    assert both(5, A21="once") == ["0", "2"]


def test_deductions() -> None:
    """Incident x under D1 0.5 and D4 2, y under D4 1.5 and D4 2, z D3 0.3 in May, v D4 2.

    highest: x 2 + y 2 + z 0.3 + v 2 = 6.3; start-at-5 0, absorbed 1.3; deduct-only -5; uncapped -6.3, absorbed 0
    each:    x 0.5 + 2, y 2, z 0.3, v 2 = 6.8; uncapped -6.8
    from-effect leaves z out: 6; absorbed 1
    """
    entries = log(
        deduction("hr", "D1", "x", "0.5"),
        deduction("hr", "D4", "x", "2"),
        deduction("hr", "D4", "y", "1.5"),
        deduction("hr", "D4", "y", "2"),
        deduction("hr", "D3", "z", "0.3", "2020-05-01"),
        deduction("hr", "D4", "v", "2", "2020-06-17"),
    )

    def d(**readings: str) -> tuple[str, str, str]:
        return cell(binjiang.standing(entries, readings=readings), "hr", "D")

    assert d() == ("0", "scored", "13/10")
    assert d(A02="deduct-only") == ("-5", "scored", "13/10")
    assert d(A02="uncapped") == ("-63/10", "scored", "0")
    assert d(A02="uncapped", A24="each") == ("-34/5", "scored", "0")
    assert d(A31="from-effect") == ("0", "scored", "1")


def test_corrections_stand_at_their_own_position_and_revive_nothing() -> None:
    """C1: 6 (e2), corrected to 3 (e3), which is corrected to 8 (e4), which is withdrawn (e5).

    known at 2: 6; at 3: 3; at 4: 8; at 5: nothing, pending.
    """
    judged = figure("hr", "C1", "judgement", "6", provider="sme-office", tier="good", reason="r")
    three = {**judged["data"], "value": "3", "tier": "fair"}
    entries = log(
        judged,
        about("EntryCorrected", "e2", data=three),
        about("EntryCorrected", "e3", data={**three, "value": "8", "tier": "good"}),
        about("EntryWithdrawn", "e4"),
    )
    found = [cell(binjiang.standing(entries, known_at=known), "hr", "C1")[:2] for known in (2, 3, 4, 5)]
    assert found == [("6", "scored"), ("3", "scored"), ("8", "scored"), ("0", "pending")]


def test_what_a_reading_excludes_leaves_the_earlier_one_standing() -> None:
    """C1: 3 on 1 June, 6.5 on 1 July: integers 3, half-steps 6.5; a ruling makes it 6.5; withdrawn, 3 again."""
    entries = log(
        figure("hr", "C1", "judgement", "3", "2020-06-01", provider="sme-office", tier="fair", reason="r"),
        figure("hr", "C1", "judgement", "6.5", provider="sme-office", tier="good", reason="r"),
        ruling("A08", "any"),
        ruling("A08", "half-steps"),
        about("EntryWithdrawn", "e5"),
        about("EntryWithdrawn", "e4"),
    )
    found = [binjiang.standing(entries, known_at=known) for known in (3, 4, 5, 6, 7)]
    assert [one["rules"]["readings"]["A08"] for one in found] == ["integers", "any", "half-steps", "any", "integers"]
    assert [cell(one, "hr", "C1")[0] for one in found] == ["3", "13/2", "13/2", "13/2", "3"]


def test_determinations() -> None:
    """R1 1320 of 2640 is 25. Determined 40 on 1 July, then 10 on 1 June: the later date, 40. Then n/a on 1 July: 0.

    known at 5: total 0 + D 5 = 5, attainable C 50 + R1 0 + D 5 = 55. Under A01 `20` the 40 is not clipped.
    """
    entries = log(
        figure("hr", "R1", "trained_person_times", "1320"),
        determination("hr", "R1", "40"),
        determination("hr", "R1", "10", "2020-06-01"),
        determination("hr", "R1", None),
    )
    found = [cell(binjiang.standing(entries, known_at=known), "hr", "R1")[:2] for known in (2, 3, 4, 5)]
    assert found == [("25", "scored"), ("40", "determined"), ("40", "determined"), ("0", "not-applicable")]
    row = of(binjiang.standing(entries), "hr")
    assert (row["total"], row["attainable"]) == ("5.00", "55.00")
    twenty = binjiang.standing(entries, known_at=4, readings={"A01": "20"})
    assert of(twenty, "hr")["indicators"]["R1"]["points"] == "40.00"
    assert of(twenty, "hr")["indicators"]["R1"]["max"] == "20"
    assert of(twenty, "hr")["blocks"]["individual"] == {"points": "40.00", "max": "50"}


def test_ranks_on_shown_and_exact_totals() -> None:
    """K1 science 1 of 297: 25/297 = 0.0841… -> total 5.08; commerce S2 determined 0.08: 5.08; hr 5.00 and below.

    shown:  commerce 1, science 1 (tied); the other four tied at 3 (competition) or 2 (dense)
    exact:  science 5.0841 is before commerce 5.08
    """
    entries = log(figure("science", "K1", "tech_firms", "1"), determination("commerce", "S2", "0.08"))

    def ranks(**readings: str) -> list[tuple[str, int]]:
        return [(row["unit"], row["rank"]) for row in binjiang.standing(entries, readings=readings)["units"]]

    assert ranks()[:3] == [("commerce", 1), ("science", 1), ("hr", 3)]
    assert ranks(A27="dense")[:3] == [("commerce", 1), ("science", 1), ("hr", 2)]
    assert ranks(A28="exact")[:3] == [("science", 1), ("commerce", 2), ("hr", 3)]


def test_shown_is_rounded_once_half_away_from_zero() -> None:
    """0.005 is 0.01, -0.005 is -0.01, -0.004 is 0.00; M1 1/600 of 20 and C determined 1.005 sum before rounding."""
    assert [binjiang.shown(binjiang.Fraction(one)) for one in ("0.005", "-0.005", "-0.004")] == [
        "0.01",
        "-0.01",
        "0.00",
    ]
    entries = log(determination("hr", "C1", "1.005"), determination("hr", "C2", "1.005"))
    row = of(binjiang.standing(entries), "hr")
    # 1.005 is shown 1.01 twice, but the block is 2.01 and the total 2.01 + 5
    assert [row["indicators"][one]["points"] for one in ("C1", "C2")] == ["1.01", "1.01"]
    assert (row["blocks"]["common"]["points"], row["total"]) == ("2.01", "7.01")


def test_a_closing_is_believed_only_when_its_digest_fits() -> None:
    """A closing with the digest of the standing it names is `closed`; with another `close-disputed`; then restated."""
    before = log(figure("hr", "R1", "trained_person_times", "2640"))
    seen = binjiang.standing(before, date(2020, 12, 31), 2)
    said = {"as_of": "2020-12-31", "known_at": "2", "rubric": "1", "readings": seen["rules"]["readings"], "reason": "r"}
    right = {"type": "meritlog.AssessmentClosed.v1", "data": {**said, "standing": binjiang.digest(seen)}}
    wrong = {"type": "meritlog.AssessmentClosed.v1", "data": {**said, "standing": "sha256:" + "0" * 64}}
    again = {"type": "meritlog.AssessmentRestated.v1", "data": {**right["data"], "supersedes": "3"}}
    rows = before[1:]
    assert binjiang.standing(log(*rows, right))["state"] == "closed"
    assert binjiang.standing(log(*rows, wrong))["state"] == "close-disputed"
    assert binjiang.standing(log(*rows, right, again))["state"] == "restated"
    assert binjiang.standing(log(*rows, right, again), known_at=2)["state"] == "open"


def test_confirmation_clears_self_reported_until_a_correction() -> None:
    """e2 self-reported; confirmed by e3: clear; corrected by e4: self-reported again, at 4."""
    own = figure("hr", "R1", "trained_person_times", "10")
    entries = log(own, about("EntryConfirmed", "e2"), about("EntryCorrected", "e2", data=own["data"]))

    def at(known: int) -> list[int]:
        flags = binjiang.standing(entries, known_at=known)["flags"]
        return [flag["position"] for flag in flags if flag["code"] == "self-reported"]

    assert [at(2), at(3), at(4)] == [[2], [], [4]]


def test_an_occasion_where_a_measure_has_no_lists_makes_none() -> None:
    """An early 80 that names an occasion, then 90 from both: the latest of each counts, so 22.5 and no conflict.

    The second 80 of one day restates the first whatever occasion either names.
    """
    rows = [
        figure("reform", "F2", "completion", "80", "2020-05-31", provider="pbc-hangzhou", occasion="a"),
        figure("reform", "F2", "completion", "80", "2020-05-31", provider="pbc-hangzhou"),
        figure("reform", "F2", "completion", "90", "2020-06-30", provider="pbc-hangzhou", occasion="b"),
        figure("reform", "F2", "completion", "90", "2020-06-30", provider="cbirc-zhejiang"),
    ]
    standing = binjiang.standing(log(*rows))
    (flag,) = [flag for flag in standing["flags"] if flag["code"] == "restated-figure"]
    assert cell(standing, "reform", "F2") == ("45/2", "scored", "0")
    assert flag["position"] == 3
