"""A rubric's own examples: facts and the points they must give."""

from collections.abc import Mapping
from datetime import date
from itertools import count

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Figure
from shared.rubric.model import Example, ExampleFacts, Indicator
from shared.rubric.reader import Reader


def example(reader: Reader, indicators: Mapping[str, Indicator], last_day: date) -> Example:
    """Read one example; `figures` is either `measure: value` or a list with what else matters."""
    reader.only(
        "name",
        "unit",
        "indicator",
        "readings",
        "figures",
        "awards",
        "others",
        "points",
        "state",
        "attainable",
        "absorbed",
    )
    owner = reader.need("indicator").reference(indicators, "indicator")
    unit = reader.need("unit").text()
    if unit not in owner.units:
        reader.need("unit").fail(f"{owner.id} does not assess {unit}", f"it assesses {', '.join(owner.units)}")
    positions = count(1)
    facts = [_facts(reader, unit, owner, indicators, last_day, positions)]
    others = reader.get("others")
    for name, item in others.pairs() if others is not None else ():
        item.only("figures", "awards")
        facts.append(_facts(item, name, owner, indicators, last_day, positions))
    number: Fraction | None = None
    word: str | None = None
    chosen = reader.get("readings")
    return Example(
        name=reader.field("name", Reader.text, ""),
        unit=unit,
        indicator=owner.id,
        readings={name: item.text() for name, item in (chosen.pairs() if chosen is not None else ())},
        facts=tuple(facts),
        points=reader.need("points").number(),
        state=reader.field("state", Reader.text, word),
        attainable=reader.field("attainable", Reader.number, number),
        absorbed=reader.field("absorbed", Reader.number, number),
        line=reader.line,
    )


def _facts(
    reader: Reader,
    unit: str,
    owner: Indicator,
    indicators: Mapping[str, Indicator],
    last_day: date,
    positions: "count[int]",
) -> ExampleFacts:
    figures: list[Figure] = []
    part = reader.get("figures")
    if part is not None and part.is_mapping():
        figures = [_short(name, item, owner, last_day, next(positions)) for name, item in part.pairs()]
    elif part is not None:
        figures = [_figure(item, owner, indicators, last_day, next(positions)) for item in part.items()]
    awards = reader.get("awards")
    items = awards.items() if awards is not None else []
    return ExampleFacts(
        unit, tuple(figures), tuple(_award(item, owner, indicators, last_day, next(positions)) for item in items)
    )


def _short(name: str, reader: Reader, owner: Indicator, day: date, position: int) -> Figure:
    measure = owner.measures.get(name) or reader.fail(f"{owner.id} has no measure {name}", "name one of its measures")
    value = reader.text() if measure.words else reader.number()
    return Figure(owner.id, name, measure.providers[0], value, day, position)


def _figure(reader: Reader, owner: Indicator, indicators: Mapping[str, Indicator], day: date, position: int) -> Figure:
    reader.only("indicator", "measure", "value", "provider", "occurred", "occasion", "tier")
    named = reader.get("indicator")
    holder = named.reference(indicators, "indicator") if named is not None else owner
    measure = reader.need("measure").reference(holder.measures, "measure")
    none: str | None = None
    return Figure(
        holder.id,
        measure.id,
        reader.field("provider", Reader.text, measure.providers[0]),
        reader.need("value").text() if measure.words else reader.need("value").number(),
        reader.field("occurred", Reader.day, day),
        position,
        reader.field("occasion", Reader.text, none),
        reader.field("tier", Reader.text, none),
    )


def _award(reader: Reader, owner: Indicator, indicators: Mapping[str, Indicator], day: date, position: int) -> Award:
    reader.only("indicator", "line", "occasion", "incident", "points", "occurred")
    named = reader.get("indicator")
    holder = named.reference(indicators, "indicator") if named is not None else owner
    line = reader.need("line").reference(holder.lines, "line")
    return Award(
        holder.id,
        line.id,
        reader.need("incident" if line.takes else "occasion").text(),
        reader.field("points", Reader.number, line.low),
        reader.field("occurred", Reader.day, day),
        position,
    )
