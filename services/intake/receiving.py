"""CloudEvents over HTTP into events: structured, binary and batch mode (CloudEvents HTTP protocol binding 1.0.2)."""

import json
import re
from collections.abc import Iterable
from urllib.parse import unquote

from shared.contracts.events import Event, Malformed, parse_event
from shared.contracts.refusals import Refusal
from shared.contracts.strict_json import elements

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
PREFIX = "ce-"
MEDIA = "datacontenttype"
"""The attribute that a header `content-type` stands for."""


def read(raw: bytes) -> Event | Malformed:
    """Parse one event, or give the fault that keeps it from being one."""
    try:
        return parse_event(raw)
    except Malformed as fault:
        return fault


def structured_of(headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """Give the structured form of an event in binary mode: its attributes come as `ce-…` headers, its data as the body.

    Header values are unquoted and percent-decoded (section 3.1.3.2). The result is parsed like any other, so that size,
    double names and numbers are judged the same way.
    """
    named = [(name.removeprefix(PREFIX), _value(text)) for name, text in headers if name.startswith(PREFIX)]
    media = next((text for name, text in headers if name == "content-type"), None)
    return together(named, media, body)


_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def _value(text: str) -> str:
    """Decode a header's value; bytes that are no UTF-8 stay recognisable as a fault further on."""
    quoted = _QUOTED.fullmatch(text)
    if quoted is not None:
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    return unquote(text, errors="surrogateescape")


def together(attributes: Iterable[tuple[str, str]], media: str | None, body: bytes) -> bytes:
    """Put the attributes and the data of binary mode together; `media` is what the data is of."""
    named = [pair for pair in attributes if media is None or pair[0] != MEDIA]
    if media is not None:
        named.append((MEDIA, media))
    members = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in named]
    head = ", ".join([*members, '"data": ']).encode("utf-8", "surrogatepass")
    data = body.strip() or b"null"
    # What is more than one value would bring in attributes of its own; left open it is refused like any broken JSON.
    return b"{" + head + data + (b"}" if _is_alone(data) else b"")


def _is_alone(data: bytes) -> bool:
    try:
        return len(elements(b"[" + data + b"]", 1)) == 1
    except ValueError:
        return False


def split(body: bytes, most: int) -> list[bytes]:
    """Give the elements of a batch, each as it was sent, so that one that cannot be read does not spoil the others.

    Of a batch with more than `most` no more need be given than tell so.

    Raises:
        Malformed: The body is not one JSON array, so that no element can be told from the next.

    """
    try:
        return elements(body, most)
    except ValueError:
        reason = "the batch is not one JSON array of events: send `[event, …]`"
        raise Malformed(Refusal.MALFORMED, reason) from None
