"""The types of event, in and out, and who may send them."""

ASSESSMENT_OPENED = "meritlog.AssessmentOpened.v1"
SUBMISSION_RECEIVED = "meritlog.SubmissionReceived.v1"
DEDUCTION_ISSUED = "meritlog.DeductionIssued.v1"
BONUS_AWARDED = "meritlog.BonusAwarded.v1"
INDICATOR_DETERMINED = "meritlog.IndicatorDetermined.v1"
ENTRY_CONFIRMED = "meritlog.EntryConfirmed.v1"
ENTRY_WITHDRAWN = "meritlog.EntryWithdrawn.v1"
ENTRY_CORRECTED = "meritlog.EntryCorrected.v1"
RULING_MADE = "meritlog.RulingMade.v1"
RUBRIC_ADOPTED = "meritlog.RubricAdopted.v1"
PERIOD_REPORTED = "meritlog.PeriodReported.v1"
RECUSAL_RECORDED = "meritlog.RecusalRecorded.v1"
APPEAL_FILED = "meritlog.AppealFiled.v1"
APPEAL_DECIDED = "meritlog.AppealDecided.v1"
ASSESSMENT_FROZEN = "meritlog.AssessmentFrozen.v1"
ASSESSMENT_CLOSED = "meritlog.AssessmentClosed.v1"
ASSESSMENT_RESTATED = "meritlog.AssessmentRestated.v1"

ALL = (
    ASSESSMENT_OPENED,
    SUBMISSION_RECEIVED,
    DEDUCTION_ISSUED,
    BONUS_AWARDED,
    INDICATOR_DETERMINED,
    ENTRY_CONFIRMED,
    ENTRY_WITHDRAWN,
    ENTRY_CORRECTED,
    RULING_MADE,
    RUBRIC_ADOPTED,
    PERIOD_REPORTED,
    RECUSAL_RECORDED,
    APPEAL_FILED,
    APPEAL_DECIDED,
    ASSESSMENT_FROZEN,
    ASSESSMENT_CLOSED,
    ASSESSMENT_RESTATED,
)
"""Every type of entry, in the contract's order."""

SCORES_CHANGED = "meritlog.ScoresChanged.v1"
STANDING_CHANGED = "meritlog.StandingChanged.v1"

OUTWARD = (SCORES_CHANGED, STANDING_CHANGED)
"""The types of record that go out."""

ASSESSOR_TYPES = frozenset(
    {
        ASSESSMENT_OPENED,
        DEDUCTION_ISSUED,
        BONUS_AWARDED,
        INDICATOR_DETERMINED,
        RULING_MADE,
        RUBRIC_ADOPTED,
        RECUSAL_RECORDED,
        APPEAL_DECIDED,
        ASSESSMENT_FROZEN,
        ASSESSMENT_CLOSED,
        ASSESSMENT_RESTATED,
    }
)
"""Only the assessor may send these."""

CARRIES_RUBRIC = frozenset({ASSESSMENT_OPENED, RUBRIC_ADOPTED})
"""These hold a rubric's whole text and may be twice as large."""

DATED = frozenset({SUBMISSION_RECEIVED, DEDUCTION_ISSUED, BONUS_AWARDED, INDICATOR_DETERMINED})
"""These say when their fact occurred."""

LASTING = frozenset(
    {
        ASSESSMENT_OPENED,
        RUBRIC_ADOPTED,
        ASSESSMENT_FROZEN,
        ASSESSMENT_CLOSED,
        ASSESSMENT_RESTATED,
        ENTRY_WITHDRAWN,
    }
)
"""These can be neither corrected nor withdrawn."""

AFTER_CLOSE = frozenset(
    {
        APPEAL_FILED,
        APPEAL_DECIDED,
        RULING_MADE,
        INDICATOR_DETERMINED,
        ENTRY_CONFIRMED,
        ENTRY_CORRECTED,
        ENTRY_WITHDRAWN,
        ASSESSMENT_RESTATED,
    }
)
"""These are still accepted once the assessment is closed."""
