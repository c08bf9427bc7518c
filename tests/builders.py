"""Plain builders of what tests are given. Append-only: every room may add small functions, none changes another's."""

import hashlib
import itertools
import json
from typing import Any

ASSESSMENT = "binjiang-2020"

SMALL_RUBRIC = """\
language: 1
id: small-2020
version: 1
title: 小考核
document: {title: 小考核, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
period: {from: 2020-01-01, to: 2020-12-31}
timezone: Asia/Shanghai
assessor: sme-office
total: 120
units:
  - {id: market, name: 区市监局}
  - {id: reform, name: 区发改局}
  - {id: tax, name: 区税务局}
providers:
  - {id: market, name: 区市监局, calendar: monthly}
  - {id: tax, name: 区税务局, calendar: monthly}
  - {id: sme-office, name: 区小微办, calendar: none}
  - {id: pbc-hangzhou, name: 人行杭州中心支行, calendar: monthly}
blocks:
  - {id: all, name: 全部, max: 120}
findings:
  - id: A07
    clause: F2
    question: 没有目标
    moves: rank
    why: 待定
  - id: A08
    clause: C1
    question: 分档有空
    readings: {integers: 整数, any: 任意}
    moves: rank
    why: 整数
indicators:
  - id: C1
    name: 最多跑一次
    block: all
    units: all
    clause: C1
    max: 10
    measures:
      - id: judgement
        name: 评分
        providers: sme-office
        from: 0
        to: 10
        grain: {reading: A08, integers: 1, any: any}
        tiers:
          fair: {name: 一般, from: 2, to: 4}
          good: {name: 较好, from: 5, to: 8}
          outstanding: {name: 突出, from: 10, to: 10}
      - {id: library_stock, name: 库, providers: market, whole: true, from: 0, subject: district, scored: false}
  - id: M1
    name: 新增
    block: all
    units: market
    clause: M1
    max: 20
    measures:
      - {id: new_firms, name: 新增, providers: market, whole: true, from: 0}
      - {id: growth, name: 增速, providers: [pbc-hangzhou, market]}
  - id: T1
    name: 税收
    block: all
    units: tax
    clause: T1
    max: 50
    measures:
      - {id: verdict, name: 结论, providers: sme-office, words: [pass, fail]}
      - {id: coverage, name: 完成率, providers: tax, from: 0, to: 100}
  - id: B1
    name: 排名
    block: all
    units: all
    clause: B1
    max: 5
    measures:
      - {id: city_rank, name: 排名, providers: sme-office, whole: true, from: 1, lists: true}
  - id: B3
    name: 成效
    block: all
    units: all
    clause: B3
    max: 5
    lines:
      - {id: hosting, name: 承办, gives: [1, 3]}
      - {id: instruction-city, name: 批示, gives: 1}
  - id: D
    name: 督办
    block: all
    units: all
    clause: D
    max: 5
    lines:
      - {id: D1, name: 交办, takes: [0.1, 0.5]}
"""
"""A rubric for the gate: every kind of measure and line, no rules."""

_numbers = itertools.count(1)


def rubric_part(text: str = SMALL_RUBRIC, **over: Any) -> dict[str, Any]:
    """The `rubric` member of an opening or an adoption."""
    named = dict(line.split(": ", 1) for line in text.splitlines()[1:3])
    part = {
        "id": named["id"],
        "version": int(named["version"]),
        "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        "content": text,
    }
    return part | over


def event(
    name: str,
    data: Any = None,
    *,
    id: str | None = None,
    subject: str | None = None,
    provider: str | None = None,
    time: str = "2020-07-01T09:00:00+08:00",
    source: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event in structured form; `name` is the short type, as in `SubmissionReceived`. None leaves a member out."""
    members = {
        "specversion": "1.0",
        "id": id or f"{name}-{next(_numbers)}",
        "source": source or f"/binjiang/{provider or 'sme-office'}",
        "type": f"meritlog.{name}.v1",
        "time": time,
        "subject": subject,
        "assessment": ASSESSMENT,
        "provider": provider,
        "data": data,
    } | more
    return {key: value for key, value in members.items() if value is not None}


def raw(members: Any) -> bytes:
    """The bytes of an event as a program sends them."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def named(members: dict[str, Any]) -> dict[str, str]:
    """How other events name this one."""
    return {"source": members["source"], "id": members["id"]}


def opened(text: str = SMALL_RUBRIC, **more: Any) -> dict[str, Any]:
    """An opening, on the first day of the year."""
    data = {
        "rubric": rubric_part(text),
        "period": {"from": "2020-01-01", "to": "2020-12-31"},
        "timezone": "Asia/Shanghai",
    }
    return event("AssessmentOpened", **({"data": data, "time": "2020-01-01T09:00:00+08:00"} | more))


def submitted(value: Any = 5605, *, over: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A figure: 新增小微企业 from the market bureau, unless told otherwise."""
    data = {"indicator": "M1", "measure": "new_firms", "value": value, "occurred": "2020-06-30"} | (over or {})
    return event("SubmissionReceived", **({"data": data, "subject": "market", "provider": "market"} | more))


def judged(
    value: Any = 3, tier: str | None = "fair", *, over: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A judgement of C1 by the office."""
    data = {"indicator": "C1", "measure": "judgement", "value": value, "tier": tier, "occurred": "2020-06-30"}
    data |= {"reason": "按季检查"} | (over or {})
    return event("SubmissionReceived", **({"data": data, "subject": "market", "provider": "sme-office"} | more))


def deducted(points: Any = "0.3", *, over: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A deduction on D1."""
    data = {"indicator": "D", "line": "D1", "points": points, "incident": "督办 1", "occurred": "2020-06-30"}
    data |= {"reason": "逾期"} | (over or {})
    return event("DeductionIssued", **({"data": data, "subject": "market"} | more))


def awarded(points: Any = 2, *, over: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A bonus for hosting."""
    data = {"indicator": "B3", "line": "hosting", "points": points, "occasion": "现场会", "occurred": "2020-06-30"}
    data |= {"reason": "承办"} | (over or {})
    return event("BonusAwarded", **({"data": data, "subject": "market"} | more))


def determined(points: Any = 12, *, over: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A determination of M1."""
    data = {"indicator": "M1", "outcome": "points", "points": points, "occurred": "2020-06-30", "reason": "裁定"}
    return event("IndicatorDetermined", **({"data": data | (over or {}), "subject": "market"} | more))


def confirmed(target: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A confirmation by the office."""
    return event("EntryConfirmed", **({"data": {"entry": named(target), "reason": "核对"}} | more))


def withdrawn(target: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A withdrawal by the office."""
    return event("EntryWithdrawn", **({"data": {"entry": named(target), "reason": "误报"}} | more))


def corrected(target: dict[str, Any], data: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A correction by the office, `data` complete."""
    return event("EntryCorrected", **({"data": {"entry": named(target), "reason": "更正", "data": data}} | more))


def ruled(finding: str = "A08", reading: str = "any", **more: Any) -> dict[str, Any]:
    """A ruling."""
    return event("RulingMade", **({"data": {"finding": finding, "reading": reading, "reason": "解释"}} | more))


def adopted(text: str, supersedes: Any = 1, **more: Any) -> dict[str, Any]:
    """The adoption of another rubric."""
    data = {"rubric": rubric_part(text), "supersedes": supersedes, "reason": "修订"}
    return event("RubricAdopted", **({"data": data} | more))


def period_reported(period: str = "2020-06", entries: Any = 1, **more: Any) -> dict[str, Any]:
    """The market bureau has reported June."""
    return event("PeriodReported", **({"data": {"period": period, "entries": entries}, "provider": "market"} | more))


def recused(scope: Any = "M1", **more: Any) -> dict[str, Any]:
    """A recusal."""
    return event("RecusalRecorded", **({"data": {"scope": scope, "reason": "本单位"}} | more))


def appealed(over: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An appeal of the market bureau about M1."""
    data = {"indicator": "M1", "grounds": "漏计"} | (over or {})
    return event("AppealFiled", **({"data": data, "subject": "market", "provider": "market"} | more))


def decided(appeal: dict[str, Any], *, upheld: Any = True, **more: Any) -> dict[str, Any]:
    """The decision on an appeal."""
    return event("AppealDecided", **({"data": {"appeal": named(appeal), "upheld": upheld, "reason": "属实"}} | more))


def frozen(known_at: Any = 1, **more: Any) -> dict[str, Any]:
    """A freeze."""
    return event(
        "AssessmentFrozen", **({"data": {"as_of": "2020-12-31", "known_at": known_at, "reason": "公示"}} | more)
    )


def closing(known_at: Any = 1, **over: Any) -> dict[str, Any]:
    """The data of a closing."""
    data = {"as_of": "2020-12-31", "known_at": known_at, "rubric": 1, "readings": {"A08": "any"}}
    return data | {"standing": "sha256:" + "0" * 64, "reason": "年终"} | over


def closed(known_at: Any = 1, **more: Any) -> dict[str, Any]:
    """A closing."""
    return event("AssessmentClosed", **({"data": closing(known_at)} | more))


def restated(supersedes: Any, known_at: Any = 1, **more: Any) -> dict[str, Any]:
    """A restatement of the closing or restatement at position `supersedes`."""
    return event("AssessmentRestated", **({"data": closing(known_at, supersedes=supersedes)} | more))


def record_bytes(assessment: str, position: int, previous: str | None, **more: Any) -> bytes:
    """One record of a stream: what the chassis looks at, and whatever `more` adds."""
    members = {"assessment": assessment, "position": position, **({"previous": previous} if previous else {}), **more}
    return json.dumps(members, separators=(",", ":"), sort_keys=True).encode()


def chain(
    number: int, assessment: str = ASSESSMENT, *, after: int = 0, previous: str | None = None, **more: Any
) -> list[bytes]:
    """Consecutive records as bytes, each naming the digest of the one before it."""
    records = []
    for position in range(after + 1, after + number + 1):
        records.append(record_bytes(assessment, position, previous, **more))
        previous = "sha256:" + hashlib.sha256(b"\0" + records[-1]).hexdigest()
    return records


def language_example(parts: str = "") -> str:
    """The whole file of docs/reference/rubric-language.md, with the parts named in YAML in place of its own.

    `rule`, `max`, `counts_from`, `not_applicable` are those of the indicator X, or of Y with `Y.` before them.
    """
    import re  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    import yaml  # noqa: PLC0415

    page = (Path(__file__).parents[1] / "docs/reference/rubric-language.md").read_text(encoding="utf-8")
    first = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert first
    whole: dict[str, Any] = yaml.load(first[1], Loader=yaml.CBaseLoader)
    x, y = whole["indicators"]
    for name, part in (yaml.load(parts, Loader=yaml.CBaseLoader) or {}).items():
        of_x = name in ("rule", "max", "counts_from", "not_applicable")
        place = x if of_x else y if name.startswith("Y.") else whole
        place[name.removeprefix("Y.")] = part
    return yaml.dump(whole, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False)
