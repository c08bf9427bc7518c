"""A year day by day, and what lies between two standings, beside one standing of the same ledger."""

import gc
import time
from collections.abc import Callable
from datetime import date
from itertools import cycle
from statistics import median

from benchmarks import synthetic
from benchmarks.table import Row
from services.scoring import outward
from services.scoring.domain import Book, Coordinate, read_step
from shared.contracts.entries import Entry, decode_entry

YEAR = (date(2020, 1, 1), date(2020, 12, 31))
AT_ONCE = 1000
TALLIES = (
    "rules and sums in exact fractions, an indicator at a time, wherever a day moves one; the columns take a quarter"
)
WALK = "looking what bears at both ends; then a step a cause"


def rows(*, quick: bool) -> list[Row]:
    """Times of the timeline's two passes together, of a diff over half a year, and of one standing the same way."""
    count, times = (20_000, 2) if quick else (1_000_000, 5)
    lines = list(synthetic.entries(count))

    def entry_at(position: int) -> Entry:
        return decode_entry(lines[position - 1])

    book = Book(entry_at)
    book.extend_stored(lines[first : first + AT_ONCE] for first in range(0, count, AT_ONCE))
    middle = Coordinate(date(2020, 9, 30), date(2020, 9, 30))
    works: dict[str, tuple[Callable[[], object], str, str]] = {
        "timeline of 366 days, all units, as known then and as known now": (
            lambda: book.timeline(Coordinate(), read_step("day"), YEAR),
            "≤ 10x",
            TALLIES,
        ),
        "diff of two coordinates three months apart": (lambda: book.diff(middle, Coordinate()), "-", WALK),
    }
    day = YEAR[1], YEAR[1]
    ends = cycle([middle, Coordinate(YEAR[1], count)])
    gc.collect()
    gc.freeze()  # the lines themselves are nobody's to look through again
    peers: dict[str, Callable[[], object]] = {
        "one standing, as it is answered": lambda: b"".join(outward.whole(book, next(ends))),
        "points and ranks of one": lambda: book.scores(next(ends)).ranked(),
        "the same of one day": lambda: book.timeline(Coordinate(), read_step("day"), day),
    }
    for peer in (*peers.values(), *peers.values()):
        peer()
    found: list[Row] = []
    for name, (work, goal, limit) in works.items():
        ours: list[float] = []
        theirs: dict[str, list[float]] = {what: [] for what in peers}
        for _ in range(times):
            ours.append(seconds(work))
            for what, peer in peers.items():
                theirs[what].append(seconds(peer))
        for what, other in theirs.items():
            ratio = median(one / two for one, two in zip(ours, other, strict=True))
            them = f"{median(other) * 1000:.1f} ms {what}"
            work_ = f"{name}, {count:,} entries"
            found.append(Row(work_, f"{median(ours) * 1000:.0f} ms", them, f"{ratio:.1f}x", goal, limit))
    gc.unfreeze()
    return found


def seconds(work: Callable[[], object]) -> float:
    """How much of the processor's time it takes: others may be at work too."""
    start = time.process_time()
    work()
    return time.process_time() - start
