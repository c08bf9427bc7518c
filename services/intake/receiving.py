"""CloudEvents over HTTP into events: structured, binary and batch mode (CloudEvents HTTP protocol binding 1.0.2)."""

import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import msgspec

from shared.contracts.events import Event, Malformed, parse_event
from shared.contracts.refusals import Refusal

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"
PREFIX = "ce-"

_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
# Numbers stay text: reading megabytes of digits as one number would take minutes.
_scan = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).raw_decode
_BLANKS = re.compile(r"[ \t\r\n]*")


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
        return [bytes(element) for element in _elements(body)]
    except (msgspec.DecodeError, RecursionError):
        return _split_leniently(body)


def _split_leniently(body: bytes) -> list[bytes]:
    """Find where each element ends with a scanner that also takes NaN, double names and wide numbers."""
    try:
        return list(_elements_of(body.decode()))
    except (ValueError, RecursionError):
        reason = "the batch is not one JSON array of events: send `[event, …]`"
        raise Malformed(Refusal.MALFORMED, reason) from None


def _elements_of(text: str) -> Iterator[bytes]:
    at = _past(text, 0, "[")
    if text[at : at + 1] == "]":
        end = at
    else:
        while True:
            _, end = _scan(text, at)
            yield text[at:end].encode()
            end = _past(text, end, "")
            if text[end : end + 1] != ",":
                break
            at = _past(text, end, ",")
    if _past(text, end, "]") != len(text):
        message = "there is more behind the array"
        raise ValueError(message)


def _past(text: str, at: int, mark: str) -> int:
    """Give the place after blanks, `mark` and more blanks; ValueError where the mark does not stand there."""
    at = _BLANKS.match(text, at).end()  # pyright: ignore[reportOptionalMemberAccess]  it matches nothing as well
    if not text.startswith(mark, at):
        message = f"no {mark} at {at}"
        raise ValueError(message)
    return _BLANKS.match(text, at + len(mark)).end()  # pyright: ignore[reportOptionalMemberAccess]
