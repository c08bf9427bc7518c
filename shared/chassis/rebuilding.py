"""What was told, held against what is found when it is built anew; the same for every service that is derived."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from shared.chassis.store import StoreError


class BrokenLog(StoreError):
    """A record does not name the one before it, or is another than was read; the message says which."""


class Difference(NamedTuple):
    """What was told of a part, and what was found; None where there is none."""

    part: str
    told: Any
    found: Any


class Rebuilt(NamedTuple):
    """What a rebuild came to, `entries` a position: `generation` is the newer one, where it took over."""

    assessment: str
    entries: int
    differences: Sequence[Difference] = ()
    disputed: Sequence[int] = ()
    """Closings that name another standing than the one found."""
    generation: int | None = None


def differences(told: Mapping[str, Any], found: Mapping[str, Any]) -> list[Difference]:
    """Give every part that is not the same on both sides, by name."""
    return [
        Difference(part, told.get(part), found.get(part))
        for part in sorted(told.keys() | found.keys())
        if told.get(part) != found.get(part)
    ]


def silent(position: int) -> None:
    """Hear of progress, and say nothing."""
    del position
