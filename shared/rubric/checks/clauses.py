"""Clauses that no rule carries out, and rules that quote no clause."""

from collections.abc import Iterator

from shared.rubric.checks.outline import Outline
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator
from shared.rubric.rubric import Rubric
from shared.rubric.rules.occasions import occasions_in


def apart(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for what stands alone on either side."""
    for owner in rubric.indicators.values():
        if not owner.units:
            message = f"{owner.id} assesses nobody"
            yield outline.fault(message, "name its units, or leave it out", "indicators", owner.id, "units")
        yield from _quoted(outline, owner)
        yield from _carried_out(rubric, outline, owner)
    yield from _assessed(rubric, outline)
    yield from _reported(rubric, outline)
    yield from _fed(rubric, outline)


def _quoted(outline: Outline, owner: Indicator) -> Iterator[Fault]:
    if owner.rule is not None and not owner.text:
        yield outline.fault(
            f"the rule of {owner.id} quotes no clause",
            f"add `text:` with the words of {owner.clause}",
            "indicators",
            owner.id,
        )


def _carried_out(rubric: Rubric, outline: Outline, owner: Indicator) -> Iterator[Fault]:
    if owner.rule is None:
        if owner.max > 0:
            yield outline.fault(
                f"no rule carries out {owner.clause}: {owner.id} has points and nothing gives them",
                "add a `rule`, or write `max: 0` for what is only tracked",
                "indicators",
                owner.id,
            )
        return
    compiled = [rubric.compiled(owner.id, table) for table in rubric.tables(rubric.uses[owner.id])]
    lines = {line for rule, _ in compiled for node in occasions_in(rule) for line in node.group.all_lines}
    for line in owner.lines.values():
        if line.id not in lines:
            yield outline.fault(
                f"no rule carries out {line.clause or owner.clause}: nothing counts the line {line.id}",
                "list it in a group of the rule, or leave it out",
                "indicators",
                owner.id,
                "lines",
                line.id,
            )
    yield from _measured(rubric, outline, owner)


def _measured(rubric: Rubric, outline: Outline, owner: Indicator) -> Iterator[Fault]:
    looked: set[tuple[str, str]] = set()
    for each in rubric.indicators.values():
        for table in rubric.tables(rubric.uses[each.id]):
            looked |= {(indicator, measure) for indicator, measure, _ in rubric.compiled(each.id, table)[1].measures}
    for measure in owner.measures.values():
        place = ("indicators", owner.id, "measures", measure.id)
        if measure.scored and (owner.id, measure.id) not in looked:
            message = f"no rule looks at the measure {measure.id} of {owner.id}"
            yield outline.fault(message, "use it in a rule, or write `scored: false`", *place)
        elif not measure.scored and (owner.id, measure.id) in looked:
            message = f"the measure {measure.id} of {owner.id} is said not to be scored, and a rule looks at it"
            yield outline.fault(message, "leave out `scored: false`, or the measure in the rule", *place)


def _assessed(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    ruled = [owner for owner in rubric.indicators.values() if owner.rule is not None]
    for block in rubric.blocks.values():
        if not any(owner.block == block.id for owner in ruled):
            message = f"no rule carries out {block.clause or block.id}: the block {block.id} has no indicator"
            yield outline.fault(message, "add its indicators, or leave the block out", "blocks", block.id)
    for unit in rubric.units:
        if not any(unit in owner.units for owner in ruled):
            message = f"nothing assesses {unit}"
            yield outline.fault(message, "add an indicator for it, or list it under `unscored`", "units", unit)


def _reported(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    reporting = {
        provider
        for owner in rubric.indicators.values()
        for measure in owner.measures.values()
        for provider in measure.providers
    }
    for provider in rubric.providers:
        if provider not in reporting and provider != rubric.assessor:
            message = f"{provider} provides nothing"
            yield outline.fault(message, "name it in a measure, or leave it out", "providers", provider)


def _fed(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    explained = {each.clause for each in rubric.unscored.values()}
    for task in rubric.tasks:
        if not task.indicators and task.clause not in explained:
            yield outline.fault(
                f"row {task.row} of the task table feeds no indicator",
                "name the indicators it feeds, or say under `unscored` who bears it without points",
                "tasks",
                str(task.row),
            )
    for work in rubric.work_items:
        if not work.indicators and work.clause not in explained:
            yield outline.fault(
                f"item {work.item} of the work plan feeds no indicator",
                "name the indicators it feeds, or say under `unscored` who bears it without points",
                "work",
                str(work.item),
            )
