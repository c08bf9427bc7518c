"""A typed look at the tree of a rubric file, under a table of readings.

Anywhere in a rule `{reading: A01, "50": …, "20": …}` may stand for the node that the reading in force names. A
`Reader` sees through such a choice: while a file is being loaded it reads every branch, so that a fault in a branch
nobody chose is found too, and afterwards only the branch of the readings it was given.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NoReturn, TypeVar

from shared.contracts.numbers import Fraction, fraction
from shared.rubric import source
from shared.rubric.faults import Fault

T = TypeVar("T")
D = TypeVar("D")


LONGEST_NUMBER = 100
"""Characters of a number in a rubric: nobody prints more, and reading very long ones takes long."""


def number_in(text: str) -> Fraction | None:
    """Read `12.5`, `70%` or `1/3` exactly; None where the text is no number."""
    text = text.strip()
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        if text.endswith("%"):
            return fraction(text[:-1]) / 100
        above, slash, below = text.partition("/")
        return fraction(above) / fraction(below) if slash else fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


class Unreadable(Exception):
    """This part cannot be read; the fault is already noted, and the parts beside it are still looked at."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A place where the rubric differs by reading."""

    finding: str
    options: tuple[str, ...]
    line: int
    path: str


@dataclass(slots=True)
class Scope:
    """What all readers of one file share: the readings in force, those they met, and the faults they found.

    `unread` are ids of things that are there and cannot be read: naming one is no fault of its own.
    """

    readings: Mapping[str, str] = field(default_factory=dict[str, str])
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    every_branch: bool = False
    choices: list[Choice] = field(default_factory=list[Choice])
    faults: list[Fault] = field(default_factory=list[Fault])
    unread: set[str] = field(default_factory=set[str])


class Reader:
    """One node, its place in the file, and what is asked of it."""

    __slots__ = ("node", "path", "scope")

    def __init__(self, node: source.Node, scope: Scope, path: str = "") -> None:
        self.node = node
        self.scope = scope
        self.path = path

    @property
    def line(self) -> int:
        """The line the node begins on."""
        return self.node.line

    def fault(self, message: str, advice: str) -> None:
        """Note a fault here and go on."""
        self.scope.faults.append(Fault(self.line, self.path, message, advice))

    def fail(self, message: str, advice: str) -> NoReturn:
        """Note a fault here and give this part up."""
        self.fault(message, advice)
        raise Unreadable

    def within(self, scope: Scope) -> "Reader":
        """Look at the same node under other readings."""
        return Reader(self.node, scope, self.path)

    # -- choices by reading

    def read(self, parse: Callable[["Reader"], T]) -> T:
        """Parse this node, or what the reading in force puts in its place."""
        choice = self._choice()
        if choice is None:
            return parse(self)
        finding, options = choice
        chosen = self.scope.readings.get(finding, next(iter(options)))
        if self.scope.every_branch:
            for reading, option in options.items():
                if reading != chosen:
                    option.attempt(lambda branch: branch.read(parse))
        if chosen not in options:
            self.fail(f"no branch for the reading {chosen} of {finding}", f"add one; it has {', '.join(options)}")
        return options[chosen].read(parse)

    def attempt(self, parse: Callable[["Reader"], T]) -> T | None:
        """Parse this node; where that fails, None, with the faults noted."""
        try:
            return parse(self)
        except Unreadable:
            return None

    def unread(self) -> None:
        """Remember the id of this item, which could not be read."""
        named = self.get("id")
        if named is not None and isinstance(named.node, source.Scalar):
            self.scope.unread.add(named.node.text)

    def branches(self, parse: Callable[["Reader"], T]) -> tuple[str | None, dict[str, T]]:
        """Parse every branch: the finding that decides and a value by reading, or (None, {"": the value})."""
        choice = self._choice()
        if choice is None:
            return None, {"": parse(self)}
        finding, options = choice
        return finding, {reading: parse(option) for reading, option in options.items()}

    def deciding(self) -> str | None:
        """Name the finding that decides this node, if one does."""
        choice = self._choice()
        return choice[0] if choice else None

    def _choice(self) -> tuple[str, dict[str, "Reader"]] | None:
        if not isinstance(self.node, source.Mapping) or "reading" not in self.node.items:
            return None
        finding = self.need("reading").text()
        options = {name: reader for name, reader in self.pairs() if name != "reading"}
        known = self.scope.known.get(finding)
        if finding in self.scope.unread:
            raise Unreadable
        if known is None:
            self.fail(f"there is no finding {finding} with readings", self._near(finding, self.scope.known))
        for name, option in options.items():
            if name not in known:
                option.fail(f"{finding} has no reading {name}", f"its readings are {', '.join(known)}")
        missing = [name for name in known if name not in options]
        if missing:
            self.fail(f"nothing is said for the reading {', '.join(missing)} of {finding}", "add a branch for each")
        if self.scope.every_branch:
            self.scope.choices.append(Choice(finding, tuple(options), self.line, self.path))
        return finding, options

    # -- mappings and sequences

    def pairs(self) -> list[tuple[str, "Reader"]]:
        """Give the members of a mapping, in order."""
        if not isinstance(self.node, source.Mapping):
            self.fail("names with values are expected here", "write `name: value` lines")
        return [(name, self._below(name, node)) for name, node in self.node.items.items()]

    def items(self) -> list["Reader"]:
        """Give the items of a sequence, in order."""
        if not isinstance(self.node, source.Sequence):
            self.fail("a list is expected here", "write it as [a, b] or with a dash for each item")
        return [Reader(node, self.scope, f"{self.path}[{n}]") for n, node in enumerate(self.node.items)]

    def each(self, parse: Callable[["Reader"], T]) -> tuple[T, ...]:
        """Parse every item; those that fail are left out, with their faults noted."""
        found = [item.attempt(lambda reader: reader.read(parse)) for item in self.items()]
        if any(value is None for value in found) and not self.scope.every_branch:
            raise Unreadable
        return tuple(value for value in found if value is not None)

    def is_mapping(self) -> bool:
        """Whether names with values stand here."""
        return isinstance(self.node, source.Mapping)

    def is_list(self) -> bool:
        """Whether a list stands here."""
        return isinstance(self.node, source.Sequence)

    def get(self, name: str) -> "Reader | None":
        """Give a member of a mapping, if it is there."""
        if isinstance(self.node, source.Mapping) and name in self.node.items:
            return self._below(name, self.node.items[name])
        return None

    def need(self, name: str) -> "Reader":
        """Give a member of a mapping that must be there."""
        if not isinstance(self.node, source.Mapping):
            self.fail("names with values are expected here", "write `name: value` lines")
        return self.get(name) or self.fail(f"`{name}` is missing", f"add `{name}:`")

    def field(self, name: str, parse: Callable[["Reader"], T], default: D) -> T | D:
        """Parse a member, or give `default` where it is not there."""
        reader = self.get(name)
        return default if reader is None else reader.read(parse)

    def only(self, *names: str) -> None:
        """Refuse members of any other name."""
        for name, reader in self.pairs():
            if name not in names:
                reader.fault(f"`{name}` is not known here", self._near(name, names))

    def _below(self, name: str, node: source.Node) -> "Reader":
        return Reader(node, self.scope, f"{self.path}.{name}" if self.path else name)

    @staticmethod
    def _near(word: str, words: Mapping[str, object] | tuple[str, ...]) -> str:
        close = difflib.get_close_matches(word, list(words), n=1)
        return f"did you mean {close[0]}?" if close else f"known here: {', '.join(words)}"

    # -- scalars

    def text(self) -> str:
        """A piece of text that is not blank."""
        if not isinstance(self.node, source.Scalar) or not self.node.text.strip():
            self.fail("a word or a sentence is expected here", "write it, in quotes if it holds a colon")
        return self.node.text

    def number(self) -> Fraction:
        """An exact number: `12.5`, `70%` or `1/3`."""
        value = number_in(self.text())
        if value is None:
            self.fail(f"{self.text()[:40]!r} is not a number", "write it as 12.5, 70% or 1/3")
        return value

    def limit(self) -> Fraction | None:
        """An exact number, or `none`."""
        return None if self.is_none() else self.number()

    def is_none(self) -> bool:
        """Whether the word `none` stands here."""
        return isinstance(self.node, source.Scalar) and self.node.text == "none"

    def whole(self) -> int:
        """A whole number."""
        value = self.number()
        return value.numerator if value.denominator == 1 else self.fail("a whole number is expected", "round it")

    def flag(self) -> bool:
        """`true` or `false`."""
        return self.one_of({"true": True, "false": False})

    def day(self) -> date:
        """A date, `2020-12-31`."""
        text = self.text()
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail(f"{text[:40]!r} is not a date", "write it as 2020-12-31")

    def one_of(self, words: Mapping[str, T]) -> T:
        """One of a few words, with what each stands for."""
        word = self.text()
        return words[word] if word in words else self.fail(f"{word[:40]!r} is not one of them", self._near(word, words))

    def reference(self, known: Mapping[str, T], noun: str) -> T:
        """Give what the id written here names."""
        name = self.text()
        if name not in known and name in self.scope.unread:
            raise Unreadable
        return known[name] if name in known else self.fail(f"there is no {noun} {name}", self._near(name, known))

    def word(self) -> str:
        """Give one of any words (a plain text that may be anything)."""
        return self.text()

    def texts(self) -> tuple[str, ...]:
        """A list of words."""
        return self.distinct(Reader.text)

    def distinct(self, parse: Callable[["Reader"], str]) -> tuple[str, ...]:
        """Parse a list of words of which none stands twice."""
        found = self.each(parse)
        for twice in dict.fromkeys(word for word in found if found.count(word) > 1):
            self.fault(f"{twice} stands here twice", "name it once")
        return found
