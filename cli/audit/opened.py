"""A bundle that is open for reading: its small members whole, its entries line by line and by position."""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, islice
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from shared.contracts.entries import Entry, decode_entry
from shared.contracts.events import LARGEST_WITH_RUBRIC, ROOM
from shared.proof import archive, bundle
from shared.proof.archive import BadBundle

LONGEST_LINE = LARGEST_WITH_RUBRIC + ROOM
SHORTEST_LINE = 64
"""Bytes: what intake adds alone is longer. So the number of lines is bounded by what there is to read."""
READ_AT_ONCE = 1 << 24
LINES_AT_ONCE = 40_000
AT_HAND = 4096
"""Decoded entries that are kept."""


class Bundle:
    """A bundle in a file. Nothing in it is believed for being there."""

    def __init__(self, file: BinaryIO) -> None:
        """Find its members.

        :raises BadBundle: it cannot be read as a bundle
        """
        self._file = file
        self.members = archive.members(file)
        bundle.check_members(self.members)
        self.manifest = bundle.read_manifest(self.read(bundle.MANIFEST))
        self.entries = Entries(file, self.members[bundle.ENTRIES])

    def read(self, name: str) -> bytes:
        """Give a member whole."""
        member = self.members[name]
        self._file.seek(member.begin)
        raw = self._file.read(member.size)
        if len(raw) != member.size:
            raise BadBundle(f"{name} was cut short.")
        return raw

    def equals(self, name: str, parts: Iterable[bytes]) -> bool:
        """Whether a member has these bytes; it is not read into memory."""
        member, at = self.members[name], 0
        for part in parts:
            self._file.seek(member.begin + at)
            at += len(part)
            if at > member.size or self._file.read(len(part)) != part:
                return False
        return at == member.size

    @property
    def signed(self) -> bool:
        """Whether there is a checkpoint in it."""
        return bundle.CHECKPOINT in self.members

    @property
    def rubrics(self) -> dict[int, str]:
        """The names of the members that hold a rubric, by position."""
        matches = {name: bundle.RUBRIC.fullmatch(name) for name in self.members}
        return {int(match[1]): name for name, match in matches.items() if match}


class Entries:
    """The lines of `entries.jsonl`; those that were read can be read again by their number, from 1.

    They may be read again on one thread while another reads on.
    """

    def __init__(self, file: BinaryIO, member: archive.Member) -> None:
        self._file, self._member = file, member
        self._begins = array("q")
        self._at_hand: OrderedDict[int, Entry] = OrderedDict()
        self._lock = RLock()

    def batches(self, told: Callable[[int], None] = lambda _size: None) -> Iterator[list[bytes]]:
        """Give the lines without their ends, many at a time; `told` hears how many bytes went by.

        :raises BadBundle: a line is shorter or longer than an entry can be, or the last one was cut short
        """
        self._begins = array("q")
        at, end = self._member.begin, self._member.begin + self._member.size
        rest = b""
        while at < end:
            with self._lock:
                self._file.seek(at)
                read = self._file.read(min(READ_AT_ONCE, end - at))
            if not read:
                raise BadBundle(f"{bundle.ENTRIES} was cut short.")
            start = at - len(rest)
            at += len(read)
            *lines, rest = (rest + read).split(b"\n")
            sizes = [len(line) for line in lines]
            if len(rest) > LONGEST_LINE or (sizes and not SHORTEST_LINE <= min(sizes) <= max(sizes) <= LONGEST_LINE):
                raise BadBundle(f"A line of {bundle.ENTRIES} is shorter or longer than an entry can be.")
            self._begins.extend(islice(accumulate((size + 1 for size in sizes), initial=start), len(sizes)))
            for first in range(0, len(lines), LINES_AT_ONCE):
                yield lines[first : first + LINES_AT_ONCE]
            told(len(read))
        if rest:
            raise BadBundle(f"The last line of {bundle.ENTRIES} has no end: it was cut short.")

    def line(self, number: int) -> bytes:
        """Give a line that was read.

        :raises LookupError: there is none
        """
        if not 0 < number <= len(self._begins):
            raise LookupError(number)
        with self._lock:
            self._file.seek(self._begins[number - 1])
            return self._file.readline().removesuffix(b"\n")

    def entry(self, position: int) -> Entry:
        """Give the entry at a position that was read.

        :raises LookupError: it is not where it must be, nor as far from there as the entry that stands there
        """
        with self._lock:
            entry = self._at_hand.get(position)
            if entry is None:
                entry = self._entry(position)
                self.put(entry)
            return entry

    def _entry(self, position: int) -> Entry:
        entry = decode_entry(self.line(position))
        if entry.position != position:
            entry = decode_entry(self.line(2 * position - entry.position))
        if entry.position != position:
            raise LookupError(position)
        return entry

    def put(self, entry: Entry) -> None:
        """Have an entry at hand; the oldest of a few thousand leaves."""
        with self._lock:
            self._at_hand[entry.position] = entry
            if len(self._at_hand) > AT_HAND:
                self._at_hand.popitem(last=False)


def opened(name: str) -> BinaryIO:
    """Open a file from which any place can be read.

    :raises BadBundle: it cannot be read
    """
    try:
        file = Path(name).open("rb")  # noqa: SIM115  whoever asks closes it
    except (OSError, ValueError) as fault:
        why = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise BadBundle(f"{name} cannot be read ({why}).") from fault
    if not file.seekable():
        file.close()
        raise BadBundle(f"{name} cannot be read from any place: save the bundle as a file first.")
    return file


def is_archive(name: str) -> bool:
    """Whether a file begins as a ZIP archive does; what cannot be read is for others to say."""
    try:
        with Path(name).open("rb") as file:
            return file.read(2) == b"PK"
    except (OSError, ValueError):
        return True
