"""Events as they come in: CloudEvents 1.0, structured form, read strictly.

Only the envelope is judged here. What `data` must hold is the gate's business, since identity is looked up first.
"""

import hashlib
import re
from typing import Any, cast

import msgspec

from shared.contracts import kinds
from shared.contracts.canonical import MOST_EXACT, sorted_json
from shared.contracts.numbers import plain
from shared.contracts.refusals import Refusal
from shared.contracts.strict_json import DEEPEST, Number, parse
from shared.contracts.times import instant

LARGEST = 256 * 1024
"""Bytes of an entry, as received."""

LARGEST_WITH_RUBRIC = 512 * 1024
"""Bytes of an entry that carries a rubric's text."""

GROWTH = 16 * 1024
"""Bytes by which numbers may grow when they are written out: a list of `1e4000` would be a gigabyte."""

ROOM = 2 * GROWTH
"""Bytes by which a stored form may be longer than the entry as received: growth, and what intake adds."""

LONGEST_DECIMAL = 8192
"""Characters of a number."""

ADDED = frozenset({"position", "acceptedtime", "previous", "authtype", "authid"})
"""The attributes that intake adds; a sender's own are dropped."""


class Malformed(Exception):
    """The envelope of an event cannot be read; `source`, `id` and `assessment` are given where they could be."""

    def __init__(
        self,
        code: Refusal,
        reason: str,
        source: str | None = None,
        id: str | None = None,
        assessment: str | None = None,
    ) -> None:
        """Keep the code of refusal, one sentence, and whose event it was."""
        super().__init__(reason)
        self.code, self.reason, self.source, self.id, self.assessment = code, reason, source, id, assessment


class Event(msgspec.Struct, gc=False):
    """A well-formed envelope and its `data`, every number in it in plain decimals.

    Where `data` itself cannot be taken, `fault` says why and `data` is empty: identity is looked up first all the same.
    """

    source: str
    id: str
    type: str
    time: str
    assessment: str
    subject: str | None
    provider: str | None
    data: dict[str, Any]
    """Strings, booleans, None, lists and dicts. What was a JSON number is a `Number`, already in plain decimals."""
    attributes: dict[str, Any]
    """Every top-level member but `data` and what intake adds, extensions too; nulls are gone."""
    added: dict[str, Any]
    """What the sender set of the attributes that are intake's to add."""
    fault: str | None
    canonical: bytes
    """The JCS form of `data`."""

    @property
    def content(self) -> bytes:
        """SHA-256 of what identity compares: the compared attributes and `data`; what is at fault equals nothing.

        No attribute holds a NUL and none that is there is empty, so this text can be read in one way only.
        """
        compared = "\0".join(
            (
                self.id,
                self.source,
                self.type,
                self.time,
                self.subject or "",
                self.assessment,
                self.provider or "",
                self.fault or "",
                "",
            )
        )
        return hashlib.sha256(compared.encode() + self.canonical).digest()


def parse_event(raw: bytes | dict[str, Any], *, stored: bool = False) -> Event:
    """Read one event: the bytes of its structured form, or its members as `strict_json.parse` gives them.

    Size is looked at before anything else. Between 256 and 512 KiB the event is read to see whether it carries a
    rubric; beyond that it is not read at all. `stored` says that the bytes are a stored form, which may have grown.

    Raises:
        Malformed: `malformed` or `too-large`.

    """
    if isinstance(raw, dict):
        return _event(raw)
    size = len(raw) - (ROOM if stored else 0)
    if size <= LARGEST:
        return _event(_members(raw))
    if size > LARGEST_WITH_RUBRIC:
        raise _too_large(len(raw))
    try:
        event = _event(_members(raw))
    except Malformed as fault:
        raise _too_large(len(raw), fault) from None
    if event.type not in kinds.CARRIES_RUBRIC:
        raise _too_large(len(raw), event)
    return event


def _too_large(size: int, of: "Event | Malformed | None" = None) -> Malformed:
    reason = (
        f"the entry has {size} bytes: at most {LARGEST} are taken ({LARGEST_WITH_RUBRIC} with a rubric);"
        " keep evidence outside and name its digest"
    )
    whose = (None, None, None) if of is None else (of.source, of.id, of.assessment)
    return Malformed(Refusal.TOO_LARGE, reason, *whose)


_quick = msgspec.json.Decoder(float_hook=Number).decode
_again = msgspec.json.Encoder().encode


def _members(raw: bytes) -> dict[str, Any]:
    """Read the members, with whole numbers as int or `Number`, all others as `Number`.

    What msgspec reads and writes back byte for byte named nothing twice, escaped nothing and has no second reading;
    that is every line a ledger wrote and most of what programs send. The rest takes the strict reader.
    """
    members = _same_again(raw)
    if members is None:
        try:
            members = parse(raw)
        except ValueError as error:
            raise Malformed(Refusal.MALFORMED, str(error)) from None
    if type(members) is not dict:
        raise Malformed(Refusal.MALFORMED, "not a JSON object: an entry is one CloudEvent in structured form")
    return cast("dict[str, Any]", members)


def _same_again(raw: bytes) -> Any:
    if b'": ' in raw[:64] or raw.count(b"[") + raw.count(b"{") > DEEPEST:
        return None  # spaced out, as json.dumps writes, it would not come back the same
    try:
        members = _quick(raw)
        return members if _again(members) == raw else None
    except (TypeError, ValueError, OverflowError, RecursionError):  # no JSON, or a number that is not whole or is wide
        return None


_ALL_TEXT = {str}


def _event(members: dict[str, Any]) -> Event:
    try:
        attributes, added = _attributes(members)
        _check_envelope(attributes)
    except ValueError as error:
        raise Malformed(Refusal.MALFORMED, str(error), *_readable(members)) from None
    data, fault = _data(members.get("data"))
    canonical = sorted_json(data)
    source, id_ = attributes["source"], attributes["id"]
    if len(canonical) > GROWTH:
        _check_growth(attributes, canonical)
    return Event(
        source,
        id_,
        attributes["type"],
        attributes["time"],
        attributes["assessment"],
        attributes.get("subject"),
        attributes.get("provider"),
        data,
        attributes,
        added,
        fault,
        canonical,
    )


def _check_growth(attributes: dict[str, Any], canonical: bytes) -> None:
    largest = LARGEST_WITH_RUBRIC if attributes["type"] in kinds.CARRIES_RUBRIC else LARGEST
    size = len(sorted_json(attributes)) + len(canonical)
    if size > largest + GROWTH:
        reason = f"the entry has {size} bytes once its numbers are written out: leave numbers out of it, or zeros"
        raise Malformed(Refusal.TOO_LARGE, reason, *_readable(attributes))


def _readable(members: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    values = (members.get(name) for name in ("source", "id", "assessment"))
    source, id_, assessment = (value if type(value) is str and value else None for value in values)
    return source, id_, assessment


_NONE_ADDED: dict[str, Any] = {}


def _attributes(members: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the top-level members into the sender's attributes and those that intake adds."""
    attributes = members.copy()
    attributes.pop("data", None)
    added = _NONE_ADDED
    if not ADDED.isdisjoint(attributes):
        added = {name: attributes.pop(name) for name in ADDED if name in attributes}
    if not "".join(attributes).isascii():
        message = "a name at the top level is not ASCII: rename it"
        raise ValueError(message)
    values = attributes.values()
    if set(map(type, values)) != _ALL_TEXT or "" in values or not "".join(values).isprintable():
        attributes = {name: _attribute(name, value) for name, value in attributes.items() if value is not None}
        _check_text(attributes)
    return attributes, added


_REQUIRED = ("specversion", "id", "source", "type", "time", "assessment")
_REQUIRED_NAMES = frozenset(_REQUIRED)
_TEXT = (*_REQUIRED, "subject", "provider", "datacontenttype", "dataschema")


def _check_text(attributes: dict[str, Any]) -> None:
    for name in _TEXT:
        value = attributes.get(name, " ")
        if type(value) is not str or not value:
            message = f"{name} must be a string that is not empty"
            raise ValueError(message)


def _check_envelope(attributes: dict[str, Any]) -> None:
    """Check what CloudEvents and the contract require beside types."""
    if not attributes.keys() >= _REQUIRED_NAMES:
        missing = next(name for name in _REQUIRED if name not in attributes)
        message = f"{missing} is missing: every entry names it"
        raise ValueError(message)
    if attributes["specversion"] != "1.0":
        message = "specversion must be 1.0"
        raise ValueError(message)
    if "data_base64" in attributes:
        message = "data_base64 is not taken: give data as a JSON object"
        raise ValueError(message)
    instant(attributes["time"])


_PLANE_ENDS = "".join(chr(plane * 0x10000 + end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
_NOT_TEXT = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANE_ENDS}]")


def _attribute(name: str, value: Any) -> Any:
    """Take an attribute's value: CloudEvents 1.0, section "Type System", with whole numbers as wide as JSON's own."""
    if type(value) is bool:
        return value
    if type(value) is str:
        if _NOT_TEXT.search(value):
            message = f"{name[:40]} holds a control character or a noncharacter: take it out"
            raise ValueError(message)
        return value
    if type(value) is Number or type(value) is int:
        number = plain(str(value))
        if len(number) <= len(str(-MOST_EXACT)) and "." not in number and abs(int(number)) <= MOST_EXACT:
            return int(number)
    message = f"{name[:40]} must be a string, a boolean or a whole number within ±(2^53-1)"
    raise ValueError(message)


def _data(data: Any) -> tuple[dict[str, Any], str | None]:
    if type(data) is not dict:
        return {}, "data is missing: give it as a JSON object"
    try:
        return _in_decimals(cast("dict[str, Any]", data)), None
    except ValueError as error:
        return {}, str(error)


def _in_decimals(members: dict[str, Any]) -> dict[str, Any]:
    """Turn every number into plain decimals, in place; names must be ASCII, so that they sort the same everywhere."""
    if not "".join(members).isascii():
        message = "a name in data is not ASCII: rename it"
        raise ValueError(message)
    for name, value in members.items():
        if type(value) is not str:
            members[name] = _decimal(value)
    return members


def _decimal(value: Any) -> Any:
    if isinstance(value, Number) or type(value) is int:
        number = plain(str(value))
        if len(number) > LONGEST_DECIMAL:
            message = f"a number in data has {len(number)} characters: at most {LONGEST_DECIMAL} are taken"
            raise ValueError(message)
        return Number(number)
    if isinstance(value, dict):
        return _in_decimals(cast("dict[str, Any]", value))
    if isinstance(value, list):
        return [item if type(item) is str else _decimal(item) for item in cast("list[Any]", value)]
    return value
