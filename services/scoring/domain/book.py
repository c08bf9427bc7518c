"""Everything that scoring knows of one assessment, and the answers it gives."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scoring.domain import (
    appeals,
    block,
    bulk,
    diff,
    explain,
    moments,
    sensitivity,
    standing,
    timeline,
    tipping,
)
from services.scoring.domain.block import Block
from services.scoring.domain.change import Change, compared
from services.scoring.domain.coordinate import Coordinate, Moment, Unanswerable
from services.scoring.domain.flags import Flags, flags
from services.scoring.domain.ledger import Ledger, Touched
from services.scoring.domain.placement import Placements
from services.scoring.domain.scores import Scores
from services.scoring.domain.segment import Segment
from services.scoring.domain.statements import Closing, holding
from services.scoring.domain.supposed import Parse, supposed
from services.scoring.domain.timeline import Span, Step
from shared.contracts import kinds
from shared.contracts import standing as contract
from shared.contracts.entries import Entry, decode_entry
from shared.contracts.shapes import whole
from shared.rubric import loading
from shared.rubric.result import Tally
from shared.rubric.rubric import Rubric

LIVE = Coordinate()
"""Everything so far, the head, the rubric and the rulings in force."""

Seen = tuple[str, Mapping[str, Tally]]
"""The state and the tallies that an entry finds."""


class Book:
    """The entries of one assessment, folded; standings, scorecards and traces at any coordinate.

    Entries come in by `apply` (one, and what it changed) or `extend` (many, and nothing said). One writer at a time;
    questions may be asked from other threads meanwhile, at positions that the book has.
    """

    def __init__(
        self,
        entry_at: Callable[[int], Entry] | None = None,
        rubric: Rubric | None = None,
        load: Callable[[str], Rubric] = loading.load,
        key: bytes | None = None,
    ) -> None:
        """Take how to look up the entry at a position, and how a rubric is read from its text.

        Without `entry_at` the book keeps all entries. `rubric` is in force before any is opened: for files that open
        none. `key`, 16 bytes, is that of the hashes in blocks which are kept.
        """
        self._kept: dict[int, Entry] | None = None if entry_at is not None else {}
        self.ledger = Ledger(entry_at or self._own, rubric, load, key)
        self._placements = Placements(self.ledger)
        self._agreed: dict[int, bool] = {}
        self._live: Scores | None = None

    @property
    def head(self) -> int:
        """The position of the last entry; 0 before any."""
        return self.ledger.head

    @property
    def opened(self) -> bool:
        """Whether an entry opened the assessment, as against a file that opens none."""
        return any(edition.position > 0 for edition in self.ledger.editions[:1])

    # -- entries in

    def extend(self, entries: Iterable[Entry]) -> None:
        """Fold entries without saying what each changed: for files and rebuilds.

        Raises:
            ValueError: One does not stand at the next position.

        """
        self._live = None
        touched = Touched()
        for entry in entries:
            self._fold(entry, touched)

    def extend_stored(
        self, batches: Iterable[Sequence[bytes]], keep: Callable[[NDArray[np.uint64]], None] | None = None
    ) -> None:
        """Fold entries as they are stored, batch by batch: many times as fast, where there are `MANY`.

        `keep` is handed the hashes of the identities of each batch, once it is folded.

        Raises:
            ValueError: One does not stand at the next position; the book is of no use any more.

        """
        if self._kept is not None:
            self.extend(decode_entry(state) for states in batches for state in states)
            return
        from services.scoring.domain.scanned import Scanner  # noqa: PLC0415 - what is compiled takes a second to load

        self.extend_scanned(Scanner(self.ledger.identities.key).scanned(batches, self.head + 1), keep)

    def extend_scanned(
        self, scanned: Iterable[Sequence[Segment]], keep: Callable[[NDArray[np.uint64]], None] | None = None
    ) -> None:
        """Fold batches that a `Scanner` has read, which may be done in another thread; `keep` as above.

        Raises:
            ValueError: One does not stand at the next position; the book is of no use any more.

        """
        self._live = None
        layer = bulk.Layer(self.ledger)
        for segments in scanned:
            for segment in segments:
                layer.lay(segment)
            if keep is not None and segments:
                keep(np.concatenate([segment.rows["identity"] for segment in segments]))

    def lay(self, kept: Block, coming: int = 0) -> None:
        """Fold the next entries from the columns kept of them; about so many are still `coming`.

        Raises:
            ValueError: They do not stand behind the last; the book is of no use any more.

        """
        self._live = None
        block.lay(self.ledger, kept, coming)

    def apply(self, entry: Entry) -> Change:
        """Fold one entry and say what it changed of the live scores, the rules and the state.

        Raises:
            ValueError: It does not stand at the next position.

        """
        before = self._seen()
        touched = Touched()
        self._fold(entry, touched)
        self._go_on(touched)
        return self._change(entry, touched, before)

    def _fold(self, entry: Entry, touched: Touched) -> None:
        if self._kept is not None:
            self._kept.setdefault(entry.position, entry)
        self.ledger.fold(entry, touched)

    def _own(self, position: int) -> Entry:
        return (self._kept or {})[position]

    def _seen(self) -> Seen:
        if self.head == 0 or not self.ledger.editions:
            return "open", {}
        return self.state(self.head), self.live.tallies

    def _go_on(self, touched: Touched) -> None:
        """Bring the live scores to the head: under the same rules only what was touched is worked out anew."""
        live = self._live
        if live is None or touched.rules:
            self._live = self.scores() if self.ledger.editions else None
        else:
            live.refold(touched.pairs, replace(live.moment, known_at=self.head))

    def _change(self, entry: Entry, touched: Touched, before: Seen) -> Change:
        state, tallies = before
        now_state, now_tallies = self._seen()
        changes, totals = compared(tallies, now_tallies)
        named, supersedes = self._named(entry)
        return Change(
            position=entry.position,
            source=entry.source,
            id=entry.id,
            type=entry.type,
            acceptedtime=entry.acceptedtime,
            changes=changes,
            totals=totals,
            rules_changed=touched.rules,
            state_changed=state != now_state,
            state=now_state,
            standing=named,
            supersedes=supersedes,
        )

    def _named(self, entry: Entry) -> tuple[dict[str, Any] | None, int | None]:
        """Give the standing at the coordinate that a freeze, a closing or a restatement names."""
        if entry.type == kinds.ASSESSMENT_FROZEN:
            said = self.ledger.statement_at(entry.position)
            return (None if said is None else self._fixed_at(_frozen_at(said.data))), None
        for closing in self.ledger.closings[-1:]:
            if closing.position == entry.position:
                return self._closed_standing(closing), closing.supersedes
        return None, None

    # -- answers

    @property
    def live(self) -> Scores:
        """The scores at the head under the rules in force, kept up to date by `apply`.

        Raises:
            Unanswerable: No rubric is known yet.

        """
        if self._live is None:
            self._live = self.scores()
        return self._live

    def scores(self, coordinate: Coordinate = LIVE, *, traced: str | None = None) -> Scores:
        """Work out what every indicator of every unit is worth; `traced` is the unit whose whole trace is asked for.

        Raises:
            Unanswerable: There is no answer at this coordinate.

        """
        moments.begun(self.ledger, coordinate.as_of)
        return self._scores(moments.moment(self.ledger, coordinate), traced)

    def settled(self, coordinate: Coordinate, head: int) -> Coordinate:
        """Give a coordinate that names by position what it leaves open or names by time; `head` is the last known.

        Raises:
            Unanswerable: Nothing is known, or was by then, or the position or the rubric is not there yet.

        """
        known_at = moments.position(self.ledger, coordinate.known_at, head)
        moments.see_adopted(self.ledger, coordinate.rubric, head)
        return replace(coordinate, known_at=known_at)

    def _scores(self, moment: Moment, traced: str | None = None) -> Scores:
        return Scores(self.ledger, self._placements.of(moment.rubric), moment, traced)

    def standing(self, coordinate: Coordinate = LIVE, most: int | None = None) -> dict[str, Any]:
        """Give the standing, as the contract's JSON; with at most so many flags of each kind.

        Raises:
            Unanswerable: There is no answer at this coordinate.

        """
        return self._whole(self.scores(coordinate), most)

    def standing_and_flags(self, coordinate: Coordinate = LIVE) -> tuple[dict[str, Any], Flags]:
        """Give the standing, and apart from it its flags, which may be very many.

        Raises:
            Unanswerable: There is no answer at this coordinate.

        """
        return self._parted(self.scores(coordinate))

    def _whole(self, scores: Scores, most: int | None = None) -> dict[str, Any]:
        found, flagged = self._parted(scores)
        return found | flagged.shown(most)

    def _parted(self, scores: Scores) -> tuple[dict[str, Any], Flags]:
        found = {
            **self._heading(scores),
            "provisional": any(tally.provisional for tally in scores.tallies.values()),
            "units": standing.units(scores),
            "findings": standing.findings(self.ledger, scores),
        }
        return found, flags(self.ledger, scores)

    def scorecard(self, unit: str, coordinate: Coordinate = LIVE, most: int | None = None) -> dict[str, Any]:
        """Give one unit of a standing, with the flags about it, or at most so many of each kind.

        Raises:
            Unanswerable: There is no answer at this coordinate, or no such unit.

        """
        scores = self.scores(coordinate)
        return {
            **self._heading(scores),
            **_unit(scores, unit),
            "findings": standing.findings(self.ledger, scores),
            **flags(self.ledger, scores, unit).shown(most),
        }

    def explain(
        self, unit: str, indicator: str | None = None, coordinate: Coordinate = LIVE, most: int | None = None
    ) -> dict[str, Any]:
        """Give the trace of one indicator, or of all of a unit's, with at most so many facts a step.

        Raises:
            Unanswerable: There is no answer at this coordinate, or no such unit or indicator.

        """
        scores = self.scores(coordinate, traced=unit)
        whole = _unit(scores, unit)
        explaining = explain.Explaining(self.ledger, self._placements, scores, unit, most)
        if indicator is None:
            traces = {each: explaining.explained(each) for each in whole["indicators"]}
            return {**self._heading(scores), **whole, "indicators": traces}
        if indicator not in whole["indicators"]:
            known = ", ".join(whole["indicators"])
            raise Unanswerable(
                "unknown-indicator", f"the unit {unit} has no indicator {indicator[:40]}: it has {known}"
            )
        about = {"unit": unit, "name": whole["name"], "indicator": indicator}
        return {**self._heading(scores), **about, **explaining.explained(indicator)}

    def diff(self, one: Coordinate, other: Coordinate) -> dict[str, Any]:
        """Say what changed from one coordinate to the other, and which entries, rulings and clauses caused it.

        Raises:
            Unanswerable: There is no answer at one of them.

        """
        moments.begun(self.ledger, one.as_of, other.as_of)
        found = diff.diff(self.ledger, self._placements, one, other)
        for end in (found["from"], found["to"]):
            end["state"] = self.state(end["known_at"]["position"])
        return found

    def what_if(self, one: Coordinate, other: Coordinate, events: Sequence[Parse]) -> dict[str, Any]:
        """Give the diff from one coordinate to the other, with these events behind what is known at the other.

        Raises:
            Unanswerable: There is no answer at one of them, or one of the events could not be accepted.

        """
        if not events:
            return self.diff(one, other)
        last = moments.position(self.ledger, other.known_at)
        first = last if one.known_at is None else moments.position(self.ledger, one.known_at)
        if first > last:
            reason = f"entries are supposed behind position {last}, and {first} lies beyond it: name an earlier one"
            raise Unanswerable("bad-coordinate", reason)
        supposing = self.supposing(last, events)
        found = supposing.diff(replace(one, known_at=first), replace(other, known_at=None))
        return {**found, "supposed": {"after": last, "entries": len(events)}}

    def supposing(self, known_at: int | datetime | date | None, events: Sequence[Parse]) -> "Book":
        """Give a book in which these events stand behind what was known at a position; this one is not touched.

        Raises:
            Unanswerable: There is no such position, or one of the events could not be accepted.

        """
        ledger = supposed(self.ledger, moments.position(self.ledger, known_at), events)
        new = Book(ledger.entry_at)
        new.ledger, new._placements = ledger, Placements(ledger)
        return new

    def timeline(self, coordinate: Coordinate, step: Step, span: Span = (None, None)) -> dict[str, Any]:
        """Give rank and total of every unit at the end of every step, as known then and as known at the coordinate.

        Raises:
            Unanswerable: There is no answer at this coordinate, or there are too many steps.

        """
        moments.begun(self.ledger, coordinate.as_of, *span)
        found = timeline.timeline(self.ledger, self._placements, coordinate, step, span)
        return {**found, "state": self.state(found["known_at"]["position"])}

    def sensitivity(self, coordinate: Coordinate = LIVE) -> dict[str, Any]:
        """Give the standing under each reading of every open finding, and which of them move a rank.

        Raises:
            Unanswerable: There is no answer at this coordinate.

        """
        moments.begun(self.ledger, coordinate.as_of)
        found = sensitivity.sensitivity(self.ledger, self._placements, coordinate)
        return {**found, "state": self.state(found["known_at"]["position"])}

    def tipping(self, unit: str, coordinate: Coordinate = LIVE) -> dict[str, Any]:
        """Give for every input of a unit the smallest change that changes its rank.

        Raises:
            Unanswerable: There is no answer at this coordinate, or no such unit.

        """
        moments.begun(self.ledger, coordinate.as_of)
        found = tipping.tipping(self.ledger, self._placements, coordinate, unit)
        return {**found, "state": self.state(found["known_at"]["position"])}

    def appeals(self, coordinate: Coordinate = LIVE) -> dict[str, Any]:
        """Give every appeal with its state, and what followed from it.

        Raises:
            Unanswerable: There is no answer at this coordinate.

        """
        moments.begun(self.ledger, coordinate.as_of)
        found = appeals.appeals(self.ledger, self._placements, coordinate)
        return {**found, "state": self.state(found["known_at"]["position"])}

    def state(self, known_at: int) -> str:
        """Give the state of the assessment at a position: open, frozen, closed, restated or close-disputed."""
        closings = [closing for closing in self.ledger.closings if closing.position <= known_at]
        if closings:
            last = closings[-1]
            if not self._agrees(last):
                return "close-disputed"
            return "closed" if last.supersedes is None else "restated"
        frozen = any(holding(self.ledger.statements[kinds.ASSESSMENT_FROZEN], known_at))
        return "frozen" if frozen else "open"

    def fixed(self) -> dict[str, Any] | None:
        """Give the standing that the public is shown at the head, where a freeze or a closing fixed one."""
        if self.ledger.closings:
            return self._closed_standing(self.ledger.closings[-1])
        freezes = list(holding(self.ledger.statements[kinds.ASSESSMENT_FROZEN], self.head))
        return self._fixed_at(_frozen_at(freezes[-1].data)) if freezes else None

    def disputed(self) -> list[int]:
        """Give the positions of the closings whose digest is not that of the standing found."""
        return [closing.position for closing in self.ledger.closings if not self._agrees(closing)]

    def _heading(self, scores: Scores) -> dict[str, Any]:
        return {**standing.heading(self.ledger, scores), "state": self.state(scores.moment.known_at)}

    # -- closings

    def closings(self) -> Iterator[tuple[Closing, str | None]]:
        """Give every closing and restatement, and the digest that scoring finds at its coordinate, if any."""
        return ((closing, self._recomputed(closing)) for closing in self.ledger.closings)

    def _agrees(self, closing: Closing) -> bool:
        """Whether a closing names the digest of the standing that scoring finds at its coordinate."""
        if closing.position not in self._agreed:
            self._agreed[closing.position] = self._recomputed(closing) == closing.standing
        return self._agreed[closing.position]

    def _recomputed(self, closing: Closing) -> str | None:
        try:
            scores = self._scores(moments.moment(self.ledger, _closed_at(closing), before=closing.position))
        except Unanswerable:
            return None
        return contract.digest({**standing.heading(self.ledger, scores), "units": standing.units(scores)})

    def _closed_standing(self, closing: Closing) -> dict[str, Any] | None:
        try:
            return self._fixed_at(_closed_at(closing))
        except Unanswerable:
            return None

    def _fixed_at(self, coordinate: Coordinate) -> dict[str, Any]:
        """Give the standing that an entry names, be it of a day before the period."""
        return self._whole(self._scores(moments.moment(self.ledger, coordinate)))


def _closed_at(closing: Closing) -> Coordinate:
    return Coordinate(closing.as_of, closing.known_at, closing.version, closing.readings)


def _frozen_at(data: Mapping[str, Any]) -> Coordinate:
    return Coordinate(date.fromisoformat(data["as_of"]), whole(data["known_at"]))


def _unit(scores: Scores, unit: str) -> dict[str, Any]:
    for place in scores.ranked():
        if place.unit == unit:
            return standing.unit(scores, place)
    known = ", ".join(scores.moment.rubric.units)
    raise Unanswerable("unknown-unit", f"no unit {unit[:40]} is assessed here: the units are {known}")
