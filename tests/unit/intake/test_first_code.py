"""Of several faults the first code of the contract's list is given, under binjiang-2020, row by row."""

import json
from pathlib import Path

import pytest

from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import load
from tests.builders import event

RUBRIC = load(Path("rubrics/binjiang-2020.yaml").read_text(encoding="utf-8"))


def said(sent):
    outcome = Replay(load, RUBRIC).read(sent if isinstance(sent, bytes) else json.dumps(sent).encode())
    return "ok" if isinstance(outcome, Accepted) else str(outcome.code)


def sub(indicator, measure, value, unit, provider, **more):
    over = more.pop("_", {})
    data = {"indicator": indicator, "measure": measure, "value": value, "occurred": more.pop("on", "2020-05-31")} | more
    return event("SubmissionReceived", data, subject=unit, provider=provider, **over)


def literal(number):
    """A count written as this JSON number."""
    return json.dumps(sub("M1", "new_firms", "@", "market", "market")).replace('"@"', number).encode()


def line(kind, name, indicator, of, points, unit, provider, more):
    data = {
        "indicator": indicator,
        "line": of,
        name: "o",
        "occurred": "2020-05-31",
        "reason": "x",
        "points": points,
    } | more
    kept = {key: value for key, value in data.items() if value is not None and value != "-"}
    return event(kind, kept, subject=unit, provider=provider)


def bon(indicator, of, points, unit="market", prov=None, **more):
    return line("BonusAwarded", "occasion", indicator, of, points, unit, prov, more)


def ded(indicator, of, points, unit="market", prov=None, **more):
    return line("DeductionIssued", "incident", indicator, of, points, unit, prov, more)


def det(indicator, outcome, points, unit="market"):
    data = {"indicator": indicator, "outcome": outcome, "occurred": "2020-05-31", "reason": "x"}
    return event("IndicatorDetermined", data | ({} if points is None else {"points": points}), subject=unit)


ROWS = [
    ("malformed", sub("C1", "judgement", "9", "economy", "x")),
    ("unknown-unit", sub("ZZ", "judgement", "9", "economy", "x", tier="fair", reason="x")),
    ("unknown-indicator", sub("ZZ", "judgement", "9", "market", "x")),
    ("unknown-measure", sub("M1", "zz", "-1", "tax", "x", on="2019-01-01")),
    ("not-this-unit", sub("M1", "new_firms", "-1", "tax", "tax", on="2019-01-01")),
    ("not-your-measure", sub("M1", "new_firms", "-1", "market", "tax", on="2019-01-01")),
    ("out-of-range", sub("M1", "new_firms", "-1", "market", "market", on="2019-01-01")),
    ("outside-period", sub("M1", "new_firms", "1", "market", "market", on="2019-12-31")),
    ("outside-period", sub("M1", "new_firms", "1", "market", "market", on="2021-01-01")),
    ("in-the-future", sub("M1", "new_firms", "1", "market", "market", on="2020-07-02")),
    ("in-the-future", sub("C1", "judgement", "9", "market", "sme-office", on="2020-07-02", tier="fair", reason=" ")),
    ("reason-missing", sub("C1", "judgement", "9", "market", "sme-office", tier="fair", reason=" ")),
    ("reason-missing", sub("C1", "judgement", "9", "market", "sme-office", tier="fair", reason=None)),
    ("tier-mismatch", sub("C1", "judgement", "9", "market", "sme-office", tier="fair", reason="x")),
    ("out-of-range", sub("C1", "judgement", "11", "market", "sme-office", tier="zz", reason="x")),
    ("malformed", sub("C1", "judgement", "9", "market", "sme-office", tier=None, reason="x")),
    ("malformed", sub("M1", "new_firms", "\uff11", "market", "market")),
    ("malformed", sub("M1", "new_firms", "+1", "market", "market")),
    ("malformed", sub("M1", "new_firms", "1.", "market", "market")),
    ("malformed", sub("M1", "new_firms", " 1", "market", "market")),
    ("malformed", sub("M1", "new_firms", "1\n", "market", "market")),
    ("malformed", sub("M1", "new_firms", "1e3", "market", "market")),
    ("ok", literal("1e3")),
    ("malformed", literal("1e4001")),
    ("malformed", literal("NaN")),
    ("ok", literal("-0")),
    ("ok", sub("M1", "new_firms", "-0", "market", "market")),
    ("ok", sub("M1", "new_firms", "007.0", "market", "market")),
    ("malformed", sub("M1", "new_firms", True, "market", "market")),
    ("malformed", sub("M1", "new_firms", None, "market", "market")),
    ("malformed", sub("M1", "new_firms", "1", None, "market")),
    ("malformed", sub("M1", "new_firms", "1", "market", None)),
    ("malformed", sub("M1", "new_firms", "1", "market", "market", _={"time": "2020-07-01T09:00:00"})),
    ("malformed", sub("M1", "new_firms", "1", "market", "market", _={"time": "2020-07-01"})),
    ("malformed", sub("M1", "new_firms", "1", "market", "market", on="2020-02-30")),
    ("malformed", sub("M1", "new_firms", "1", "market", "market", on="20200531")),
    ("malformed", sub("M1", "new_firms", "1", "market", "market", on="2020-W22-7")),
    ("malformed", sub("B1", "city_rank", "1", "market", "sme-office")),
    ("ok", sub("B1", "city_rank", "1", "market", "sme-office", occasion="l")),
    ("ok", sub("F2", "completion", "0", "reform", "sme-office")),
    ("unknown-line", bon("D", "D1", None)),
    ("unknown-line", bon("D", "D1", "0.3")),
    ("unknown-line", ded("B3", "hosting", "1")),
    ("unknown-line", ded("M1", "D1", "0.2")),
    ("malformed", ded("D", "D1", None)),
    ("out-of-range", ded("D", "D1", "0")),
    ("out-of-range", ded("D", "D1", "-0.2")),
    ("out-of-range", ded("D", "D4", "0.9")),
    ("malformed", ded("D", "D1", "0.2", incident="-")),
    ("malformed", bon("B2", "pilot", "2", occasion="-")),
    ("malformed", bon("B2", "pilot", None)),
    ("ok", bon("B3", "promoted-document", None)),
    ("ok", bon("B3", "promoted-document", "2.00")),
    ("out-of-range", bon("B3", "promoted-document", "1.99")),
    ("reason-missing", bon("B2", "pilot", "2", reason="-")),
    ("reason-missing", bon("B2", "pilot", "2", reason="")),
    ("not-this-unit", bon("B2", "pilot", "2", unit="district")),
    ("unknown-unit", bon("B2", "pilot", "2", unit="economy")),
    ("forbidden", bon("B2", "pilot", "2", prov="market")),
    ("ok", bon("B2", "pilot", "2", prov="sme-office")),
    ("malformed", bon("B2", "pilot", "2", unit=None)),
    ("ok", det("M1", "points", "20")),
    ("out-of-range", det("M1", "points", "20.0001")),
    ("ok", det("M1", "not-applicable", None)),
    ("malformed", det("M1", "points", None)),
    ("malformed", det("M1", "maybe", "1")),
    ("ok", det("D", "points", "-100")),
    ("out-of-range", det("D", "points", "5.01")),
    ("out-of-range", det("B2", "points", "-1")),
    ("ok", det("R1", "points", "50", unit="hr")),
    ("out-of-range", det("F1", "points", "-0.1", unit="reform")),
    ("not-this-unit", det("C2", "points", "1", unit="district")),
    ("unknown-type", event("Nonsense", {"a": 1})),
    ("not-this-unit", sub("C2", "library_stock", "1", "market", "market")),
    ("ok", sub("C2", "library_stock", "1", "district", "market")),
    ("not-this-unit", sub("C2", "judgement", "3", "district", "sme-office", tier="fair", reason="x")),
    ("unknown-measure", sub("D", "D1", "1", "market", "sme-office")),
    ("unknown-finding", event("RulingMade", {"finding": "A98", "reading": "x", "reason": "x"})),
    ("unknown-reading", event("RulingMade", {"finding": "A07", "reading": "x", "reason": "x"})),
    ("malformed", event("RulingMade", {"finding": "A01", "reason": "x"})),
    ("out-of-range", event("AssessmentFrozen", {"as_of": "2020-05-31", "known_at": 99, "reason": "x"})),
    (
        "unknown-entry",
        event("EntryWithdrawn", {"entry": {"source": "/x", "id": "q"}, "reason": "x"}, provider="market"),
    ),
    ("unknown-entry", event("AppealDecided", {"appeal": {"source": "/x", "id": "q"}, "upheld": True, "reason": "x"})),
    ("malformed", event("AppealFiled", {"indicator": "M1"}, subject="market")),
]


@pytest.mark.parametrize(("code", "sent"), ROWS)
def test_the_first_code_that_applies(code, sent):
    """Whatever else is wrong with an entry, the code is the first in the list; `ok` where nothing is."""
    assert said(sent) == code
