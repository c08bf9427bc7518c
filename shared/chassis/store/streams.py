"""The streams a service keeps: read by position, newest generation first."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from shared.chassis.store.fence import originator
from shared.chassis.store.transaction import Head

READ_AT_ONCE = 10_000
ASK_AT_ONCE = 500
Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]


class Stream:
    """One stream of a store. Readers see its latest generation unless they name one."""

    def __init__(self, query: Query, name: str) -> None:
        self.query = query
        self.name = name

    def opening(self) -> tuple[int, int] | None:
        """The latest generation, and the position it opens at."""
        sql = "SELECT generation, opens FROM stream_heads WHERE stream = ? ORDER BY generation DESC LIMIT 1"
        rows = self.query(sql, (self.name,))
        return (int(rows[0][0]), int(rows[0][1])) if rows else None

    def head(self) -> Head | None:
        """The last record; None while there is none."""
        sql = "SELECT generation, position, digest FROM stream_heads WHERE stream = ? ORDER BY generation DESC LIMIT 1"
        rows = self.query(sql, (self.name,))
        return Head(*rows[0]) if rows else None

    def read(self, after: int = 0, limit: int = READ_AT_ONCE, generation: int | None = None) -> list[bytes]:
        """Stored records beyond position `after`, at most `limit`, in order."""
        if generation is None:
            opening = self.opening()
            generation = opening[0] if opening else 1
        sql = (
            "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version > ? "
            "ORDER BY originator_version LIMIT ?"
        )
        return [state for (state,) in self.query(sql, (originator(self.name, generation), after, limit))]

    def scan(self, after: int = 0, generation: int | None = None) -> Iterator[list[bytes]]:
        """All records beyond `after`, in lists of up to 10,000: for rebuilding and exporting."""
        opening = self.opening()
        if opening is None:
            return
        if generation in (None, opening[0]):
            generation, after = opening[0], max(after, opening[1] - 1)
        while states := self.read(after, READ_AT_ONCE, generation):
            yield states
            after += len(states)

    def get(self, position: int, generation: int | None = None) -> bytes | None:
        """The record at a position; None where there is none."""
        if generation is None:
            opening = self.opening()
            generation = opening[0] if opening else 1
        sql = "SELECT state FROM stored_events WHERE originator_id = ? AND originator_version = ?"
        rows = self.query(sql, (originator(self.name, generation), position))
        return bytes(rows[0][0]) if rows else None

    def some(self, positions: Sequence[int]) -> dict[int, bytes]:
        """Those records of the latest generation that are there, by position: many in one question."""
        opening = self.opening()
        whose = originator(self.name, opening[0] if opening else 1)
        found: dict[int, bytes] = {}
        for start in range(0, len(positions), ASK_AT_ONCE):
            part = positions[start : start + ASK_AT_ONCE]
            marks = ", ".join("?" * len(part))
            sql = (
                "SELECT originator_version, state FROM stored_events "  # noqa: S608 - question marks only
                f"WHERE originator_id = ? AND originator_version IN ({marks})"
            )
            found |= {int(position): bytes(state) for position, state in self.query(sql, (whose, *part))}
        return found

    def feed(self, generation: int, after: int, limit: int) -> list[bytes]:
        """What a reader that stands at (`generation`, `after`) lacks: from a newer generation, all from its opening.

        A reader ahead of us lacks nothing: it finds out about our restored database by the records that come next.
        """
        opening = self.opening()
        if opening is None or generation > opening[0]:
            return []
        return self.read(after if generation == opening[0] else opening[1] - 1, limit, opening[0])
