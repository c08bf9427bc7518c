"""Which standing a page shows, and in which language: the query string, read and written. The URL is the state."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from web.language import DEFAULT, LANGUAGES, preferred
from web.language import mark as _

POSITION_DIGITS = 18
PAIR_LENGTH = 130
_APART = re.compile(r"[,\s]+")
MOST_READINGS = 200
_ONCE = frozenset({"as-of", "known-at", "rubric", "lang"})


FROM = "from-"
"""What the words of a comparison's other end begin with."""

WORDS = frozenset({"as-of", "known-at", "rubric", "reading", "lang", "seen"})
"""The words of a query that name a view; others are a page's own."""


class WrongView(Exception):
    """A word of the query string cannot be what it says; the message is one sentence for the reader."""


@dataclass(frozen=True, slots=True)
class View:
    """A coordinate and a language; the words are those of the contract's query.

    `known_at` is a position or a time, as it was asked. `named` tells whether the URL names the language, so that links
    keep it; else the browser's wish decides.
    """

    as_of: date | None = None
    known_at: str | None = None
    rubric: int | None = None
    readings: tuple[tuple[str, str], ...] = ()
    language: str = DEFAULT
    named: bool = False

    @property
    def live(self) -> bool:
        """Neither a date nor a position: the page follows the assessment."""
        return self.as_of is None and self.known_at is None

    @property
    def plain(self) -> bool:
        """Nothing asked: what the public is shown."""
        return self.live and self.rubric is None and not self.readings

    @property
    def coordinate(self) -> list[tuple[str, str]]:
        """The coordinate as query parameters, those that were asked."""
        return [
            *([("as-of", self.as_of.isoformat())] if self.as_of else []),
            *([("known-at", self.known_at)] if self.known_at else []),
            *([("rubric", str(self.rubric))] if self.rubric else []),
            *(("reading", f"{finding}={reading}") for finding, reading in self.readings),
        ]

    @property
    def query(self) -> str:
        """The query string that gives this view, with its question mark; empty for the plain one."""
        words = [*self.coordinate, *([("lang", self.language)] if self.named else [])]
        return f"?{urlencode(words)}" if words else ""

    @property
    def word(self) -> str:
        """The coordinate in one word, as a comparison names its ends."""
        return one_word(self.coordinate)

    def at(self, **changes: Any) -> "View":
        """This view with some of its parts changed."""
        return replace(self, **changes)

    def under(self, finding: str, reading: str | None) -> "View":
        """This view with one reading chosen, or with the choice taken back (None)."""
        others = [(name, held) for name, held in self.readings if name != finding]
        chosen = [] if reading is None else [(finding, reading)]
        return replace(self, readings=tuple(sorted([*others, *chosen])))


def one_word(coordinate: Iterable[tuple[str, str]]) -> str:
    """A coordinate in one word: `as-of=2020-06-30,known-at=412,A01=20`."""
    return ",".join(value if name == "reading" else f"{name}={value}" for name, value in coordinate)


def read_view(words: Iterable[tuple[str, str]], accept_language: str = "") -> View:
    """Read a query string; empty fields count as absent, words that are not ours are left alone.

    Raises:
        WrongView: A date, position, version, reading or language that cannot be one.

    """
    asked = [(name, value.strip()) for name, value in words if value.strip()]
    one = dict(asked)
    if any(one[name] != value for name, value in asked if name in _ONCE):
        raise WrongView(_("A part of the address is there twice: leave one out."))
    language = one.get("lang")
    if language is not None and language not in LANGUAGES:
        raise WrongView(_("lang is zh or en."))
    return View(
        as_of=_day(one["as-of"]) if "as-of" in one else None,
        known_at=_moment(one["known-at"]) if "known-at" in one else None,
        rubric=_version(one["rubric"]) if "rubric" in one else None,
        readings=_readings(part for name, value in asked if name == "reading" for part in _APART.split(value) if part),
        language=language or preferred(accept_language),
        named=language is not None,
    )


def read_first(words: Iterable[tuple[str, str]], view: View) -> View:
    """Read the other end of a comparison, in the language of a view.

    Raises:
        WrongView: A part cannot be what it says.

    """
    asked = [(name.removeprefix(FROM), value) for name, value in words if name.startswith(FROM)]
    found = read_view([pair for pair in asked if pair[0] != "lang"])
    return found.at(language=view.language, named=view.named)


def own_words(words: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The words of a query that are a page's own: links to the same page in another language keep them."""
    return [(name, value) for name, value in words if name not in WORDS and value.strip()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongView(_("as-of is a date such as 2020-09-30.")) from None


def _moment(text: str) -> str:
    if text.isascii() and text.isdigit() and len(text) <= POSITION_DIGITS:
        return str(int(text))
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise WrongView(_("known-at is a position such as 412, a date, or a time such as 2020-09-30T17:00.")) from None
    return text


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= POSITION_DIGITS and int(text)):
        raise WrongView(_("rubric is a version, a whole number from 1."))
    return int(text)


def _readings(pairs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    chosen: dict[str, str] = {}
    for pair in pairs:
        finding, equals, reading = pair.partition("=")
        if not (finding and equals and reading) or len(pair) > PAIR_LENGTH:
            raise WrongView(_("A reading is chosen as FINDING=READING, such as A01=20."))
        if chosen.setdefault(finding, reading) != reading:
            raise WrongView(_("A finding has two readings in the address: leave one out."))
    if len(chosen) > MOST_READINGS:
        raise WrongView(_("There are more readings here than any rubric has findings."))
    return tuple(sorted(chosen.items()))
