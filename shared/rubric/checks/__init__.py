"""What `merit rubric check` finds beyond what reading a file refuses, and what each finding can move."""

from shared.contracts.events import LARGEST_WITH_RUBRIC
from shared.rubric.checks.caps import stopped
from shared.rubric.checks.clauses import apart
from shared.rubric.checks.grades import unattainable
from shared.rubric.checks.outline import Outline
from shared.rubric.checks.readings import Move, idle, moves
from shared.rubric.checks.references import loose
from shared.rubric.checks.refused import refused
from shared.rubric.checks.targets import untenable
from shared.rubric.checks.tiers import uneven
from shared.rubric.checks.totals import unequal
from shared.rubric.checks.values import impossible
from shared.rubric.faults import Fault, RubricError
from shared.rubric.loading import load
from shared.rubric.trial import failures

__all__ = ["Move", "check", "moves"]

_CHECKS = (unequal, uneven, impossible, untenable, unattainable, apart, loose, idle, stopped, refused)


def check(text: str) -> list[Fault]:
    """Give everything wrong with a rubric file, in order of lines; empty where nothing is.

    Where the text is no rubric at all, or too long for an entry to carry, that is all there is.
    """
    size = len(text.encode("utf-8", "replace"))
    if size > LARGEST_WITH_RUBRIC:
        message = f"the file has {size} bytes, and an entry that carries a rubric has {LARGEST_WITH_RUBRIC} at most"
        return [Fault(1, "", message, "shorten it, or divide it into two assessments")]
    try:
        rubric = load(text)
    except RubricError as error:
        return list(error.faults)
    outline = Outline(text)
    found = [fault for each in _CHECKS for fault in each(rubric, outline)]
    found += failures(rubric)
    return sorted(dict.fromkeys(found), key=lambda fault: fault.line)
