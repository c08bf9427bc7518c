"""Reads the plain parts of a rubric file: who, what, and which questions the text leaves open."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Protocol, TypeVar

from shared.contracts.numbers import Fraction
from shared.rubric.model import DISTRICT, Block, Document, Finding, Grade, Need, Provider, Reading, Unit, Unscored
from shared.rubric.reader import Reader, Unreadable

CALENDARS = ("monthly", "quarterly", "half-yearly", "yearly", "none")
MOVES = ("rank", "total", "none")

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
T = TypeVar("T")


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def identifier(reader: Reader) -> str:
    """Give an id: ASCII letters, digits, `.`, `_`, `-`, at most 64."""
    text = reader.text()
    if not _ID.fullmatch(text):
        reader.fail(f"{text[:40]!r} is no id", "use ASCII letters, digits, `.`, `_` and `-`, at most 64")
    return text


def words(reader: Reader) -> tuple[str, str]:
    """A text as the document has it and in English: `{zh: …, en: …}`, or one text for both."""
    if not reader.is_mapping():
        return reader.text(), reader.text()
    reader.only("zh", "en")
    return reader.need("zh").text(), reader.need("en").text()


def optional_words(reader: Reader, name: str) -> tuple[str, str]:
    """Give a text that may be left out."""
    return reader.field(name, words, ("", ""))


def section(reader: Reader, name: str, parse: Callable[[Reader], N], noun: str) -> Mapping[str, N]:
    """Read a list of things with ids; two of one id are a fault."""
    found: dict[str, N] = {}
    part = reader.get(name)
    for item in part.items() if part is not None else ():
        thing = item.attempt(parse)
        if thing is None:
            item.unread()
            continue
        if thing.id in found:
            item.fault(f"there are two {noun}s {thing.id}", "give each its own id")
        found[thing.id] = thing
    return MappingProxyType(found)


def one_of(known: tuple[str, ...]) -> Callable[[Reader], str]:
    """Read one of a few words."""
    return lambda reader: reader.one_of({word: word for word in known})


def ids_of(known: Mapping[str, object], noun: str) -> Callable[[Reader], tuple[str, ...]]:
    """Read a list of ids that must be known, or `all`."""

    def one(reader: Reader) -> str:
        reader.reference(known, noun)
        return reader.text()

    def parse(reader: Reader) -> tuple[str, ...]:
        if reader.is_list():
            return reader.distinct(one)
        return tuple(known) if reader.text() == "all" else (one(reader),)

    return parse


def unit(reader: Reader) -> Unit:
    """Read one assessed unit; two words that stand for something else are no ids of one."""
    reader.only("id", "name")
    named = reader.need("id")
    if named.text() in ("all", DISTRICT):
        named.fault(f"{named.text()} stands for more than one unit", "give the unit another id")
    return Unit(reader.need("id").read(identifier), *reader.need("name").read(words))


def provider(reader: Reader) -> Provider:
    """Read one data provider."""
    reader.only("id", "name", "calendar")
    calendar = reader.need("calendar").read(one_of(CALENDARS))
    return Provider(reader.need("id").read(identifier), *reader.need("name").read(words), calendar)


def block(reader: Reader) -> Block:
    """Read one block."""
    reader.only("id", "name", "max", "clause", "text", "capped", "needs")
    none: Need | None = None
    return Block(
        reader.need("id").read(identifier),
        *reader.need("name").read(words),
        max=reader.need("max").number(),
        clause=reader.field("clause", Reader.text, ""),
        capped=reader.field("capped", Reader.flag, False),
        needs=reader.field("needs", _need, none),
    )


def _need(reader: Reader) -> Need:
    reader.only("block", "at_least")
    return Need(reader.need("block").text(), reader.need("at_least").number())


def unscored(reader: Reader) -> Unscored:
    """Read one party that the document names without points."""
    reader.only("id", "name", "clause", "why")
    name, english = reader.need("name").read(words)
    why, why_english = optional_words(reader, "why")
    return Unscored(
        reader.need("id").read(identifier), name, english, reader.field("clause", Reader.text, ""), why, why_english
    )


def document(reader: Reader) -> Document:
    """Read which document was published, and its digest."""
    reader.only("title", "number", "issued", "digest", "file")
    title, english = reader.need("title").read(words)
    digest = reader.need("digest").text()
    if not _DIGEST.fullmatch(digest):
        reader.need("digest").fail("this is no digest", "write sha256: and 64 hex digits of the published document")
    none: date | None = None
    return Document(
        title,
        english,
        reader.field("number", Reader.text, ""),
        reader.field("issued", Reader.day, none),
        digest,
        reader.field("file", Reader.text, ""),
    )


def finding(reader: Reader) -> Finding:
    """Read one unclear place with its readings, the default first."""
    reader.only("id", "clause", "text", "question", "readings", "moves", "why")
    question, english = reader.need("question").read(words)
    why, why_english = optional_words(reader, "why")
    readings: dict[str, Reading] = {}
    listed = reader.get("readings")
    for name, item in listed.pairs() if listed is not None else ():
        if not _ID.fullmatch(name):
            item.fail(f"{name[:40]!r} is no id of a reading", "use ASCII letters, digits, `.`, `_` and `-`")
        readings[name] = Reading(name, *item.read(words))
    return Finding(
        reader.need("id").read(identifier),
        reader.need("clause").text(),
        reader.field("text", Reader.text, ""),
        question,
        english,
        MappingProxyType(readings),
        reader.need("moves").read(one_of(MOVES)),
        why,
        why_english,
        reader.line,
    )


def grade(reader: Reader) -> Grade:
    """Read one grade with its quota and what it asks."""
    reader.only("id", "name", "share", "count", "at_least", "block")
    number: Fraction | None = None
    whole: int | None = None
    name: str | None = None
    return Grade(
        reader.need("id").read(identifier),
        *reader.need("name").read(words),
        share=reader.field("share", Reader.number, number),
        count=reader.field("count", Reader.whole, whole),
        at_least=reader.field("at_least", Reader.number, number),
        block=reader.field("block", Reader.text, name),
    )


def safely(parse: Callable[[], T], default: T) -> T:
    """Parse a section; where that fails the faults are noted and the others still looked at."""
    try:
        return parse()
    except Unreadable:
        return default
