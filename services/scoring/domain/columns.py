"""The rows of one (unit, indicator): figures, awards and deductions, one numpy column a part.

A row is 28 bytes: position, occurred (an ordinal day), until and the code of its series in 4 bytes each, the value as a
scaled integer of 8 bytes with its scale in 2, and the code of its tier in 2. Rows are appended in order of position and
never change, but for `until`, which is set once. So a reader may hold a column while a writer appends: what it can see
at its own position stays as it is.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.contracts.numbers import DECIMAL, Fraction, fraction

FOREVER = np.iinfo(np.int32).max
"""`until` of a row that nothing has taken out of force, and the greatest position there can be."""

WIDEST = 18  # digits that surely fit 64 bits
ASIDE = -1  # the value is a word, or too wide: it stands in `aside`
UNSAID = -2  # no points were said: the line is fixed
LAID_OUT = {"position": 0, "occurred": 0, "until": FOREVER, "code": 0, "value": 0, "scale": 0, "tier": -1}
"""The columns, and what stands in a row before anything is written there."""


class Kind(IntEnum):
    """What a row is."""

    FIGURE = 0
    AWARD = 1
    DEDUCTION = 2


@dataclass(frozen=True, slots=True)
class Series:
    """What rows share: figures the measure, provider and list; awards the line, and the occasion or incident."""

    kind: Kind
    name: str
    provider: str | None
    part: str | None


class Columns:
    """The rows of one unit and indicator, in order of position."""

    def __init__(self, unit: str, indicator: str) -> None:
        self.unit = unit
        self.indicator = indicator
        self.count = 0
        self.ends = 0
        """How often rows were taken out of force: while it stands still, rows were only added."""
        self.series: list[Series] = []
        self.tiers: list[str] = []
        self.aside: dict[int, str] = {}
        self.position = np.empty(0, np.int32)
        self.occurred = np.empty(0, np.int32)
        self.until = np.empty(0, np.int32)
        self.code = np.empty(0, np.int32)
        self.value = np.empty(0, np.int64)
        self.scale = np.empty(0, np.int16)
        self.tier = np.empty(0, np.int16)
        self._codes: dict[tuple[Any, ...], int] = {}
        self._tier_codes: dict[str, int] = {}
        self._known = 0, 0  # what was asked for last, and found: it stays so, since rows are only added

    def append(
        self,
        position: int,
        occurred: int,
        series: tuple[Kind, str, str | None, str | None],
        value: str | None,
        tier: str | None,
    ) -> int:
        """Add a row and give its place. `occurred` is an ordinal day; `value` None is that of a fixed line."""
        row = self.count
        if row == len(self.position):
            self._grow(1)
        self.position[row] = position
        self.occurred[row] = occurred
        self.code[row] = self.code_of(series)
        # `until`, `scale` and `tier` are laid out as most rows have them.
        number, scale = scaled(value)
        self.value[row] = number
        if scale:
            self.scale[row] = scale
            if scale == ASIDE:
                self.aside[row] = str(value)
        if tier is not None:
            self.tier[row] = self.tier_code(tier)
        self.count = row + 1
        return row

    def end(self, row: int | NDArray[np.int64], position: int | NDArray[np.int32]) -> None:
        """Let a row hold no longer from a position on; or many rows, each from its own."""
        self.until[row] = position
        self.ends += 1

    def make_room(self, more: int) -> None:
        """Grow at once where there is no place for so many more rows."""
        if self.count + more > len(self.position):
            self._grow(more)

    def extend(self, count: int, **columns: NDArray[Any]) -> int:
        """Add rows that lie ready, column by column, and give the place of the first; `until` is as laid out."""
        first = self.count
        self.make_room(count)
        for name, values in columns.items():
            column: NDArray[Any] = getattr(self, name)
            column[first : first + count] = values
        self.count = first + count
        return first

    def code_of(self, series: tuple[Kind, str, str | None, str | None]) -> int:
        """Give the code of a series, a new one where it has none."""
        code = self._codes.get(series)
        if code is None:
            code = self._codes[series] = len(self.series)
            self.series.append(Series(*series))
        return code

    def tier_code(self, tier: str) -> int:
        """Give the code of a tier, a new one where it has none."""
        code = self._tier_codes.get(tier)
        if code is None:
            code = self._tier_codes[tier] = len(self.tiers)
            self.tiers.append(tier)
        return code

    def own_words(self) -> None:
        """Share no more series, tiers and values set aside with the table that this is a copy of, nor what was found.

        From where the copy goes on by itself, other rows stand at the same positions.
        """
        self._known = 0, 0
        self.series, self.tiers = self.series.copy(), self.tiers.copy()
        self.aside, self._codes, self._tier_codes = self.aside.copy(), self._codes.copy(), self._tier_codes.copy()

    def _grow(self, more: int) -> None:
        room = max(16, self.count + more, len(self.position) + (len(self.position) >> 2))
        for name, laid_out in LAID_OUT.items():
            old: NDArray[Any] = getattr(self, name)
            new = np.full(room, laid_out, old.dtype)
            new[: self.count] = old[: self.count]
            setattr(self, name, new)

    def known(self, known_at: int) -> int:
        """How many rows stand at or before a position."""
        count = self.count
        if not count or self.position[count - 1] <= known_at:
            return count
        asked, found = self._known
        if asked != known_at:
            # Of the same width: else the whole column would be widened first.
            found = int(self.position[:count].searchsorted(np.int32(known_at), side="right"))
            self._known = known_at, found
        return found

    def in_force(self, known_at: int, last_day: int, start: int = 0) -> NDArray[np.intp]:
        """Give the rows from `start` on that hold at a position and occurred by a day, in order of position."""
        rows = slice(start, self.known(known_at))
        return start + np.flatnonzero((self.until[rows] > known_at) & (self.occurred[rows] <= last_day))

    def takes_figures(self) -> NDArray[np.bool_]:
        """Tell for each series whether it is of figures."""
        return np.fromiter((series.kind is Kind.FIGURE for series in self.series), np.bool_, len(self.series))

    def series_of(self, row: int) -> Series:
        """Give what a row belongs to."""
        return self.series[int(self.code[row])]

    def number(self, row: int) -> Fraction | str | None:
        """Give a row's value, exactly: a number, a word, or None for the points of a fixed line."""
        scale = int(self.scale[row])
        if scale >= 0:
            return _number(int(self.value[row]), scale)
        text = self.text(row)
        return fraction(text) if text is not None and DECIMAL.fullmatch(text) else text

    def text(self, row: int) -> str | None:
        """Give a row's value as an entry writes it: a decimal, a word, or None for the points of a fixed line."""
        scale = int(self.scale[row])
        if scale < 0:
            return self.aside[row] if scale == ASIDE else None
        value = int(self.value[row])
        digits = str(abs(value)).rjust(scale + 1, "0")
        whole = f"-{digits}" if value < 0 else digits
        return f"{whole[:-scale]}.{whole[-scale:]}" if scale else whole

    def day(self, row: int) -> date:
        """Give the day a row occurred."""
        return date.fromordinal(int(self.occurred[row]))

    def tier_of(self, row: int) -> str | None:
        """Give the tier of a judged row."""
        code = int(self.tier[row])
        return None if code < 0 else self.tiers[code]


@lru_cache(maxsize=1 << 16)
def _number(value: int, scale: int) -> Fraction:
    return Fraction(value, 10**scale)


def scaled(text: str | None) -> tuple[int, int]:
    """Give a value as a whole number and its scale: how many of its digits are decimals, `ASIDE` or `UNSAID`."""
    return (0, ASIDE) if text is not None and len(text) > WIDEST else _scaled(text)


@lru_cache(maxsize=1 << 16)
def _scaled(text: str | None) -> tuple[int, int]:
    if text is None:
        return 0, UNSAID
    if not DECIMAL.fullmatch(text):
        return 0, ASIDE
    whole, _, decimals = text.partition(".")
    return int(whole + decimals), len(decimals)
