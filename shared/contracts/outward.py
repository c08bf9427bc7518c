"""What `data` of an outward record holds, one model per type: for documents and JSON Schema."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts import kinds

Exact = Annotated[str, Field(pattern=r"^-?[0-9]+(/[0-9]+)?$", description="A reduced fraction.", examples=["37/2"])]
Shown = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2}$", description="Two places, half up.", examples=["18.50"])]
Standing = Annotated[
    dict[str, Any], Field(description="A whole standing, at freeze, close and restatement: see the reference page.")
]


class Part(BaseModel):
    """Readers pass over members they do not know."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class Cause(Part):
    """The entry that caused the record."""

    position: Annotated[int, Field(ge=1)]
    source: str
    id: str
    type: str


class Points(Part):
    """The points of an indicator."""

    points: Shown
    exact: Exact
    state: Annotated[str, Field(description="`scored`, `pending`, `conflict`, `not-applicable` or `determined`.")]
    attainable: Shown | None = None
    max: str | None = None
    absorbed: Exact | None = None


class IndicatorChange(Part):
    """One indicator of one unit before and after; null where there was or is none."""

    unit: str
    indicator: str
    before: Points | None
    after: Points | None
    clauses: list[str]


class BlockPoints(Part):
    """The points of a block."""

    points: Shown
    exact: Exact | None = None
    max: str


class UnitTotal(Part):
    """The total of a unit that the entry touched."""

    unit: str
    exact: Exact
    attainable: str
    provisional: bool
    blocks: dict[str, BlockPoints]


class ScoresChanged(Part):
    """What an entry changed in scores; the list of changes may be empty."""

    cause: Cause
    changes: list[IndicatorChange]
    totals: list[UnitTotal] = []
    frame: Annotated[
        dict[str, Any] | None, Field(description="Rubric, readings, units, blocks, indicators, ranking and findings.")
    ] = None
    state: str | None = None
    as_of: str | None = None
    standing: Standing | None = None
    supersedes: Annotated[int | None, Field(description="Position of the statement this one replaces.")] = None
    snapshot: Annotated[bool | None, Field(description="True on the first record of a generation.")] = None


class Total(Part):
    """A total as shown, before and after."""

    before: Shown | None
    after: Shown | None


class Rank(Part):
    """A rank before and after."""

    before: int | None
    after: int | None


class UnitChange(Part):
    """One unit before and after, and the indicators that moved it."""

    unit: str
    total: Total
    rank: Rank
    because: list[str]


class StandingChanged(Part):
    """What an entry changed in the standing; also the body of a webhook."""

    cause: Cause
    changes: list[UnitChange]
    state: Annotated[str, Field(description="`open`, `frozen`, `closed`, `restated` or `close-disputed`.")]
    standing: Standing | None = None
    supersedes: Annotated[int | None, Field(description="Position of the statement this one replaces.")] = None
    snapshot: Annotated[bool | None, Field(description="True on the first record of a generation.")] = None


OUTWARD_MODELS: Mapping[str, type[Part]] = {
    kinds.SCORES_CHANGED: ScoresChanged,
    kinds.STANDING_CHANGED: StandingChanged,
}
"""The model of `data`, by type of record."""
