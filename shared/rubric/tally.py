"""From indicators to units: what is not applicable, what a veto does, blocks and totals."""

from collections.abc import Iterable, Mapping

from shared.contracts.numbers import Fraction
from shared.rubric.model import Block, Indicator
from shared.rubric.outcome import ZERO, Effect
from shared.rubric.result import BlockPoints, Result, Tally

Results = Mapping[str, Result]


def tally(
    units: Iterable[str],
    blocks: Mapping[str, Block],
    indicators: Mapping[str, Indicator],
    results: Mapping[tuple[str, str], Result],
) -> dict[str, Tally]:
    """Add up every unit."""
    by_unit = {
        unit: {indicator: results[unit, indicator] for indicator in indicators if (unit, indicator) in results}
        for unit in units
    }
    means = _peers(indicators, by_unit)
    return {unit: _unit(unit, blocks, indicators, own, means) for unit, own in by_unit.items()}


def _unit(
    unit: str,
    blocks: Mapping[str, Block],
    indicators: Mapping[str, Indicator],
    own: Mapping[str, Result],
    means: Mapping[tuple[str, str], tuple[Fraction, Fraction]],
) -> Tally:
    results = _zeroed(_spread(unit, indicators, own, means))
    by_block: dict[str, list[Result]] = {block: [] for block in blocks}
    for name, result in results.items():
        by_block[indicators[name].block].append(result)
    counted: dict[str, BlockPoints] = {}
    for block in blocks.values():
        here = by_block[block.id]
        points, full = sum([result.points for result in here], ZERO), sum([result.full for result in here], ZERO)
        if block.capped:
            points, full = min(points, block.max), min(full, block.max)
        counted[block.id] = BlockPoints(points, block.max, full)
    counted = _shut(blocks, counted)
    total = sum([each.points for each in counted.values()], ZERO)
    full = sum([each.full for each in counted.values()], ZERO)
    effects = [effect for result in results.values() for effect in result.effects]
    held = _held(effects)
    if held is not None:
        total = min(total, held)
    settled = _held([effect for effect in effects if not effect.open])
    if settled is not None:
        full = min(full, settled)
    return Tally(
        unit,
        total,
        full,
        any(result.state in ("pending", "conflict") for result in results.values()),
        counted,
        results,
        held,
        tuple(dict.fromkeys(grade for effect in effects for grade in effect.bar)),
    )


def _held(effects: Iterable[Effect]) -> Fraction | None:
    return min((effect.hold for effect in effects if effect.hold is not None), default=None)


def _shut(blocks: Mapping[str, Block], counted: Mapping[str, BlockPoints]) -> dict[str, BlockPoints]:
    """Give nothing in a block whose need another does not meet; what is taken in it stays taken."""
    found = dict(counted)
    for _ in blocks:  # one that is shut may be what the next one needs
        for block in blocks.values():
            if block.needs is not None:
                own, other, least = counted[block.id], found[block.needs.block], block.needs.at_least
                points = own.points if other.points >= least else min(own.points, ZERO)
                full = own.full if other.full >= least else min(own.full, ZERO)
                found[block.id] = BlockPoints(points, own.max, full)
    return found


def _zeroed(results: Results) -> Results:
    # Those that may still fall come last, and leave what a settled one takes.
    vetoes = [(effect, name) for name, result in results.items() for effect in result.effects]
    if not vetoes:
        return results
    found = dict(results)
    for effect, by in sorted(vetoes, key=lambda veto: veto[0].open):
        for name in effect.zero:
            if name in found and name != by:
                found[name] = found[name].zeroed(by, open_=effect.open)
    return found


def _peers(
    indicators: Mapping[str, Indicator], by_unit: Mapping[str, Results]
) -> dict[tuple[str, str], tuple[Fraction, Fraction]]:
    """Give the mean of the other units, now and at full, where a unit takes it for what does not apply to it."""
    found: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
    for indicator in indicators.values():
        if indicator.not_applicable != "peers-mean":
            continue
        having = [own[indicator.id] for own in by_unit.values() if indicator.id in own]
        applying = [result for result in having if result.state != "not-applicable"]
        if not applying:
            continue
        now = sum((result.points for result in applying), ZERO) / len(applying)
        full = sum((result.full for result in applying), ZERO) / len(applying)
        for result in having:
            if result.state == "not-applicable":
                found[result.unit, indicator.id] = now, full
    return found


def _spread(
    unit: str,
    indicators: Mapping[str, Indicator],
    own: Results,
    means: Mapping[tuple[str, str], tuple[Fraction, Fraction]],
) -> Results:
    """Give the points of what does not apply to the rest: by proportion within the block, or in equal shares."""
    if all(result.state != "not-applicable" for result in own.values()):
        return own
    results = dict(own)
    for name, result in own.items():
        if (unit, name) in means:
            results[name] = result.adjust(*means[unit, name], ("peers-mean",))
    for block in dict.fromkeys(indicators[name].block for name in own):
        here = {name: result for name, result in own.items() if indicators[name].block == block}
        out = {name: result for name, result in here.items() if result.state == "not-applicable"}
        rest = {name: result for name, result in here.items() if name not in out and result.max > 0}
        freed = {policy: _freed(out, indicators, policy) for policy in ("rescale", "spread")}
        worth = sum((result.max for result in rest.values()), ZERO)
        if not any(freed.values()):
            continue
        for name, result in rest.items():
            more = freed["rescale"] * result.max / worth + freed["spread"] / len(rest)
            factor = (result.max + more) / result.max
            results[name] = result.adjust(result.points * factor, result.full * factor, ("rescaled", factor))
    return results


def _freed(out: Results, indicators: Mapping[str, Indicator], policy: str) -> Fraction:
    return sum((result.max for name, result in out.items() if indicators[name].not_applicable == policy), ZERO)
