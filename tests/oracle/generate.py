"""Valid random ledgers of binjiang-2020, and coordinates to ask them at.

One writer serves both: give it a seeded `random.Random` for thousands of logs, or hypothesis's for one that shrinks.
Values, dates and names come from small pools on purpose, so that ties, duplicates, shared incidents, conflicts and
the edges of every rule are common.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.oracle import binjiang

ASSESSMENT = "binjiang-2020"
ZONE = ZoneInfo("Asia/Shanghai")
RUBRIC = Path(__file__).parents[2] / "rubrics" / "binjiang-2020.yaml"
LAST_DAY = date(2020, 12, 31)

COUNTS = {  # (unit, indicator, measure): target
    ("market", "M1", "new_firms"): 5900,
    ("market", "M1", "new_firms_priority"): 2700,
    ("market", "M2", "joint_stock_firms"): 15,
    ("market", "M3", "converted_firms"): 50,
    ("market", "M3", "converted_companies"): 40,
    ("market", "M4", "ip_standard_firms"): 16,
    ("market", "M5", "ip_standard_people"): 44,
    ("district", "C2", "library_stock"): 3000,
    ("science", "K1", "tech_firms"): 297,
    ("commerce", "S1", "export_registrations"): 77,
    ("commerce", "S2", "new_exporting_firms"): 22,
    ("commerce", "S2", "exporting_firms"): 22,
    ("hr", "R1", "trained_person_times"): 2640,
}
RATES = {
    "inclusive_growth": "pbc-hangzhou",
    "all_loans_growth_city": "pbc-hangzhou",
    "all_loans_growth_province": "pbc-hangzhou",
    "all_loans_growth_district": "pbc-hangzhou",
    "bank_inclusive_growth": "cbirc-zhejiang",
    "bank_average_growth": "cbirc-zhejiang",
}
MEASURES: list[tuple[str, str, str, str]] = [  # (unit, indicator, measure, provider)
    *((unit, indicator, measure, "market" if unit == "district" else unit) for unit, indicator, measure in COUNTS),
    ("science", "K2", "voucher_amount", "science"),
    *(("reform", "F1", measure, provider) for measure, provider in RATES.items()),
    *(("reform", "F2", "completion", one) for one in ("pbc-hangzhou", "cbirc-zhejiang", "sme-office")),
    ("tax", "T1", "verdict", "city-tax"),
    ("tax", "T1", "coverage", "tax"),
    *((unit, "B1", "city_rank", "sme-office") for unit in binjiang.UNITS),
    *((unit, one, "judgement", "sme-office") for unit in binjiang.UNITS for one in binjiang.COMMON),
]
TIERS = {
    "fair": ["2", "2.5", "3", "3.25", "4", "4.0"],
    "good": ["5", "6.5", "7", "7.75", "8"],
    "outstanding": ["10", "10.0"],
}
RANGED = {  # lines whose points are judged
    "pilot": ["1", "2.5", "4", "5"],
    "relending": ["1", "2", "3"],
    "speech": ["1", "1.5", "2"],
    "hosting": ["1", "2", "3"],
    "provincial-selection": ["0.5", "0.75", "1"],
    "D1": ["0.1", "0.3", "0.5"],
    "D2": ["0.1", "0.2", "0.3"],
    "D3": ["0.1", "0.15", "0.3"],
    "D4": ["1", "1.5", "2"],
}
OCCASIONS = ["pilot zone", "批示 7", "现场会", "smart cloud", "Smart cloud", "评比"]
INCIDENTS = ["交办 3", "报表 5", "late", "x", "y"]
DIGESTS = ["sha256:" + letter * 64 for letter in "abc"]
EDGES = [date(2020, 1, 1), date(2020, 6, 16), date(2020, 6, 17), date(2020, 6, 30), LAST_DAY]
FIXED_TYPES = ["AssessmentOpened", "RubricAdopted", "AssessmentFrozen", "AssessmentClosed", "AssessmentRestated"]


def rubric_text() -> str:
    """The rubric as it stands in the repository; a placeholder where there is none (the oracle reads none)."""
    return RUBRIC.read_text(encoding="utf-8") if RUBRIC.exists() else "version: 1\n"


class Writer:
    """Writes one valid ledger, entry by entry, in stored form."""

    def __init__(self, random: Random, text: str) -> None:
        self.random = random
        self.text = text
        self.entries: list[dict[str, Any]] = []
        self.clock = datetime(2020, 1, random.randint(2, 28), 1, tzinfo=UTC)
        self.version = 0
        self.closing = 0
        # Caps and floors are only reached where awards and deductions heap up: in some logs on one unit and few lines.
        self.heaped = random.choice([None, None, random.choice(list(binjiang.UNITS))])

    # --- small draws

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def day(self) -> date:
        """A date no later than the day of acceptance: today, an edge, one used before, or any."""
        today = min(self.clock.astimezone(ZONE).date(), LAST_DAY)
        start = date(2020, 1, 1)
        used = [date.fromisoformat(one["data"]["occurred"]) for one in self.entries if "occurred" in one["data"]]
        pools: list[Callable[[], date]] = [
            lambda: today,
            lambda: today,
            lambda: self.random.choice(EDGES),
            lambda: self.random.choice(used or [today]),
            lambda: start + timedelta(days=self.random.randint(0, (today - start).days)),
        ]
        return min(self.random.choice(pools)(), today)

    def alive(self, *kinds: str) -> list[binjiang.Fact]:
        return [one for one in binjiang.in_force(self.entries, len(self.entries)) if one.kind in kinds]

    # --- the envelope

    def append(self, kind: str, data: Mapping[str, Any], subject: str | None = None, by: str | None = None) -> None:
        """Add an entry; ids are used again under another source, so that both make the identity."""
        position = len(self.entries) + 1
        if self.chance(2):
            self.clock += timedelta(seconds=self.random.choice([0, 1, 3600, 86400, 86400 * 9, 86400 * 25]))
        entry: dict[str, Any] = {
            "specversion": "1.0",
            "id": str((position + 1) // 2),
            "source": f"/binjiang/{position % 2}",
            "type": f"meritlog.{kind}.v1",
            "time": self.clock.astimezone(ZONE).isoformat(),
            "assessment": ASSESSMENT,
            "position": position,
            "acceptedtime": self.clock.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "data": dict(data),
        }
        if subject is not None:
            entry["subject"] = subject
        if by is not None:
            entry["provider"] = by
        if self.entries:
            entry["previous"] = leaf(self.entries[-1])
        self.entries.append(entry)

    # --- `data` by type

    def submission_data(self, unit: str, indicator: str, measure: str) -> dict[str, Any]:
        data: dict[str, Any] = {"indicator": indicator, "measure": measure, "occurred": self.day().isoformat()}
        choose = self.random.choice
        if measure == "judgement":
            data["tier"] = choose(list(TIERS))
            data["value"] = choose(TIERS[data["tier"]])
            data["reason"] = "as seen"
        elif measure in RATES:
            data["value"] = choose(["-3", "0", "5", "6.99", "7", "7.0", "10", "10", "12.5", "20"])
        elif measure == "completion":
            data["value"] = choose(["0", "69.99", "70", "70.0", "85", "85", "100", "120"])
        elif measure == "verdict":
            data["value"] = choose(["pass", "fail", "fail"])
        elif measure == "coverage":
            data["value"] = choose(["0", "55.5", "70", "99.99", "100", "100.0"])
        elif measure == "city_rank":
            data |= {"value": choose("12345678"), "occasion": choose(["list", "List", "annual"])}
        elif measure == "voucher_amount":
            data["value"] = choose(["0", "412.505", "699.999", "700", "812"])
        else:
            target = COUNTS[unit, indicator, measure]
            data["value"] = choose(["0", str(target), str(target + 1), str(self.random.randint(0, target * 5 // 4))])
        if measure != "city_rank" and self.chance(12):
            data["occasion"] = choose(["list", "annual"])  # it has no lists: a member like any other
        if self.chance(6):
            data["evidence"] = [{"name": "sheet", "digest": choose(DIGESTS)}]
        return data

    def line_data(self, kind: str) -> dict[str, Any]:
        award = kind == "BonusAwarded"
        indicator = self.random.choice(["B2", "B3", "B3"]) if award else "D"
        line = self.random.choice(binjiang.LINES[indicator])
        if self.heaped and self.chance(2):
            indicator, line = ("B3", "provincial-selection") if award else ("D", "D4")
        data: dict[str, Any] = {
            "indicator": indicator,
            "line": line,
            "occasion" if award else "incident": self.random.choice(OCCASIONS if award else INCIDENTS),
            "occurred": self.day().isoformat(),
            "reason": "as the paper says",
        }
        if line in RANGED:
            data["points"] = self.random.choice(RANGED[line])
        elif self.chance(3):
            data["points"] = str(binjiang.FIXED[line])
        if self.chance(3):
            data["evidence"] = [{"name": "paper", "digest": self.random.choice(DIGESTS), "href": "https://e.test/1"}]
        return data

    def determination_data(self, unit: str) -> dict[str, Any]:
        indicator = self.random.choice([one for ids in binjiang.indicators_of(unit).values() for one in ids])
        data = {"indicator": indicator, "occurred": self.day().isoformat(), "reason": "settled"}
        if self.chance(4):
            return {**data, "outcome": "not-applicable"}
        most = binjiang.MAX[indicator]
        points = self.random.choice(
            ["0", str(most), "1.001", "1.004", "1.005", "3.335", "-5" if indicator == "D" else "2"]
        )
        return {**data, "outcome": "points", "points": points}

    def ruling_data(self) -> dict[str, Any]:
        finding = self.random.choice(list(binjiang.READINGS))
        return {"finding": finding, "reading": self.random.choice(binjiang.READINGS[finding]), "reason": "so read"}

    def period_data(self) -> dict[str, Any]:
        month = self.random.randint(1, 12)
        dates = f"2020-{month:02d}-01/{date(2020, month, 1) + timedelta(days=40)}"
        period = dates if self.chance(4) else f"2020-{month:02d}"
        return {"period": period, "entries": str(self.random.randint(0, 3))}

    def rubric(self) -> dict[str, Any]:
        text = re.sub(r"(?m)^version: \d+", f"version: {self.version}", self.text, count=1)
        digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        return {"id": ASSESSMENT, "version": str(self.version), "digest": digest, "content": text}

    def statement(self) -> dict[str, Any]:
        """What a closing and a restatement say; sometimes of another standing than they claim."""
        as_of, known_at, readings = coordinate(self.random, len(self.entries))
        seen = binjiang.standing(self.entries, as_of, known_at, readings)
        claimed = binjiang.digest(seen) if self.random.random() < 0.75 else "sha256:" + "0" * 64
        return {
            "as_of": seen["as_of"],
            "known_at": str(seen["known_at"]["position"]),
            "rubric": str(seen["rules"]["version"]),
            "readings": seen["rules"]["readings"],
            "standing": claimed,
            "reason": "the year is over",
        }

    # --- one entry of each type; those that have nothing to act on do nothing

    def open(self) -> None:
        self.version = 1
        period = {"from": "2020-01-01", "to": "2020-12-31"}
        self.append("AssessmentOpened", {"rubric": self.rubric(), "period": period, "timezone": "Asia/Shanghai"})

    def submit(self) -> None:
        unit, indicator, measure, provider = self.random.choice(MEASURES)
        self.append("SubmissionReceived", self.submission_data(unit, indicator, measure), unit, provider)

    def submit_finance(self) -> None:
        """F1, F2 and T1 need several figures to say anything: one of them, more often."""
        some = [one for one in MEASURES if one[1] in ("F1", "F2", "T1", "B1")]
        unit, indicator, measure, provider = self.random.choice(some)
        self.append("SubmissionReceived", self.submission_data(unit, indicator, measure), unit, provider)

    def again(self) -> None:
        """Another figure for a date that has one."""
        figures = self.alive("SubmissionReceived")
        if figures:
            one = self.random.choice(figures)
            data = self.submission_data(str(one.subject), one.data["indicator"], one.data["measure"])
            data["occurred"] = one.data["occurred"]
            self.append("SubmissionReceived", data, one.subject, one.provider)

    def heap(self) -> str:
        return self.heaped or self.random.choice(list(binjiang.UNITS))

    def award(self) -> None:
        self.append("BonusAwarded", self.line_data("BonusAwarded"), self.heap())

    def deduct(self) -> None:
        self.append("DeductionIssued", self.line_data("DeductionIssued"), self.heap())

    def determine(self) -> None:
        unit = self.random.choice(list(binjiang.UNITS))
        self.append("IndicatorDetermined", self.determination_data(unit), unit)

    def rule(self) -> None:
        self.append("RulingMade", self.ruling_data())

    def report(self) -> None:
        self.append("PeriodReported", self.period_data(), by=self.random.choice(binjiang.MONTHLY))

    def recuse(self) -> None:
        self.append("RecusalRecorded", {"scope": "M1", "reason": "leads and is scored"})

    def confirm(self) -> None:
        figures = self.alive("SubmissionReceived", "BonusAwarded")
        if figures:
            one = self.random.choice(figures)
            # The assessor is the sme-office: what it reported somebody else confirms.
            others = [by for by in ("hr", "tax", None) if by != one.provider]
            by = self.random.choice(others[:-1] if one.provider in (None, "sme-office") else others)
            self.append("EntryConfirmed", {"entry": named(one), "reason": "seen the files"}, one.subject, by)

    def correct(self) -> None:
        kinds = ["SubmissionReceived", "BonusAwarded", "DeductionIssued", "IndicatorDetermined", "RulingMade"]
        targets = self.alive(*kinds, "PeriodReported")
        if not targets:
            return
        one = self.random.choice(targets)
        if one.kind == "SubmissionReceived":
            able = [row for row in MEASURES if (row[0], row[3]) == (one.subject, one.provider)]
            same = [row for row in able if row[1:3] == (one.data["indicator"], one.data["measure"])]
            row = self.random.choice(able if self.chance(3) else same)
            data = self.submission_data(*row[:3])
        elif one.kind in ("BonusAwarded", "DeductionIssued"):
            data = self.line_data(one.kind)
        elif one.kind == "IndicatorDetermined":
            data = self.determination_data(str(one.subject))
        else:
            data = self.ruling_data() if one.kind == "RulingMade" else self.period_data()
        by = self.random.choice([one.provider, None])
        self.append("EntryCorrected", {"entry": named(one), "reason": "misread", "data": data}, one.subject, by)

    def withdraw(self) -> None:
        targets = [one for one in self.alive(*KINDS) if one.kind not in FIXED_TYPES]
        if targets:
            one = self.random.choice(targets)
            by = self.random.choice([one.provider, None])
            self.append("EntryWithdrawn", {"entry": named(one), "reason": "in error"}, one.subject, by)

    def appeal(self) -> None:
        unit = self.random.choice(list(binjiang.UNITS))
        own = [one for one in self.alive("SubmissionReceived", "DeductionIssued") if one.subject == unit]
        data: dict[str, Any] = {"grounds": "not so"}
        if own and self.chance(2):
            data["entry"] = named(self.random.choice(own))
        else:
            data["indicator"] = self.random.choice([*binjiang.BONUS, *binjiang.INDIVIDUAL[unit]])
        self.append("AppealFiled", data, unit)

    def decide(self) -> None:
        appeals = self.alive("AppealFiled")
        if appeals:
            one = self.random.choice(appeals)
            upheld = self.chance(2)
            self.append("AppealDecided", {"appeal": named(one), "upheld": upheld, "reason": "heard"}, one.subject)

    def adopt(self) -> None:
        before = str(self.version)
        self.version += 1
        self.append("RubricAdopted", {"rubric": self.rubric(), "supersedes": before, "reason": "printed again"})

    def freeze(self) -> None:
        as_of, known_at, _ = coordinate(self.random, len(self.entries))
        data = {"as_of": (as_of or LAST_DAY).isoformat(), "known_at": str(known_at or len(self.entries))}
        self.append("AssessmentFrozen", {**data, "reason": "for the meeting"})

    def close(self) -> None:
        self.closing = len(self.entries) + 1
        self.append("AssessmentClosed", self.statement())

    def restate(self) -> None:
        data = {**self.statement(), "supersedes": str(self.closing)}
        self.closing = len(self.entries) + 1
        self.append("AssessmentRestated", data)

    def step(self) -> None:
        """One more entry, of a type the assessment still accepts."""
        weights = AFTER if self.closing else BEFORE
        self.random.choices(list(weights), list(weights.values()))[0](self)


KINDS = [
    *("SubmissionReceived", "BonusAwarded", "DeductionIssued", "IndicatorDetermined", "RulingMade"),
    *("EntryConfirmed", "PeriodReported", "RecusalRecorded", "AppealFiled", "AppealDecided"),
]
# > After close only appeals, rulings, determinations, confirmations, corrections, withdrawals and restatements.
AFTER = {
    Writer.correct: 8,
    Writer.withdraw: 5,
    Writer.determine: 4,
    Writer.rule: 4,
    Writer.confirm: 3,
    Writer.appeal: 3,
    Writer.decide: 3,
    Writer.restate: 1,
}
BEFORE = {
    Writer.submit: 24,
    Writer.submit_finance: 20,
    Writer.again: 4,
    Writer.award: 16,
    Writer.deduct: 10,
    Writer.determine: 3,
    Writer.rule: 5,
    Writer.report: 2,
    Writer.recuse: 1,
    Writer.confirm: 4,
    Writer.correct: 10,
    Writer.withdraw: 7,
    Writer.appeal: 2,
    Writer.decide: 2,
    Writer.adopt: 1,
    Writer.freeze: 1,
    Writer.close: 1,
}


def named(fact: binjiang.Fact) -> dict[str, str]:
    """The reference by which an entry is meant."""
    return {"source": fact.identity[0], "id": fact.identity[1]}


def leaf(entry: Mapping[str, Any]) -> str:
    """> RFC 6962 leaf hash: SHA-256 over 0x00 and the stored form."""
    return "sha256:" + hashlib.sha256(b"\0" + stored(entry)).hexdigest()


def stored(entry: Mapping[str, Any]) -> bytes:
    """> The JCS form: with ASCII names, and no numbers but small integers, it is what `json` writes."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def ledger(random: Random, size: int, text: str | None = None) -> list[dict[str, Any]]:
    """A valid ledger of about `size` entries."""
    writer = Writer(random, rubric_text() if text is None else text)
    writer.open()
    for _ in range(size - 1):
        writer.step()
    return writer.entries


def coordinate(random: Random, head: int) -> tuple[date | None, int | None, dict[str, str]]:
    """As of, known at, and readings over the rulings."""
    as_of = random.choice([None, random.choice(EDGES), date(2020, 1, 1) + timedelta(days=random.randint(0, 365))])
    known_at = random.choice([None, random.randint(1, head)])
    some = random.sample(sorted(binjiang.READINGS), random.choice([0, 0, 2, 6, len(binjiang.READINGS)]))
    return as_of, known_at, {finding: random.choice(binjiang.READINGS[finding]) for finding in some}


@st.composite
def ledgers(draw: st.DrawFn, most: int = 40) -> list[dict[str, Any]]:
    """Valid ledgers for hypothesis, which shrinks towards few and plain entries."""
    return ledger(draw(st.randoms(use_true_random=False)), draw(st.integers(1, most)))


@st.composite
def coordinates(draw: st.DrawFn, head: int) -> tuple[date | None, int | None, dict[str, str]]:
    """Coordinates of a ledger with `head` entries, for hypothesis."""
    return coordinate(draw(st.randoms(use_true_random=False)), head)
