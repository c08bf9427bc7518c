"""Entries: events that were accepted. The stored form and back, and the face of what reads and writes it.

The stored form is the RFC 8785 (JCS) form of the event with what intake added, every number in `data` a decimal string.
It is the Merkle leaf, the feed's line and the file's line, so its bytes decide and never change.
"""

import hashlib
from typing import Any

import msgspec

from shared.contracts.canonical import jcs, leaf_hash, sorted_json
from shared.contracts.events import Event, Malformed, parse_event
from shared.contracts.times import instant, stamp

__all__ = [
    "Entry",
    "Event",
    "Malformed",
    "decode_entry",
    "identity",
    "instant",
    "jcs",
    "leaf_hash",
    "parse_event",
    "stamp",
    "stored_form",
]


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


decode_entry = msgspec.json.Decoder(Entry).decode
"""Decode a stored form; msgspec.DecodeError where it is none."""


def stored_form(
    event: Event,
    *,
    position: int,
    acceptedtime: str,
    previous: str | None,
    authtype: str | None = None,
    authid: str | None = None,
) -> bytes:
    """Give the bytes to store: the JCS form of the event with what intake adds."""
    members = event.attributes.copy()
    members["data"] = msgspec.Raw(event.canonical)
    members["position"] = position
    members["acceptedtime"] = acceptedtime
    if previous is not None:
        members["previous"] = previous
    if authtype is not None:
        members["authtype"] = authtype
    if authid is not None:
        members["authid"] = authid
    return sorted_json(members)


def identity(source: str, id: str) -> bytes:
    """SHA-256 of a (source, id): what a store keys identities by, since an id may be 10 kB long."""
    return hashlib.sha256(f"{len(source)}:{source}{id}".encode()).digest()
