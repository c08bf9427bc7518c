"""Reads the task table and the work plan: what the document asks to be done, and what each part feeds."""

from collections.abc import Mapping

from shared.contracts.numbers import Fraction
from shared.rubric.envelope import ids_of, optional_words, words
from shared.rubric.model import Indicator, Target, Task, WorkItem
from shared.rubric.reader import Reader


def task(
    reader: Reader, units: Mapping[str, object], providers: Mapping[str, object], indicators: Mapping[str, Indicator]
) -> Task:
    """Read one row of the task table."""
    reader.only("row", "text", "clause", "units", "providers", "indicators", "targets", "note")
    text, english = reader.need("text").read(words)
    note, note_english = optional_words(reader, "note")
    nothing: tuple[Target, ...] = ()
    return Task(
        reader.need("row").whole(),
        text,
        english,
        reader.need("clause").text(),
        reader.need("units").read(ids_of(units, "unit")),
        reader.need("providers").read(ids_of(providers, "provider")),
        reader.need("indicators").read(ids_of(indicators, "indicator")),
        reader.field("targets", lambda part: part.each(lambda item: _target(item, indicators)), nothing),
        note,
        note_english,
    )


def _target(reader: Reader, indicators: Mapping[str, Indicator]) -> Target:
    reader.only("indicator", "measure", "amount", "against")
    owner = reader.need("indicator").reference(indicators, "indicator")
    reader.need("measure").reference(owner.measures, "measure")
    against = reader.get("against")
    if against is not None:
        against.reference(owner.measures, "measure")
    none: Fraction | None = None
    amount = reader.field("amount", Reader.number, none)
    if (amount is None) == (against is None):
        reader.fail("a target is an amount or another measure", "write one of `amount` and `against`")
    return Target(owner.id, reader.need("measure").text(), amount, against.text() if against is not None else None)


def work_item(
    reader: Reader, units: Mapping[str, object], rows: Mapping[str, object], indicators: Mapping[str, Indicator]
) -> WorkItem:
    """Read one item of the work plan."""
    reader.only("item", "text", "clause", "lead", "units", "tasks", "indicators")
    text, english = reader.need("text").read(words)
    lead = reader.get("lead")
    if lead is not None:
        lead.reference(units, "unit")
    return WorkItem(
        reader.need("item").whole(),
        text,
        english,
        reader.need("clause").text(),
        lead.text() if lead is not None else None,
        reader.need("units").read(ids_of(units, "unit")),
        tuple(int(row) for row in reader.need("tasks").read(ids_of(rows, "task row"))),
        reader.need("indicators").read(ids_of(indicators, "indicator")),
    )
