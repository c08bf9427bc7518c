"""Where answers come from. A question is kept in the words it was asked in, which HTTP knows too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

if TYPE_CHECKING:
    from services.scoring.domain import Book, Coordinate


@dataclass(frozen=True, slots=True)
class Question:
    """A coordinate as typed: None is left open."""

    as_of: str | None = None
    known_at: str | None = None
    rubric: str | None = None
    readings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two coordinates as typed, and the file of entries that are supposed at the second."""

    first: str
    second: str
    supposed: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """How a year is gone through: the step, and the first day and the last as typed."""

    step: str = "month"
    first: str | None = None
    last: str | None = None


class Source(Protocol):
    """Something that answers: a file, or a server."""

    def standing(self, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give the standing; with at most so many flags of each kind, and how many there are."""
        ...

    def scorecard(self, unit: str, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give one unit; flags as above."""
        ...

    def explain(self, unit: str, indicator: str | None, question: Question) -> dict[str, Any]:
        """Give the trace of one indicator, or of all of a unit's."""
        ...

    def diff(self, question: Question, asked: Comparison) -> dict[str, Any]:
        """Give what changed between two coordinates; of the question only the rubric is asked."""
        ...

    def timeline(self, question: Question, course: Course) -> dict[str, Any]:
        """Give rank and total of every unit at every step."""
        ...

    def sensitivity(self, question: Question) -> dict[str, Any]:
        """Give the standing under each reading of every open finding."""
        ...

    def tipping(self, unit: str, question: Question) -> dict[str, Any]:
        """Give the smallest change of each of a unit's inputs that changes its rank."""
        ...

    def appeals(self, question: Question) -> dict[str, Any]:
        """Give every appeal, and what followed from it."""
        ...


class File:
    """A file of entries, put through the gate and folded here."""

    def __init__(self, name: str) -> None:
        self._name = name

    def standing(self, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give the standing."""
        return self._ask(question, lambda book, at: book.standing(at, flags))

    def scorecard(self, unit: str, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give one unit."""
        return self._ask(question, lambda book, at: book.scorecard(unit, at, flags))

    def explain(self, unit: str, indicator: str | None, question: Question) -> dict[str, Any]:
        """Give the trace of one indicator, or of all of a unit's."""
        return self._ask(question, lambda book, at: book.explain(unit, indicator, at))

    def diff(self, question: Question, asked: Comparison) -> dict[str, Any]:
        """Give what changed between two coordinates, with what is supposed at the second."""
        from cli.supposing import suppose

        return self._ask(question, lambda book, at: suppose(book, at, asked))

    def timeline(self, question: Question, course: Course) -> dict[str, Any]:
        """Give rank and total of every unit at every step."""
        from services.scoring.domain import read_date, read_step

        def answer(book: "Book", at: "Coordinate") -> dict[str, Any]:
            first, last = (None if day is None else read_date(day) for day in (course.first, course.last))
            return book.timeline(at, read_step(course.step), (first, last))

        return self._ask(question, answer)

    def sensitivity(self, question: Question) -> dict[str, Any]:
        """Give the standing under each reading of every open finding."""
        return self._ask(question, lambda book, at: book.sensitivity(at))

    def tipping(self, unit: str, question: Question) -> dict[str, Any]:
        """Give the smallest change of each of a unit's inputs that changes its rank."""
        return self._ask(question, lambda book, at: book.tipping(unit, at))

    def appeals(self, question: Question) -> dict[str, Any]:
        """Give every appeal, and what followed from it."""
        return self._ask(question, lambda book, at: book.appeals(at))

    def _ask(self, question: Question, answer: "Callable[[Book, Coordinate], dict[str, Any]]") -> dict[str, Any]:
        from cli import files
        from cli.audit.sifted import Sifted
        from services.scoring.domain import Coordinate, Unanswerable, read_date, read_known_at, read_readings

        asked = question.rubric
        if asked == self._name == "-":
            raise Stop("standard input can only be one of the two: name a file for the other", WRONG_USAGE)
        own = files.rubric(asked) if asked is not None and not is_version(asked) else None
        try:
            at = Coordinate(
                as_of=None if question.as_of is None else read_date(question.as_of),
                known_at=None if question.known_at is None else read_known_at(question.known_at),
                rubric=int(asked) if asked is not None and own is None else None,
                readings=read_readings(question.readings),
            )
            with Sifted(self._name, own) as sifted:
                book = sifted.book()
                sifted.tell_refused()
                # A rubric named beside a file that opens its own is another one to ask by.
                return answer(book, replace(at, rubric=own) if own is not None and book.opened else at)
        except Unanswerable as fault:
            raise Stop(fault.reason, NO_ANSWER if fault.too_early else WRONG_USAGE) from None


def is_version(asked: str) -> bool:
    """Whether a rubric is named by its version, as against a file."""
    return asked.isascii() and asked.isdecimal() and len(asked) < 16
