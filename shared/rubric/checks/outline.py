"""Finds again where a thing stands in a rubric file, so that a fault can name its line."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from shared.rubric import source
from shared.rubric.faults import Fault
from shared.rubric.reader import Reader, Scope
from shared.rubric.rubric import Rubric

T = TypeVar("T")

_KEYS = ("id", "row", "item")


class Outline:
    """The tree of one rubric file, looked up by section and id."""

    def __init__(self, text: str) -> None:
        """Read the text, which is known to be a rubric."""
        self._root = Reader(source.parse(text), Scope())

    def at(self, *steps: str) -> Reader:
        """Go down: each step is the name of a member, or the id of an item of a list.

        What is not there (a section that the file leaves out) is answered with the last part that is.
        """
        reader = self._root
        for step in steps:
            found = _item(reader, step) if reader.is_list() else reader.get(step)
            if found is None:
                break
            reader = found
        return reader

    def fault(self, message: str, advice: str, *steps: str) -> Fault:
        """Make a fault about what stands there."""
        return fault(self.at(*steps), message, advice)

    def items(self, section: str) -> list[Reader]:
        """Give the items of a section that is a list; none where the file leaves it out."""
        found = self._root.get(section)
        return found.items() if found is not None and found.is_list() else []


def fault(reader: Reader, message: str, advice: str) -> Fault:
    """Make a fault about a part of the file."""
    return Fault(reader.line, reader.path, message, advice)


def below(reader: Reader) -> Iterator[Reader]:
    """Give a part of the file and everything in it, in order."""
    yield reader
    if reader.is_list():
        for item in reader.items():
            yield from below(item)
    elif reader.is_mapping():
        for _, item in reader.pairs():
            yield from below(item)


def plainly(reader: Reader | None, parse: Callable[[Reader], T]) -> T | None:
    """Parse a part that says one thing whatever the reading; None where it does not."""
    return None if reader is None or reader.is_mapping() else reader.within(Scope()).attempt(parse)


def ways(rubric: Rubric, reader: Reader, parse: Callable[[Reader], T | None]) -> Iterator[tuple[T, str]]:
    """Parse a part under each reading it depends on: what it says there, and which readings those are."""
    named = [plainly(part.get("reading"), Reader.text) for part in below(reader)]
    findings = tuple(dict.fromkeys(name for name in named if name is not None and name in rubric.defaults))
    for table in rubric.tables(findings):
        found = reader.within(rubric.scope(table)).attempt(lambda part: part.read(parse))
        if found is not None:
            yield found, under(rubric, table)


def under(rubric: Rubric, table: Mapping[str, str]) -> str:
    """Name the readings of a table that are not the defaults, as the end of a phrase."""
    chosen = [f"{finding}={reading}" for finding, reading in table.items() if reading != rubric.defaults[finding]]
    return f" under {', '.join(chosen)}" if chosen else ""


def _item(reader: Reader, id_: str) -> Reader | None:
    for item in reader.items():
        for key in _KEYS:
            named = item.get(key)
            if named is not None and not named.is_mapping() and not named.is_list() and named.text() == id_:
                return item
    return None
