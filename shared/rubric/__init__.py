"""Rubrics: what a published document says about an assessment, as data, and the rules that turn facts into points."""

from shared.rubric.admission import Admission
from shared.rubric.calendar import Period
from shared.rubric.facts import Award, Determination, Figure, UnitFacts
from shared.rubric.faults import Fault, NotPlaced, RubricError
from shared.rubric.loading import load
from shared.rubric.result import BlockPoints, Ranked, Result, Tally
from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import Rules

__all__ = [
    "Admission",
    "Award",
    "BlockPoints",
    "Determination",
    "Fault",
    "Figure",
    "NotPlaced",
    "Period",
    "Ranked",
    "Result",
    "Rubric",
    "RubricError",
    "Rules",
    "Tally",
    "UnitFacts",
    "load",
]
