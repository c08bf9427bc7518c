"""Readings that no rule uses, or that can never differ; and what each finding can move."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from shared.rubric.checks.effects import Reach, effect, used
from shared.rubric.checks.outline import Outline
from shared.rubric.faults import Fault
from shared.rubric.model import Finding
from shared.rubric.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Move:
    """What a finding can move.

    `declared` is what the rubric says (rank, total or none). `found` is what its readings were found to move at most
    (also `state`: what is attainable and provisional, but no point), None where it has no readings to compare;
    `readings` says it of each reading against the default.
    """

    finding: str
    declared: str
    found: str | None
    readings: dict[str, str]


def moves(rubric: Rubric) -> list[Move]:
    """Say of every finding what it can move."""
    return [_move(rubric, finding) for finding in rubric.findings.values()]


def _move(rubric: Rubric, finding: Finding) -> Move:
    if finding.default is None:
        return Move(finding.id, finding.moves, None, {})
    reaches = {
        reading: effect(rubric, finding, finding.default, reading).reach if reading != finding.default else Reach.NONE
        for reading in finding.readings
    }
    most = max(reaches.values())
    return Move(finding.id, finding.moves, most.word, {reading: reach.word for reading, reach in reaches.items()})


def idle(rubric: Rubric, outline: Outline) -> Iterator[Fault]:
    """Give a fault for readings that change nothing, and for findings that move more than they say."""
    for finding in rubric.findings.values():
        place = ("findings", finding.id)
        if finding.default is None:
            continue
        if not used(rubric, finding.id):
            yield outline.fault(
                f"no rule uses the readings of {finding.id}",
                f"write {{reading: {finding.id}, …}} where the document can be read in these ways, or leave them out",
                *place,
            )
            continue
        yield from _never_differ(rubric, outline, finding)


def _never_differ(rubric: Rubric, outline: Outline, finding: Finding) -> Iterator[Fault]:
    most = Reach.NONE
    if len(finding.readings) == 1:
        message = f"{finding.id} has one reading, so there is nothing to choose"
        yield outline.fault(
            message, "write the other readings, or make it a question without any", "findings", finding.id
        )
        return
    for one, other in combinations(finding.readings, 2):
        found = effect(rubric, finding, one, other)
        most = max(most, found.reach)
        if found.reach is Reach.NONE:
            sure = (
                "they come to the same rules" if not found.tried else f"{found.tried} situations gave the same points"
            )
            yield outline.fault(
                f"the readings {one} and {other} of {finding.id} can never differ: {sure}",
                "make one of them say something else, or leave it out",
                "findings",
                finding.id,
                "readings",
                other,
            )
    if finding.moves == "none" and most > Reach.NONE:
        yield outline.fault(
            f"{finding.id} is said to move nothing, and its readings move the {most.word}",
            f"write `moves: {'rank' if most is Reach.STATE else most.word}`",
            "findings",
            finding.id,
            "moves",
        )
