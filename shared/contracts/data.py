"""What `data` holds, one model per type: for documents and JSON Schema. The gate's own checks are in `shapes`.

Numbers may be JSON numbers or decimal strings; they are stored as strings. Members that are not named are kept.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from shared.contracts import kinds
from shared.contracts.events import LONGEST_DECIMAL
from shared.contracts.numbers import plain
from shared.contracts.shapes import is_date, is_period, whole


def _exists(text: str) -> str:
    if not is_date(text):
        raise ValueError("there is no such date")
    return text


def _is_period(text: str) -> str:
    if not is_period(text):
        raise ValueError("there is no such period")
    return text


def _is_whole(value: str | float) -> str | float:
    if whole(value if isinstance(value, str) else plain(repr(value))) < 0:
        raise ValueError("this is no whole number from 0")
    return value


Text = Annotated[str, Strict(), StringConstraints(pattern=r"\S"), Field(description="Not blank.")]
AnyText = Annotated[str, Strict()]
Day = Annotated[
    str,
    Strict(),
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_exists),
    Field(description="A date in the assessment's time zone.", examples=["2020-06-30"]),
]
Digest = Annotated[str, Strict(), StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
_Decimal = Annotated[str, Strict(), StringConstraints(pattern=r"^-?[0-9]+(\.[0-9]+)?$", max_length=LONGEST_DECIMAL)]
_JsonNumber = Annotated[int, Strict()] | Annotated[float, Strict(), Field(allow_inf_nan=False)]
Number = Annotated[_Decimal | _JsonNumber, Field(description="Read exactly; stored as a decimal string.")]
Whole = Annotated[Number, AfterValidator(_is_whole), Field(description="A whole number from 0.")]
Word = Annotated[
    Annotated[str, Strict(), StringConstraints(pattern=r"\S", max_length=LONGEST_DECIMAL)] | _JsonNumber,
    Field(description="A word or a number."),
]


class Data(BaseModel):
    """Members that are not named here are kept."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)


class EntryName(Data):
    """The identity of an entry."""

    source: Text
    id: Text


class Document(Data):
    """A piece of evidence, known by its digest; the file itself stays outside the log."""

    digest: Text
    name: AnyText | None = None
    href: AnyText | None = None


class RubricText(Data):
    """A rubric, whole."""

    id: Text
    version: Whole
    digest: Annotated[Digest, Field(description="SHA-256 of the exact text of `content`.")]
    content: Annotated[Text, Field(description="The exact text of the rubric file.")]


class Span(Data):
    """First and last day."""

    start: Annotated[Day, Field(alias="from")]
    end: Annotated[Day, Field(alias="to")]

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if self.start > self.end:
            raise ValueError("it ends before it begins")
        return self


class Explained(Data):
    """Says why."""

    reason: Annotated[
        AnyText | None, Field(description="Required, and not blank: else `reason-missing`. Names no person.")
    ] = None


Evidence = list[Document] | None
Because = EntryName | Text | None


class AssessmentOpened(Data):
    """Opens an assessment under a rubric; always position 1."""

    rubric: RubricText
    period: Span
    timezone: Annotated[Text, Field(description="IANA name.", examples=["Asia/Shanghai"])]


class SubmissionReceived(Data):
    """A reported or judged figure of one unit, or of the district."""

    indicator: Text
    measure: Text
    value: Annotated[Word, Field(description="A number, or a word where the measure takes words.")]
    occurred: Day
    tier: Annotated[Text | None, Field(description="Required where the measure is judged.")] = None
    occasion: Annotated[Text | None, Field(description="The list, where the measure has several.")] = None
    reason: Annotated[
        AnyText | None, Field(description="Required where the measure is judged: else `reason-missing`.")
    ] = None
    evidence: Evidence = None
    note: AnyText | None = None


class DeductionIssued(Explained):
    """Takes points from a unit, once per incident."""

    indicator: Text
    line: Text
    points: Annotated[Number | None, Field(description="Positive; not needed on a fixed line.")] = None
    incident: Text
    occurred: Day
    evidence: Evidence = None


class BonusAwarded(Explained):
    """Gives points to a unit, once per line and occasion."""

    indicator: Text
    line: Text
    points: Annotated[Number | None, Field(description="Not needed on a fixed line.")] = None
    occasion: Text
    occurred: Day
    evidence: Evidence = None


class IndicatorDetermined(Explained):
    """Settles one indicator of one unit; it prevails until it is withdrawn."""

    indicator: Text
    outcome: Literal["points", "not-applicable"]
    points: Annotated[Number | None, Field(description="Required where the outcome is `points`.")] = None
    occurred: Day
    because: Because = None

    @model_validator(mode="after")
    def _says_how_many(self) -> "IndicatorDetermined":
        if self.outcome == "points" and self.points is None:
            raise ValueError("an outcome of points says how many")
        return self


class EntryConfirmed(Explained):
    """Confirms an entry, by a party other than its reporter."""

    entry: EntryName


class EntryWithdrawn(Explained):
    """Takes an entry out of force; it cannot be undone, only sent again."""

    entry: EntryName
    because: Because = None


class EntryCorrected(Explained):
    """Puts new data, complete, in the place of an entry's own; type, subject and reporter stay."""

    entry: EntryName
    because: Because = None
    data: dict[str, Any]


class RulingMade(Explained):
    """Chooses the reading of a finding, for the whole year."""

    finding: Word
    reading: Word


class RubricAdopted(Explained):
    """Puts another version of the rubric in force."""

    rubric: RubricText
    supersedes: Annotated[Whole, Field(description="The version in force until now.")]


class PeriodReported(Data):
    """Says that a provider has reported a period, and how many entries came before this one."""

    period: Annotated[
        str,
        Strict(),
        AfterValidator(_is_period),
        Field(description="A month or two dates.", examples=["2020-06", "2020-04-01/2020-06-30"]),
    ]
    entries: Annotated[Whole, Field(description="Distinct entries of this provider with `occurred` in the period.")]


class RecusalRecorded(Explained):
    """Records that somebody takes no part."""

    scope: Text | Annotated[list[Text], Field(min_length=1)]


class AppealFiled(Data):
    """A unit objects to an entry or to an indicator's points."""

    entry: EntryName | None = None
    indicator: Text | None = None
    grounds: Text

    @model_validator(mode="after")
    def _names_something(self) -> "AppealFiled":
        if self.entry is None and self.indicator is None:
            raise ValueError("an appeal names an entry or an indicator")
        return self


class AppealDecided(Explained):
    """Decides an appeal; it changes no point by itself."""

    appeal: EntryName
    upheld: Annotated[bool, Strict()]


class AssessmentFrozen(Explained):
    """What the public sees stands still; entry goes on."""

    as_of: Day
    known_at: Annotated[Whole, Field(description="A position, at most the head.")]


class AssessmentClosed(Explained):
    """States the standing of the year at one coordinate; nothing moves it later."""

    as_of: Day
    known_at: Annotated[Whole, Field(description="A position, at most the head.")]
    rubric: Annotated[Whole, Field(description="The rubric's version.")]
    readings: dict[str, Word]
    standing: Annotated[Digest, Field(description="Digest of the standing that the assessor saw.")]


class AssessmentRestated(AssessmentClosed):
    """States it anew, in the place of an earlier statement."""

    supersedes: Annotated[Whole, Field(description="Position of the closing or restatement it replaces.")]


MODELS: Mapping[str, type[Data]] = {
    kinds.ASSESSMENT_OPENED: AssessmentOpened,
    kinds.SUBMISSION_RECEIVED: SubmissionReceived,
    kinds.DEDUCTION_ISSUED: DeductionIssued,
    kinds.BONUS_AWARDED: BonusAwarded,
    kinds.INDICATOR_DETERMINED: IndicatorDetermined,
    kinds.ENTRY_CONFIRMED: EntryConfirmed,
    kinds.ENTRY_WITHDRAWN: EntryWithdrawn,
    kinds.ENTRY_CORRECTED: EntryCorrected,
    kinds.RULING_MADE: RulingMade,
    kinds.RUBRIC_ADOPTED: RubricAdopted,
    kinds.PERIOD_REPORTED: PeriodReported,
    kinds.RECUSAL_RECORDED: RecusalRecorded,
    kinds.APPEAL_FILED: AppealFiled,
    kinds.APPEAL_DECIDED: AppealDecided,
    kinds.ASSESSMENT_FROZEN: AssessmentFrozen,
    kinds.ASSESSMENT_CLOSED: AssessmentClosed,
    kinds.ASSESSMENT_RESTATED: AssessmentRestated,
}
"""The model of `data`, by type of entry."""
