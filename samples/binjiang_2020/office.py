"""What the office does during the year: judges, records ranks, awards and deducts."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from samples.binjiang_2020.drafts import NOTE, Json, at, figure, office
from samples.binjiang_2020.reports import YEAR_END, known

UNITS = ("commerce", "hr", "market", "reform", "science", "tax")
COMMON = ("C1", "C2", "C3", "C4", "C5")
ROUNDS = (*(date(2020, month, 15) for month in (2, 4, 5, 7, 8, 10, 11)), YEAR_END)
LISTS = ("营商环境", "小微三年行动", "服务企业", "数字化转型")
# How good each unit becomes over the four quarters, two rounds in each, on the printed scale.
COURSE = {
    "market": (4, 5, 7, 10),
    "reform": (2, 4, 6, 7),
    "science": (5, 6, 8, 8),
    "hr": (3, 4, 5, 8),
    "commerce": (6, 7, 6, 5),
    "tax": (4, 6, 8, 10),
}
BONUS_LINES = {
    "B2": (("pilot", "3.5"), ("relending", "2"), ("pilot", "1"), ("relending", "1.5")),
    "B3": (
        ("instruction-city", None),
        ("instruction-ministerial", None),
        ("instruction-national", None),
        ("promoted-document", None),
        ("speech", "1.5"),
        ("onsite-provincial", None),
        ("city-meeting", None),
        ("hosting", "2.5"),
        ("provincial-selection", "0.5"),
        ("provincial-selection", "1"),
        ("provincial-selection", "0.8"),
        ("provincial-selection", "1"),
    ),
}
RANGES = {
    "D1": ("0.1", "0.3", "0.5"),
    "D2": ("0.1", "0.2", "0.3"),
    "D3": ("0.1", "0.15", "0.3"),
    "D4": ("1", "1.5", "2"),
}


def _tier(value: str) -> str:
    points = float(value)
    return "fair" if points <= 4 else "good" if points <= 8 else "outstanding"


def judged(
    unit: str, indicator: str, value: str, occurred: date, moment_day: date, random: Random, again: str = ""
) -> Json:
    """One judgement of the office, with its reason."""
    moment = at(moment_day, random.randint(9, 17), random.randint(0, 59), random.randint(0, 59))
    tier = _tier(value)
    reason = f"{NOTE}: 日常考核, {tier}"
    return figure(
        "sme-office", unit, indicator, "judgement", value, occurred, moment, tier=tier, reason=reason, again=again
    )


def _judgements(random: Random) -> Iterator[Json]:
    for number_of_round, day in enumerate(ROUNDS):
        for unit in UNITS:
            for number, indicator in enumerate(COMMON):
                base = COURSE[unit][number_of_round // 2]
                value = base if base == 10 else max(2, min(8, base + random.choice((-1, 0, 0, 1))))
                yield judged(unit, indicator, str(value), day, known(day, 12 + number), random)
    # Values that only some readings of the tiers let count (finding A08).
    yield judged("hr", "C4", "6.5", date(2020, 8, 16), date(2020, 8, 20), random, again="/half")
    yield judged("science", "C1", "7.3", date(2020, 10, 20), date(2020, 10, 23), random, again="/fine")


def _ranks(random: Random) -> Iterator[Json]:
    for number, day in enumerate((*(date(2020, month, 28) for month in (3, 5, 7, 9, 11)), YEAR_END)):
        for index, unit in enumerate(UNITS):
            for name in LISTS[: 1 + (index + number) % 3]:
                rank = random.randint(1, 8)
                moment = at(known(day, 15), 11, random.randint(0, 59))
                yield figure("sme-office", unit, "B1", "city_rank", str(rank), day, moment, occasion=name)


def award(unit: str, indicator: str, line: str, points: str | None, occasion: str, occurred: date, serial: int) -> Json:
    """One award; lines of fixed points go without a figure."""
    data: Json = {"indicator": indicator, "line": line, "occasion": occasion, "occurred": occurred.isoformat()}
    if points is not None:
        data["points"] = points
    data["reason"] = f"{NOTE}: 有成效, 具有独创性, 依据见附件"
    data["evidence"] = [
        {"name": f"{occasion}.pdf", "digest": f"sha256:{serial:064x}", "href": f"https://files.example/{serial}"}
    ]
    return office("BonusAwarded", f"award/{serial:03}", at(known(occurred, 6), 10, serial % 60), data, unit)


def deduction(unit: str, line: str, points: str, incident: str, occurred: date, serial: int) -> Json:
    """One deduction of the supervision block."""
    data: Json = {
        "indicator": "D",
        "line": line,
        "points": points,
        "incident": incident,
        "occurred": occurred.isoformat(),
        "reason": f"{NOTE}: 办理不及时",
    }
    return office("DeductionIssued", f"deduction/{serial:03}", at(known(occurred, 5), 16, serial % 60), data, unit)


def _day(random: Random) -> date:
    return date(2020, 1, 6) + timedelta(days=random.randint(0, 355))


def _awards(random: Random) -> Iterator[Json]:
    serial = 0
    for unit in UNITS:
        for indicator, lines in BONUS_LINES.items():
            for name, points in lines:
                if random.random() < 0.45:
                    continue
                serial += 1
                yield award(unit, indicator, name, points, f"{unit}-{name}-{serial}", _day(random), serial)
    # One fact under several lines (A21), one instruction on two rungs (A18), the same occasion told twice.
    shared = date(2020, 9, 9)
    for unit, lines in (
        ("science", (("B2", "pilot", "4"), ("B3", "promoted-document", None))),
        ("reform", (("B2", "relending", "3"), ("B3", "speech", "2"))),
    ):
        for indicator, name, points in lines:
            serial += 1
            yield award(unit, indicator, name, points, f"{unit}-改革试点", shared, serial)
    for name in ("instruction-city", "instruction-national"):
        serial += 1
        yield award("commerce", "B3", name, None, "稳外贸专报", date(2020, 10, 12), serial)
    for points in ("1", "2"):
        serial += 1
        yield award("tax", "B3", "speech", points, "全省减税降费会议", date(2020, 11, 3), serial)
    # Conduct before the document was in force (A31).
    serial += 1
    yield award("hr", "B3", "onsite-provincial", None, "复工招聘现场会", date(2020, 4, 8), serial)


def _deductions(random: Random) -> Iterator[Json]:
    serial = 0
    for unit in UNITS:
        for name, choices in RANGES.items():
            for _ in range(random.randint(0, 3) if name != "D4" else random.randint(0, 1)):
                serial += 1
                day = _day(random)
                yield deduction(unit, name, random.choice(choices), f"{name}-{day:%m%d}", day, serial)
    # One incident under three lines, and one told twice (A24); a unit that loses more than the block holds (A02).
    for name, points in (("D1", "0.5"), ("D2", "0.3"), ("D4", "1.5")):
        serial += 1
        yield deduction("hr", name, points, "督办单-第三批", date(2020, 9, 18), serial)
    for number in range(5):
        serial += 1
        yield deduction(
            "commerce", "D4", "1.5", f"进度落后-{number}", date(2020, 7, 10) + timedelta(days=30 * number), serial
        )
    serial += 1
    yield deduction("tax", "D1", "0.4", "交办件-春季", date(2020, 3, 20), serial)


def work(random: Random) -> Iterator[Json]:
    """Everything the office enters in the ordinary course."""
    yield from (*_judgements(random), *_ranks(random), *_awards(random), *_deductions(random))
