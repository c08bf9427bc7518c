"""Which readings would leave a row out before the latest is chosen.

Two places of a rubric do this: the `grain` of a measure (values that keep to no step) and `counts_from` of an
indicator (awards and incidents before a day). Each pair of finding and reading that can leave something out is one bit.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Figure
from shared.rubric.model import Indicator

Pair = tuple[str, str]
"""(finding, reading)."""


class Exclusions:
    """The bits of one rubric, and which of them a row has."""

    def __init__(self, indicators: Iterable[Indicator]) -> None:
        self.pairs: list[Pair] = []
        self._steps: dict[tuple[str, str], tuple[tuple[int, Fraction], ...]] = {}
        self._days: dict[str, tuple[tuple[int, date], ...]] = {}
        for indicator in indicators:
            if indicator.from_finding is not None:
                starts = [(self._bit(indicator.from_finding, name), day) for name, day in indicator.counts_from.items()]
                self._days[indicator.id] = tuple(starts)
            for measure in indicator.measures.values():
                if measure.grain_finding is not None:
                    self._steps[indicator.id, measure.id] = tuple(
                        (self._bit(measure.grain_finding, name), step)
                        for name, step in measure.grain.items()
                        if step is not None
                    )

    def of(self, row: Figure | Award) -> int:
        """Give the bits of the readings that would leave this row out."""
        if isinstance(row, Award):
            days = self._days.get(row.indicator, ())
            return sum(bit for bit, day in days if row.occurred < day)
        steps = self._steps.get((row.indicator, row.measure), ())
        value = row.value
        if not steps or isinstance(value, str):
            return 0
        return sum(bit for bit, step in steps if (value / step).denominator != 1)

    def concerns(self, indicator: str, measure: str | None) -> bool:
        """Whether a row of a measure (None: of a line) can be left out at all; most cannot, and need not be asked."""
        return indicator in self._days if measure is None else (indicator, measure) in self._steps

    def days(self, indicator: str) -> list[int]:
        """Give the days that awards and incidents of an indicator are counted from, in order, as ordinal days."""
        return sorted({day.toordinal() for _, day in self._days.get(indicator, ())})

    def mask(self, readings: Mapping[str, str]) -> int:
        """Give the bits of the readings in force."""
        return sum(1 << n for n, (finding, reading) in enumerate(self.pairs) if readings.get(finding) == reading)

    def finding(self, mask: int) -> str:
        """Name the finding of the lowest bit set."""
        return self.pairs[(mask & -mask).bit_length() - 1][0]

    def _bit(self, finding: str, reading: str) -> int:
        if (finding, reading) not in self.pairs:
            self.pairs.append((finding, reading))
        return 1 << self.pairs.index((finding, reading))
