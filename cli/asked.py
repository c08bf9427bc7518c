"""A server that answers questions: the same words, over HTTP."""

from typing import Any
from urllib.parse import quote

from cli.client import Client, Declined, Words
from cli.sources import Question
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

WRONG_QUESTIONS = frozenset(
    {"bad-coordinate", "unknown-finding", "unknown-reading", "unknown-unit", "unknown-indicator", "unknown-rubric"}
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

    def standing(self, question: Question) -> dict[str, Any]:
        """Give the standing."""
        return self._ask(path("standings", self.assessment), question)

    def scorecard(self, unit: str, question: Question) -> dict[str, Any]:
        """Give one unit."""
        return self._ask(path("scorecards", self.assessment, unit), question)

    def explain(self, unit: str, indicator: str | None, question: Question) -> dict[str, Any]:
        """Give the trace of one indicator, or of all of a unit's."""
        named = (unit,) if indicator is None else (unit, indicator)
        return self._ask(path("explain", self.assessment, *named), question)

    def _ask(self, where: str, question: Question) -> dict[str, Any]:
        try:
            return self._client.get(where, words(question))
        except Declined as declined:
            if declined.problem.get("code") in WRONG_QUESTIONS:
                raise Stop(declined.reason, WRONG_USAGE) from None
            raise Stop(declined.reason, NO_ANSWER) from None


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
