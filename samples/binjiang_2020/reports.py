"""What the data providers report: cumulative figures, week by week or month by month, and that a period is complete."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from samples.binjiang_2020.drafts import NOTE, SOURCES, Draft, Json, YearSoFar, at, event, figure, line

OPENED = date(2020, 6, 17)
YEAR_END = date(2020, 12, 31)
DAYS = 366
SILENT = ("cbirc-zhejiang", 2)
"""A provider and a month of which it says nothing at all: the flag `silent-period`."""


@dataclass(frozen=True)
class Course:
    """How a cumulative figure grows: to `final` by the year's end, as the share of the year to the power `shape`."""

    provider: str
    unit: str
    indicator: str
    measure: str
    final: int
    shape: float
    weekly: bool = False


COURSES = (
    Course("market", "market", "M1", "new_firms", 5605, 1.1, weekly=True),
    Course("market", "market", "M1", "new_firms_priority", 2430, 1.4, weekly=True),
    Course("market", "market", "M2", "joint_stock_firms", 17, 1.8),
    Course("market", "market", "M3", "converted_firms", 52, 0.8),
    Course("market", "market", "M3", "converted_companies", 43, 0.8),
    Course("market", "market", "M4", "ip_standard_firms", 16, 2.2),
    Course("market", "market", "M5", "ip_standard_people", 46, 1.0),
    Course("market", "district", "C2", "library_stock", 3120, 0.7),
    Course("science", "science", "K1", "tech_firms", 281, 1.6, weekly=True),
    Course("science", "science", "K2", "voucher_amount", 731, 2.0, weekly=True),
    Course("commerce", "commerce", "S1", "export_registrations", 74, 0.6, weekly=True),
    Course("commerce", "commerce", "S2", "new_exporting_firms", 19, 1.3, weekly=True),
    Course("commerce", "commerce", "S2", "exporting_firms", 58, 0.4),
    Course("hr", "hr", "R1", "trained_person_times", 2710, 2.6, weekly=True),
)
RATES = {
    ("pbc-hangzhou", "inclusive_growth"): (7.0, 24.0),
    ("pbc-hangzhou", "all_loans_growth_city"): (14.0, 18.5),
    ("pbc-hangzhou", "all_loans_growth_province"): (15.2, 17.1),
    ("pbc-hangzhou", "all_loans_growth_district"): (12.8, 21.3),
    ("cbirc-zhejiang", "bank_inclusive_growth"): (6.5, 19.8),
    ("cbirc-zhejiang", "bank_average_growth"): (13.0, 16.4),
}


def months() -> Iterator[date]:
    """The last days of the twelve months."""
    for month in range(1, 13):
        yield (date(2020, month, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def known(occurred: date, lag: int) -> date:
    """The day a figure is sent: `lag` days after it was true, and not before the assessment was opened."""
    return max(occurred + timedelta(days=lag), OPENED + timedelta(days=1 + lag % 5))


def _share(day: date) -> float:
    return day.timetuple().tm_yday / DAYS


def _weeks() -> Iterator[date]:
    day = date(2020, 1, 5)
    while day < YEAR_END:
        yield day
        day += timedelta(days=7)
    yield YEAR_END


def _growing(course: Course, random: Random) -> Iterator[Json]:
    reached = 0
    for index, day in enumerate(_weeks() if course.weekly else months()):
        wobble = 1 + random.uniform(-0.04, 0.04) * (1 - _share(day))
        reached = max(reached, int(course.final * min(1.0, _share(day) ** course.shape * wobble)))
        value = course.final if day == YEAR_END else reached
        moment = at(known(day, random.randint(1, 4)), 8 + index % 9, random.randint(0, 59), random.randint(0, 59))
        yield figure(course.provider, course.unit, course.indicator, course.measure, str(value), day, moment, note=NOTE)


def _rates(random: Random) -> Iterator[Json]:
    for (provider, measure), (first, last) in RATES.items():
        for day in months():
            if (provider, day.month) == SILENT:
                continue
            rate = first + (last - first) * _share(day) + random.uniform(-1.2, 1.2)
            moment = at(known(day, random.randint(9, 14)), random.randint(9, 16), random.randint(0, 59))
            yield figure(provider, "reform", "F1", measure, f"{rate:.2f}", day, moment)


def _completion(random: Random) -> Iterator[Json]:
    for month, day in enumerate(months(), 1):
        done = 52 + 3.6 * month + random.uniform(-1.5, 1.5)
        for provider, lag in (("pbc-hangzhou", 10), ("cbirc-zhejiang", 12)):
            if provider == "cbirc-zhejiang" and month in {2, 5}:
                continue  # one provider alone: the indicator is pending
            differs = 1.5 if provider == "cbirc-zhejiang" and month in {3, 4, 8, 10} else 0
            moment = at(known(day, lag), 14, random.randint(0, 59))
            yield figure(provider, "reform", "F2", "completion", f"{done + differs:.1f}", day, moment)
        if month in {4, 8, 12}:
            moment = at(known(day, 20), 15, random.randint(0, 59))
            # April stands exactly on the cliff of 70 % (finding A06).
            value = "70" if month == 4 else f"{done + 0.5:.1f}"
            yield figure("sme-office", "reform", "F2", "completion", value, day, moment)


def _tax(random: Random) -> Iterator[Json]:
    for day in _weeks():
        coverage = min(100.0, 61 + 38.6 * _share(day) ** 0.7 + random.uniform(-0.4, 0.4))
        moment = at(known(day, random.randint(1, 3)), 17, random.randint(0, 59))
        yield figure("tax", "tax", "T1", "coverage", f"{coverage:.2f}", day, moment)
    yield figure("city-tax", "tax", "T1", "verdict", "fail", date(2020, 9, 30), at(date(2020, 10, 14), 10))
    yield figure("city-tax", "tax", "T1", "verdict", "pass", YEAR_END, at(date(2021, 1, 12), 10))


def completeness() -> Iterator[Draft]:
    """Every provider says each month that its figures are complete; two months are left silent."""
    silent = {SILENT, ("hr", 7)}
    for provider in ("market", "science", "hr", "commerce", "tax", "pbc-hangzhou", "cbirc-zhejiang"):
        for month, day in enumerate(months(), 1):
            if (provider, month) not in silent:
                yield _period(provider, f"2020-{month:02}", at(known(day, 16), 18, month))


def _period(provider: str, period: str, moment: datetime) -> Draft:
    def make(year: YearSoFar) -> str:
        data = {"period": period, "entries": year.reported(provider, period)}
        return line(
            event(
                "PeriodReported",
                source=SOURCES[provider],
                id=f"{period}/complete",
                moment=moment,
                provider=provider,
                data=data,
            )
        )

    return Draft(moment, make)


def reports(random: Random) -> Iterator[Json]:
    """Every regular report of the year."""
    for course in COURSES:
        yield from _growing(course, random)
    yield from (*_rates(random), *_completion(random), *_tax(random))
