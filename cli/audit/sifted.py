"""A file of entries put through the gate and folded, in little memory: what is accepted lies in a temporary file."""

import bisect
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate, chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from cli import files
from cli.audit.opened import LINES_AT_ONCE, READ_AT_ONCE, Entries
from cli.audit.passage import Looked
from services.scoring.domain import Book
from services.scoring.keeping import fold_beside
from shared.contracts.entries import Entry, decode_entry
from shared.gate.outcomes import Accepted, Refused
from shared.gate.replay import Replay
from shared.proof.archive import Member
from shared.rubric.rubric import Rubric

LONG = 1 << 24
"""Bytes of a file that takes seconds to read."""
LOOKED_UP_AT_ONCE = 2048
"""So many lines go through the gate together."""
MANY = 1 << 24
"""Bytes of entries that are worth loading what is compiled."""


class Sifted(Entries):
    """The lines of a file that the gate accepts, as they are stored; those that were given can be read again."""

    def __init__(self, name: str, rubric: Rubric | None = None) -> None:
        """Take the file's name; with a `rubric` it need not open its assessment."""
        self._kept = TemporaryFile()  # noqa: SIM115  whoever leaves this closes it
        super().__init__(self._kept, Member(0, 0))
        self.refused = 0
        """How many lines were refused so far."""
        self._name, self._rubric = name, rubric
        self._replay = Replay(files.load_once, rubric)
        self._identities = self._replay.identities = Looked(self)
        self._fresh: list[bytes] = []  # accepted, and not written yet
        self._runs: list[tuple[int, int]] = []  # (position, number): where positions leave some out, a new run begins

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.close()

    @property
    def missing(self) -> list[tuple[int, int]]:
        """Ranges of positions, both ends included, that no line carried so far."""
        return self._replay.missing

    def book(self) -> Book:
        """Fold all that the gate accepts.

        Raises:
            Stop: The file cannot be read.

        """
        book, first = Book(self.entry, self._rubric, files.load_once), list[list[bytes]]()
        with _told(self._name) as told:
            batches = self._sift(told)
            for lines in batches:
                first.append(lines)
                if self._member.size >= MANY:
                    fold_beside(book, chain(first, batches))
                    return book
            book.extend(map(decode_entry, chain.from_iterable(first)))
        return book

    def tell_refused(self) -> None:
        """Say on stderr how many lines were refused, if any."""
        if self.refused:
            lines = "line was" if self.refused == 1 else "lines were"
            said = f"merit: {self.refused} {lines} refused and left out: merit check {self._name} says why"
            print(said, file=sys.stderr)

    def __len__(self) -> int:
        return len(self._begins) + len(self._fresh)

    def line(self, number: int) -> bytes:
        """Give a line that was accepted, written or not.

        :raises LookupError: there is none
        """
        fresh = number - len(self._begins)
        return self._fresh[fresh - 1] if 0 < fresh <= len(self._fresh) else super().line(number)

    def _entry(self, position: int) -> Entry:
        first, number = self._runs[bisect.bisect_right(self._runs, (position, len(self))) - 1]
        return decode_entry(self.line(number + position - first))

    def _sift(self, told: Callable[[int], None]) -> Iterator[list[bytes]]:
        """Give what is accepted, once, batch by batch; `told` hears how many bytes went by."""
        fresh = 0
        for raw in _together(files.lines(self._name)):
            stripped = (line.rstrip(b"\r\n") for line in raw)
            batch = [line for line in stripped if line and not line.isspace()]
            self._identities.look_up(batch)
            for line in batch:
                self._read(line)
            read = sum(map(len, raw))
            fresh += read
            if fresh >= READ_AT_ONCE or len(self._fresh) >= LINES_AT_ONCE - LOOKED_UP_AT_ONCE:
                yield self._written()
                fresh = 0
            told(read)
        yield self._written()

    def _read(self, line: bytes) -> None:
        before, number = self._replay.state.position, len(self) + 1
        self._identities.number = number
        outcome = self._replay.read(line)
        if isinstance(outcome, Accepted):
            if number == 1 or outcome.position != before + 1:
                self._runs.append((outcome.position, number))
            self._fresh.append(outcome.stored)
        self.refused += isinstance(outcome, Refused)

    def _written(self) -> list[bytes]:
        """Write what is fresh, and give it."""
        lines, end = self._fresh, self._member.size
        if not lines:
            return lines
        with self._lock:
            self._file.seek(end)
            self._file.write(b"\n".join(lines) + b"\n")
            *begins, size = accumulate((len(line) + 1 for line in lines), initial=end)
            self._begins.extend(begins)
            self._member, self._fresh = Member(0, size), []
        return lines


def _together(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Give a few thousand lines at once, fewer where they are long."""
    found: list[bytes] = []
    size = 0
    for line in lines:
        found.append(line)
        size += len(line)
        if len(found) == LOOKED_UP_AT_ONCE or size >= READ_AT_ONCE:
            yield found
            found, size = [], 0
    if found:
        yield found


@contextmanager
def _told(name: str) -> Generator[Callable[[int], None]]:
    """Show a person at a terminal how far a long file is read, by the bytes that the block tells of."""
    size = 0 if name == "-" or not Path(name).is_file() else Path(name).stat().st_size
    if size < LONG:
        yield lambda _size: None
        return
    from cli.progress import bars

    with bars() as progress:
        bar = progress.add_task("read", total=size)
        yield lambda read: progress.advance(bar, read)
