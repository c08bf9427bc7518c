"""What goes wrong and is put right: corrections, withdrawals, determinations, rulings, appeals; how the year ends."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from random import Random

from samples.binjiang_2020.drafts import NOTE, SOURCES, Draft, Json, YearSoFar, at, draft, event, figure, line, office
from samples.binjiang_2020.office import award, judged

CORRECTIONS, WITHDRAWALS, CONFIRMATIONS, REPEATS = 55, 25, 110, 40
CLOSING = ("AssessmentClosed", "closing/1")


def _target(made: Json) -> Json:
    return {"source": made["source"], "id": made["id"]}


def correction(made: Json, id: str, moment: datetime, data: Json, **more: str) -> Json:
    """The reporter puts other data in the place of an entry."""
    attributes = {name: made[name] for name in ("subject", "provider") if name in made}
    body = {"entry": _target(made), "reason": f"{NOTE}: 复核后更正", **more, "data": data}
    return event("EntryCorrected", source=made["source"], id=id, moment=moment, data=body, **attributes)


def withdrawal(made: Json, id: str, moment: datetime, source: str | None = None) -> Json:
    """The reporter (or, with its source, the assessor) takes an entry back."""
    attributes = {"subject": made["subject"]} if "subject" in made else {}
    if source is None and "provider" in made:
        attributes["provider"] = made["provider"]
    body = {"entry": _target(made), "reason": f"{NOTE}: 误报"}
    return event("EntryWithdrawn", source=source or made["source"], id=id, moment=moment, data=body, **attributes)


def _numbers(made: Json) -> bool:
    return made["type"] == "meritlog.SubmissionReceived.v1" and made["provider"] in (
        "market",
        "science",
        "hr",
        "commerce",
        "tax",
    )


def _changed(made: Json, random: Random) -> Json:
    value = float(made["data"]["value"])
    low, high = (0.97, 0.999) if made["data"]["measure"] == "coverage" else (0.93, 1.03)
    text = (
        f"{value * random.uniform(low, high):.2f}"
        if "." in made["data"]["value"]
        else str(int(value * random.uniform(low, high)))
    )
    return {**made["data"], "value": text}


def _later(made: Json, random: Random, least: int = 3, most: int = 40) -> datetime:
    return min(
        datetime.fromisoformat(made["time"])
        + timedelta(days=random.randint(least, most), minutes=random.randint(1, 300)),
        at(date(2021, 1, 25), 17),
    )


def mended(sent: Sequence[Json]) -> list[Json]:
    """Choose the reports that will be corrected, then those that will be withdrawn."""
    return Random(len(sent)).sample([made for made in sent if _numbers(made)], CORRECTIONS + WITHDRAWALS)


def _mended(sent: Sequence[Json], random: Random) -> Iterator[Draft]:
    chosen = mended(sent)
    reported = [made for made in sent if _numbers(made)]
    for number, made in enumerate(chosen[:CORRECTIONS], 1):
        first = correction(made, f"correction/{made['id']}", _later(made, random), _changed(made, random))
        yield draft(first)
        if number % 6 == 0:
            again = {**first, "data": first["data"]["data"]}
            yield draft(
                correction(again, f"correction/{first['id']}", _later(first, random, 1, 9), _changed(again, random))
            )
        if number % 11 == 0:
            # Taking a correction back revives nothing: the earlier figures stand.
            yield draft(withdrawal(first, f"withdrawal/{first['id']}", _later(first, random, 10, 15)))
    for made in chosen[CORRECTIONS:]:
        by_office = OFFICE_SOURCE if random.random() < 0.3 else None
        yield draft(withdrawal(made, f"withdrawal/{made['id']}", _later(made, random), by_office))
    gone = {(made["source"], made["id"]) for made in chosen}
    for made in random.sample([made for made in reported if (made["source"], made["id"]) not in gone], CONFIRMATIONS):
        body = {"entry": _target(made), "reason": f"{NOTE}: 与台账核对一致"}
        yield draft(
            office(
                "EntryConfirmed",
                f"confirmation/{made['source'].rsplit('/', 1)[1]}/{made['id']}",
                _later(made, random, 1, 30),
                body,
                made["subject"],
            )
        )


OFFICE_SOURCE = SOURCES["sme-office"]


def _determined(
    unit: str, indicator: str, serial: int, day: date, outcome: str, points: str | None, **more: str
) -> Json:
    data: Json = {
        "indicator": indicator,
        "outcome": outcome,
        "occurred": day.isoformat(),
        "reason": f"{NOTE}: 经会商认定",
        **more,
    }
    if points is not None:
        data["points"] = points
    return office("IndicatorDetermined", f"determination/{serial}", at(day + timedelta(days=2), 15, serial), data, unit)


def _determinations() -> Iterator[Json]:
    yield _determined("reform", "F2", 1, date(2020, 9, 20), "points", "18.5", because="两家监管部门数据不一致")
    yield _determined("commerce", "C2", 2, date(2020, 10, 8), "not-applicable", None)
    yield _determined("science", "K2", 3, date(2020, 10, 30), "points", "20")
    yield _determined("hr", "C5", 4, date(2020, 11, 5), "points", "0")
    yield _determined("hr", "C5", 5, date(2020, 11, 25), "points", "6")
    yield _determined("market", "D", 6, date(2020, 12, 2), "points", "4.5")


def _ruling(finding: str, reading: str, serial: int, day: date) -> Json:
    return office(
        "RulingMade",
        f"ruling/{serial}",
        at(day, 10, serial),
        {"finding": finding, "reading": reading, "reason": f"{NOTE}: 领导小组办公室会议纪要"},
    )


def _rulings() -> Iterator[Json]:
    each = _ruling("A24", "each", 2, date(2020, 10, 20))
    yield from (
        _ruling("A13", "new", 1, date(2020, 9, 15)),
        each,
        withdrawal(each, "withdrawal/ruling/2", at(date(2020, 11, 10), 11), OFFICE_SOURCE),
        _ruling("A08", "half-steps", 3, date(2020, 10, 28)),
        _ruling("A18", "once", 4, date(2020, 11, 20)),
        _ruling("A18", "accumulate", 5, date(2020, 12, 7)),
        _ruling("A03", "mean", 6, date(2020, 12, 10)),
        _ruling("A16", "best", 7, date(2020, 12, 18)),
        _ruling("A01", "50", 8, date(2021, 1, 8)),
    )


def _appeal(unit: str, serial: int, day: date, data: Json) -> Json:
    return event(
        "AppealFiled",
        source=f"/binjiang/{unit}",
        id=f"appeal/{serial}",
        moment=at(day, 14, serial),
        subject=unit,
        data={**data, "grounds": f"{NOTE}: 对认定有异议"},
    )


def _decided(appeal: Json, serial: int, day: date, *, upheld: bool) -> Json:
    return office(
        "AppealDecided",
        f"appeal-decision/{serial}",
        at(day, 16, serial),
        {"appeal": _target(appeal), "upheld": upheld, "reason": f"{NOTE}: 领导小组办公室复议"},
        appeal["subject"],
    )


def _appeals(sent: Sequence[Json]) -> Iterator[Json]:
    disputed = next(
        made
        for made in sent
        if made["type"] == "meritlog.DeductionIssued.v1" and made["subject"] == "hr" and made["data"]["line"] == "D4"
    )
    upheld = _appeal("hr", 1, date(2020, 12, 20), {"entry": _target(disputed)})
    yield upheld
    yield _decided(upheld, 1, date(2021, 1, 6), upheld=True)
    yield correction(
        disputed,
        "correction/appeal/1",
        at(date(2021, 1, 7), 9),
        {**disputed["data"], "points": "1"},
        because="appeal/1",
    )
    rejected = _appeal("commerce", 2, date(2020, 12, 22), {"indicator": "D"})
    yield rejected
    yield _decided(rejected, 2, date(2021, 1, 9), upheld=False)
    yield _appeal("market", 3, date(2021, 2, 20), {"indicator": "M1"})


def _recusal() -> Json:
    return office(
        "RecusalRecorded",
        "recusal/1",
        at(date(2020, 7, 1), 9),
        {"scope": "market: M1-M5", "reason": f"{NOTE}: 牵头单位同为被考核单位 (A34)"},
    )


def _stands(kind: str, id: str, moment: datetime, **more: int | str) -> Draft:
    """A freeze, closing or restatement of the standing at the head, with the digest of what the assessor saw."""

    def make(year: YearSoFar) -> str:
        data: Json = {"as_of": "2020-12-31", "known_at": year.head, "reason": f"{NOTE}: 年终考核"}
        if kind != "AssessmentFrozen":
            seen = year.standing("2020-12-31", year.head)
            data |= {
                "rubric": seen["rules"]["version"],
                "readings": seen["rules"]["readings"],
                "standing": year.digest(seen),
            }
        if "supersedes" in more:
            data["supersedes"] = year.positions[OFFICE_SOURCE, str(more["supersedes"])]
        return line(office(kind, id, moment, data))

    return Draft(moment, make)


def _preliminary() -> Iterator[Json]:
    """Two first counts, later corrected downwards: 6/297 of 25 and 27/2640 of 50 look alike, rounded (A28)."""
    day = date(2020, 1, 3)
    for serial, (unit, indicator, measure, value) in enumerate(
        (("science", "K1", "tech_firms", "6"), ("hr", "R1", "trained_person_times", "27"))
    ):
        moment = at(date(2020, 6, 19), 18, serial)
        yield figure(unit, unit, indicator, measure, value, day, moment, note=f"{NOTE}: 初步统计")


def _repeats(sent: Sequence[Json], random: Random) -> Iterator[Draft]:
    """The same event again, days later: a producer that was restarted."""
    for made in random.sample(sent, REPEATS):
        yield Draft(_later(made, random, 1, 60), lambda _, made=made: line(made))


def disputes(sent: Sequence[Json], random: Random) -> Iterator[Draft]:
    """Everything that answers something `sent` in the ordinary course."""
    yield from _mended(sent, random)
    for made in (*_determinations(), *_rulings(), *_appeals(sent), *_preliminary(), _recusal()):
        yield draft(made)
    # One paper under two lines (shared-evidence), and a judgement entered by mistake and settled anew.
    for serial, (name, indicator) in enumerate((("relending", "B2"), ("city-meeting", "B3")), 901):
        paper = award(
            "market",
            indicator,
            name,
            "2" if indicator == "B2" else None,
            f"market-{name}-{serial}",
            date(2020, 10, 16),
            serial,
        )
        paper["data"]["evidence"] = [
            {"name": "会议材料.pdf", "digest": "sha256:" + "ab" * 32, "href": "https://files.example/shared"}
        ]
        yield draft(paper)
    yield draft(judged("commerce", "C3", "8", date(2020, 11, 15), date(2020, 11, 19), random, again="/late"))
    yield from _repeats(sent, random)
    yield _stands("AssessmentFrozen", "freeze/1", at(date(2021, 1, 5), 18))
    yield _stands(*CLOSING, at(date(2021, 2, 5), 18))
    # After the close only what the contract names is taken. Without this pilot hr falls behind science: the closing
    # stands as it is, and the restatement says so.
    pilots = (made for made in sent if made["subject"] == "hr" and made["data"].get("line") == "pilot")
    late = next(made for made in pilots if made["data"]["points"] == "3.5")
    yield draft(withdrawal(late, "withdrawal/after-close", at(date(2021, 3, 1), 10), OFFICE_SOURCE))
    yield _stands("AssessmentRestated", "restatement/1", at(date(2021, 3, 10), 18), supersedes=CLOSING[1])
