"""Awards and deductions that no cap can ever let through."""

from collections.abc import Iterator

from shared.contracts.numbers import Fraction, exact
from shared.rubric.checks.outline import Outline
from shared.rubric.checks.situations import Rows, Situations, known
from shared.rubric.facts import Award
from shared.rubric.faults import Fault
from shared.rubric.model import Indicator, Line
from shared.rubric.rubric import Rubric
from shared.rubric.rules.occasions import occasions_in

MOST_TRIES = 300
"""So many situations are tried for one line before giving up."""

ZERO = Fraction(0)


def stopped(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for every line whose points can never count, or never all of them."""
    for owner in rubric.indicators.values():
        tables = rubric.tables(rubric.uses[owner.id])
        if not owner.lines or not owner.units or owner.rule is None:
            continue
        listed = {
            line
            for table in tables
            for node in occasions_in(rubric.compiled(owner.id, table)[0])
            for line in node.group.all_lines
        }
        if all(day > rubric.end for day in owner.counts_from.values()) and owner.counts_from:
            yield outline.fault(
                f"nothing of {owner.id} ever counts: its first day lies behind the end of the period",
                "let `counts_from` be a day of the period",
                "indicators",
                owner.id,
                "counts_from",
            )
            continue
        if _shut(rubric, owner):
            yield outline.fault(
                f"no award of {owner.id} ever counts: its block has a cap of {exact(rubric.blocks[owner.block].max)}",
                "raise the `max` of the block, or leave the awards out",
                "indicators",
                owner.id,
                "lines",
            )
            continue
        situations = Situations(rubric, owner, tables)
        for line in owner.lines.values():
            if line.id in listed:  # what no rule lists is a clause without a rule
                yield from _line(rubric, outline, owner, line, situations)


def _shut(rubric: Rubric, owner: Indicator) -> bool:
    """Whether the block of an indicator has room for nothing, and nothing is taken that an award could make up."""
    block = rubric.blocks[owner.block]
    beside = [each for each in rubric.indicators.values() if each.block == block.id]
    lows = [rubric.bounds(each.id)[0] for each in beside]
    gives = any(not line.takes for line in owner.lines.values())
    return gives and block.capped and block.max <= ZERO and all(low is not None and low >= ZERO for low in lows)


def _line(rubric: Rubric, outline: Outline, owner: Indicator, line: Line, situations: Situations) -> Iterator[Fault]:
    place = ("indicators", owner.id, "lines", line.id)
    tables = rubric.tables(rubric.uses[owner.id])
    # Alone it meets the emptiest caps, so what is cut then is cut always.
    most = max(_let_through(rubric, owner, situations.alone(line, line.high), table) for table in tables)
    if most == 0 and not any(_counts(rubric, owner, line, rows) for rows in situations.each(MOST_TRIES)):
        yield outline.fault(
            f"no cap ever lets the line {line.id} through: its points change nothing",
            "raise the cap above it, or leave the line out",
            *place,
        )
    elif 0 < most < line.high and not line.takes and _capped(rubric, owner, line, situations):
        yield outline.fault(
            f"the line {line.id} gives up to {exact(line.high)} points, a cap lets {exact(most)} of them through",
            "raise the cap, or lower what the line gives",
            *place,
        )


def _let_through(rubric: Rubric, owner: Indicator, rows: Rows, table: dict[str, str]) -> Fraction:
    """Give how far one award moves the points."""
    unit = next(iter(rows))
    rules = rubric.under(table)
    without = rules.score(unit, owner.id, {})
    return abs(rules.score(unit, owner.id, known(rows, rules)).points - without.points)


def _capped(rubric: Rubric, owner: Indicator, line: Line, situations: Situations) -> bool:
    """Whether it is a cap that cuts (and not, say, a multiplier that weighs)."""
    rules = rubric.under({})
    rows = situations.alone(line, line.high)
    return rules.score(next(iter(rows)), owner.id, known(rows, rules)).absorbed > ZERO


def _counts(rubric: Rubric, owner: Indicator, line: Line, rows: Rows) -> bool:
    """Whether among other facts the awards of this line make a difference."""
    rules = rubric.under({})
    without = {unit: [row for row in own if not _on(row, owner, line)] for unit, own in rows.items()}
    return any(
        rules.score(unit, owner.id, known(rows, rules)).points
        != rules.score(unit, owner.id, known(without, rules)).points
        for unit in rows.keys() & set(owner.units)
    )


def _on(row: object, owner: Indicator, line: Line) -> bool:
    return isinstance(row, Award) and (row.indicator, row.line) == (owner.id, line.id)
