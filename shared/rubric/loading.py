"""From the text of a rubric file to a `Rubric`, or to everything that is wrong with it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar
from zoneinfo import ZoneInfo

from shared.contracts.numbers import Fraction
from shared.rubric import envelope, source
from shared.rubric.envelope import section
from shared.rubric.examples import example
from shared.rubric.faults import Fault, RubricError
from shared.rubric.indicators import Known, indicator
from shared.rubric.model import Finding
from shared.rubric.plan import task, work_item
from shared.rubric.reader import Reader, Scope, Unreadable
from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import MISSING, ORDER_BY, TIES, compile_rule

LANGUAGE = "1"
"""The version of the rule language. What a file of it means never changes."""

MOST_TABLES = 32
"""Rules that depend on more combinations of readings than this are read under each reading alone."""

SECTIONS = (
    "language", "id", "version", "title", "document", "period", "timezone", "assessor", "total", "missing", "units",
    "providers", "blocks", "findings", "baselines", "indicators", "tasks", "work", "unscored", "ranking", "grades",
    "examples",
)  # fmt: skip

T = TypeVar("T")


def load(text: str) -> Rubric:
    """Read a rubric.

    Raises:
        RubricError: With every fault found, each with its line and what to do.

    """
    scope = Scope(every_branch=True)
    reader = Reader(source.parse(text), scope)
    try:
        rubric = _rubric(reader, scope, text)
    except Unreadable:
        raise RubricError(_unique(scope.faults)) from None
    if scope.faults:
        raise RubricError(_unique(scope.faults))
    return rubric


def _unique(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def _rubric(reader: Reader, scope: Scope, text: str) -> Rubric:
    if reader.need("language").text() != LANGUAGE:
        reader.need("language").fail(
            "this language is not known", f"write language: {LANGUAGE}, or use a later release"
        )
    reader.only(*SECTIONS)
    findings = section(reader, "findings", envelope.finding, "finding")
    scope.known = _known(findings)
    scope.readings = {name: readings[0] for name, readings in scope.known.items()}
    units = section(reader, "units", envelope.unit, "unit")
    providers = section(reader, "providers", envelope.provider, "provider")
    blocks = section(reader, "blocks", envelope.block, "block")
    known = Known(units, providers, blocks)
    indicators = section(reader, "indicators", lambda item: indicator(item, known), "indicator")
    period = reader.need("period")
    title, english = reader.need("title").read(envelope.words)
    rows = {str(row): row for row in _rows(reader)}
    ranking = reader.get("ranking")
    if ranking is not None:
        ranking.only("by", "ties")
    rubric = Rubric(
        id=reader.need("id").read(envelope.identifier),
        version=reader.need("version").whole(),
        digest="sha256:" + hashlib.sha256(text.encode()).hexdigest(),
        text=text,
        title=title,
        english=english,
        start=period.need("from").day(),
        end=period.need("to").day(),
        timezone=_timezone(reader.need("timezone")),
        assessor=_assessor(reader.need("assessor"), providers),
        total=reader.need("total").number(),
        document=reader.need("document").read(envelope.document),
        units=units,
        providers=providers,
        blocks=blocks,
        indicators=indicators,
        findings=findings,
        tasks=_list(reader, "tasks", lambda item: task(item, units, providers, indicators)),
        work_items=_list(reader, "work", lambda item: work_item(item, units, rows, indicators)),
        unscored=section(reader, "unscored", envelope.unscored, "party"),
        baselines=_baselines(reader, units),
        missing=reader.get("missing"),
        order_by=ranking.get("by") if ranking is not None else None,
        ties=ranking.get("ties") if ranking is not None else None,
        grades=tuple(section(reader, "grades", envelope.grade, "grade").values()),
        examples=(),
        choices=(),
        uses=MappingProxyType({}),
    )
    if rubric.start > rubric.end:
        period.fault("the period ends before it begins", "let `from` be the earlier day")
    return _with_rules(rubric, reader, scope)


def _with_rules(rubric: Rubric, reader: Reader, scope: Scope) -> Rubric:
    """Read every branch of every rule once, and note which findings each depends on."""
    uses: dict[str, tuple[str, ...]] = {}
    for owner in rubric.indicators.values():
        before = len(scope.choices)
        compile_rule(rubric, owner, scope)
        found = [choice.finding for choice in scope.choices[before:]]
        found += [owner.max_finding] if owner.max_finding is not None else []
        uses[owner.id] = tuple(dict.fromkeys(found))
    _under_every_table(replace(rubric, uses=MappingProxyType(uses)), scope)
    settings = ((rubric.missing, MISSING), (rubric.order_by, ORDER_BY), (rubric.ties, TIES))
    for part, words in settings:
        if part is not None:
            part.attempt(lambda each, words=words: each.read(lambda word: word.one_of(words)))
    _grades_meet(rubric, reader)
    _needs_meet(rubric, reader)
    examples = _list(reader, "examples", lambda item: example(item, rubric.indicators, rubric.end))
    choices = tuple(dict.fromkeys(scope.choices))
    return replace(rubric, uses=MappingProxyType(uses), examples=examples, choices=choices)


def _under_every_table(rubric: Rubric, scope: Scope) -> None:
    """Read rules under the other readings too: what each branch says may be sound, and not what they say together."""
    for owner in rubric.indicators.values():
        for table in rubric.tables(rubric.uses[owner.id], MOST_TABLES)[1:]:
            chosen = rubric.scope(table)
            compile_rule(rubric, owner, chosen)
            scope.faults += chosen.faults


def _known(findings: Mapping[str, Finding]) -> dict[str, tuple[str, ...]]:
    return {finding.id: tuple(finding.readings) for finding in findings.values() if finding.readings}


def _list(reader: Reader, name: str, parse: Callable[[Reader], T]) -> tuple[T, ...]:
    part = reader.get(name)
    if part is None:
        return ()
    found = [item.attempt(parse) for item in part.items()]
    return tuple(each for each in found if each is not None)


def _rows(reader: Reader) -> tuple[int, ...]:
    return _list(reader, "tasks", lambda item: item.need("row").whole())


def _timezone(reader: Reader) -> str:
    name = reader.text()
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        reader.fail(f"{name[:40]!r} is no time zone", "write its name in the tz database, such as Asia/Shanghai")


def _assessor(reader: Reader, providers: Mapping[str, object]) -> str:
    reader.reference(providers, "provider")
    return reader.text()


def _baselines(reader: Reader, units: Mapping[str, object]) -> Mapping[str, Mapping[str, Fraction]]:
    """Read numbers by unit, or one under `all`."""
    found: dict[str, Mapping[str, Fraction]] = {}
    part = reader.get("baselines")
    for name, table in part.pairs() if part is not None else ():
        table.only(*units, "all")
        found[name] = MappingProxyType({unit: item.number() for unit, item in table.pairs()})
    return MappingProxyType(found)


def _grades_meet(rubric: Rubric, reader: Reader) -> None:
    part = reader.get("grades")
    for grade in rubric.grades:
        if part is not None and grade.block is not None and grade.block not in rubric.blocks:
            part.fault(f"the grade {grade.id} asks for a block {grade.block} that is not there", "name a block")


def _needs_meet(rubric: Rubric, reader: Reader) -> None:
    part = reader.get("blocks")
    for item in part.items() if part is not None else ():
        named = item.get("id")
        block = rubric.blocks.get(named.text()) if named is not None else None
        need = block.needs if block is not None else None
        if block is None or need is None:
            continue
        if need.block not in rubric.blocks or need.block == block.id:
            item.fault(f"the block {block.id} needs {need.block}, which is no other block", "name another block")
        elif need.at_least > rubric.blocks[need.block].max:
            item.fault(f"the block {block.id} needs more of {need.block} than there is", "lower what it needs")
