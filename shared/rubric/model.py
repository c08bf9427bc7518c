"""What a rubric names: units, providers, blocks, indicators with their measures and lines, findings, tasks, work.

Everything is frozen. Names come in two languages: `name` as the document writes it, `english` beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award, Figure
from shared.rubric.reader import Reader

DISTRICT = "district"
"""The subject of figures that belong to no assessed unit."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An assessed unit."""

    id: str
    name: str
    english: str


@dataclass(frozen=True, slots=True)
class Provider:
    """Who reports figures, and how often: `calendar` is monthly, quarterly, half-yearly, yearly or none."""

    id: str
    name: str
    english: str
    calendar: str


@dataclass(frozen=True, slots=True)
class Need:
    """What a block asks for before anything is given in it: so many points of another block."""

    block: str
    at_least: Fraction


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the total. With `capped` a unit's points in it never exceed `max`."""

    id: str
    name: str
    english: str
    max: Fraction
    clause: str
    capped: bool
    needs: "Need | None" = None


@dataclass(frozen=True, slots=True)
class Tier:
    """A grade a judge gives, with the range of points printed for it."""

    id: str
    name: str
    english: str
    low: Fraction
    high: Fraction


@dataclass(frozen=True, slots=True)
class Measure:
    """Something reported: who may, about whom, and which values are possible.

    `low` and `high` bound a number (None: no bound), `words` are the values of one that is no number, `tiers` make it
    judged, `lists` means that several are kept side by side, told apart by `occasion`. `grain` holds by reading of
    `grain_finding` (or under "") the step that values must keep to, None for any. `scored` is false for what is only
    tracked.
    """

    id: str
    name: str
    english: str
    providers: tuple[str, ...]
    unit_of_measure: str
    whole: bool
    low: Fraction | None
    high: Fraction | None
    words: tuple[str, ...]
    tiers: Mapping[str, Tier]
    lists: bool
    district: bool
    scored: bool
    grain_finding: str | None
    grain: Mapping[str, Fraction | None]


@dataclass(frozen=True, slots=True)
class Line:
    """What an award gives or a deduction takes: between `low` and `high` points, fixed where they are equal."""

    id: str
    name: str
    english: str
    takes: bool
    low: Fraction
    high: Fraction
    clause: str
    text: str
    order: int

    @property
    def fixed(self) -> bool:
        """Whether the line leaves no choice of points."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Indicator:
    """Something assessed. `max` is its maximum under the default readings, `maxima` under each that changes it.

    `counts_from` holds by reading of `from_finding` (or under "") the first day whose awards and incidents count.
    `not_applicable` says what becomes of its points: leave-out, rescale, spread, peers-mean.
    `rule` is the part of the file that turns facts into points; None where it is only tracked.
    """

    id: str
    name: str
    english: str
    block: str
    units: tuple[str, ...]
    clause: str
    text: str
    line: int
    max: Fraction
    max_finding: str | None
    maxima: Mapping[str, Fraction]
    measures: Mapping[str, Measure]
    lines: Mapping[str, Line]
    not_applicable: str
    from_finding: str | None
    counts_from: Mapping[str, date]
    rule: Reader | None

    @property
    def largest_max(self) -> Fraction:
        """The largest maximum under any reading."""
        return max(self.maxima.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read an unclear place."""

    id: str
    text: str
    english: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A place where the text is unclear. Without readings it is a question for the record.

    `moves` says what it can move: rank, total or none.
    """

    id: str
    clause: str
    text: str
    question: str
    english: str
    readings: Mapping[str, Reading]
    moves: str
    why: str
    why_english: str
    line: int

    @property
    def default(self) -> str | None:
        """The reading that holds until the assessor rules: the first."""
        return next(iter(self.readings), None)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that a task is to reach: a number, or the figure of another measure (`against`)."""

    indicator: str
    measure: str
    amount: Fraction | None
    against: str | None


@dataclass(frozen=True, slots=True)
class Task:
    """A row of the task table."""

    row: int
    text: str
    english: str
    clause: str
    units: tuple[str, ...]
    providers: tuple[str, ...]
    indicators: tuple[str, ...]
    targets: tuple[Target, ...]
    note: str
    note_english: str


@dataclass(frozen=True, slots=True)
class WorkItem:
    """An item of the work plan: who leads it, and which task rows and indicators it feeds."""

    item: int
    text: str
    english: str
    clause: str
    lead: str | None
    units: tuple[str, ...]
    tasks: tuple[int, ...]
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unscored:
    """Who the document names and gives no points."""

    id: str
    name: str
    english: str
    clause: str
    why: str
    why_english: str


@dataclass(frozen=True, slots=True)
class Document:
    """The published document that a rubric puts into data, by its digest."""

    title: str
    english: str
    number: str
    issued: date | None
    digest: str
    file: str


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade of the final order: at most `share` of the units or `count` of them, and at least these points."""

    id: str
    name: str
    english: str
    share: Fraction | None
    count: int | None
    at_least: Fraction | None
    block: str | None


@dataclass(frozen=True, slots=True)
class ExampleFacts:
    """What is known of one unit in an example."""

    unit: str
    figures: tuple[Figure, ...]
    awards: tuple[Award, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Facts and the points they must give: the rubric checks itself by these."""

    name: str
    unit: str
    indicator: str
    readings: Mapping[str, str]
    facts: tuple[ExampleFacts, ...]
    points: Fraction
    state: str | None
    attainable: Fraction | None
    absorbed: Fraction | None
    line: int
