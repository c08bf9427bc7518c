"""CloudEvents over HTTP into events: structured, binary and batch mode (CloudEvents HTTP protocol binding 1.0.2)."""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from shared.contracts.events import Event, Malformed, parse_event
from shared.contracts.refusals import Refusal
from shared.contracts.strict_json import elements

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
PREFIX = "ce-"


def read(raw: bytes) -> Event | Malformed:
    """Parse one event, or give the fault that keeps it from being one."""
    try:
        return parse_event(raw)
    except Malformed as fault:
        return fault


def structured_of(headers: Mapping[str, str], body: bytes) -> bytes:
    """Give the structured form of an event in binary mode: its attributes come as `ce-…` headers, its data as the body.

    Header values are percent-decoded (section 3.1.3.2). The result is parsed like any other, so that size, double names
    and numbers are judged the same way.
    """
    named = {name.removeprefix(PREFIX): unquote(value) for name, value in headers.items() if name.startswith(PREFIX)}
    return together(named, headers.get("content-type"), body)


def together(attributes: Mapping[str, str], media: str | None, body: bytes) -> bytes:
    """Put the attributes and the data of binary mode together; `media` is what the data is of."""
    named = attributes if media is None else {**attributes, "datacontenttype": media}
    head = json.dumps(named, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return head[:-1] + b', "data": ' + (body.strip() or b"null") + b"}"


def split(body: bytes) -> list[bytes]:
    """Give the elements of a batch, each as it was sent, so that one that cannot be read does not spoil the others.

    Raises:
        Malformed: The body is not one JSON array, so that no element can be told from the next.

    """
    try:
        return elements(body)
    except ValueError:
        reason = "the batch is not one JSON array of events: send `[event, …]`"
        raise Malformed(Refusal.MALFORMED, reason) from None
