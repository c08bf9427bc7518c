"""Writes a bundle of a file of entries: what the gate accepts of it, with nobody's signature."""

from cli.audit.sifted import Sifted
from cli.audit.written import written
from cli.sources import Question
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
from services.scoring.domain import Coordinate, Unanswerable, read_date, read_known_at, read_readings
from shared.proof import bundle


def from_file(name: str, question: Question, out: str | None, *, whole: bool = False) -> str:
    """Write the bundle of a file, and give where; a `whole` one leaves no line out.

    Raises:
        Stop: The file opens no assessment, has positions but not all of them, or has no such standing.

    """
    with Sifted(name) as sifted:
        book = sifted.book()
        if sifted.missing:
            first, last = sifted.missing[0]
            raise Stop(f"{name} has no entries {first} to {last}: a bundle holds all from position 1 on", 1)
        if sifted.refused and whole:
            raise Stop(f"{sifted.refused} of the lines of {name} are no entries: merit check {name} says why", 1)
        sifted.tell_refused()
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
        return written(out, bundle.pieces(manifest, claim, None, sifted.batches()))


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
