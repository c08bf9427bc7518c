"""What one transaction does: follow an upstream, append to streams, and write beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Head(NamedTuple):
    """The last record of a stream that is known: `digest` is its leaf hash, `sha256:` and hex."""

    generation: int
    position: int
    digest: str


@dataclass(frozen=True, slots=True)
class Advance:
    """What was read of an upstream, by compare-and-set: `new` is stored where `expected` stands (None: nothing yet).

    `digests` are those of the records read, the last one `new`'s, at consecutive positions: kept so that another
    record under an old position is recognised as a fork, also after a restart.
    """

    upstream: str
    assessment: str
    expected: Head | None
    new: Head
    digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Append:
    """Records for a stream (`<kind>/<assessment>`), as stored bytes, from `first_position` on, without gaps.

    Generation 1 begins at position 1; a higher one opens anywhere, with a snapshot, and ends the lower ones.
    """

    stream: str
    first_position: int
    states: Sequence[bytes]
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for a service's own tables, with `?` for parameters, once for every row of `rows`.

    A violated constraint is a `Conflict`; so is touching another number of rows than `touches`, where that is said.
    """

    sql: str
    rows: Sequence[Sequence[Any]] = ((),)
    touches: int | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """All of it happens, or nothing."""

    follow: Advance | None = None
    append: Sequence[Append] = field(default=())
    execute: Sequence[Statement] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.follow or self.append or self.execute)
