"""Maxima that do not add up: blocks to the total, indicators to their block, rules to their indicator."""

from collections.abc import Iterator, Mapping

from shared.contracts.numbers import Fraction, exact
from shared.rubric.checks.outline import Outline, under
from shared.rubric.faults import Fault
from shared.rubric.model import Block, Indicator
from shared.rubric.rubric import Rubric

ZERO = Fraction(0)


def unequal(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every sum that comes to something else, under the default readings."""
    blocks = sum((block.max for block in rubric.blocks.values()), ZERO)
    if blocks != rubric.total:
        yield outline.fault(
            f"the blocks add up to {exact(blocks)}, the total says {exact(rubric.total)}",
            "correct the total, or the maximum of a block",
            "total",
        )
    for block in rubric.blocks.values():
        yield from _block(rubric, outline, block)
    yield from _rules(rubric, outline)


def _block(rubric: Rubric, outline: Outline, block: Block) -> Iterator[Fault]:
    inside = [each for each in rubric.indicators.values() if each.block == block.id and each.rule is not None]
    sums = {unit: sum((each.max for each in inside if unit in each.units), ZERO) for unit in rubric.units}
    # In a block with a cap of its own the items may well come to more than the cap.
    wrong = {
        unit: found for unit, found in sums.items() if found < block.max or (found > block.max and not block.capped)
    }
    if not wrong:
        return
    said = "; ".join(f"{exact(found)} for {unit}" for unit, found in wrong.items())
    yield outline.fault(
        f"the indicators of {block.id} add up to {said}, the block says {exact(block.max)}",
        "correct the maximum of an indicator or of the block, or say which units an indicator assesses",
        "blocks",
        block.id,
        "max",
    )


def _rules(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    for owner in rubric.indicators.values():
        for table in rubric.tables(rubric.uses[owner.id]):
            given, most = _most(rubric, owner, table), rubric.under(table).maximum(owner.id)
            # Another reading may well be worth less than the default, and never more than the maximum.
            if given is None or given == most or (given < most and table != rubric.defaults):
                continue
            said = f"{exact(given)} at most{under(rubric, table)}"
            yield outline.fault(
                f"the rule of {owner.id} gives {said}, its maximum is {exact(most)}",
                "put a `limit` around the rule, or raise `max`" if given > most else "raise the parts, or lower `max`",
                "indicators",
                owner.id,
                "max",
            )
            break


def _most(rubric: Rubric, owner: Indicator, table: Mapping[str, str]) -> Fraction | None:
    rule, _ = rubric.compiled(owner.id, table)
    return None if rule is None else rule.max
