"""What the pages read of the services' answers: no more than they show, so that the services may add to them."""

from typing import Any

import msgspec


class Moment(msgspec.Struct, frozen=True):
    """A place in the ledger, and when that entry was accepted."""

    position: int = 0
    accepted: str | None = None


class RulesNamed(msgspec.Struct, frozen=True):
    """The rules of a standing, by name."""

    rubric: str | None = None
    version: int | None = None
    digest: str | None = None
    readings: dict[str, str] = {}


class BlockPoints(msgspec.Struct, frozen=True):
    """A block of one unit; both absent where the block does not concern it."""

    points: str | None = None
    exact: str | None = None
    max: str | None = None


class IndicatorPoints(msgspec.Struct, frozen=True):
    """An indicator of one unit."""

    points: str = "0.00"
    exact: str = "0"
    max: str = "0"
    state: str = "scored"
    absorbed: str = "0"


class LastChange(msgspec.Struct, frozen=True):
    """The entry that last changed a unit's total or rank."""

    position: int
    because: list[str] = []
    total_before: str | None = None


class UnitRow(msgspec.Struct, frozen=True):
    """One unit of a standing; `moved` counts places gained when its rank last changed."""

    unit: str
    total: str
    name: str | None = None
    rank: int | None = None
    tied: bool = False
    provisional: bool = False
    exact: str = "0"
    attainable: str = "0"
    blocks: dict[str, BlockPoints] = {}
    indicators: dict[str, IndicatorPoints] = {}
    moved: int = 0
    last: LastChange | None = None
    grade: str | None = None


class FindingState(msgspec.Struct, frozen=True):
    """Whether a question of the text is open or ruled, and what it can move."""

    id: str
    state: str = "open"
    moves: str = "none"


class Flag(msgspec.Struct, frozen=True):
    """Something to look at in the data."""

    code: str
    unit: str | None = None
    indicator: str | None = None
    position: int | None = None
    provider: str | None = None
    period: str | None = None


INPUTS = 200
"""Facts that are asked for of each step of a trace: the ledger of a year may have fifty thousand awards of one unit."""

FLAGS = 200
"""So many flags of a kind are listed: a long ledger has millions."""


class Standing(msgspec.Struct, frozen=True):
    """A standing at any coordinate, or the board, which also says what it shows and of which generation it is."""

    assessment: str
    units: list[UnitRow]
    as_of: str | None = None
    known_at: Moment = Moment()
    rules: RulesNamed = RulesNamed()
    state: str = "open"
    provisional: bool = False
    findings: list[FindingState] = []
    flags: list[Flag] = []
    """Of each code, unit and indicator the first `FLAGS`."""
    flagged: dict[str, int] = {}
    """How many there are of each code."""
    title: str | None = None
    shown: str | None = None
    generation: int = 0
    position: int = 0

    @property
    def version(self) -> str:
        """What tells this state of a page from another: `<generation>-<position>`, as the stream's ids."""
        return f"{self.generation}-{self.position or self.known_at.position}"


class Placed(msgspec.Struct, frozen=True):
    """Where a unit stood at one moment of a timeline."""

    unit: str
    rank: int
    total: str
    exact: str
    tied: bool = False
    provisional: bool = False


class Seen(msgspec.Struct, frozen=True):
    """The order at one moment of a timeline; `known_at` where it is one as known then."""

    units: list[Placed]
    known_at: int | None = None


class Point(msgspec.Struct, frozen=True):
    """A day of a timeline: as known then, absent where nothing was, and as known now."""

    as_of: str
    now: Seen
    then: Seen | None = None


class Timeline(msgspec.Struct, frozen=True):
    """Rank and total of every unit at the end of every step."""

    step: str
    points: list[Point]


class Input(msgspec.Struct, frozen=True):
    """A fact that a rule looked at: a figure, an award (by its line), a determination.

    `excluded` names the finding whose `reading` leaves it out; what is not `used` gave way to another.
    """

    measure: str | None = None
    line: str | None = None
    value: str | None = None
    occurred: str | None = None
    position: int | None = None
    source: str | None = None
    id: str | None = None
    provider: str | None = None
    occasion: str | None = None
    tier: str | None = None
    used: bool = True
    excluded: str | None = None
    reading: str | None = None


class Node(msgspec.Struct, frozen=True):
    """A line of a trace."""

    rule: str = ""
    clause: str | None = None
    points: str | None = None
    exact: str | None = None
    max: str | None = None
    note: str | None = None
    note_zh: str | None = None
    absorbed: str | None = None
    inputs: list[Input] = []
    more: int = 0
    """Facts beyond the first `INPUTS`."""
    parts: list["Node"] = []


class Told(msgspec.Struct, frozen=True):
    """A sentence in both languages."""

    zh: str
    en: str


class UnderReading(IndicatorPoints, frozen=True):
    """What an indicator has under a reading, and how far that is from what it has."""

    reading: str = ""
    text: str = ""
    english: str = ""
    holds: bool = False
    change: str = "0"


class Bearing(msgspec.Struct, frozen=True):
    """A question that bears on an indicator."""

    id: str
    state: str = "open"
    question: str = ""
    english: str = ""
    readings: list[UnderReading] = []

    @property
    def held(self) -> UnderReading | None:
        """The reading that holds; a question for the record has none."""
        return next((each for each in self.readings if each.holds), None)

    @property
    def others(self) -> list[UnderReading]:
        """The readings that do not hold."""
        return [each for each in self.readings if not each.holds]


class Explained(IndicatorPoints, frozen=True):
    """An indicator told in sentences, with the questions that bear on it, and its trace."""

    told: list[Told] = []
    findings: list[Bearing] = []
    attainable: str = "0"
    trace: Node | None = None


class Explanation(msgspec.Struct, frozen=True):
    """Why one unit has the points it has, by indicator."""

    unit: str
    indicators: dict[str, Explained] = {}


class Progress(msgspec.Struct, frozen=True):
    """How far a measure of a task has come; figures are exact: fractions, or words."""

    measure: str
    indicator: str | None = None
    value: str | None = None
    target: str | None = None
    ratio: str | None = None
    occurred: str | None = None
    position: int | None = None


class TaskRow(msgspec.Struct, frozen=True):
    """A row of the task table."""

    id: str | int
    text: str = ""
    units: list[str] = []
    providers: list[str] = []
    measures: list[Progress] = []
    indicators: list[str] = []


class Tasks(msgspec.Struct, frozen=True):
    """The task table at a coordinate."""

    tasks: list[TaskRow]


class Total(msgspec.Struct, frozen=True):
    """A total before and after."""

    before: str | None = None
    after: str | None = None


class Rank(msgspec.Struct, frozen=True):
    """A rank before and after."""

    before: int | None = None
    after: int | None = None


class UnitChange(msgspec.Struct, frozen=True):
    """What an entry changed for one unit."""

    unit: str
    total: Total = Total()
    rank: Rank = Rank()
    because: list[str] = []


class Cause(msgspec.Struct, frozen=True):
    """The entry behind a change."""

    position: int
    source: str | None = None
    id: str | None = None
    type: str = ""


class ChangeData(msgspec.Struct, frozen=True):
    """The data of a `StandingChanged`."""

    cause: Cause
    changes: list[UnitChange] = []
    state: str = "open"
    supersedes: Any = None


class Change(msgspec.Struct, frozen=True):
    """A `StandingChanged` record."""

    position: int
    time: str
    data: ChangeData
    generation: int = 1


class Changes(msgspec.Struct, frozen=True):
    """A stretch of the stream of standings; `next` is what to ask for after it."""

    changes: list[Change]
    next: int | None = None


class Period(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """First and last day."""

    start: str | None = None
    end: str | None = None


class Assessment(msgspec.Struct, frozen=True):
    """One assessment of the list."""

    assessment: str
    title: str | None = None
    state: str = "open"
    head: Moment = Moment()
    rubric: RulesNamed = RulesNamed()
    period: Period = Period()


class Assessments(msgspec.Struct, frozen=True):
    """The list of assessments."""

    assessments: list[Assessment]


class RubricText(msgspec.Struct, frozen=True):
    """A rubric, word for word."""

    content: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """Problem details (RFC 9457), as far as a reader needs them."""

    status: int = 0
    detail: str = ""
    code: str = ""
    entry: int | None = None
