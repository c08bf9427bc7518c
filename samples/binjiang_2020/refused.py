"""What must be refused: at least one line for every code of the contract that a file can meet, each among good ones."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from samples.binjiang_2020.drafts import CHINA, NOTE, Draft, Json, at, event, figure, line, office
from samples.binjiang_2020.office import award, deduction

DAY = date(2020, 10, 9)


def _figure(serial: int, **changes: str) -> Json:
    made = figure(
        "market",
        "market",
        "M1",
        "new_firms",
        "4100",
        DAY,
        at(date(2020, 10, 14), 9, serial),
        again=f"/refused/{serial}",
    )
    for name, value in changes.items():
        (made if name in made else made["data"])[name] = value
    return made


def _without(made: Json, name: str, *, data: bool = False) -> Json:
    holder = made["data"] if data else made
    return (
        {**made, "data": {k: v for k, v in holder.items() if k != name}}
        if data
        else {k: v for k, v in holder.items() if k != name}
    )


def _office(serial: int, kind: str, data: Json, unit: str | None = None) -> Json:
    return office(kind, f"refused/{serial}", at(date(2020, 10, 15), 10, serial), data, unit)


def _aims(serial: int, kind: str, target: Json, **data: object) -> Json:
    return _office(
        serial,
        kind,
        {"entry": {"source": target["source"], "id": target["id"]}, "reason": NOTE, **data},
        target.get("subject"),
    )


def _events(sent: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    reason = {"reason": f"{NOTE}: 试录"}
    judged = {
        "indicator": "C1",
        "measure": "judgement",
        "value": "5",
        "tier": "good",
        "occurred": DAY.isoformat(),
        **reason,
    }
    mine = next(made for made in sent if made["source"] == "/binjiang/science")
    other = next(made for made in sent if made["source"] == "/binjiang/hr")

    def judgement(serial: int, **changes: str) -> Json:
        made = _office(serial, "SubmissionReceived", {**judged, **changes}, "hr")
        return {**made, "provider": "sme-office"}

    yield from (
        ("malformed", _without(_figure(1), "value", data=True)),
        ("malformed", _figure(2, time="2020-10-14T09:02:00")),
        ("malformed", _without(_figure(3), "subject")),
        ("malformed", _figure(4, value="4,100")),
        ("malformed", _figure(5, occurred="2020-02-30")),
        ("malformed", _without(judgement(6), "tier", data=True)),
        ("unknown-type", {**_figure(7), "type": "meritlog.FigureGuessed.v1"}),
        ("unknown-unit", _figure(8, subject="finance")),
        ("unknown-indicator", _figure(9, indicator="M9")),
        ("unknown-measure", _figure(10, measure="old_firms")),
        ("unknown-measure", {**judgement(11), "data": {**judged, "indicator": "B3"}}),
        ("unknown-line", award("hr", "B2", "patent", "1", "线外", DAY, 911)),
        ("unknown-line", deduction("hr", "D5", "0.1", "线外", DAY, 912)),
        ("not-this-unit", _figure(13, subject="hr")),
        ("not-your-measure", _figure(14, provider="science")),
        (
            "not-your-entry",
            event(
                "EntryWithdrawn",
                source=mine["source"],
                id="refused/15",
                moment=at(date(2020, 10, 15), 11),
                subject=other["subject"],
                provider="science",
                data={"entry": {"source": other["source"], "id": other["id"]}, **reason},
            ),
        ),
        ("forbidden", {**deduction("hr", "D1", "0.2", "越权", DAY, 916), "provider": "market"}),
        (
            "forbidden",
            event(
                "EntryConfirmed",
                source=mine["source"],
                id="refused/17",
                moment=at(date(2020, 10, 15), 11, 17),
                subject="science",
                provider="science",
                data={"entry": {"source": mine["source"], "id": mine["id"]}, **reason},
            ),
        ),
        ("out-of-range", _figure(18, value="-1")),
        ("out-of-range", _figure(19, value="4100.5")),
        ("out-of-range", award("hr", "B2", "pilot", "6", "超出", DAY, 920)),
        ("out-of-range", deduction("hr", "D3", "0.4", "超出", DAY, 921)),
        ("outside-period", _figure(22, occurred="2019-12-31")),
        ("in-the-future", _figure(23, occurred="2020-12-30")),
        ("reason-missing", judgement(24, reason="  ")),
        ("tier-mismatch", judgement(25, tier="outstanding")),
        ("unknown-entry", _aims(26, "EntryWithdrawn", {"source": "/binjiang/hr", "id": "never-sent", "subject": "hr"})),
        ("unknown-finding", _office(27, "RulingMade", {"finding": "A99", "reading": "50", **reason})),
        ("unknown-reading", _office(28, "RulingMade", {"finding": "A01", "reading": "35", **reason})),
        ("unknown-reading", _office(29, "RulingMade", {"finding": "A07", "reading": "flow", **reason})),
    )


def _raw() -> Iterator[tuple[str, str]]:
    good = line(_figure(40))
    yield "malformed", '{"specversion": "1.0", "id": "2020-10/broken'
    yield "malformed", good.replace('"4100"', "NaN")
    yield "malformed", good.replace('"4100"', "1e5000")
    yield "malformed", good.replace('"4100"', '"4100","value":"4200"')
    yield "malformed", good.replace('"M1"', '"M1\\ud800"')
    yield "too-large", line(_figure(41, note="填" * 90_000))


def _put(code: str, text: str, moment: datetime) -> Draft:
    return Draft(moment, lambda _: text, code)


def refusals(sent: Sequence[Json], superseded: Json, after_close: date) -> Iterator[Draft]:
    """Lines that the gate must refuse, with their codes; `superseded` is an entry that was corrected long before."""
    for code, made in _events(sent):
        moment = datetime.fromisoformat(made["time"])
        yield _put(code, line(made), moment if moment.tzinfo else moment.replace(tzinfo=CHINA))
    for serial, (code, text) in enumerate(_raw()):
        yield _put(code, text, at(date(2020, 10, 16), 9, serial))
    yield _put("assessment-mismatch", line({**_figure(42), "assessment": "binjiang-2021"}), at(date(2020, 10, 16), 10))
    late = _aims(43, "EntryWithdrawn", superseded)
    yield _put("entry-superseded", line(late), at(date(2021, 1, 26), 9))
    changed = {**sent[0], "data": {**sent[0]["data"], "value": "1"}}
    yield _put("id-conflict", line(changed), at(date(2020, 10, 17), 9))
    figures = figure(
        "market", "market", "M1", "new_firms", "5700", date(2020, 12, 31), at(after_close), again="/refused/44"
    )
    for serial, made in enumerate((figures, award("market", "B3", "speech", "1", "迟报", date(2020, 12, 30), 945))):
        yield _put("closed", line(made), at(after_close, 9, serial))
