"""Ranking's board built anew from the stream of scores, compared with what is shown and told, and told anew if asked.

A record of scores says all that a board is made of, so the board at a position follows from the records up to it.
What a row says of its last move is history: it stays as it is where the row itself is found as it was.
"""

from collections.abc import Callable
from typing import Any

from services.ranking.domain import Board
from services.ranking.store import at_rest, standings, writes
from shared.chassis.rebuilding import BrokenLog, Parts, Rebuilt, Told, chained, differences, silent
from shared.chassis.record import Record
from shared.chassis.store import EventStore, Head, Transaction
from shared.contracts.records import decode_record, standing_changed

Json = dict[str, Any]
Scores = Callable[[str, int, int], list[bytes]]
"""`scores(assessment, generation, after)`: the next records of scores behind a place; of a newer generation, its first.
Empty at the end."""


def take(parts: Parts, data: Json) -> None:
    """Take in the `data` of a record of standings."""
    if data.get("snapshot"):
        parts.clear()
    for each in data["changes"]:
        parts[f"{each['unit']} told"] = {"total": each["total"]["after"], "rank": each["rank"]["after"]}
    parts["state told"] = data["state"]
    if "standing" in data:
        parts["standing told"] = data["standing"]


class Reading:
    """A board on its way through the stream of scores."""

    def __init__(self, assessment: str, scores: Scores, board: Board | None = None, head: Head | None = None) -> None:
        """Go on with a board, as it was when `head` was read."""
        self.scores = scores
        self.board = board or Board(assessment)
        self.head = head
        self.cause: Json = {}

    def read(self, until: Head, progress: Callable[[int], None]) -> list[Record]:
        """Take in the next records, not beyond a head; empty when it is reached.

        :raises BrokenLog: the stream does not lead there
        """
        if self.head == until:
            return []
        generation, after = (self.head.generation, self.head.position) if self.head else (1, 0)
        states = self.scores(self.board.assessment, generation, after)
        if states and (first := Record.read(states[0])).generation != generation:
            self.head, after = None, first.position - 1
            if not first.snapshot or first.generation > until.generation:
                raise BrokenLog(
                    f"Scoring tells {self.board.assessment} in generation {first.generation}, and ranking has read "
                    f"generation {until.generation}; let ranking read on, and ask again."
                )
        states = states[: max(0, until.position - after)]
        if not states:
            raise self._not_led_to(until)
        records = chained(states, self.head, f"scores/{self.board.assessment}", after + 1)
        for state in states:
            record = decode_record(state)
            self.board.apply(record)
            self.cause = record.data["cause"]
        self.head = records[-1].head
        if self.head.position == until.position and self.head != until:
            raise self._not_led_to(until)
        progress(self.head.position)
        return records

    def _not_led_to(self, until: Head) -> BrokenLog:
        return BrokenLog(
            f"The scores of {self.board.assessment} do not lead to record {until.position} of generation "
            f"{until.generation} as ranking has read it; find out which of the two is true."
        )


def rebuild(
    store: EventStore,
    assessment: str,
    scores: Scores,
    *,
    take_over: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Build a board anew; blocking. `progress` hears up to which position scores were read.

    :raises BrokenLog: the scores do not lead to where ranking stands; nothing was changed
    :raises StoreError: nothing was changed
    """
    reading, told = Reading(assessment, scores), Told(take)
    hear = progress or silent
    found, _ = _found(store, assessment, reading, told, hear)
    if not (take_over and found.differences):
        return found
    with store.alone() as commit:
        found, shown = _found(store, assessment, reading, told, hear)
        if not found.differences:
            return found
        board = renewed(reading.board, shown, told.generation + 1)
        append, keep = writes(board, board.position, [snapshot(board, reading.cause)])
        commit(Transaction(append=[append], execute=[keep]))
    return found._replace(generation=board.generation)


def _found(
    store: EventStore, assessment: str, reading: Reading, told: Told, progress: Callable[[int], None]
) -> tuple[Rebuilt, Board]:
    head, shown = at_rest(store, assessment)
    while reading.read(head, progress):
        pass
    told.read_on(store.stream(standings(assessment)), head.position)
    return compared(reading.board, shown, told), shown


def compared(found: Board, shown: Board, told: Told) -> Rebuilt:
    """Hold a board against the one that is shown, and against what was told of it."""
    said: Parts = {}
    take(said, _told(found))
    return Rebuilt(found.assessment, found.position, differences(_parts(shown) | told.parts, _parts(found) | said))


def renewed(found: Board, shown: Board, generation: int) -> Board:
    """Give the board that was found as the one to show: with the last moves that still hold, in its generation."""
    for unit, row in found.rows.items():
        was = shown.rows.get(unit)
        if was and (was.total, was.rank) == (row.total, row.rank):
            row.moved, row.last = was.moved, was.last
    found.generation = generation
    return found


def snapshot(board: Board, cause: Json) -> bytes:
    """Give the record that opens a generation with all that is told of a board; `cause` is the last entry."""
    data = {"cause": cause, "snapshot": True} | _told(board)
    return standing_changed(
        board.assessment, board.generation, board.position, time=board.accepted or "", previous=None, data=data
    )


def _told(board: Board) -> Json:
    told: Json = {"changes": board.everything(), "state": board.state}
    return told if board.standing is None else told | {"standing": board.standing}


def _parts(board: Board) -> Json:
    units = {
        f"{unit['unit']} shown": {name: unit[name] for name in unit if name not in {"unit", "moved", "last"}}
        for unit in board.live()["units"]
    }
    return units | {"state": board.state, "frame": board.frame, "standing": board.standing, "accepted": board.accepted}
