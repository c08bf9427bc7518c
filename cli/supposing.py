"""What-if on a file: the coordinates of a diff, and entries that nobody sent, put through the gate first."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cli import files
from cli.sources import Comparison
from cli.stop import Stop
from services.scoring.domain import Book, Coordinate, read_coordinate
from shared.contracts.events import Malformed, parse_event
from shared.gate.outcomes import Refused
from shared.gate.replay import Replay, judged

if TYPE_CHECKING:
    from services.scoring.domain.supposed import Parse


def suppose(book: Book, at: Coordinate, asked: Comparison, gate: Replay | None) -> dict[str, Any]:
    """Give the diff; a rubric named beside the file holds where a coordinate names none.

    Raises:
        Stop: A file cannot be read, or the gate refuses a supposed entry.
        Unanswerable: There is no answer at one of the coordinates.

    """
    one, other = (coordinate(text, at) for text in (asked.first, asked.second))
    lines = [] if asked.supposed is None else list(written(asked.supposed))
    if gate is not None and other.known_at is None:
        for number, outcome in judged(gate, lines):
            if isinstance(outcome, Refused):
                raise Stop(f"{asked.supposed}, line {number}: {outcome.code}: {outcome.reason}", 1)
    events: list[Parse] = [lambda line=line: parse_event(line) for line in lines]
    return book.what_if(one, other, events)


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


def is_version(rubric: str) -> bool:
    """Whether a rubric is named by its version, as against a file."""
    return rubric.isascii() and rubric.isdecimal() and len(rubric) < 16


def written(name: str) -> Iterator[bytes]:
    """Give the lines of a file that are not blank.

    Raises:
        Stop: It cannot be read, or a line is no event.

    """
    for number, line in enumerate(files.lines(name), 1):
        text = line.strip()
        if text:
            try:
                parse_event(text)
            except Malformed as fault:
                raise Stop(f"{name}, line {number}: {fault.code}: {fault.reason}", 1) from None
            yield text
