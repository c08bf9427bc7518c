"""The rule language, one module for each family of nodes. Importing the package makes every word known."""

from shared.rubric.rules import (
    arithmetic,
    choices,
    cohort,
    combine,
    conditions,
    limits,
    occasions,
    proportion,
    quantities,
    scales,
)

__all__ = [
    "arithmetic",
    "choices",
    "cohort",
    "combine",
    "conditions",
    "limits",
    "occasions",
    "proportion",
    "quantities",
    "scales",
]
