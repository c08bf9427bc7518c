"""Scores in, standings out: each record of scores becomes one record of standings under the same position."""

import msgspec

from services.ranking.domain import Board
from services.ranking.store import load, standings, writes
from shared.chassis.store import Advance, EventStore
from shared.chassis.stream import Record
from shared.contracts.canonical import leaf_hash
from shared.contracts.records import decode_record, standing_changed

_copy_out = msgspec.json.Encoder().encode
_copy_in = msgspec.json.Decoder(Board).decode


class Boards:
    """The boards of all assessments, as they stand on the disk."""

    def __init__(self, store: EventStore) -> None:
        """Keep them in this store."""
        self.store = store
        self._boards: dict[str, Board] = {}

    async def get(self, assessment: str) -> Board | None:
        """Give the board at the last record that was stored, also by another replica; None where there is none."""
        head = await self.store.ask(self.store.stream(standings(assessment)).head)
        board = self._boards.get(assessment)
        if board is None or head is None or (board.generation, board.position) != head[:2]:
            board = await self.store.ask(load, self.store, assessment)
            if board is not None:
                self._boards[assessment] = board
        return board

    async def forget(self, assessment: str) -> None:
        """Another replica has read on: take the board from the store again."""
        self._boards.pop(assessment, None)

    async def handle(self, assessment: str, records: list[Record], advance: Advance) -> None:
        """Take in records of scores, in order, and store what they led to.

        :raises StoreError: nothing was stored
        """
        board = await self.get(assessment) or Board(assessment)
        board = _copy_in(_copy_out(board))  # the one at hand stays as it is until the commit
        head = await self.store.ask(self.store.stream(standings(assessment)).head)
        previous = head.digest if head else None
        states: list[bytes] = []
        for record in records:
            scores = decode_record(record.body)
            if scores.generation != board.upstream:
                previous = None
            data = board.apply(scores)
            states.append(
                standing_changed(
                    assessment, board.generation, scores.position, time=scores.time, previous=previous, data=data
                )
            )
            previous = leaf_hash(states[-1])
        append, keep = writes(board, records[0].position, states)
        await self.store.run(self.store.commit, follow=advance, append=[append], execute=[keep])
        self._boards[assessment] = board
