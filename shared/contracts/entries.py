"""Entries: CloudEvents 1.0 in, the stored form and back.

The stored form is the RFC 8785 (JCS) form of the event with what intake added, every number in `data` a decimal string.
It is the Merkle leaf, the feed's line and the file's line, so its bytes decide and never change.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import rfc8785

from shared.contracts import kinds
from shared.contracts.numbers import plain
from shared.contracts.refusals import Refusal
from shared.contracts.strict_json import Number, parse

LARGEST = 256 * 1024
"""Bytes of an entry, as received."""

LARGEST_WITH_RUBRIC = 512 * 1024
"""Bytes of an entry that carries a rubric's text."""

WIDEST = 2
"""The stored form may be this many times the largest entry: a long list of `1e4000` may not."""

LONGEST_DECIMAL = 8192
"""Characters of a number."""

ADDED = frozenset({"position", "acceptedtime", "previous", "authtype", "authid"})
"""The attributes that intake adds; a sender's own are dropped."""

COMPARED = ("specversion", "id", "source", "type", "time", "subject", "assessment", "provider")
"""The attributes in which two events must agree, beside `data`, to be the same."""

_MOST_EXACT = 2**53 - 1


class Malformed(Exception):  # noqa: N818  the brief word of the contract
    """The envelope of an event cannot be read; `source` and `id` are given where they could be."""

    def __init__(self, code: Refusal, reason: str, source: str | None = None, id: str | None = None) -> None:  # noqa: A002
        """Keep the code of refusal, one sentence, and whose event it was."""
        super().__init__(reason)
        self.code, self.reason, self.source, self.id = code, reason, source, id


class Event(msgspec.Struct):
    """A well-formed envelope and its `data`, every number in it a decimal string.

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
    """Strings, booleans, None, lists and dicts. A JSON number is a `Number`, already in plain decimals."""
    attributes: dict[str, Any]
    """Every top-level member but `data` and what intake adds, extensions too; nulls are gone."""
    added: dict[str, Any]
    """What the sender set of the attributes that are intake's to add."""
    fault: str | None
    canonical: bytes
    """The JCS form of `data`."""

    @property
    def content(self) -> bytes:
        """SHA-256 of what identity compares: the compared attributes and `data`."""
        own = self.attributes
        compared = {name: own[name] for name in COMPARED if name in own}
        return hashlib.sha256(_sorted(compared) + (b"!" if self.fault else b"") + self.canonical).digest()

    @property
    def instant(self) -> datetime:
        """The sender's `time`, in UTC."""
        return instant(self.time)


class Entry(msgspec.Struct, frozen=True):
    """An accepted entry, decoded from its stored form."""

    source: str
    id: str
    type: str
    time: str
    assessment: str
    position: int
    acceptedtime: str
    """RFC 3339, in UTC."""
    data: dict[str, Any]
    subject: str | None = None
    provider: str | None = None
    previous: str | None = None
    authtype: str | None = None
    authid: str | None = None


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    message = f"{type(value).__name__} has no JSON form"
    raise TypeError(message)


_sorted = msgspec.json.Encoder(order="sorted", enc_hook=_as_text).encode
decode_entry = msgspec.json.Decoder(Entry).decode
"""Decode a stored form; msgspec.DecodeError where it is none."""


def jcs(value: Any) -> bytes:
    """Give the RFC 8785 form of strings, booleans, None, numbers, lists and dicts.

    msgspec writes the same bytes seven times as fast for ASCII names and whole numbers; all else goes to rfc8785.

    Raises:
        ValueError: The value has no JCS form (a lone surrogate, a whole number beyond ±(2^53-1), a NaN).

    """
    return _sorted(value) if _plain_enough(value) else rfc8785.dumps(value)


def _plain_enough(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_ascii, value)) and all(map(_plain_enough, value.values()))
    if isinstance(value, list):
        return all(map(_plain_enough, value))
    if isinstance(value, str):
        return True
    return value is None or (isinstance(value, int) and abs(value) <= _MOST_EXACT)


def _ascii(name: Any) -> bool:
    return isinstance(name, str) and name.isascii()


def leaf_hash(stored: bytes) -> str:
    """Digest of a stored form: `sha256:` and the hex of its RFC 6962 leaf hash."""
    return "sha256:" + hashlib.sha256(b"\0" + stored).hexdigest()


def identity(source: str, id: str) -> bytes:  # noqa: A002
    """SHA-256 of a (source, id): what a store keys identities by, since an id may be 10 kB long."""
    return hashlib.sha256(f"{len(source)}:{source}{id}".encode()).digest()


def stored_form(  # noqa: PLR0913  each is an attribute that intake adds
    event: Event,
    *,
    position: int,
    acceptedtime: str,
    previous: str | None,
    authtype: str | None = None,
    authid: str | None = None,
) -> bytes:
    """Give the bytes to store: the JCS form of the event with what intake adds."""
    members = event.attributes | {
        "position": position,
        "acceptedtime": acceptedtime,
        "data": msgspec.Raw(event.canonical),
    }
    if previous is not None:
        members["previous"] = previous
    if authtype is not None:
        members["authtype"] = authtype
    if authid is not None:
        members["authid"] = authid
    return _sorted(members)


_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def instant(text: str) -> datetime:
    """Read an RFC 3339 time with its offset, as UTC.

    Raises:
        ValueError: It is none, or lies outside the years 1 to 9999.

    """
    if not _RFC3339.fullmatch(text):
        message = f"{text[:40]!r} is not a time with an offset: write it as 2020-07-01T09:00:00+08:00"
        raise ValueError(message)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text[:40]!r} is not a time that exists"
        raise ValueError(message) from None


def stamp(moment: datetime) -> str:
    """Write a moment as `acceptedtime`: RFC 3339 in UTC, microseconds only where there are any."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def parse_event(raw: bytes | dict[str, Any], *, largest: int | None = None) -> Event:
    """Read one event: the bytes of its structured form, or the members as `strict_json.parse` gives them.

    Size is looked at before anything else. Between 256 and 512 KiB the event is read to see whether it carries a
    rubric; beyond that it is not read at all. `largest` takes the place of both limits, for lines that intake wrote.

    Raises:
        Malformed: `malformed` or `too-large`.

    """
    if isinstance(raw, dict):
        return _event(raw)
    if len(raw) <= (largest or LARGEST):
        return _event(_members(raw))
    if largest or len(raw) > LARGEST_WITH_RUBRIC:
        raise _too_large(len(raw))
    try:
        event = _event(_members(raw))
    except Malformed as fault:
        raise _too_large(len(raw), fault.source, fault.id) from None
    if event.type not in kinds.CARRIES_RUBRIC:
        raise _too_large(len(raw), event.source, event.id)
    return event


def _too_large(size: int, source: str | None = None, id: str | None = None) -> Malformed:  # noqa: A002
    reason = (
        f"the entry has {size} bytes: at most {LARGEST} are taken ({LARGEST_WITH_RUBRIC} with a rubric);"
        " keep evidence outside and name its digest"
    )
    return Malformed(Refusal.TOO_LARGE, reason, source, id)


def _members(raw: bytes) -> dict[str, Any]:
    try:
        members = parse(raw)
    except ValueError as error:
        raise Malformed(Refusal.MALFORMED, str(error)) from None
    if not isinstance(members, dict):
        raise Malformed(Refusal.MALFORMED, "not a JSON object: an entry is one CloudEvent in structured form")
    return members


def _event(members: Mapping[str, Any]) -> Event:
    attributes: dict[str, Any] = {}
    added: dict[str, Any] = {}
    try:
        for name, value in members.items():
            if value is None or name == "data":
                continue
            if name in ADDED:
                added[name] = value
            else:
                attributes[name] = value if type(value) is str and value.isprintable() else _attribute(name, value)
        _check_envelope(attributes)
    except ValueError as error:
        raise Malformed(Refusal.MALFORMED, str(error), *_readable(members)) from None
    data, fault = _data(members.get("data"))
    return Event(
        source=attributes["source"],
        id=attributes["id"],
        type=attributes["type"],
        time=attributes["time"],
        assessment=attributes["assessment"],
        subject=attributes.get("subject"),
        provider=attributes.get("provider"),
        data=data,
        attributes=attributes,
        added=added,
        fault=fault,
        canonical=_sorted(data),
    )


def _readable(members: Mapping[str, Any]) -> tuple[str | None, str | None]:
    source, id_ = members.get("source"), members.get("id")
    return (source if type(source) is str and source else None, id_ if type(id_) is str and id_ else None)


_REQUIRED = ("specversion", "id", "source", "type", "time", "assessment")
_TEXT = (*_REQUIRED, "subject", "provider", "datacontenttype", "dataschema")


def _check_envelope(attributes: Mapping[str, Any]) -> None:
    for name in _REQUIRED:
        if name not in attributes:
            message = f"{name} is missing: give it as CloudEvents 1.0 asks"
            raise ValueError(message)
    for name in _TEXT:
        if name in attributes and (not attributes[name] or type(attributes[name]) is not str):
            message = f"{name} must be a string that is not empty"
            raise ValueError(message)
    if attributes["specversion"] != "1.0":
        message = "specversion must be 1.0"
        raise ValueError(message)
    if "data_base64" in attributes:
        message = "data_base64 is not taken: give data as a JSON object"
        raise ValueError(message)
    if not "".join(attributes).isascii():
        message = "a name at the top level is not ASCII: rename it"
        raise ValueError(message)
    instant(attributes["time"])


_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef]|[" + "".join(chr(p * 65536 + 65534 + i) for p in range(17) for i in (0, 1)) + "]"
)


def _attribute(name: str, value: Any) -> Any:
    """Take an attribute's value: CloudEvents 1.0, section "Type System", with whole numbers as wide as JSON's own."""
    if type(value) is bool:
        return value
    if type(value) is str:
        if _FORBIDDEN.search(value):
            message = f"{name[:40]} holds a control character or a noncharacter: take it out"
            raise ValueError(message)
        return value
    if type(value) is Number:
        number = plain(value)
        if len(number) <= len(str(-_MOST_EXACT)) and "." not in number and abs(int(number)) <= _MOST_EXACT:
            return int(number)
    message = f"{name[:40]} must be a string, a boolean or a whole number within ±(2^53-1)"
    raise ValueError(message)


def _data(data: Any) -> tuple[dict[str, Any], str | None]:
    if type(data) is not dict:
        return {}, "data is missing: give it as a JSON object"
    try:
        return _in_decimals(data), None
    except ValueError as error:
        return {}, str(error)


def _in_decimals(members: dict[str, Any]) -> dict[str, Any]:
    """Turn every number into plain decimals, in place; names must be ASCII, so that they sort the same everywhere."""
    for name, value in members.items():
        kind = type(value)
        if kind is Number:
            members[name] = Number(_decimal(value))
        elif kind is dict:
            _in_decimals(value)
        elif kind is list:
            _list_in_decimals(value)
    if not "".join(members).isascii():
        message = "a name in data is not ASCII: rename it"
        raise ValueError(message)
    return members


def _list_in_decimals(values: list[Any]) -> None:
    for place, value in enumerate(values):
        kind = type(value)
        if kind is Number:
            values[place] = Number(_decimal(value))
        elif kind is dict:
            _in_decimals(value)
        elif kind is list:
            _list_in_decimals(value)


def _decimal(literal: str) -> str:
    number = plain(literal)
    if len(number) > LONGEST_DECIMAL:
        message = f"a number in data has {len(number)} characters: at most {LONGEST_DECIMAL} are taken"
        raise ValueError(message)
    return number
