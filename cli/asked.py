"""A server that answers questions: the same words, over HTTP."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cli.client import Client, Declined, Words
from cli.sources import Comparison, Course, Question
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

if TYPE_CHECKING:
    from cli.supposing import Line

WRONG_QUESTIONS = frozenset(
    {
        "bad-coordinate",
        "unknown-finding",
        "unknown-reading",
        "unknown-unit",
        "unknown-indicator",
        "unknown-rubric",
        "bad-rubric",
        "too-large",
        "invalid-request",
    }
)


class Asked:
    """A `Source` on a server; the assessment is the one named, or the only one there."""

    def __init__(self, client: Client, assessment: str | None = None) -> None:
        self._client = client
        self._assessment = assessment or None

    @property
    def assessment(self) -> str:
        """Name the assessment.

        Raises:
            Stop: None was named, and the server has none or several.

        """
        if self._assessment is None:
            names = [each["assessment"] for each in self._client.get("/v1/assessments")["assessments"]]
            if len(names) != 1:
                known = f"it has {', '.join(names)}" if names else "merit open opens one"
                raise Stop(f"say which assessment with --assessment: {known}", WRONG_USAGE if names else NO_ANSWER)
            self._assessment = names[0]
        return self._assessment

    def standing(self, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give the standing."""
        return self._ask(path("standings", self.assessment), question, _most(flags))

    def scorecard(self, unit: str, question: Question, flags: int | None = None) -> dict[str, Any]:
        """Give one unit."""
        return self._ask(path("scorecards", self.assessment, unit), question, _most(flags))

    def explain(self, unit: str, indicator: str | None, question: Question) -> dict[str, Any]:
        """Give the trace of one indicator, or of all of a unit's."""
        named = (unit,) if indicator is None else (unit, indicator)
        return self._ask(path("explain", self.assessment, *named), question)

    def diff(self, question: Question, asked: Comparison) -> dict[str, Any]:
        """Give what changed between two coordinates; a rubric in a file, and what is supposed, go along."""
        if question.rubric is not None:
            raise Stop("name the rubric in a coordinate: --to rubric=FILE", WRONG_USAGE)
        from cli.supposing import refused, written

        where, lines = path("diff", self.assessment), written(asked.supposed)
        body = posted(asked, lines)
        if body is None:
            return self._answer(lambda: self._client.get(where, [("from", asked.first), ("to", asked.second)]))
        try:
            return self._answer(lambda: self._client.post(where, body, "application/json"))
        except Declined as declined:
            said = declined.problem
            raise refused(asked.supposed, lines, said["entry"], said["code"], said["reason"]) from None

    def timeline(self, question: Question, course: Course) -> dict[str, Any]:
        """Give rank and total of every unit at every step."""
        named = (("step", course.step), ("from", course.first), ("to", course.last))
        more = [(name, value) for name, value in named if value is not None]
        return self._ask(path("timeline", self.assessment), question, more)

    def sensitivity(self, question: Question) -> dict[str, Any]:
        """Give the standing under each reading of every open finding."""
        return self._ask(path("sensitivity", self.assessment), question)

    def tipping(self, unit: str, question: Question) -> dict[str, Any]:
        """Give the smallest change of each of a unit's inputs that changes its rank."""
        return self._ask(path("tipping", self.assessment, unit), question)

    def appeals(self, question: Question) -> dict[str, Any]:
        """Give every appeal, and what followed from it."""
        return self._ask(path("appeals", self.assessment), question)

    def _ask(self, where: str, question: Question, more: Words = ()) -> dict[str, Any]:
        return self._answer(lambda: self._client.get(where, [*words(question), *more]))

    @staticmethod
    def _answer(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return ask()
        except Declined as declined:
            if "entry" in declined.problem:
                raise
            wrong = declined.problem.get("code") in WRONG_QUESTIONS
            raise Stop(declined.reason, WRONG_USAGE if wrong else NO_ANSWER) from None


def posted(asked: Comparison, lines: "Sequence[Line]") -> bytes | None:
    """Give the body of a what-if with these lines supposed; None where two coordinates are all that is asked.

    Raises:
        Stop: A file cannot be read.

    """
    from cli.supposing import parted

    said: dict[str, str] = {}
    for name, text in (("from", asked.first), ("to", asked.second)):
        said[name], rubric = parted(text)
        if rubric is not None:
            said[f"{name}_rubric"] = rubric
    if asked.supposed is None and not said.keys() - {"from", "to"}:
        return None
    # The lines go out as they are: a number keeps every digit.
    events = b",".join(line.text for line in lines)
    return json.dumps(said, ensure_ascii=False).encode()[:-1] + b', "entries": [' + events + b"]}"


def path(*parts: str | int) -> str:
    """Give the path below `/v1` of these names, whatever characters they have."""
    return "/v1/" + "/".join(quote(str(part), safe="") for part in parts)


def words(question: Question) -> Words:
    """Give a question as query parameters.

    Raises:
        Stop: It names a rubric file, which a server does not have.

    """
    if question.rubric is not None and not (question.rubric.isascii() and question.rubric.isdecimal()):
        raise Stop("a server knows rubrics by version: score a file by one of your own with --entries", WRONG_USAGE)
    single = (("as-of", question.as_of), ("known-at", question.known_at), ("rubric", question.rubric))
    return [
        *((name, value) for name, value in single if value is not None),
        *(("reading", reading) for reading in question.readings),
    ]


def _most(flags: int | None) -> Words:
    return [] if flags is None else [("flags", str(flags))]
