"""The audit bundle: what its members are called and hold. `docs/reference/bundle.md` specifies it for others."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import msgspec

from shared.contracts.strict_json import Number, parse
from shared.proof import archive
from shared.proof.archive import BadBundle, Member
from shared.proof.extracts import Extracts
from shared.proof.notes import MAX_BYTES

FORMAT = "meritlog-bundle"
VERSION = 1

MANIFEST = "manifest.json"
STANDING = "standing.json"
CHECKPOINT = "checkpoint.txt"
KEYS = "keys.txt"
ENTRIES = "entries.jsonl"
RULINGS = "rulings.json"
RUBRIC = re.compile(r"rubrics/([1-9][0-9]{0,15})\.yaml")

LARGEST = {
    MANIFEST: 64 * 1024,
    CHECKPOINT: MAX_BYTES,
    KEYS: MAX_BYTES,
    RULINGS: 32 * 1024 * 1024,
}
"""Bytes of the members that are read whole; a rubric's are those of an entry. Entries and standing have no limit."""
_ANY_SIZE = frozenset({ENTRIES, STANDING})
LARGEST_RUBRIC = 512 * 1024
LARGEST_ALL = 64 * 1024 * 1024
"""Bytes of all members that are read whole."""
_NEEDED = (MANIFEST, STANDING, ENTRIES, RULINGS)
_SIGNED = frozenset({CHECKPOINT, KEYS})


class Coordinate(msgspec.Struct, frozen=True):
    """What the standing was asked for, with nothing left open; `readings` are those given over rulings."""

    as_of: str
    known_at: int
    rubric: int
    readings: dict[str, str]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a bundle says of itself first."""

    format: str = FORMAT
    version: int = VERSION
    assessment: str
    origin: str | None
    """Of the checkpoint; None where nobody has signed."""
    entries: int
    coordinate: Coordinate


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was signed, and the keys that the ledger names beside it, a line each or more."""

    checkpoint: bytes
    keys: bytes


def pretty(value: Any) -> bytes:
    """Give JSON that people can read, the same bytes each time."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


class Flags(Protocol):
    """The flags of a standing, in order."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Give each."""
        ...

    def encoded(self, between: bytes) -> Iterable[bytes]:
        """Give the JSON of all, piece by piece, with something between each and the next."""
        ...


Claim = tuple[Mapping[str, Any], Flags]
"""A standing without its flags, and these."""


def standing_parts(claim: Claim) -> Iterator[bytes]:
    """Give a standing as it is written, part by part: as `pretty`, but each flag on one line, for they may be many."""
    standing, flags = claim
    whole = pretty({**standing, "flags": []})
    if not len(flags):
        yield whole
        return
    head, _, tail = whole.rpartition(b'"flags": []')
    yield head + b'"flags": [\n    '
    yield from flags.encoded(b",\n    ")
    yield b"\n  ]" + tail


def coordinate(standing: Mapping[str, Any], readings: Mapping[str, str]) -> Coordinate:
    """Name the coordinate of a standing that was asked for with these readings."""
    rules = standing["rules"]
    return Coordinate(standing["as_of"], standing["known_at"]["position"], rules["version"], dict(readings))


def pieces(
    manifest: Manifest, claim: Claim, signed: Signed | None, lines: Iterable[Iterable[bytes]]
) -> Iterator[bytes]:
    """Give a bundle's bytes, piece by piece. `lines` are the stored entries from position 1 on, in batches.

    The same ledger at the same coordinate under the same checkpoint gives the same bytes.
    """
    extracts = Extracts()

    def members() -> Iterator[tuple[str, Iterable[bytes]]]:
        yield MANIFEST, [pretty(msgspec.to_builtins(manifest))]
        yield STANDING, standing_parts(claim)
        if signed is not None:
            yield CHECKPOINT, [signed.checkpoint]
            yield KEYS, [signed.keys]
        yield ENTRIES, _entries(lines, extracts)
        for position, text in extracts.rubrics.items():
            yield rubric_name(position), [text.encode()]
        yield RULINGS, [pretty(extracts.rulings)]

    return archive.pieces(members(), wide=frozenset({ENTRIES}))


def _entries(lines: Iterable[Iterable[bytes]], extracts: Extracts) -> Iterator[bytes]:
    for batch in lines:
        states = list(batch)
        for state in extracts.telling(states):
            extracts.read(state)
        yield b"".join(state + b"\n" for state in states)


def rubric_name(position: int) -> str:
    """Name the member that holds the rubric that the entry at a position carries."""
    return f"rubrics/{position}.yaml"


def check_members(found: Mapping[str, Member]) -> None:
    """See that a bundle has the members that it must have, no others, and none that is too large to read.

    :raises BadBundle: it has not
    """
    for name, member in found.items():
        if name in _ANY_SIZE:
            continue
        most = LARGEST_RUBRIC if RUBRIC.fullmatch(name) else LARGEST.get(name)
        if most is None:
            raise BadBundle(f"A bundle has no member {archive.shown(name)}: this is none, or one of a newer program.")
        if member.size > most:
            raise BadBundle(f"{name} has {member.size} bytes: a bundle's has at most {most}.")
    missing = [name for name in _NEEDED if name not in found] or [
        name for name in sorted(_SIGNED) if name not in found and not _SIGNED.isdisjoint(found)
    ]
    if missing:
        raise BadBundle(f"{missing[0]} is missing: this is no bundle, or one that was cut short.")
    if sum(member.size for name, member in found.items() if name not in _ANY_SIZE) > LARGEST_ALL:
        raise BadBundle(
            f"What stands beside entries and standing has more than {LARGEST_ALL} bytes: a bundle's has not."
        )


def read_manifest(raw: bytes) -> Manifest:
    """Read a manifest.

    :raises BadBundle: it is none, or of a version that is not known here
    """
    read = read_json(MANIFEST, raw)
    members = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    if members.get("format") != FORMAT:
        raise BadBundle(f"{MANIFEST} does not say that this is a {FORMAT}.")
    version = members.get("version")
    if version != VERSION:
        raise BadBundle(f"The bundle is of version {version}: this program reads version {VERSION}.")
    try:
        return msgspec.convert(members, Manifest)
    except msgspec.ValidationError as error:
        raise BadBundle(f"{MANIFEST} cannot be read ({error}).") from error


def read_json(name: str, raw: bytes) -> Any:
    """Read a member that is JSON; whole numbers as int, nothing named twice.

    :raises BadBundle: it is no JSON
    """
    try:
        return _plain(parse(raw))
    except ValueError as error:
        raise BadBundle(f"{name} cannot be read ({error}).") from error


def _plain(value: Any) -> Any:
    if isinstance(value, Number):
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise ValueError(f"{value[:20]} is not a whole number that a bundle can hold")
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return [_plain(each) for each in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]
