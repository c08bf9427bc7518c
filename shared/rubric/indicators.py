"""Reads indicators with their measures and lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from shared.contracts.numbers import Fraction
from shared.rubric.envelope import identifier, ids_of, one_of, optional_words, section, words
from shared.rubric.model import Indicator, Line, Measure, Tier
from shared.rubric.reader import Reader

NOT_APPLICABLE = ("leave-out", "rescale", "spread", "peers-mean")
_FULL_CIRCLE: Mapping[str, Fraction | None] = MappingProxyType({"": None})
_ALWAYS: Mapping[str, date] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Known:
    """What an indicator may refer to."""

    units: Mapping[str, object]
    providers: Mapping[str, object]
    blocks: Mapping[str, object]


def indicator(reader: Reader, known: Known) -> Indicator:
    """Read one indicator; its rule is kept as it stands and read under each table of readings."""
    reader.only(
        "id",
        "name",
        "block",
        "units",
        "clause",
        "text",
        "max",
        "measures",
        "lines",
        "not_applicable",
        "counts_from",
        "rule",
    )
    name, english = reader.need("name").read(words)
    max_finding, maxima = reader.need("max").branches(Reader.number)
    starts = reader.get("counts_from")
    from_finding, counts_from = starts.branches(Reader.day) if starts is not None else (None, dict(_ALWAYS))
    reader.need("block").reference(known.blocks, "block")
    return Indicator(
        id=reader.need("id").read(identifier),
        name=name,
        english=english,
        block=reader.need("block").text(),
        units=reader.need("units").read(ids_of(known.units, "unit")),
        clause=reader.need("clause").text(),
        text=reader.field("text", Reader.text, ""),
        line=reader.line,
        max=_first(max_finding, maxima, reader),
        max_finding=max_finding,
        maxima=MappingProxyType(maxima),
        measures=section(reader, "measures", lambda item: measure(item, known), "measure"),
        lines=_lines(reader),
        not_applicable=reader.field("not_applicable", one_of(NOT_APPLICABLE), "leave-out"),
        from_finding=from_finding,
        counts_from=MappingProxyType(counts_from),
        rule=reader.get("rule"),
    )


def _first(finding: str | None, maxima: Mapping[str, Fraction], reader: Reader) -> Fraction:
    return maxima[reader.scope.known[finding][0]] if finding is not None else maxima[""]


def measure(reader: Reader, known: Known) -> Measure:
    """Read one measure."""
    reader.only(
        "id", "name", "providers", "in", "whole", "from", "to", "words", "tiers", "lists", "subject", "scored", "grain"
    )
    name, english = reader.need("name").read(words)
    grain = reader.get("grain")
    grain_finding, steps = grain.branches(_grain) if grain is not None else (None, dict(_FULL_CIRCLE))
    none: Fraction | None = None
    nothing: tuple[str, ...] = ()
    return Measure(
        id=reader.need("id").read(identifier),
        name=name,
        english=english,
        providers=reader.need("providers").read(lambda part: _providers(part, known)),
        unit_of_measure=reader.field("in", Reader.text, ""),
        whole=reader.field("whole", Reader.flag, False),
        low=reader.field("from", Reader.limit, none),
        high=reader.field("to", Reader.limit, none),
        words=reader.field("words", Reader.texts, nothing),
        tiers=_tiers(reader),
        lists=reader.field("lists", Reader.flag, False),
        district=reader.field("subject", lambda part: part.one_of({"district": True, "unit": False}), False),
        scored=reader.field("scored", Reader.flag, True),
        grain_finding=grain_finding,
        grain=MappingProxyType(steps),
    )


def _providers(reader: Reader, known: Known) -> tuple[str, ...]:
    found = ids_of(known.providers, "provider")(reader)
    return found or reader.fail("nobody reports this measure", "name at least one provider")


def _grain(reader: Reader) -> Fraction | None:
    if reader.text() == "any":
        return None
    step = reader.number()
    return step if step > 0 else reader.fail("a step must be above 0", "write 1, 0.5 or any")


def _tiers(reader: Reader) -> Mapping[str, Tier]:
    part = reader.get("tiers")
    found: dict[str, Tier] = {}
    for name, item in part.pairs() if part is not None else ():
        item.only("name", "from", "to")
        low, high = item.need("from").number(), item.need("to").number()
        if low > high:
            item.fault(f"the tier {name} ends before it begins", "let `from` be the smaller")
        found[name] = Tier(name, *item.need("name").read(words), low, high)
    return MappingProxyType(found)


def _lines(reader: Reader) -> Mapping[str, Line]:
    part = reader.get("lines")
    order = iter(range(len(part.items()))) if part is not None else iter(())
    return section(reader, "lines", lambda item: line(item, next(order)), "line")


def line(reader: Reader, order: int) -> Line:
    """Read one line: `gives` or `takes` a number of points, or from a smaller to a larger one."""
    reader.only("id", "name", "gives", "takes", "clause", "text")
    given, taken = reader.get("gives"), reader.get("takes")
    points = given or taken
    if points is None or (given and taken):
        reader.fail("a line gives points or takes them", "write one of `gives: 3` and `takes: [0.1, 0.5]`")
    low, high = points.read(_points)
    if low <= 0 or low > high:
        points.fault("points of a line are positive, the smaller first", "write [1, 5]")
    return Line(
        reader.need("id").read(identifier),
        *optional_words(reader, "name"),
        takes=taken is not None,
        low=low,
        high=high,
        clause=reader.field("clause", Reader.text, ""),
        text=reader.field("text", Reader.text, ""),
        order=order,
    )


def _points(reader: Reader) -> tuple[Fraction, Fraction]:
    if not reader.is_list():
        return reader.number(), reader.number()
    ends = reader.each(Reader.number)
    return (ends[0], ends[1]) if len(ends) == 2 else reader.fail("a range has two ends", "write [1, 5]")
