"""Ranking's store built beside the one in use, from the stream of scores: the board anew, what was told as it was."""

from collections.abc import Callable

from services.ranking.domain import Board
from services.ranking.rebuild import Reading, Scores, compared, renewed, snapshot, take
from services.ranking.store import DDL, UPSTREAM, VERSION, at_rest, keeping, load, standings, writes
from shared.chassis.beside import FAR, Beside, copied
from shared.chassis.rebuilding import Rebuilt, Told
from shared.chassis.store import Advance, EventStore, Head

Progress = Callable[[str, int, int], None]
"""`progress(assessment, position, head)`."""


def beside(old: EventStore, url: str, progress: Progress, scores: Scores) -> Beside:
    """Begin to build at `url`, or go on with it.

    :raises WrongStore: the database there is in use
    """
    new = EventStore.open(url, "ranking", DDL, VERSION, building=True)
    return Beside(old, new, UPSTREAM, lambda each: Part(old, new, each, scores, progress), far)


def far(head: Head) -> Head:
    """Give the place beyond which no record of scores comes: a newer generation begins anywhere."""
    return head._replace(generation=FAR, position=FAR)


class Part:
    """One assessment: its board, and its stream of standings."""

    def __init__(self, old: EventStore, new: EventStore, assessment: str, scores: Scores, progress: Progress) -> None:
        """Begin with what an earlier try has left in the new store."""
        self.old = old
        self.new = new
        self.assessment = assessment
        self.stream = standings(assessment)
        self.progress = progress
        self.told = Told(take)
        head = new.followed_head(UPSTREAM, assessment)
        self.reading = Reading(assessment, scores, load(new, assessment), head)
        self.shown = Board(assessment)

    def catch_up(self, head: Head) -> None:
        """Fold the board up to that head or a later one, copy what was told, and take over which moves are shown.

        :raises BrokenLog: the scores do not lead there
        """
        head, self.shown = at_rest(self.old, self.assessment)
        while True:
            before = self.reading.head
            records = self.reading.read(head, lambda position: self.progress(self.assessment, position, head.position))
            if not records:
                break
            follow = Advance(
                UPSTREAM, self.assessment, before, records[-1].head, tuple(record.digest for record in records)
            )
            self.new.commit(follow=follow, execute=[keeping(self.reading.board)])
        copied(self.old, self.new, self.stream, head.position)
        self.told.read_on(self.new.stream(self.stream), head.position)
        board = renewed(self.reading.board, self.shown, self.told.generation)
        self.new.commit(execute=[keeping(board)])

    def result(self) -> Rebuilt:
        """Hold the board against what is shown and was told."""
        return compared(self.reading.board, self.shown, self.told)

    def tell(self) -> int:
        """Open a newer generation in the new store."""
        board = renewed(self.reading.board, self.shown, self.told.generation + 1)
        append, keep = writes(board, board.position, [snapshot(board, self.reading.cause)])
        self.new.commit(append=[append], execute=[keep])
        return board.generation
