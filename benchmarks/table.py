"""One line of the table of figures, and the table."""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

HEADINGS = ("work", "Meritlog", "peer", "ratio", "goal", "what limits it")


class Row(NamedTuple):
    """What was measured beside what, in the same run; `goal` is what was asked for, `limit` what stands in the way."""

    work: str
    ours: str
    peer: str
    ratio: str
    goal: str
    limit: str


class Pairs(NamedTuple):
    """Two works measured in turns, so that what else the machine does falls on both; the same unit on both sides."""

    ours: list[float]
    peer: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios of each turn."""
        return median(one / two for one, two in zip(self.ours, self.peer, strict=True))


def markdown(rows: Iterable[Row]) -> str:
    """The table, columns aligned."""
    lines: list[Sequence[str]] = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
