"""The order of the units, and their grades."""

from collections.abc import Mapping, Sequence
from math import floor

from shared.contracts.numbers import Fraction, rounded
from shared.rubric.model import Grade
from shared.rubric.places import COMPETITION, DENSE, EXACT, SHOWN, places
from shared.rubric.result import Ranked, Tally


def rank(tallies: Mapping[str, Tally], *, by_shown: bool, dense: bool, grades: Sequence[Grade] = ()) -> list[Ranked]:
    """Order by total, high to low, then by id; equal totals share a rank.

    `by_shown` compares the totals as shown, else the exact ones. `dense` gives 1, 1, 2, else 1, 1, 3.
    """
    totals = {unit: each.total for unit, each in tallies.items()}
    order = places(totals, by=SHOWN if by_shown else EXACT, ties=DENSE if dense else COMPETITION)
    given: dict[str, str] = {}
    if grades:
        worth = {unit: Fraction(rounded(total), 100) if by_shown else total for unit, total in totals.items()}
        given = _grades([place.unit for place in order], worth, tallies, grades)
    return [Ranked(place.unit, place.rank, place.tied, given.get(place.unit)) for place in order]


def _grades(
    order: Sequence[str], worth: Mapping[str, Fraction], tallies: Mapping[str, Tally], grades: Sequence[Grade]
) -> dict[str, str]:
    """Hand out the grades from the first down; a quota is never exceeded, so a tie across its edge falls whole."""
    given: dict[str, str] = {}
    for grade in grades:
        room = _room(grade, len(order))
        able = [unit for unit in order if unit not in given and _may(grade, tallies[unit], worth[unit])]
        chosen = able if room is None else able[:room]
        if room is not None and len(able) > room and chosen:
            edge = worth[able[room]]
            chosen = [unit for unit in chosen if worth[unit] != edge]
        given |= dict.fromkeys(chosen, grade.id)
    return given


def _room(grade: Grade, units: int) -> int | None:
    if grade.count is not None:
        return grade.count
    return floor(grade.share * units) if grade.share is not None else None


def _may(grade: Grade, tally: Tally, worth: Fraction) -> bool:
    if grade.id in tally.barred:
        return False
    if grade.at_least is None:
        return True
    points = tally.blocks[grade.block].points if grade.block is not None else worth
    return points >= grade.at_least
