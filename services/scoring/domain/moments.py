"""Finds the moment that a coordinate names: which day, which position, which rubric under which readings."""

import bisect
from collections.abc import Sequence
from datetime import date, datetime

from services.scoring.domain.columns import FOREVER
from services.scoring.domain.coordinate import Coordinate, Moment, Unanswerable, instant
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.statements import Statement, holding
from shared.contracts import kinds, times
from shared.rubric.faults import NotPlaced
from shared.rubric.rubric import Rubric


def moment(ledger: Ledger, coordinate: Coordinate, before: int = FOREVER) -> Moment:
    """Leave nothing open. What was adopted from the position `before` on is not thought of.

    Raises:
        Unanswerable: The position is not there (yet), no rubric is known at it, or the rules cannot be as asked.

    """
    known_at = position(ledger, coordinate.known_at)
    rubric = _rubric(ledger, coordinate.rubric, known_at, before)
    _, last = ledger.period or (rubric.start, rubric.end)
    try:
        readings = rubric.readings(rulings(ledger, rubric, known_at) | dict(coordinate.readings))
    except NotPlaced as fault:
        raise Unanswerable(fault.code, fault.reason) from None
    return Moment(coordinate.as_of or last, known_at, rubric, readings, rubric.under(readings))


def begun(ledger: Ledger, *days: date | None) -> None:
    """See that days which are asked for do not lie before the period.

    Raises:
        Unanswerable: One does.

    """
    for day in days:
        if day is not None and ledger.period is not None and day < ledger.period[0]:
            first = ledger.period[0]
            raise Unanswerable("not-known", f"the period begins on {first}: as of {day} there is no standing in it")


def position(ledger: Ledger, known_at: int | datetime | date | None, most: int = FOREVER) -> int:
    """Give the position that a known-at means, where no more than `most` is known.

    Raises:
        Unanswerable: It lies beyond the head or before the first entry.

    """
    head = min(ledger.head, most)
    if head == 0:
        raise Unanswerable("not-known", "nothing is known yet: the ledger has no entry")
    if known_at is None:
        return head
    if not isinstance(known_at, int):
        until = instant(known_at, ledger.zone)
        found = bisect.bisect_right(range(_known(ledger, head)), until, key=lambda place: _accepted(ledger, place))
        if found == 0:
            first = ledger.entry_at(ledger.position(0)).acceptedtime
            raise Unanswerable("not-known", f"nothing was known at {known_at}: the first entry was accepted at {first}")
        return ledger.position(found - 1)
    first = ledger.position(0)
    if known_at < first:
        raise Unanswerable("not-known", f"nothing was known at position {known_at}: the first entry has {first}")
    if known_at > head:
        raise Unanswerable("not-yet", f"position {known_at} is not there yet: the last entry has {head}")
    return known_at


def known_by(ledger: Ledger, days: Sequence[date], most: int) -> list[int | None]:
    """Give the position that each of some rising days means as a known-at, `most` at most; None before any.

    The ends of days that are over are remembered: an entry accepted later changes none of them.
    """
    ends: dict[date, int] = ledger.day_ends
    unknown = [day for day in days if day not in ends]
    known = _known(ledger, most)
    found = _places(ledger, [instant(day, ledger.zone) for day in unknown], 0, known)
    here = dict(zip(unknown, found, strict=True))
    ends |= {day: place for day, place in here.items() if place < known}
    places = [min(ends.get(day, here.get(day, 0)), known) for day in days]
    return [min(most, ledger.position(place - 1)) if place else None for place in places]


def _known(ledger: Ledger, most: int) -> int:
    """Give how many entries are known at a position; those behind it may not be stored yet, and are not read.

    The head moves last when an entry is folded, so until then the entry does not count.
    """
    return ledger.place(min(most, ledger.head) + 1)


def _places(ledger: Ledger, untils: Sequence[datetime], low: int, high: int) -> list[int]:
    """Give how many entries were accepted by each of some rising instants; there are at least `low` and at most `high`.

    The middle one first: it bounds the others on both sides, so that fewer entries are looked at.
    """
    if not untils or low == high:
        return [low] * len(untils)
    middle = len(untils) // 2
    key = untils[middle]
    place = bisect.bisect_right(range(high), key, lo=low, key=lambda place: _accepted(ledger, place))
    return [
        *_places(ledger, untils[:middle], low, place),
        place,
        *_places(ledger, untils[middle + 1 :], place, high),
    ]


def accepted(ledger: Ledger, known_at: int) -> datetime:
    """Give when the last entry known at a position was accepted."""
    return _accepted(ledger, ledger.place(known_at + 1) - 1)


def _accepted(ledger: Ledger, place: int) -> datetime:
    return times.instant(ledger.entry_at(ledger.position(place)).acceptedtime)


def _rubric(ledger: Ledger, wanted: int | Rubric | None, known_at: int, before: int) -> Rubric:
    if isinstance(wanted, Rubric):
        return wanted
    known = [edition.rubric for edition in ledger.editions if edition.position <= known_at]
    if wanted is None:
        if not known:
            raise Unanswerable(
                "not-known", f"no rubric is known at position {known_at}: open the assessment, or name one"
            )
        return known[-1]
    # A version adopted later may be asked for too: what would it have said of what was known then?
    every = known[::-1] + [edition.rubric for edition in ledger.editions if known_at < edition.position < before]
    for rubric in every:
        if rubric.version == wanted:
            return rubric
    versions = ", ".join(str(edition.rubric.version) for edition in ledger.editions) or "none"
    raise Unanswerable("unknown-rubric", f"the ledger has no rubric version {wanted}: it has {versions}")


def see_adopted(ledger: Ledger, wanted: int | Rubric | None, most: int) -> None:
    """See that a rubric which is asked for by its version was not adopted only behind a position.

    Raises:
        Unanswerable: It was.

    """
    if any(edition.rubric.version == wanted and edition.position > most for edition in ledger.editions):
        raise Unanswerable("unknown-rubric", f"the ledger has no rubric version {wanted} yet: it has {most} entries")


def rulings(ledger: Ledger, rubric: Rubric, known_at: int) -> dict[str, str]:
    """Give the readings ruled."""
    return {finding: said.data["reading"] for finding, said in rulings_made(ledger, rubric, known_at).items()}


def rulings_made(ledger: Ledger, rubric: Rubric, known_at: int) -> dict[str, Statement]:
    """Give the ruling that holds on each finding, the later position over the earlier.

    What the rubric has no place for is left out.
    """
    found: dict[str, Statement] = {}
    for said in holding(ledger.statements[kinds.RULING_MADE], known_at):
        try:
            rubric.admission.reading(said.data["finding"], said.data["reading"])
        except NotPlaced:
            continue
        found[said.data["finding"]] = said
    return found
