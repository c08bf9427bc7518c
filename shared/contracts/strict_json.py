"""JSON read strictly: what two readers could understand differently is refused (RFC 8259, I-JSON of RFC 7493)."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, cast

import msgspec

DEEPEST = 64
"""How deep arrays and objects may nest."""


class Number(str):
    """A JSON number: its literal as it was written, so that no digit is lost."""

    __slots__ = ()


def parse(raw: bytes) -> Any:
    """Parse one JSON text: strings, booleans, None, lists, dicts, and `Number` for every number.

    Refused: what is not UTF-8, a byte order mark, members named twice, NaN and Infinity, lone surrogates, and nesting
    beyond `DEEPEST`.

    Raises:
        ValueError: With one sentence that says what is wrong.

    """
    try:
        value = _decode(raw.decode())
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.start} cannot be read"
        raise ValueError(message) from None
    except json.JSONDecodeError as error:
        message = f"not JSON: {_explain(error)}"
        raise ValueError(message) from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if b"\\u" in raw:
        _refuse_lone_surrogates(value)
    if raw.count(b"[") + raw.count(b"{") > DEEPEST:
        _refuse_depth(value)
    return value


def elements(raw: bytes, most: int) -> list[bytes]:
    """Split a JSON array into the bytes of its elements, each to be parsed on its own; one beyond `most` ends it.

    An element that is not JSON (a NaN, a byte that is not UTF-8) does not spoil its neighbours, as long as brackets
    and quotes balance.

    Raises:
        ValueError: The text is not an array.

    """
    if raw.count(b",") > _COMMAS_AT_ONCE:
        return _split(raw, most)
    try:
        return [bytes(element) for element in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    except (msgspec.DecodeError, RecursionError):
        return _split(raw, most)


_COMMAS_AT_ONCE = 2**19
"""With more of them an array could be of millions of elements, and take a gigabyte before they were counted."""
_TOO_DEEP = f"nested deeper than {DEEPEST} levels"
_NOT_AN_ARRAY = "not a JSON array: a batch is one array of events"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"member {twice[:40]!r} is named twice: name it once"
        raise ValueError(message)
    return members


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not a JSON number: leave the member out or give a number"
    raise ValueError(message)


_decode: Callable[[str], Any] = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
).decode


def _explain(error: json.JSONDecodeError) -> str:
    if error.doc.startswith("\ufeff"):
        return "it begins with a byte order mark: save it without one"
    return f"{error.msg[0].lower()}{error.msg[1:].removesuffix(' at')} at column {error.pos + 1}"


def _refuse_lone_surrogates(value: Any) -> None:
    """Only an escape can bring in a surrogate without its partner, and no such text has a UTF-8 form."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "a string holds a lone surrogate: escape characters in pairs, or write them as UTF-8"
        raise ValueError(message) from None


def _refuse_depth(value: Any) -> None:
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [part for whole in level for part in _parts(whole)]
    if any(isinstance(part, dict | list) for part in level):
        raise ValueError(_TOO_DEEP)


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[str, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},"]', re.DOTALL)


def _split(raw: bytes, most: int) -> list[bytes]:
    text = raw.strip(b" \t\r\n")
    if not (text.startswith(b"[") and text.endswith(b"]")):
        raise ValueError(_NOT_AN_ARRAY)
    pieces: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in (b"[", b"{"):
            depth += 1
        elif mark in (b"]", b"}"):
            depth -= 1
        if (mark == b"," and depth == 1) or (depth == 0 and token.end() == len(text)):
            pieces.append(text[start : token.start()].strip(b" \t\r\n"))
            start = token.end()
            if len(pieces) > most:
                return pieces
        elif depth == 0 or mark == b'"':
            break
    if start != len(text):
        raise ValueError(_NOT_AN_ARRAY)
    return [] if pieces == [b""] else pieces
