"""What entries say that is no figure, award or deduction: rulings, determinations, appeals, closings and the like.

There are few of them, so each is an object; like a row it holds from its own position until something takes it out.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.scoring.domain.columns import FOREVER
from shared.rubric.rubric import Rubric


@dataclass(slots=True)
class Statement:
    """An entry in force from `position` until `until`; `about` is the position of the entry it names."""

    position: int
    kind: str
    unit: str | None
    provider: str | None
    data: Mapping[str, Any]
    about: int | None
    until: int = FOREVER

    def holds(self, known_at: int) -> bool:
        """Whether it is in force at a position."""
        return self.position <= known_at < self.until


@dataclass(frozen=True, slots=True)
class Edition:
    """A rubric that the ledger opened with or adopted, in force from `position`."""

    position: int
    rubric: Rubric


@dataclass(frozen=True, slots=True)
class Closing:
    """What a closing or a restatement says: the standing of one coordinate, by its digest."""

    position: int
    as_of: date
    known_at: int
    version: int
    readings: Mapping[str, str]
    standing: str
    supersedes: int | None


def holding(statements: Iterable[Statement], known_at: int) -> Iterator[Statement]:
    """Give those in force at a position, in order of position."""
    return (statement for statement in statements if statement.holds(known_at))
