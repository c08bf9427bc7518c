"""Codes of the contract in words. English here is the message that the catalogues translate."""

from collections.abc import Callable, Mapping
from gettext import NullTranslations

from web.language import mark

_ = mark

STATES: Mapping[str, str] = {
    "open": _("Open"),
    "frozen": _("Frozen"),
    "closed": _("Closed"),
    "restated": _("Restated"),
    "close-disputed": _("Closing disputed"),
}
INDICATOR_STATES: Mapping[str, str] = {
    "scored": _("scored"),
    "pending": _("pending"),
    "conflict": _("in conflict"),
    "not-applicable": _("not applicable"),
    "determined": _("determined"),
}
APPEAL_STATES: Mapping[str, str] = {
    "open": _("not decided yet"),
    "upheld": _("upheld"),
    "rejected": _("rejected"),
    "withdrawn": _("withdrawn by its unit"),
}
MOVES: Mapping[str, str] = {
    "rank": _("can move a rank"),
    "total": _("can move a total"),
    "none": _("moves no points"),
}
STEPS: Mapping[str, str] = {
    "month": _("by month"),
    "week": _("by week"),
    "day": _("by day"),
}
FLAGS: Mapping[str, str] = {
    "conflict": _("Reports that contradict each other"),
    "restated-figure": _("Figures reported again for the same date"),
    "self-reported": _("Figures that only the assessed unit vouches for"),
    "shared-evidence": _("One piece of evidence under two lines"),
    "silent-period": _("Periods with no report"),
    "appeal-open": _("Appeals not decided yet"),
    "unplaced": _("Entries that the rubric in force has no place for"),
}
TYPES: Mapping[str, str] = {
    "AssessmentOpened": _("Assessment opened"),
    "SubmissionReceived": _("Figure reported"),
    "DeductionIssued": _("Deduction"),
    "BonusAwarded": _("Award"),
    "IndicatorDetermined": _("Determination"),
    "EntryConfirmed": _("Confirmation"),
    "EntryWithdrawn": _("Withdrawal"),
    "EntryCorrected": _("Correction"),
    "RulingMade": _("Ruling"),
    "RubricAdopted": _("New rubric version"),
    "PeriodReported": _("Period reported"),
    "RecusalRecorded": _("Recusal"),
    "AppealFiled": _("Appeal"),
    "AppealDecided": _("Appeal decided"),
    "AssessmentFrozen": _("Freeze"),
    "AssessmentClosed": _("Closing"),
    "AssessmentRestated": _("Restatement"),
}


RULES: Mapping[str, str] = {
    "proportion": _("In proportion"),
    "points": _("Points as reported"),
    "judged": _("Judged"),
    "table": _("By a table"),
    "bands": _("By bands"),
    "steps": _("By steps"),
    "piecewise": _("Between standard values"),
    "sum": _("Sum"),
    "mean": _("Mean"),
    "weighted": _("Weighted mean"),
    "least": _("Lowest"),
    "greatest": _("Highest"),
    "all_or_nothing": _("All or nothing"),
    "limit": _("Limit"),
    "cliff": _("Threshold"),
    "multiplied": _("Multiplied"),
    "choose": _("By case"),
    "veto": _("Veto"),
    "pending": _("Pending"),
    "conflict": _("Conflict"),
    "not_applicable": _("Not applicable"),
    "occasions": _("Awards and deductions"),
    "awards": _("Awards"),
    "deductions": _("Deductions"),
    "group": _("Group"),
    "determination": _("Determination"),
    "adjusted": _("Adjusted"),
    "tracked": _("Tracked, not scored"),
}
MEMBERS: Mapping[str, str] = {
    "indicator": _("Indicator"),
    "measure": _("Measure"),
    "line": _("Line"),
    "value": _("Value"),
    "points": _("Points"),
    "tier": _("Tier"),
    "occurred": _("Occurred"),
    "occasion": _("Occasion"),
    "incident": _("Incident"),
    "reason": _("Reason"),
    "note": _("Note"),
    "outcome": _("Outcome"),
    "entry": _("Entry"),
    "because": _("Because of"),
    "data": _("Data"),
    "finding": _("Finding"),
    "reading": _("Reading"),
    "period": _("Period"),
    "timezone": _("Time zone"),
    "entries": _("Entries"),
    "scope": _("Scope"),
    "grounds": _("Grounds"),
    "appeal": _("Appeal"),
    "upheld": _("Upheld"),
    "supersedes": _("Supersedes"),
    "as_of": _("As of"),
    "known_at": _("Known at"),
    "standing": _("Standing"),
    "readings": _("Readings"),
    "clock": _("Clock"),
}
VERDICTS: Mapping[str, str] = {"pass": _("pass"), "fail": _("fail")}

REFUSALS: Mapping[str, str] = {
    "malformed": _("The entry cannot be read"),
    "too-large": _("The entry is too large"),
    "unknown-type": _("The type is not known"),
    "unknown-assessment": _("The assessment has not been opened"),
    "assessment-mismatch": _("The entry names another assessment"),
    "unknown-unit": _("The unit is not assessed"),
    "unknown-indicator": _("The rubric has no such indicator"),
    "unknown-measure": _("The indicator has no such measure"),
    "unknown-line": _("The indicator has no such line"),
    "not-this-unit": _("The indicator does not assess this unit"),
    "not-your-measure": _("Another provider reports this measure"),
    "not-your-entry": _("The entry is another's"),
    "forbidden": _("Not allowed"),
    "out-of-range": _("The value is out of range"),
    "outside-period": _("The date lies outside the assessment's period"),
    "in-the-future": _("The date lies in the future"),
    "reason-missing": _("A reason is required"),
    "tier-mismatch": _("Value and tier do not fit"),
    "unknown-entry": _("There is no such entry"),
    "entry-superseded": _("The entry is no longer in force"),
    "unknown-finding": _("The rubric has no such finding"),
    "unknown-reading": _("The finding has no such reading"),
    "id-conflict": _("Another entry has this source and id"),
    "closed": _("The assessment is closed"),
    "unauthenticated": _("A credential is needed"),
}

TOLD: Mapping[str, str] = {
    "not-known": _("Nothing was known then: the first entry, or the period, came later."),
    "not-yet": _("That position is not there yet. Try again in a moment."),
    "unknown-rubric": _("The assessment has no such version of its rubric."),
    "unknown-finding": _("The rubric has no such finding: the page of findings lists them."),
    "unknown-reading": _("The finding has no such reading: the page of findings lists them."),
}
"""What a service says of a coordinate, in words that there are in every language; by its code."""
UNSUPPOSABLE: Mapping[str, str] = {
    "bad-rubric": _("The rubric has a fault."),
    "bad-coordinate": _("A reading is chosen as FINDING=READING, such as A01=20."),
    "too-large": _("This is too much at once: suppose less."),
}
"""What a service says of something supposed as a whole."""
SUPPOSED_ENTRY = _("Supposed entry %(place)s: %(why)s.")


def kind(event_type: str) -> str:
    """The message for an event type such as `meritlog.BonusAwarded.v1`; the type itself where we know none."""
    parts = event_type.split(".")
    return TYPES.get(parts[1], event_type) if len(parts) == 3 else event_type


def look_up(table: Mapping[str, str]) -> Callable[[str], str]:
    """Code to message, the code itself where we know none."""
    return lambda code: table.get(code, code)


WORDS: Mapping[str, Callable[[str], str]] = {
    "kind": kind,
    "state": look_up(STATES),
    "indicator_state": look_up(INDICATOR_STATES),
    "appeal_state": look_up(APPEAL_STATES),
    "moves": look_up(MOVES),
    "step": look_up(STEPS),
    "flag": look_up(FLAGS),
    "rule": look_up(RULES),
    "member": look_up(MEMBERS),
    "refusal": look_up(REFUSALS),
    "verdict": look_up(VERDICTS),
}


def filters(translations: NullTranslations) -> dict[str, Callable[[str], str]]:
    """The templates' filters from code to words in a language; a code is never taken for a format."""

    def filter_of(word: Callable[[str], str]) -> Callable[[str], str]:
        return lambda code: translations.gettext(word(code)) if code else ""

    return {name: filter_of(word) for name, word in WORDS.items()}
