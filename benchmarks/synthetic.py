"""A synthetic ledger of any length under the rubric binjiang-2020: as many from the same seed are the same bytes.

Nine of ten entries are figures of providers, the others awards, deductions, corrections and withdrawals. Lines are put
together as text, in the order of RFC 8785, because ten million of them go through here; a test holds them against what
the gate writes.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from shared.contracts.entries import parse_event, stored_form

ASSESSMENT = "binjiang-2020"
RUBRIC = (Path(__file__).parents[1] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")
OFFICE = "/binjiang/sme-office"
OPENED = datetime(2020, 6, 17, tzinfo=UTC)
SPAN = timedelta(days=200)
YEAR = [date(2020, 1, 1) + timedelta(days=day) for day in range(366)]
DAYS = [day.isoformat() for day in YEAR]


class Measured(NamedTuple):
    """A figure that a provider reports of a unit: whole numbers up to `most`, with `decimals` places behind them."""

    provider: str
    unit: str
    indicator: str
    measure: str
    most: int
    decimals: int = 0


MEASURED = (
    Measured("market", "market", "M1", "new_firms", 6000),
    Measured("market", "market", "M1", "new_firms_priority", 2600),
    Measured("market", "market", "M2", "joint_stock_firms", 20),
    Measured("market", "market", "M3", "converted_firms", 60),
    Measured("market", "market", "M4", "ip_standard_firms", 20),
    Measured("market", "market", "M5", "ip_standard_people", 60),
    Measured("science", "science", "K1", "tech_firms", 300),
    Measured("science", "science", "K2", "voucher_amount", 800, 2),
    Measured("pbc-hangzhou", "reform", "F1", "inclusive_growth", 30, 2),
    Measured("pbc-hangzhou", "reform", "F1", "all_loans_growth_city", 30, 2),
    Measured("pbc-hangzhou", "reform", "F2", "completion", 100, 1),
    Measured("commerce", "commerce", "S1", "export_registrations", 90),
    Measured("commerce", "commerce", "S2", "new_exporting_firms", 30),
    Measured("hr", "hr", "R1", "trained_person_times", 3000),
    Measured("tax", "tax", "T1", "coverage", 99, 2),
)
UNITS = ("market", "science", "reform", "commerce", "hr", "tax")


def opening() -> bytes:
    """The event that opens the assessment."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "opening",
            "source": OFFICE,
            "type": "meritlog.AssessmentOpened.v1",
            "time": "2020-06-17T00:00:00Z",
            "assessment": ASSESSMENT,
            "data": {
                "rubric": {
                    "id": ASSESSMENT,
                    "version": 1,
                    "digest": f"sha256:{hashlib.sha256(RUBRIC.encode()).hexdigest()}",
                    "content": RUBRIC,
                },
                "period": {"from": "2020-01-01", "to": "2020-12-31"},
                "timezone": "Asia/Shanghai",
            },
        },
        ensure_ascii=False,
    ).encode()


class Said(NamedTuple):
    """An event as its parts: `data` and what stands behind the identity in canonical order."""

    data: str
    id: str
    provider: str
    source: str
    subject: str
    type: str

    def event(self, time: str) -> bytes:
        """The event as a sender would send it."""
        return (
            f'{{"assessment":"{ASSESSMENT}","data":{self.data},"id":"{self.id}",{self.provider}'
            f'"source":"{self.source}","specversion":"1.0",{self.subject}"time":"{time}","type":"{self.type}"}}'
        ).encode()

    def entry(self, time: str, position: int, previous: str) -> bytes:
        """The entry as intake stores it."""
        return (
            f'{{"acceptedtime":"{time}","assessment":"{ASSESSMENT}","data":{self.data},"id":"{self.id}",'
            f'"position":{position},"previous":"sha256:{previous}",{self.provider}"source":"{self.source}",'
            f'"specversion":"1.0",{self.subject}"time":"{time}","type":"{self.type}"}}'
        ).encode()


def said(count: int, seed: int, *, disputes: bool = True) -> Iterator[tuple[str, Said]]:
    """Time and parts of the events behind the opening, `count` - 1 of them, spread over the second half of the year.

    Without `disputes` none names an earlier one, so that they may be sent side by side.
    """
    rand = Random(seed).random
    live: list[tuple[int, Measured]] = []
    second = SPAN.total_seconds() / count
    for number in range(2, count + 1):
        moment = OPENED + timedelta(seconds=int(number * second))
        days = min((moment.date() - YEAR[0]).days, 365)
        occurred = DAYS[int(rand() * (days + 1))]
        kind = rand()
        if kind < 0.90 or len(live) < 100 or (kind >= 0.96 and not disputes):
            measured = MEASURED[int(rand() * len(MEASURED))]
            data = _figure(measured, occurred, rand())
            live.append((number, measured))
            parts = _by_provider(data, f"e{number}", measured, "SubmissionReceived")
        elif kind < 0.96:
            parts = _judged(f"e{number}", occurred, kind < 0.93, rand(), rand())
        else:
            chosen = int(rand() * len(live))
            live[chosen], live[-1] = live[-1], live[chosen]
            target, measured = live.pop()
            named = f'"entry":{{"id":"e{target}","source":"/binjiang/{measured.provider}"}},"reason":"重新核对"'
            if kind < 0.98:
                data = f'{{"data":{_figure(measured, occurred, rand())},{named}}}'
                live.append((number, measured))
                parts = _by_provider(data, f"e{number}", measured, "EntryCorrected")
            else:
                parts = _by_provider(f"{{{named}}}", f"e{number}", measured, "EntryWithdrawn")
        yield moment.strftime("%Y-%m-%dT%H:%M:%SZ"), parts


def _figure(measured: Measured, occurred: str, share: float) -> str:
    value = str(int(share * measured.most))
    if measured.decimals:
        value += f".{int(share * 7919) % 10**measured.decimals:0{measured.decimals}d}"
    named = f'"indicator":"{measured.indicator}","measure":"{measured.measure}"'
    return f'{{{named},"occurred":"{occurred}","value":"{value}"}}'


def _by_provider(data: str, id_: str, measured: Measured, kind: str) -> Said:
    provider = measured.provider
    return Said(
        data,
        id_,
        f'"provider":"{provider}",',
        f"/binjiang/{provider}",
        f'"subject":"{measured.unit}",',
        f"meritlog.{kind}.v1",
    )


def _judged(id_: str, occurred: str, award: bool, one: float, two: float) -> Said:  # noqa: FBT001
    unit, name = UNITS[int(one * 6)], int(two * 40)
    if award:
        data = (
            f'{{"indicator":"B3","line":"city-meeting","occasion":"第{name}次","occurred":"{occurred}",'
            '"points":"1","reason":"合成"}'
        )
        kind = "BonusAwarded"
    else:
        data = (
            f'{{"incident":"第{name}件","indicator":"D","line":"D1","occurred":"{occurred}",'
            f'"points":"0.{1 + int(one * 5)}","reason":"合成"}}'
        )
        kind = "DeductionIssued"
    return Said(data, id_, "", OFFICE, f'"subject":"{unit}",', f"meritlog.{kind}.v1")


def events(count: int, seed: int = 2020, *, disputes: bool = True) -> Iterator[bytes]:
    """Events to send, the opening first."""
    yield opening()
    for time, parts in said(count, seed, disputes=disputes):
        yield parts.event(time)


def entries(count: int, seed: int = 2020) -> Iterator[bytes]:
    """Entries in their stored form, chained from position 1 on."""
    first = stored_form(parse_event(opening()), position=1, acceptedtime="2020-06-17T00:00:00Z", previous=None)
    yield first
    previous = hashlib.sha256(b"\0" + first).hexdigest()
    for position, (time, parts) in enumerate(said(count, seed), 2):
        stored = parts.entry(time, position, previous)
        previous = hashlib.sha256(b"\0" + stored).hexdigest()
        yield stored
