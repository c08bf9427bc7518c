"""Writes a bundle of a file of entries: what the gate accepts of it, with nobody's signature."""

import sys
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

from cli import files
from cli.audit.written import written
from cli.sources import Question
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
from services.scoring.domain import Book, Coordinate, Unanswerable, read_date, read_known_at, read_readings
from shared.contracts.entries import decode_entry
from shared.gate.outcomes import Accepted, Refused
from shared.gate.replay import Replay
from shared.proof import bundle

LINES_AT_ONCE = 1000


def from_file(name: str, question: Question, out: str | None, *, whole: bool = False) -> str:
    """Write the bundle of a file, and give where; a `whole` one leaves no line out.

    Raises:
        Stop: The file opens no assessment, has positions but not all of them, or has no such standing.

    """
    with TemporaryFile() as kept:
        book, refused = _folded(name, kept)
        if refused and whole:
            raise Stop(f"{refused} of the lines of {name} are no entries: merit check {name} says why", 1)
        if refused:
            lines = "line was" if refused == 1 else "lines were"
            print(f"merit: {refused} {lines} refused and left out: merit check {name} says why", file=sys.stderr)
        try:
            at = _coordinate(question)
            claim = book.standing_and_flags(at)
        except Unanswerable as fault:
            raise Stop(fault.reason, NO_ANSWER if fault.too_early else WRONG_USAGE) from None
        manifest = bundle.Manifest(
            assessment=book.ledger.assessment,
            origin=None,
            entries=book.head,
            coordinate=bundle.coordinate(claim[0], at.readings),
        )
        kept.seek(0)
        return written(out, bundle.pieces(manifest, claim, None, _batches(kept)))


def _coordinate(question: Question) -> Coordinate:
    rubric = question.rubric
    if rubric is not None and not (rubric.isascii() and rubric.isdecimal()):
        raise Stop("a bundle's standing is by a rubric that its entries carry: name its version", WRONG_USAGE)
    return Coordinate(
        as_of=None if question.as_of is None else read_date(question.as_of),
        known_at=None if question.known_at is None else read_known_at(question.known_at),
        rubric=None if rubric is None else int(rubric),
        readings=read_readings(question.readings),
    )


def _folded(name: str, kept: BinaryIO) -> tuple[Book, int]:
    """Fold what the gate accepts of a file, and keep it as it is stored; how many lines it refused."""
    replay, book, refused = Replay(files.load_once), Book(load=files.load_once), 0
    for raw in files.lines(name):
        outcome = replay.read(raw.rstrip(b"\r\n")) if raw.strip() else None
        if isinstance(outcome, Accepted):
            book.extend([decode_entry(outcome.stored)])
            kept.write(outcome.stored + b"\n")
        refused += isinstance(outcome, Refused)
    if replay.missing:
        first, last = replay.missing[0]
        raise Stop(f"{name} has no entries {first} to {last}: a bundle holds all from position 1 on", 1)
    return book, refused


def _batches(kept: BinaryIO) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for line in kept:
        batch.append(line[:-1])
        if len(batch) == LINES_AT_ONCE:
            yield batch
            batch = []
    yield batch
