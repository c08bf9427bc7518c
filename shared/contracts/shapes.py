"""What `data` must hold, by type: the fast checks of the gate.

The models of `shared.contracts.data` say the same for documents and schemas; a test keeps the two equal. A missing or
blank `reason` is no matter of shape: it has a code of its own. Members that are not named here are kept.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeGuard

from shared.contracts import kinds
from shared.contracts.events import LONGEST_DECIMAL
from shared.contracts.numbers import DECIMAL, fraction
from shared.contracts.times import day

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
"""A digest as the contract writes it."""

ASSESSMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""The id of an assessment: it stands in addresses, file names and the ledger's origin."""


def is_text(value: Any) -> bool:
    """Whether this is a string that is not blank (and was no JSON number)."""
    return type(value) is str and not value.isspace() and value != ""


def is_any_text(value: Any) -> bool:
    """Whether this is a string, blank or not."""
    return type(value) is str


def is_word(value: Any) -> bool:
    """Whether this is a number or a string that is not blank: a reading may be called 50."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_DECIMAL and not value.isspace()


def is_decimal(value: Any) -> bool:
    """Whether this is a number of at most `LONGEST_DECIMAL` characters."""
    return isinstance(value, str) and len(value) <= LONGEST_DECIMAL and DECIMAL.fullmatch(value) is not None


def is_whole(value: Any) -> bool:
    """Whether this is a whole number from 0."""
    return is_decimal(value) and whole(value) >= 0


def whole(value: str) -> int:
    """Read what `is_whole` accepts; -1 for any other decimal."""
    number = fraction(value)
    return number.numerator if number.denominator == 1 and number >= 0 else -1


def is_date(value: Any) -> bool:
    """Whether this is a date that exists."""
    try:
        day(value if type(value) is str else "")
    except ValueError:
        return False
    return True


def is_boolean(value: Any) -> bool:
    """Whether this is true or false."""
    return type(value) is bool


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether this is a JSON object."""
    return type(value) is dict  # pyright: ignore[reportUnknownVariableType]  JSON's names are strings


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether this is a JSON array."""
    return type(value) is list  # pyright: ignore[reportUnknownVariableType]


def is_digest(value: Any) -> bool:
    """Whether this is `sha256:` and 64 hex digits."""
    return type(value) is str and DIGEST.fullmatch(value) is not None


def is_entry(value: Any) -> bool:
    """Whether this names an entry by `source` and `id`."""
    return is_object(value) and is_text(value.get("source")) and is_text(value.get("id"))


def is_cause(value: Any) -> bool:
    """Whether this says because of what: an entry, or words."""
    return is_entry(value) or is_text(value)


def is_scope(value: Any) -> bool:
    """Whether this says what somebody is recused from: words, or a list of them."""
    return is_text(value) or (is_list(value) and bool(value) and all(map(is_text, value)))


def is_evidence(value: Any) -> bool:
    """Whether this is a list of documents, each known by its digest."""
    return is_list(value) and all(map(_is_document, value))


def _is_document(value: Any) -> bool:
    return is_object(value) and is_text(value.get("digest")) and _has_texts(value, "name", "href")


def _has_texts(value: Mapping[str, Any], *names: str) -> bool:
    return all(value.get(name) is None or is_any_text(value[name]) for name in names)


def is_rubric(value: Any) -> bool:
    """Whether this is a rubric with its exact text."""
    return (
        is_object(value)
        and is_text(value.get("id"))
        and is_whole(value.get("version"))
        and is_digest(value.get("digest"))
        and is_text(value.get("content"))
    )


def is_span(value: Any) -> bool:
    """Whether this is an object with the dates `from` and `to`, in this order."""
    return is_object(value) and is_date(value.get("from")) and is_date(value.get("to")) and value["from"] <= value["to"]


_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")


def is_period(value: Any) -> bool:
    """Whether this is a month `2020-06`, or two dates `2020-06-01/2020-06-30`."""
    if type(value) is not str:
        return False
    if _MONTH.fullmatch(value):
        return not value.startswith("0000")
    start, slash, end = value.partition("/")
    return bool(slash) and is_date(start) and is_date(end) and start <= end


def ends(period: str) -> tuple[date, date]:
    """Give first and last day of what `is_period` accepts."""
    start, slash, end = period.partition("/")
    if slash:
        return day(start), day(end)
    first = day(f"{period}-01")
    return first, first.replace(day=monthrange(first.year, first.month)[1])


def is_readings(value: Any) -> bool:
    """Whether this is a table from finding to reading."""
    return is_object(value) and all(map(is_word, value.values()))


class Member(NamedTuple):
    """One member of `data`: its name, its check, what it should be, and whether it must be there."""

    name: str
    check: Callable[[Any], bool]
    expected: str
    required: bool = True


def _optional(name: str, check: Callable[[Any], bool], expected: str) -> Member:
    return Member(name, check, expected, required=False)


_TEXT = "a string that is not blank"
_DATE = "a date that exists, as in 2020-06-30"
_WHOLE = "a whole number from 0"
_POINTS = f"a decimal of at most {LONGEST_DECIMAL} characters, as in 0.5"

_INDICATOR = Member("indicator", is_text, _TEXT)
_LINE = Member("line", is_text, _TEXT)
_OCCURRED = Member("occurred", is_date, _DATE)
_REASON = _optional("reason", is_any_text, "a string")
_EVIDENCE = _optional("evidence", is_evidence, "a list of objects with a digest, and name and href as strings")
_NOTE = _optional("note", is_any_text, "a string")
_ENTRY = Member("entry", is_entry, "an object with source and id")
_BECAUSE = _optional("because", is_cause, "an object with source and id, or words")
_RUBRIC = Member("rubric", is_rubric, "an object with id, version, digest (sha256:…) and content, the exact text")
_AS_OF = Member("as_of", is_date, _DATE)
_KNOWN_AT = Member("known_at", is_whole, f"a position, {_WHOLE}")
_CLOSING = (
    _AS_OF,
    _KNOWN_AT,
    Member("rubric", is_whole, f"the version, {_WHOLE}"),
    Member("readings", is_readings, "an object from finding to reading"),
    Member("standing", is_digest, "a digest, sha256: and 64 hex digits"),
    _REASON,
)

MEMBERS: Mapping[str, tuple[Member, ...]] = {
    kinds.ASSESSMENT_OPENED: (
        _RUBRIC,
        Member("period", is_span, "an object with the dates from and to, in this order"),
        Member("timezone", is_text, "the name of a time zone, as in Asia/Shanghai"),
    ),
    kinds.SUBMISSION_RECEIVED: (
        _INDICATOR,
        Member("measure", is_text, _TEXT),
        Member("value", is_word, f"a decimal or a word, of at most {LONGEST_DECIMAL} characters"),
        _OCCURRED,
        _optional("tier", is_text, _TEXT),
        _optional("occasion", is_text, _TEXT),
        _REASON,
        _EVIDENCE,
        _NOTE,
    ),
    kinds.DEDUCTION_ISSUED: (
        _INDICATOR,
        _LINE,
        _optional("points", is_decimal, _POINTS),
        Member("incident", is_text, _TEXT),
        _OCCURRED,
        _REASON,
        _EVIDENCE,
    ),
    kinds.BONUS_AWARDED: (
        _INDICATOR,
        _LINE,
        _optional("points", is_decimal, _POINTS),
        Member("occasion", is_text, _TEXT),
        _OCCURRED,
        _REASON,
        _EVIDENCE,
    ),
    kinds.INDICATOR_DETERMINED: (
        _INDICATOR,
        Member("outcome", ("points", "not-applicable").__contains__, "points or not-applicable"),
        _optional("points", is_decimal, _POINTS),
        _OCCURRED,
        _REASON,
        _BECAUSE,
    ),
    kinds.ENTRY_CONFIRMED: (_ENTRY, _REASON),
    kinds.ENTRY_WITHDRAWN: (_ENTRY, _REASON, _BECAUSE),
    kinds.ENTRY_CORRECTED: (
        _ENTRY,
        Member("data", is_object, "an object, complete: it takes the place of the entry's own"),
        _REASON,
        _BECAUSE,
    ),
    kinds.RULING_MADE: (
        Member("finding", is_word, "the id of a finding"),
        Member("reading", is_word, "the id of a reading"),
        _REASON,
    ),
    kinds.RUBRIC_ADOPTED: (_RUBRIC, Member("supersedes", is_whole, f"the version replaced, {_WHOLE}"), _REASON),
    kinds.PERIOD_REPORTED: (
        Member("period", is_period, "a month, as in 2020-06, or two dates, as in 2020-06-01/2020-06-30"),
        Member("entries", is_whole, _WHOLE),
    ),
    kinds.RECUSAL_RECORDED: (Member("scope", is_scope, _TEXT), _REASON),
    kinds.APPEAL_FILED: (
        _optional("entry", is_entry, "an object with source and id"),
        _optional("indicator", is_text, _TEXT),
        Member("grounds", is_text, _TEXT),
    ),
    kinds.APPEAL_DECIDED: (
        Member("appeal", is_entry, "an object with source and id"),
        Member("upheld", is_boolean, "true or false"),
        _REASON,
    ),
    kinds.ASSESSMENT_FROZEN: (_AS_OF, _KNOWN_AT, _REASON),
    kinds.ASSESSMENT_CLOSED: _CLOSING,
    kinds.ASSESSMENT_RESTATED: (*_CLOSING, Member("supersedes", is_whole, f"a position, {_WHOLE}")),
}
"""The members of `data`, by type. Null counts as absent."""

EXPLAINED = frozenset(kind for kind, members in MEMBERS.items() if _REASON in members) - {kinds.SUBMISSION_RECEIVED}
"""These always need a reason; a submission needs one where its measure is judged."""

ABOUT_A_UNIT = frozenset(
    {
        kinds.SUBMISSION_RECEIVED,
        kinds.DEDUCTION_ISSUED,
        kinds.BONUS_AWARDED,
        kinds.INDICATOR_DETERMINED,
        kinds.APPEAL_FILED,
    }
)
"""These need a `subject`."""

REPORTED = frozenset({kinds.SUBMISSION_RECEIVED, kinds.PERIOD_REPORTED})
"""These need a `provider`."""


def shape_fault(kind: str, data: Mapping[str, Any]) -> str | None:
    """Say in one sentence what of `data` is missing or ill-typed, or None where all is there."""
    for name, check, expected, required in MEMBERS[kind]:
        value = data.get(name)
        if value is None:
            if required:
                return f"data.{name} is missing: it must be {expected}"
        elif not check(value):
            return f"data.{name} must be {expected}"
    if kind == kinds.INDICATOR_DETERMINED and data["outcome"] == "points" and data.get("points") is None:
        return "data.points is missing: an outcome of points says how many"
    if kind == kinds.APPEAL_FILED and data.get("entry") is None and data.get("indicator") is None:
        return "data.entry and data.indicator are both missing: an appeal names one of them"
    return None


def attribute_fault(kind: str, subject: str | None, provider: str | None) -> str | None:
    """Say in one sentence which attribute this type needs beside those that every entry needs, or None."""
    if subject is None and kind in ABOUT_A_UNIT:
        return "subject is missing: name the unit"
    if provider is None and kind in REPORTED:
        return "provider is missing: name who reports"
    return None


def reason_missing(data: Mapping[str, Any]) -> bool:
    """Whether there is no `reason`, or a blank one."""
    reason = data.get("reason")
    return reason is None or not reason.strip()
