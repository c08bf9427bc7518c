"""A slow, obvious scorer of binjiang-2020, written from the contract alone.

It shares no code with the product, knows no rubric file, and recomputes everything from the list of entries for
every question. It exists to be compared with: what it says and what the product says must be the same JSON.

Every comment that starts with a `>` gives the gist of a sentence of the contract ("To the letter" and what stands
before it); the code under it is that sentence. Where the contract is silent the comment starts with `?` and says
what was decided.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

Entry = Mapping[str, Any]
"""One accepted entry in its stored form: an envelope with `position`; numbers in `data` are decimal strings."""

UNITS = {
    "market": "区市监局",
    "reform": "区发改局（金融办）",
    "science": "区科技局",
    "hr": "区人社局",
    "commerce": "区商务局",
    "tax": "区税务局",
}
COMMON = ["C1", "C2", "C3", "C4", "C5"]
INDIVIDUAL = {
    "market": ["M1", "M2", "M3", "M4", "M5"],
    "reform": ["F1", "F2"],
    "science": ["K1", "K2"],
    "hr": ["R1"],
    "commerce": ["S1", "S2"],
    "tax": ["T1"],
}
BONUS = ["B1", "B2", "B3", "D"]
BLOCK_MAX = {"common": 50, "individual": 50, "bonus": 20}
MAX = {
    **dict.fromkeys(COMMON, 10),
    "M1": 20,
    "M2": 5,
    "M3": 5,
    "M4": 10,
    "M5": 10,
    "K1": 25,
    "K2": 25,
    "F1": 25,
    "F2": 25,
    "S1": 25,
    "S2": 25,
    "R1": 50,
    "T1": 50,
    "B1": 5,
    "B2": 5,
    "B3": 5,
    "D": 5,
}
TARGETS = {  # one measure, one target
    "M2": ("joint_stock_firms", 15),
    "M3": ("converted_firms", 50),
    "M4": ("ip_standard_firms", 16),
    "M5": ("ip_standard_people", 44),
    "K1": ("tech_firms", 297),
    "K2": ("voucher_amount", 700),
    "S1": ("export_registrations", 77),
    "R1": ("trained_person_times", 2640),
}
LINES = {  # in the order they are listed
    "B2": ["pilot", "relending"],
    "B3": [
        "instruction-national",
        "instruction-ministerial",
        "instruction-city",
        "promoted-document",
        "speech",
        "onsite-provincial",
        "city-meeting",
        "hosting",
        "provincial-selection",
    ],
    "D": ["D1", "D2", "D3", "D4"],
}
SUB_CAPS = [(LINES["B3"][:3], 5), (LINES["B3"][3:8], 5), (LINES["B3"][8:], 3)]

# > Reading ids, the default first.
READINGS = {
    "A01": ["50", "20"],
    "A02": ["start-at-5", "deduct-only", "uncapped"],
    "A03": ["mean", "min", "first"],
    "A04": ["city", "province", "district"],
    "A05": ["mean", "min", "each"],
    "A06": ["below", "inclusive"],
    "A08": ["integers", "half-steps", "any"],
    "A13": ["new", "all"],
    "A15": ["verdict-then-coverage", "verdict-only"],
    "A16": ["best", "latest"],
    "A18": ["accumulate", "once"],
    "A21": ["per-line", "once"],
    "A24": ["highest", "each"],
    "A27": ["competition", "dense"],
    "A28": ["shown", "exact"],
    "A30": ["pending", "zero"],
    "A31": ["year", "from-effect"],
}
MOVES = {"A02": "total", "A22": "total", "A10": "none", "A34": "none"}  # all others: rank
# A35 is the question that the text has no "each" for pilots.
FINDINGS = sorted([*READINGS, "A07", "A10", "A20", "A22", "A29", "A32", "A34", "A35"])

# ? The calendars are the rubric's: who reports month by month. The contract names none; these are the providers
#   with cumulative figures.
MONTHLY = ["market", "science", "hr", "commerce", "tax", "pbc-hangzhou", "cbirc-zhejiang"]
EFFECT = date(2020, 6, 17)
SEVENTY = Fraction(70, 100)


class Score(NamedTuple):
    """What one indicator of one unit is worth at one coordinate."""

    points: Fraction
    attainable: Fraction
    state: str
    absorbed: Fraction = Fraction(0)


# --- what is in force ------------------------------------------------------------------------------------------


class Fact(NamedTuple):
    """An entry in force, or what a correction put in its place."""

    kind: str
    subject: str | None
    provider: str | None
    data: Mapping[str, Any]
    position: int
    identity: tuple[str, str]


def in_force(entries: Iterable[Entry], known_at: int) -> list[Fact]:
    """Everything that holds at `known_at`, in order of position."""
    alive: dict[tuple[str, str], Fact] = {}
    for entry in sorted(entries, key=lambda one: int(one["position"])):
        # > Known-at governs everything: an entry, correction, withdrawal or ruling counts from its own position on.
        if int(entry["position"]) > known_at:
            continue
        kind = entry["type"].split(".")[1]
        data = entry["data"]
        identity = (entry["source"], entry["id"])
        if kind == "EntryWithdrawn":
            # > Withdrawing a correction revives nothing: what the correction replaced is gone already.
            alive.pop(identity_of(data["entry"]), None)
        elif kind == "EntryCorrected":
            # > `data` is complete (no merging); same type and subject; the reporter is the first entry's.
            # > What a correction brings in stands at the correction's position.
            # > Correct the correction next time: it is the correction that is in force from now on.
            target = alive.pop(identity_of(data["entry"]), None)
            if target is not None:
                position = int(entry["position"])
                alive[identity] = target._replace(data=data["data"], position=position, identity=identity)
        else:
            alive[identity] = Fact(
                kind, entry.get("subject"), entry.get("provider"), data, int(entry["position"]), identity
            )
    return sorted(alive.values(), key=lambda fact: fact.position)


def identity_of(reference: Mapping[str, str]) -> tuple[str, str]:
    """(source, id), as a reference in `data` names it."""
    return (reference["source"], reference["id"])


def occurred(fact: Fact) -> date:
    """The date a fact is true for; after a correction, the new data's."""
    return date.fromisoformat(fact.data["occurred"])


# --- figures ---------------------------------------------------------------------------------------------------


def figures(facts: Iterable[Fact], unit: str, indicator: str, measure: str) -> list[Fact]:
    """Every figure in force of one measure of one unit."""
    return [
        fact
        for fact in facts
        if fact.kind == "SubmissionReceived"
        and fact.subject == unit
        and (fact.data["indicator"], fact.data["measure"]) == (indicator, measure)
    ]


def latest(found: Sequence[Fact]) -> Fact | None:
    """> The latest date counts; for one date the later position."""
    return max(found, key=lambda fact: (occurred(fact), fact.position), default=None)


def number(fact: Fact | None) -> Fraction | None:
    """The figure's value, exactly."""
    return None if fact is None else Fraction(fact.data["value"])


# --- individual and common indicators --------------------------------------------------------------------------


def scored(points: Fraction, attainable: Fraction, *, missing: bool, readings: Mapping[str, str]) -> Score:
    """The state of an indicator that is not in conflict."""
    # > Under A30 `zero` nothing is pending: the state is `scored`, `attainable` equals the points.
    if readings["A30"] == "zero":
        return Score(points, points, "scored")
    # > A missing measure counts 0 and makes its indicator `pending`.
    return Score(points, attainable, "pending" if missing else "scored")


def conflict(indicator: str, readings: Mapping[str, str]) -> Score:
    """> An indicator in `conflict` has 0 points, is attainable at its maximum."""
    return Score(Fraction(0), maximum(indicator, readings), "conflict")


def maximum(indicator: str, readings: Mapping[str, str]) -> Fraction:
    """> R1 under A01 `20`: the indicator's `max` is 20. D is one indicator of 5 points under every reading."""
    if indicator == "R1":
        return Fraction(readings["A01"])
    return Fraction(MAX[indicator])


def score_common(facts: Sequence[Fact], unit: str, indicator: str, readings: Mapping[str, str]) -> Score:
    """C1-C5: the latest judgement that the reading of A08 lets count."""
    # > What a reading excludes is removed before the latest is chosen: an earlier one that counts stands.
    # > A08: `integers`; `half-steps`; `any` is any decimal within the tier's range.
    step = {"integers": 1, "half-steps": 2, "any": 0}[readings["A08"]]
    judgements = [
        fact
        for fact in figures(facts, unit, indicator, "judgement")
        if step == 0 or (Fraction(fact.data["value"]) * step).denominator == 1
    ]
    value = number(latest(judgements))
    if value is None:
        return scored(Fraction(0), Fraction(10), missing=True, readings=readings)
    return scored(value, value, missing=False, readings=readings)


def score_target(facts: Sequence[Fact], unit: str, indicator: str, readings: Mapping[str, str]) -> Score:
    """M2-M5, K1, K2, S1, S2, R1: max x min(1, actual / target)."""
    # > Only measures that the readings in force use can be missing (the chosen one of S2).
    if indicator == "S2":
        measure, target = {"new": "new_exporting_firms", "all": "exporting_firms"}[readings["A13"]], 22
    else:
        measure, target = TARGETS[indicator]
    most = maximum(indicator, readings)
    value = number(latest(figures(facts, unit, indicator, measure)))
    if value is None:
        return scored(Fraction(0), most, missing=True, readings=readings)
    points = most * min(Fraction(1), value / target)
    return scored(points, points, missing=False, readings=readings)


def score_m1(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """M1: two targets share 20 points."""
    # > M1 as two ratios each capped at 1; a missing one counts 0, and 1 for `attainable`.
    # > `new_firms` alone under A03 `first`.
    ratios: list[Fraction | None] = []
    for measure, target in [("new_firms", 5900), ("new_firms_priority", 2700)]:
        value = number(latest(figures(facts, unit, "M1", measure)))
        ratios.append(None if value is None else min(Fraction(1), value / target))
    if readings["A03"] == "first":
        ratios = ratios[:1]

    def combined(missing: Fraction) -> Fraction:
        known = [missing if ratio is None else ratio for ratio in ratios]
        return 20 * (min(known) if readings["A03"] == "min" else sum(known, Fraction(0)) / len(known))

    return scored(combined(Fraction(0)), combined(Fraction(1)), missing=None in ratios, readings=readings)


def cliff(ratio: Fraction, readings: Mapping[str, str]) -> Fraction:
    """> A06 `below`: strictly below 0.70, unrounded, is 0; `inclusive`: 0.70 itself is 0 too."""
    if ratio < SEVENTY or (ratio == SEVENTY and readings["A06"] == "inclusive"):
        return Fraction(0)
    return ratio


def score_f1(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """F1: two limbs, growth of small loans over a comparator."""
    # > Only the chosen comparator of F1 can be missing.
    chosen = "all_loans_growth_" + readings["A04"]
    ratios: list[Fraction | None] = []
    for rate, comparator in [("inclusive_growth", chosen), ("bank_inclusive_growth", "bank_average_growth")]:
        above = number(latest(figures(facts, unit, "F1", rate)))
        below = number(latest(figures(facts, unit, "F1", comparator)))
        if above is None or below is None:
            ratios.append(None)
        # > A limb with both figures known and a comparator <= 0 makes F1 a `conflict` as a whole.
        elif below <= 0:
            return conflict("F1", readings)
        else:
            # > min(1, rate / comparator) per limb; a ratio is not floored at 0.
            ratios.append(min(Fraction(1), above / below))

    def combined(missing: Fraction) -> Fraction:
        # > A limb with any missing figure counts 0, and 1 for `attainable`; the other keeps its ratio; then the A05
        # > combination and the cliff. A05 `each`: 12.5 each, the cliff per limb.
        one, two = [missing if ratio is None else ratio for ratio in ratios]
        if readings["A05"] == "each":
            return Fraction(25, 2) * cliff(one, readings) + Fraction(25, 2) * cliff(two, readings)
        return 25 * cliff(min(one, two) if readings["A05"] == "min" else (one + two) / 2, readings)

    return scored(combined(Fraction(0)), combined(Fraction(1)), missing=None in ratios, readings=readings)


def score_f2(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """F2: a completion in percent, from up to three providers."""

    def points(completion: Fraction) -> Fraction:
        return 25 * cliff(min(Fraction(1), completion / 100), readings)

    found = figures(facts, unit, "F2", "completion")
    by = {
        provider: number(latest([fact for fact in found if fact.provider == provider]))
        for provider in ["sme-office", "pbc-hangzhou", "cbirc-zhejiang"]
    }
    # > The office's prevails.
    office = by.pop("sme-office")
    if office is not None:
        return scored(points(office), points(office), missing=False, readings=readings)
    known = [value for value in by.values() if value is not None]
    # > F2 pending is attainable at 25.
    if not known:
        return scored(Fraction(0), Fraction(25), missing=True, readings=readings)
    # > One alone scores and is `pending`.
    if len(known) == 1:
        return scored(points(known[0]), Fraction(25), missing=True, readings=readings)
    # > Else two that differ are a `conflict`.
    if known[0] != known[1]:
        return conflict("F2", readings)
    return scored(points(known[0]), points(known[0]), missing=False, readings=readings)


def score_t1(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """T1: the city's verdict, then coverage."""
    verdict = latest(figures(facts, unit, "T1", "verdict"))
    word = None if verdict is None else verdict.data["value"]
    coverage = number(latest(figures(facts, unit, "T1", "coverage")))
    full = Fraction(50)
    # > `pass` 50 without need of coverage, under either reading.
    if word == "pass":
        return scored(full, full, missing=False, readings=readings)
    # > `verdict-only`: `fail` 0, none pending; coverage ignored.
    if readings["A15"] == "verdict-only":
        return scored(Fraction(0), full if word is None else Fraction(0), missing=word is None, readings=readings)
    # > `fail` without coverage is pending. Nothing known at all is pending too.
    if coverage is None:
        return scored(Fraction(0), full, missing=True, readings=readings)
    points = full * coverage / 100
    # > Without a verdict coverage scores and it is `pending`: at full the verdict is a pass.
    if word is None:
        return scored(points, full, missing=True, readings=readings)
    # > `fail` with coverage 100 is a `conflict`; `fail` 50 x coverage.
    if coverage == 100:
        return conflict("T1", readings)
    return scored(points, points, missing=False, readings=readings)


# --- bonus -----------------------------------------------------------------------------------------------------


def score_b1(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """B1: rank in the city-wide system, from one or several lists."""
    found = figures(facts, unit, "B1", "city_rank")
    # > Latest within a list (`occasion`, compared exactly).
    lists = {
        name: latest([fact for fact in found if fact.data["occasion"] == name])
        for name in {fact.data["occasion"] for fact in found}
    }
    # > None = 0, scored.
    if not lists:
        return Score(Fraction(0), Fraction(0), "scored")
    # > 1st to 5th = 5, 4, 3, 2, 1.
    worth = {name: max(Fraction(0), 6 - (number(fact) or 0)) for name, fact in lists.items()}
    # > A16 `latest`: the list whose latest entry has the latest date, then the later position.
    if readings["A16"] == "latest":
        newest = latest([fact for fact in lists.values() if fact is not None])
        assert newest is not None
        points = worth[newest.data["occasion"]]
    # > `best` across lists.
    else:
        points = max(worth.values())
    return Score(points, points, "scored")


class Award(NamedTuple):
    """One award or deduction, reduced to what its counting needs."""

    indicator: str
    line: str
    name: str
    points: Fraction
    position: int


FIXED = {
    "instruction-national": 3,
    "instruction-ministerial": 2,
    "instruction-city": 1,
    "promoted-document": 2,
    "onsite-provincial": 2,
    "city-meeting": 1,
}


def awards(facts: Iterable[Fact], unit: str, kind: str, readings: Mapping[str, str]) -> list[Award]:
    """Awards (`BonusAwarded`) or deductions (`DeductionIssued`) of a unit that the reading of A31 lets count."""
    found: list[Award] = []
    for fact in facts:
        if fact.kind != kind or fact.subject != unit:
            continue
        # > A31 `from-effect`: awards and incidents before 17 June excluded; 17 June counts.
        if readings["A31"] == "from-effect" and occurred(fact) < EFFECT:
            continue
        line = fact.data["line"]
        # > `points` are not needed where the line is fixed.
        points = Fraction(FIXED[line]) if line in FIXED else Fraction(fact.data["points"])
        name = fact.data["occasion" if kind == "BonusAwarded" else "incident"]
        found.append(Award(fact.data["indicator"], line, name, points, fact.position))
    return found


def highest(found: Iterable[Award], group: Callable[[Award], object]) -> list[Award]:
    """> "Highest" always means most points, then the line listed first, then the lower position; one per group."""
    order = [*LINES["B2"], *LINES["B3"], *LINES["D"]]
    best: dict[object, Award] = {}
    for award in sorted(found, key=lambda one: (-one.points, order.index(one.line), one.position)):
        best.setdefault(group(award), award)
    return list(best.values())


def counted_awards(facts: Iterable[Fact], unit: str, readings: Mapping[str, str]) -> list[Award]:
    """The awards of a unit on B2 and B3 that count, before any cap.

    > Order: dates (A31), line and occasion, the instruction ladder, A21, A18, sub-caps, cap.
    """
    found = awards(facts, unit, "BonusAwarded", readings)
    # > A bonus counts once per `line` and `occasion`: of several the one with most points.
    found = highest(found, lambda one: (one.line, one.name))
    # > The instruction lines are one ladder: one occasion takes its highest rung.
    found = highest(found, lambda one: ("ladder", one.name) if is_instruction(one) else (one.line, one.name))
    # > A21 `once`: across B2 and B3 one occasion counts once, on its highest line, B2 first on a tie.
    if readings["A21"] == "once":
        found = highest(found, lambda one: one.name)
    # > A18 `once`: of all instructions in the year only the highest counts.
    if readings["A18"] == "once":
        found = highest(found, lambda one: "ladder" if is_instruction(one) else (one.line, one.name))
    return found


def is_instruction(award: Award) -> bool:
    """Whether it stands on one of the three instruction lines."""
    return award.line.startswith("instruction-")


def score_awards(facts: Sequence[Fact], unit: str, indicator: str, readings: Mapping[str, str]) -> Score:
    """B2 and B3: what counts, under the sub-caps, under the cap of 5."""
    counted = [award for award in counted_awards(facts, unit, readings) if award.indicator == indicator]
    everything = sum((award.points for award in counted), Fraction(0))
    under_caps = everything
    if indicator == "B3":
        under_caps = Fraction(0)
        for lines, cap in SUB_CAPS:
            under_caps += min(Fraction(cap), sum((one.points for one in counted if one.line in lines), Fraction(0)))
    points = min(Fraction(5), under_caps)
    # > `absorbed` is what caps and sub-caps cut from awards. Awards are never pending.
    return Score(points, points, "scored", everything - points)


def score_d(facts: Sequence[Fact], unit: str, readings: Mapping[str, str]) -> Score:
    """D: deductions, for which the rubric gives 5 points or none to lose."""
    found = awards(facts, unit, "DeductionIssued", readings)
    # > A24 `highest`: an incident counts once, on its highest line, D4 among them. `each`: once per line.
    if readings["A24"] == "highest":
        found = highest(found, lambda one: one.name)
    else:
        found = highest(found, lambda one: (one.line, one.name))
    total = sum((one.points for one in found), Fraction(0))
    # > `uncapped` = -sum, and `absorbed` is 0.
    if readings["A02"] == "uncapped":
        return Score(-total, -total, "scored")
    # > `start-at-5` = 5 - min(5, sum); `deduct-only` = -min(5, sum); `absorbed` is the sum beyond 5.
    taken = min(Fraction(5), total)
    points = (5 if readings["A02"] == "start-at-5" else 0) - taken
    return Score(points, points, "scored", total - taken)


# --- one indicator, one unit -----------------------------------------------------------------------------------


def by_rule(facts: Sequence[Fact], unit: str, indicator: str, readings: Mapping[str, str]) -> Score:
    """What the rules make of the facts, whatever was determined."""
    if indicator in COMMON:
        return score_common(facts, unit, indicator, readings)
    if indicator in ("B2", "B3"):
        return score_awards(facts, unit, indicator, readings)
    special = {"M1": score_m1, "F1": score_f1, "F2": score_f2, "T1": score_t1, "B1": score_b1, "D": score_d}
    if indicator in special:
        return special[indicator](facts, unit, readings)
    return score_target(facts, unit, indicator, readings)


def score(facts: Sequence[Fact], unit: str, indicator: str, readings: Mapping[str, str]) -> Score:
    """What one indicator of one unit is worth: a determination in force, else the rules."""
    # > Of several determinations in force the later `occurred` (<= as-of) prevails, then the later position.
    # > It prevails until withdrawn; readings do not clip its points; `absorbed` is then 0.
    settled = latest(
        [
            fact
            for fact in facts
            if fact.kind == "IndicatorDetermined" and fact.subject == unit and fact.data["indicator"] == indicator
        ]
    )
    if settled is None:
        return by_rule(facts, unit, indicator, readings)
    # > `not-applicable` is 0 points and 0 attainable and rescales nothing.
    if settled.data["outcome"] == "not-applicable":
        return Score(Fraction(0), Fraction(0), "not-applicable")
    points = Fraction(settled.data["points"])
    return Score(points, points, "determined")


def indicators_of(unit: str) -> dict[str, list[str]]:
    """> Indicator ids in a scorecard: C1-C5, the unit's own, B1, B2, B3, D."""
    return {"common": COMMON, "individual": INDIVIDUAL[unit], "bonus": BONUS}


# --- how numbers are shown -------------------------------------------------------------------------------------


def shown(value: Fraction) -> str:
    """> Two places, half up; half up is away from zero; `-0.00` is `0.00`."""
    cents = abs(value) * 100
    whole = cents.numerator // cents.denominator
    if cents - whole >= Fraction(1, 2):
        whole += 1
    sign = "-" if value < 0 and whole > 0 else ""
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def exact(value: Fraction) -> str:
    """> `exact`: a reduced fraction, "37/2", "18"."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


# --- a standing ------------------------------------------------------------------------------------------------


def readings_at(facts: Iterable[Fact], overrides: Mapping[str, str]) -> dict[str, str]:
    """> Readings of the coordinate, over rulings, over the rubric's defaults."""
    table = {finding: known[0] for finding, known in READINGS.items()}
    # > Of the rulings in force on a finding the latest position holds; rulings have no as-of.
    for fact in facts:  # in order of position, so the latest is set last
        if fact.kind == "RulingMade":
            table[fact.data["finding"]] = fact.data["reading"]
    return {**table, **overrides}


def score_units(facts: Sequence[Fact], readings: Mapping[str, str]) -> list[dict[str, Any]]:
    """The `units` of a standing, by rank, then id."""
    rows: list[dict[str, Any]] = []
    for unit, name in UNITS.items():
        blocks = indicators_of(unit)
        scores = {one: score(facts, unit, one, readings) for ids in blocks.values() for one in ids}
        total = sum((one.points for one in scores.values()), Fraction(0))
        rows.append(
            {
                "unit": unit,
                "name": name,
                # > An indicator in `conflict` makes its unit provisional; so does a pending one.
                "provisional": any(one.state in ("pending", "conflict") for one in scores.values()),
                # > `total` and blocks round the exact sum, not the sum of shown points.
                "total": shown(total),
                "exact": exact(total),
                # > `attainable` is shown like `total`.
                "attainable": shown(sum((one.attainable for one in scores.values()), Fraction(0))),
                "blocks": {
                    block: {
                        "points": shown(sum((scores[one].points for one in ids), Fraction(0))),
                        # > Under A01 `20` the block's max stays 50.
                        "max": str(BLOCK_MAX[block]),
                    }
                    for block, ids in blocks.items()
                },
                "indicators": {
                    one: {
                        "points": shown(result.points),
                        "exact": exact(result.points),
                        "max": exact(maximum(one, readings)),
                        "state": result.state,
                        "absorbed": exact(result.absorbed),
                    }
                    for one, result in scores.items()
                },
                # > A28 `shown`: ranked on the shown total; `exact`: on the exact one.
                "key": Fraction(shown(total)) if readings["A28"] == "shown" else total,
            }
        )
    keys = [row["key"] for row in rows]
    for row in rows:
        above = [key for key in keys if key > row["key"]]
        # > A27 `competition` 1,1,3; `dense` 1,1,2.
        row["rank"] = 1 + len(above if readings["A27"] == "competition" else set(above))
        row["tied"] = keys.count(row["key"]) > 1
    for row in rows:
        del row["key"]
    return sorted(rows, key=lambda row: (row["rank"], row["unit"]))


def standing(
    entries: Sequence[Entry],
    as_of: date | None = None,
    known_at: int | None = None,
    readings: Mapping[str, str] | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """The whole standing of the contract at one coordinate.

    `entries` begin with an `AssessmentOpened`; `as_of` None is everything so far; `known_at` None is the head;
    `readings` go over rulings, which go over the defaults; `version` None is the rubric in force.
    """
    head = max(int(entry["position"]) for entry in entries)
    known_at = head if known_at is None else known_at
    known = in_force(entries, known_at)
    opened = next(fact for fact in known if fact.kind == "AssessmentOpened")
    # > Without `--as-of` the field shows the period's last day.
    as_of = as_of or date.fromisoformat(opened.data["period"]["to"])
    # > As-of filters `occurred` only; rulings and rubrics have no as-of.
    facts = [fact for fact in known if "occurred" not in fact.data or occurred(fact) <= as_of]
    table = readings_at(known, readings or {})
    # > The rubric in force at K is the last opened or adopted at or before K.
    rubrics = [fact.data["rubric"] for fact in known if fact.kind in ("AssessmentOpened", "RubricAdopted")]
    if version is not None:
        # ? Rules are an axis of their own: a version that is adopted later may be asked for as well.
        later = [one["data"]["rubric"] for one in entries if "RubricAdopted" in one["type"]][::-1]
        rubrics = [rubric for rubric in [*later, *rubrics] if int(rubric["version"]) == version]
    rubric = rubrics[-1]
    units = score_units(facts, table)
    # ? A file may leave positions out: what was accepted last at or before the one that is named.
    last = max((one for one in entries if int(one["position"]) <= known_at), key=lambda one: int(one["position"]))
    ruled = {fact.data["finding"] for fact in known if fact.kind == "RulingMade"}
    return {
        "assessment": last["assessment"],
        "as_of": as_of.isoformat(),
        "known_at": {"position": known_at, "accepted": last["acceptedtime"]},
        "rules": {
            "rubric": rubric["id"],
            "version": int(rubric["version"]),
            "digest": rubric["digest"],
            "readings": table,
        },
        "state": state(entries, known),
        "provisional": any(row["provisional"] for row in units),
        "units": units,
        # ? A finding is `ruled` while a ruling on it is in force, else `open`; all are listed, by id.
        "findings": [
            {"id": one, "state": "ruled" if one in ruled else "open", "moves": MOVES.get(one, "rank")}
            for one in FINDINGS
        ],
        "flags": flags(entries, facts, units, as_of, date.fromisoformat(opened.data["period"]["from"])),
    }


def digest(found: Mapping[str, Any]) -> str:
    """> SHA-256 of the JCS of {`assessment`, `as_of`, `known_at.position`, `rules`, `units` without `name`}."""
    kept = {
        "assessment": found["assessment"],
        "as_of": found["as_of"],
        "known_at": {"position": found["known_at"]["position"]},
        "rules": found["rules"],
        "units": [{key: value for key, value in row.items() if key != "name"} for row in found["units"]],
    }
    # With ASCII names, and no numbers but small integers, JCS is what `json` writes.
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def state(entries: Sequence[Entry], known: Iterable[Fact]) -> str:
    """`open`, `frozen`, `closed`, `restated` or `close-disputed`."""
    now = "open"
    for fact in known:
        if fact.kind == "AssessmentFrozen":
            now = "frozen"
        if fact.kind in ("AssessmentClosed", "AssessmentRestated"):
            # > Scoring recomputes a closing's digest: a difference makes it `close-disputed`.
            # ? A restatement is "as closed", so its digest is recomputed too, and the last of them decides.
            again = standing(
                [entry for entry in entries if int(entry["position"]) < fact.position],
                date.fromisoformat(fact.data["as_of"]),
                int(fact.data["known_at"]),
                fact.data["readings"],
                int(fact.data["rubric"]),
            )
            if digest(again) != fact.data["standing"]:
                now = "close-disputed"
            else:
                now = "closed" if fact.kind == "AssessmentClosed" else "restated"
    return now


# --- flags -----------------------------------------------------------------------------------------------------


def flags(
    entries: Sequence[Entry], facts: Sequence[Fact], units: Iterable[Mapping[str, Any]], as_of: date, start: date
) -> list[dict[str, Any]]:
    """Everything about the data that a reader should know."""
    found = [
        *conflict_flags(units),
        *restated_flags(facts),
        *self_reported_flags(facts),
        *shared_evidence_flags(facts),
        *silent_flags(facts, as_of, start),
        *appeal_flags(facts, entries),
    ]
    return sorted(found, key=flag_order)


def flag_order(flag: Mapping[str, Any]) -> tuple[str, ...]:
    """? By code, unit, indicator, position, provider, period."""
    keys = ["code", "unit", "indicator", "position", "provider", "period"]
    return tuple(f"{flag[key]:09d}" if isinstance(flag.get(key), int) else flag.get(key, "") for key in keys)


def conflict_flags(units: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """? One for each indicator in state `conflict`; no position, since it takes two entries."""
    return [
        {"code": "conflict", "unit": row["unit"], "indicator": indicator}
        for row in units
        for indicator, result in row["indicators"].items()
        if result["state"] == "conflict"
    ]


def restated_flags(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """> `restated-figure`: another figure for the same date in force, at the later position, equal or not."""
    seen: set[tuple[Any, ...]] = set()
    found: list[dict[str, Any]] = []
    for fact in facts:  # in order of position
        if fact.kind != "SubmissionReceived":
            continue
        # ? "Another figure" is of the same unit, measure, provider and list.
        what = (fact.subject, fact.data["indicator"], fact.data["measure"], fact.provider)
        # Only ranks have several lists: elsewhere an `occasion` is a member like any other.
        of_list = fact.data.get("occasion") if fact.data["measure"] == "city_rank" else None
        key = (*what, of_list, fact.data["occurred"])
        if key in seen:
            found.append(flag_at("restated-figure", fact))
        seen.add(key)
    return found


def self_reported_flags(facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """> `self-reported`: every unconfirmed figure in force whose provider is the assessed unit."""
    # > A confirmation clears `self-reported`, and does not carry over to a correction.
    confirmed = {identity_of(fact.data["entry"]) for fact in facts if fact.kind == "EntryConfirmed"}
    return [
        flag_at("self-reported", fact)
        for fact in facts
        if fact.kind == "SubmissionReceived" and fact.provider == fact.subject and fact.identity not in confirmed
    ]


def shared_evidence_flags(facts: Iterable[Fact]) -> list[dict[str, Any]]:
    """> `shared-evidence`: one digest under two lines of one unit."""
    found: list[dict[str, Any]] = []
    before: list[tuple[str | None, str, str]] = []  # (unit, digest, line)
    for fact in facts:
        if fact.kind not in ("BonusAwarded", "DeductionIssued"):
            continue
        digests = {one["digest"] for one in fact.data.get("evidence", [])}
        # ? At the later position, once for each entry that repeats a digest of another line.
        if any(unit == fact.subject and used in digests and line != fact.data["line"] for unit, used, line in before):
            found.append(flag_at("shared-evidence", fact))
        before.extend((fact.subject, one, fact.data["line"]) for one in digests)
    return found


def silent_flags(facts: Sequence[Fact], as_of: date, start: date) -> list[dict[str, Any]]:
    """> `silent-period`: a period that ended before the as-of date with no figure and no `PeriodReported` known."""
    found: list[dict[str, Any]] = []
    for provider in MONTHLY:
        for month in range(1, 13):
            first = date(start.year, month, 1)
            last = date(start.year, month + 1, 1) - timedelta(days=1) if month < 12 else date(start.year, 12, 31)
            if last >= as_of:
                continue
            figure = any(
                fact.kind == "SubmissionReceived" and fact.provider == provider and first <= occurred(fact) <= last
                for fact in facts
            )
            reported = any(
                fact.kind == "PeriodReported" and fact.provider == provider and covers(fact.data["period"], first, last)
                for fact in facts
            )
            if not figure and not reported:
                found.append({"code": "silent-period", "provider": provider, "period": f"{start.year}-{month:02d}"})
    return found


def covers(period: str, first: date, last: date) -> bool:
    """> `period` is `2020-06`, or dates `from/to`. ? It speaks for every period that lies within it."""
    if "/" not in period:
        return period == f"{first.year}-{first.month:02d}"
    start, end = (date.fromisoformat(one) for one in period.split("/"))
    return start <= first and last <= end


def appeal_flags(facts: Sequence[Fact], entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """`appeal-open`: an appeal in force that no decision in force names."""
    decided = {identity_of(fact.data["appeal"]) for fact in facts if fact.kind == "AppealDecided"}
    found: list[dict[str, Any]] = []
    for fact in facts:
        if fact.kind == "AppealFiled" and fact.identity not in decided:
            flag: dict[str, Any] = {"code": "appeal-open", "unit": fact.subject, "position": fact.position}
            # ? The indicator is the one that the appeal names, or that the entry it names is about.
            indicator = fact.data.get("indicator") or indicator_of(fact.data["entry"], entries)
            if indicator is not None:
                flag["indicator"] = indicator
            found.append(flag)
    return found


def indicator_of(reference: Mapping[str, str], entries: Iterable[Entry]) -> str | None:
    """The indicator that an entry is about, whether it is in force or not."""
    entry = next(one for one in entries if (one["source"], one["id"]) == identity_of(reference))
    data = entry["data"]["data"] if entry["type"].split(".")[1] == "EntryCorrected" else entry["data"]
    return data.get("indicator")


def flag_at(code: str, fact: Fact) -> dict[str, Any]:
    """A flag about one entry."""
    return {"code": code, "unit": fact.subject, "indicator": fact.data["indicator"], "position": fact.position}
