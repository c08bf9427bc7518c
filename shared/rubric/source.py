"""YAML text as a tree of text: every node knows its line, every scalar stays the text that was written.

The events of the C parser are read one by one (its own composer recurses, and a text of 100,000 brackets would
end the process). No tags, no anchors, no merging: a rubric says what it says where it says it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from shared.rubric.faults import Fault, RubricError

DEEPEST = 60
"""Nesting beyond this is refused; the deepest rubric of ours has 14 levels."""

_parse: Any = getattr(yaml, "parse")  # noqa: B009  the library is untyped: pyright would call it unknown
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Named nodes, in the order written."""

    items: dict[str, "Node"]
    line: int


Node = Scalar | Sequence | Mapping


def parse(text: str) -> Node:
    """Read one YAML document.

    Raises:
        RubricError: The text is not YAML, is empty, names a key twice, nests too deep, or uses tags or anchors.

    """
    try:
        events = _content(_parse(text, Loader=_Loader))
        first = next(events, None)
        if first is None:
            raise _fault(1, "the file is empty", "begin with `language: 1`")
        node = _node(first, events, 0)
        next(events, None)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "the text is not readable"
        line = mark.line + 1 if mark is not None else 1
        raise _fault(line, f"this is not YAML ({problem})", "check indentation, colons and quotes here") from None
    except UnicodeError:
        raise _fault(1, "the text holds half a character", "save the file as UTF-8") from None
    return node


def _fault(line: int, message: str, advice: str) -> RubricError:
    return RubricError([Fault(line, "", message, advice)])


def _content(events: Iterator[Any]) -> Iterator[Any]:
    """Leave out where streams and documents begin and end."""
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _fault(_line(event), "a second document begins", "keep one rubric in a file")
        elif not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent | yaml.DocumentEndEvent):
            yield event


def _line(event: Any) -> int:
    return event.start_mark.line + 1


def _node(event: Any, events: Iterator[Any], depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
        raise _fault(line, "anchors and aliases are not read", "write the part out where it is meant")
    if event.tag is not None:
        raise _fault(line, f"the tag {event.tag} is not read", "leave it out")
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(event.value, line)
    if depth >= DEEPEST:
        raise _fault(line, f"more than {DEEPEST} levels deep", "write it flatter")
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Node] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_node(item, events, depth + 1))
        return Sequence(tuple(items), line)
    return _mapping(events, line, depth)


def _mapping(events: Iterator[Any], line: int, depth: int) -> Mapping:
    found: dict[str, Node] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            raise _fault(_line(key), "a key is not a word", "name it with a word")
        if key.value in found:
            raise _fault(_line(key), f"{key.value} stands here twice", "keep one of the two")
        found[key.value] = _node(next(events), events, depth + 1)
    return Mapping(found, line)
