"""What-if on a file: the coordinates of a diff, and entries that nobody sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cli import files
from cli.sources import Comparison, is_version
from cli.stop import Stop
from services.scoring.domain import Book, Coordinate, Unsupposable, read_coordinate
from shared.contracts.events import Malformed, parse_event


class Line(NamedTuple):
    """A line of a file, counted from 1 with the blank ones."""

    number: int
    text: bytes


def suppose(book: Book, at: Coordinate, asked: Comparison) -> dict[str, Any]:
    """Give the diff; a rubric named beside the file holds where a coordinate names none.

    Raises:
        Stop: A file cannot be read, or a supposed entry could not be accepted.
        Unanswerable: There is no answer at one of the coordinates.

    """
    one, other = (coordinate(text, at) for text in (asked.first, asked.second))
    lines = written(asked.supposed)
    try:
        return book.what_if(one, other, [lambda line=line: parse_event(line.text) for line in lines])
    except Unsupposable as fault:
        raise refused(asked.supposed, lines, fault.place, fault.code, fault.why) from None


def coordinate(text: str, at: Coordinate) -> Coordinate:
    """Read a coordinate whose rubric may be a file.

    Raises:
        Stop: The file cannot be read.
        Unanswerable: The coordinate cannot.

    """
    found, rubric = read_coordinate(text)
    if rubric is None:
        return replace(found, rubric=at.rubric)
    return replace(found, rubric=int(rubric) if is_version(rubric) else files.rubric(rubric))


def parted(text: str) -> tuple[str, str | None]:
    """Give a coordinate without the rubric's file that it names, and the text of that file.

    Raises:
        Stop: The file cannot be read, or is no rubric.

    """
    parts = [part.strip() for part in text.split(",")]
    named = [part for part in parts if part.startswith("rubric=") and not is_version(part.removeprefix("rubric="))]
    if not named:
        return text, None
    name = named[0].removeprefix("rubric=")
    files.rubric(name)
    return ",".join(part for part in parts if part not in named), files.text(name)


def written(name: str | None) -> Sequence[Line]:
    """Give the lines of a file that are not blank; none of no file.

    Raises:
        Stop: It cannot be read, or a line is no event.

    """
    found: list[Line] = []
    for number, line in enumerate(files.lines(name) if name is not None else (), 1):
        text = line.strip()
        if text:
            found.append(Line(number, text))
            try:
                parse_event(text)
            except Malformed as fault:
                raise refused(name, found, len(found), fault.code, fault.reason) from None
    return found


def refused(name: str | None, lines: Sequence[Line], place: int, code: str, reason: str) -> Stop:
    """Say which line could not be accepted, and why."""
    return Stop(f"{name}, line {lines[place - 1].number}: {code}: {reason}", 1)
