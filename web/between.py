"""What the pages read of answers about several standings: no more than they show, like `answers`."""

from typing import Any

import msgspec

from web.answers import Moment, Placed, Rank, RulesNamed, Total


class Ends(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """Something at both ends of a comparison."""

    before: Any = None
    after: Any = None


class End(msgspec.Struct, frozen=True):
    """One of the two standings that are compared."""

    as_of: str
    known_at: Moment
    rules: RulesNamed
    state: str = "open"


class Fact(msgspec.Struct, frozen=True):
    """A figure, an award or a determination that bears or did."""

    value: str | None = None
    occurred: str | None = None
    measure: str | None = None
    line: str | None = None
    provider: str | None = None
    occasion: str | None = None
    incident: str | None = None


class Swap(msgspec.Struct, frozen=True):
    """A fact that bears in the place of another; one of them may be absent."""

    unit: str
    indicator: str
    gone: Fact | None = None
    came: Fact | None = None


class Reason(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """What moved points: an entry, a ruling or a reading (`finding`), or the rubric."""

    kind: str
    position: int | None = None
    source: str | None = None
    id: str | None = None
    type: str = ""
    by: str | None = None
    facts: list[Swap] = []
    finding: str | None = None
    before: Any = None
    after: Any = None
    clauses: list[str] = []


class Share(msgspec.Struct, frozen=True):
    """What one cause (by its place) did; `limits` is what it did beside the indicators."""

    cause: int
    change: str
    limits: str | None = None
    rank: Ends | None = None
    state: Ends | None = None


class IndicatorBetween(msgspec.Struct, frozen=True):
    """How far an indicator of a unit moved, and what each cause did to it."""

    change: str
    parts: list[Share]
    clauses: list[str] = []


class UnitBetween(msgspec.Struct, frozen=True):
    """A unit at both ends, and what moved it."""

    unit: str
    name: str
    rank: Ends
    total: Ends
    change: str
    parts: list[Share]
    indicators: dict[str, IndicatorBetween]


class Supposed(msgspec.Struct, frozen=True):
    """How many entries were supposed, and behind which position."""

    after: int
    entries: int


class Between(msgspec.Struct, frozen=True, rename={"first": "from", "second": "to"}):
    """What lies between two standings."""

    first: End
    second: End
    causes: list[Reason]
    units: list[UnitBetween]
    note: str = ""
    note_zh: str = ""
    without_effect: int = 0
    supposed: Supposed | None = None


class Tip(msgspec.Struct, frozen=True):
    """A value, or points, that give the unit another rank."""

    rank: int
    value: str | None = None
    change: str | None = None
    points: str | None = None


class Figure(msgspec.Struct, frozen=True):
    """A figure of a unit that could be another; `other` are the words that a word could be."""

    indicator: str
    measure: str
    tips: bool
    tried: str = "each"
    provider: str | None = None
    occasion: str | None = None
    value: str | None = None
    position: int | None = None
    down: Tip | None = None
    up: Tip | None = None
    other: list[Tip] = []


class Award(msgspec.Struct, frozen=True):
    """An award or a deduction that could be taken away."""

    indicator: str
    line: str
    name: str
    points: str
    position: int
    tips: bool
    without: Tip | None = None


class Addition(msgspec.Struct, frozen=True, rename={"given": "with"}):
    """One more award or deduction on a line."""

    indicator: str
    line: str
    takes: bool
    tips: bool
    given: Tip | None = None


class Tipping(msgspec.Struct, frozen=True):
    """The smallest change of each input of a unit that changes its rank."""

    unit: str
    rank: int
    total: str
    figures: list[Figure]
    awards: list[Award]
    more: list[Addition]


class Beside(Placed, frozen=True):
    """Where a unit stands under a reading, and how far its total is from the one as it is."""

    change: str = "0"


class AsRead(msgspec.Struct, frozen=True):
    """The standing under one reading of a finding."""

    reading: str
    holds: bool
    moves: str
    units: list[Beside]


class OpenFinding(msgspec.Struct, frozen=True):
    """An open finding under each of its readings."""

    id: str
    moves: str
    readings: list[AsRead]


class Others(msgspec.Struct, frozen=True):
    """What the findings that move no rank alone do together."""

    move_a_rank: str
    findings: list[str]
    combinations: int
    mattering: list[str] = []
    as_read: dict[str, str] = {}


class Sensitivity(msgspec.Struct, frozen=True):
    """The standing under each reading of every open finding."""

    findings: list[OpenFinding]
    moving: list[str]
    others: Others
    questions: list[str] = []


class Named(msgspec.Struct, frozen=True):
    """An entry by name."""

    position: int
    source: str
    id: str
    type: str = ""


class Decision(Named, frozen=True):
    """The decision on an appeal."""

    reason: str = ""
    accepted: str | None = None


class IndicatorMoved(msgspec.Struct, frozen=True):
    """An indicator before and after an entry; absent where it was or is not assessed."""

    unit: str
    indicator: str
    before: dict[str, str] | None = None
    after: dict[str, str] | None = None


class TotalMoved(msgspec.Struct, frozen=True):
    """A unit's total and rank before and after an entry."""

    unit: str
    total: Total = Total()
    rank: Rank = Rank()


class Follower(Named, frozen=True):
    """An entry that followed from an appeal, and what it moved; `ended` is the entry that ended it since."""

    reason: str = ""
    unit: str | None = None
    accepted: str | None = None
    ended: int | None = None
    changes: list[IndicatorMoved] = []
    totals: list[TotalMoved] = []


class Appeal(Named, frozen=True):
    """An appeal with its state and what followed from it."""

    unit: str = ""
    grounds: str = ""
    filed: str | None = None
    state: str = "open"
    indicator: str | None = None
    entry: Named | None = None
    corrected: int | None = None
    decision: Decision | None = None
    followed: list[Follower] = []


class Appeals(msgspec.Struct, frozen=True):
    """Every appeal, in order of position."""

    appeals: list[Appeal]
