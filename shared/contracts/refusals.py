"""The codes of refusal, in the contract's order: where several apply, the first is given."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why an entry was refused."""

    MALFORMED = "malformed"
    TOO_LARGE = "too-large"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_ASSESSMENT = "unknown-assessment"
    ASSESSMENT_MISMATCH = "assessment-mismatch"
    UNKNOWN_UNIT = "unknown-unit"
    UNKNOWN_INDICATOR = "unknown-indicator"
    UNKNOWN_MEASURE = "unknown-measure"
    UNKNOWN_LINE = "unknown-line"
    NOT_THIS_UNIT = "not-this-unit"
    NOT_YOUR_MEASURE = "not-your-measure"
    NOT_YOUR_ENTRY = "not-your-entry"
    FORBIDDEN = "forbidden"
    OUT_OF_RANGE = "out-of-range"
    OUTSIDE_PERIOD = "outside-period"
    IN_THE_FUTURE = "in-the-future"
    REASON_MISSING = "reason-missing"
    TIER_MISMATCH = "tier-mismatch"
    UNKNOWN_ENTRY = "unknown-entry"
    ENTRY_SUPERSEDED = "entry-superseded"
    UNKNOWN_FINDING = "unknown-finding"
    UNKNOWN_READING = "unknown-reading"
    ID_CONFLICT = "id-conflict"
    CLOSED = "closed"

    @property
    def order(self) -> int:
        """Place in the contract's list, from 0."""
        return _ORDER[self]


_TITLES = {
    Refusal.MALFORMED: "The entry cannot be read",
    Refusal.TOO_LARGE: "The entry is too large",
    Refusal.UNKNOWN_TYPE: "The type is not known",
    Refusal.UNKNOWN_ASSESSMENT: "The assessment has not been opened",
    Refusal.ASSESSMENT_MISMATCH: "The entry names another assessment",
    Refusal.UNKNOWN_UNIT: "The unit is not assessed",
    Refusal.UNKNOWN_INDICATOR: "The rubric has no such indicator",
    Refusal.UNKNOWN_MEASURE: "The indicator has no such measure",
    Refusal.UNKNOWN_LINE: "The indicator has no such line",
    Refusal.NOT_THIS_UNIT: "The indicator does not assess this unit",
    Refusal.NOT_YOUR_MEASURE: "Another provider reports this measure",
    Refusal.NOT_YOUR_ENTRY: "The entry is another's",
    Refusal.FORBIDDEN: "Not allowed",
    Refusal.OUT_OF_RANGE: "The value is out of range",
    Refusal.OUTSIDE_PERIOD: "The date lies outside the assessment's period",
    Refusal.IN_THE_FUTURE: "The date lies in the future",
    Refusal.REASON_MISSING: "A reason is required",
    Refusal.TIER_MISMATCH: "Value and tier do not fit",
    Refusal.UNKNOWN_ENTRY: "There is no such entry",
    Refusal.ENTRY_SUPERSEDED: "The entry is no longer in force",
    Refusal.UNKNOWN_FINDING: "The rubric has no such finding",
    Refusal.UNKNOWN_READING: "The finding has no such reading",
    Refusal.ID_CONFLICT: "Another entry has this source and id",
    Refusal.CLOSED: "The assessment is closed",
}

_ORDER = {code: place for place, code in enumerate(Refusal)}


def title(code: Refusal) -> str:
    """Say what the code means in a few words: the title of the problem."""
    return _TITLES[code]


_STATUS = {
    Refusal.TOO_LARGE: 413,
    Refusal.ENTRY_SUPERSEDED: 409,
    Refusal.ID_CONFLICT: 409,
    Refusal.CLOSED: 409,
}


def http_status(code: Refusal) -> int:
    """Give the HTTP status of a refusal (RFC 9110, section 15.5).

    413 for size, 409 where the ledger's state stands against it, 422 for all else. A refusal by credential is 403
    whatever its code: that is the caller's fault and not the entry's, and it is not kept.
    """
    return _STATUS.get(code, 422)


LONGEST_NAME = 80
"""Characters of what somebody sent that a sentence repeats."""


def brief(sent: object) -> str:
    """Give what somebody sent as a sentence can repeat it: not longer than a name is, and printable."""
    text = str(sent)
    short = text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
    return short if short.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in short)
