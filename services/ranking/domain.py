"""What is shown: an assessment's board, folded from the stream of scores, and how each entry changed it.

The live board follows every record. What the public is shown stands still from a freeze or a closing on: it is then the
whole standing that scoring named in its record.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.numbers import Fraction, read_points, shown
from shared.contracts.records import Record
from shared.rubric.places import places

Json = dict[str, Any]

_MOVING = frozenset({"totals", "frame", "snapshot"})
"""A record of scores without any of these moves no total and no rank."""

STANDS_STILL = frozenset({"frozen", "closed", "restated", "close-disputed"})
"""The states in which the public is shown a standing that does not follow the entries."""


@dataclass
class Row:
    """One unit on the live board: its indicators by id and its totals, as scoring sent them."""

    indicators: dict[str, Json] = field(default_factory=dict[str, Json])
    totals: Json = field(default_factory=dict[str, Any])
    rank: int | None = None
    tied: bool = False
    moved: int = 0
    """Places gained (negative: lost) when its rank last changed."""
    last: Json | None = None
    """The entry that last changed its total or rank, why, and the total before."""

    @property
    def total(self) -> Fraction:
        """The exact total; 0 before any record."""
        return read_points(self.totals.get("exact", "0"))


@dataclass
class Board:
    """An assessment as ranking knows it, at one position."""

    assessment: str
    position: int = 0
    generation: int = 1
    """Of the stream of standings: raised by every snapshot, so that readers start again from it."""
    upstream: int = 1
    """Generation of the stream of scores."""
    accepted: str | None = None
    state: str = "open"
    frame: Json = field(default_factory=dict[str, Any])
    """The rules in force and the names: see `ScoresChanged.frame`."""
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    standing: Json | None = None
    """The standing the public is shown while the state stands still."""

    def apply(self, record: Record) -> Json:
        """Take in one record of scores and give the `data` of the record of standings at its position."""
        if record.data.get("snapshot"):
            self.rows = {
                unit: Row(rank=row.rank, tied=row.tied, moved=row.moved, last=row.last)
                for unit, row in self.rows.items()
            }
        changes: list[Json] = []
        if record.data.keys().isdisjoint(_MOVING):
            self._take(record)
        else:
            before = {unit: (row.total if row.totals else None, row.rank) for unit, row in self.rows.items()}
            self._take(record)
            self._rank()
            changes = self._changes(before, _because(record.data["changes"]), record.position)
        return {"cause": record.data["cause"], "changes": changes, "state": self.state} | _passed_on(record.data)

    def _take(self, record: Record) -> None:
        data = record.data
        if record.generation != self.upstream:
            self.generation, self.upstream = self.generation + 1, record.generation
        self.position, self.accepted = record.position, record.time
        self.state = data.get("state", self.state)
        self.frame = data.get("frame", self.frame)
        for unit in self.frame.get("units", ()):
            self.rows.setdefault(unit["id"], Row())
        for change in data["changes"]:
            self._change(change)
        for totals in data.get("totals", ()):
            self.rows.setdefault(totals["unit"], Row()).totals = totals
        if "standing" in data:
            self.standing = data["standing"]

    def _change(self, change: Json) -> None:
        indicators = self.rows.setdefault(change["unit"], Row()).indicators
        if change["after"] is None:
            indicators.pop(change["indicator"], None)
        else:
            indicators[change["indicator"]] = change["after"]

    def _rank(self) -> None:
        rule = self.frame.get("ranking", {})
        for place in places({unit: row.total for unit, row in self.rows.items()}, **rule):
            row = self.rows[place.unit]
            row.rank, row.tied = place.rank, place.tied

    def _in_order(self) -> list[tuple[str, Row]]:
        return sorted(self.rows.items(), key=lambda item: (item[1].rank or 0, item[0]))

    def _changes(
        self, before: Mapping[str, tuple[Fraction | None, int | None]], because: Mapping[str, list[str]], position: int
    ) -> list[Json]:
        changes: list[Json] = []
        for unit, row in self._in_order():
            total, rank = before.get(unit, (None, None))
            if total == row.total and rank == row.rank:
                continue
            if rank is not None and row.rank is not None and rank != row.rank:
                row.moved = rank - row.rank
            was = None if total is None else shown(total)
            row.last = {"position": position, "because": because.get(unit, []), "total_before": was}
            changes.append(
                {
                    "unit": unit,
                    "total": {"before": was, "after": shown(row.total)},
                    "rank": {"before": rank, "after": row.rank},
                    "because": because.get(unit, []),
                }
            )
        return changes

    def everything(self) -> list[Json]:
        """Give every unit as a change from nothing, in order: what a snapshot tells."""
        return [
            {
                "unit": unit,
                "total": {"before": None, "after": shown(row.total)},
                "rank": {"before": None, "after": row.rank},
                "because": [],
            }
            for unit, row in self._in_order()
        ]

    @property
    def stands_still(self) -> bool:
        """Whether the public is shown a fixed standing."""
        return self.state in STANDS_STILL and self.standing is not None

    def live(self) -> Json:
        """Give the live board: what the office sees at any time, and everybody while the assessment is open."""
        units = [self._unit(unit, row) for unit, row in self._in_order()]
        return self._heading("live") | {
            "as_of": self.frame.get("period", {}).get("to"),
            "known_at": {"position": self.position, "accepted": self.accepted},
            "rules": {name: self.frame.get(name) for name in ("rubric", "version", "digest", "readings")},
            "provisional": any(unit["provisional"] for unit in units),
            "units": units,
            "findings": self.frame.get("findings", []),
            "flags": self.frame.get("flags", []),
        }

    def public(self) -> Json:
        """Give what everybody is shown: the live board, or the standing that a freeze or closing fixed."""
        if self.standing is None or not self.stands_still:
            return self.live()
        fixed = self.standing
        units = [unit | {"moved": 0, "last": None} for unit in fixed["units"]]
        names = ("as_of", "known_at", "rules", "provisional", "findings", "flags")
        return (
            self._heading("frozen" if self.state == "frozen" else "closed")
            | {name: fixed[name] for name in names}
            | {"units": units}
        )

    def _heading(self, what: str) -> Json:
        return {
            "assessment": self.assessment,
            "title": self.frame.get("title"),
            "state": self.state,
            "shown": what,
            "generation": self.generation,
            "position": self.position,
        }

    def _unit(self, unit: str, row: Row) -> Json:
        names = {each["id"]: each["name"] for each in self.frame.get("units", ())}
        totals = row.totals
        return {
            "unit": unit,
            "name": names.get(unit, unit),
            "rank": row.rank,
            "tied": row.tied,
            "provisional": totals.get("provisional", False),
            "total": shown(row.total),
            "exact": totals.get("exact", "0"),
            "attainable": totals.get("attainable", "0.00"),
            "blocks": totals.get("blocks", {}),
            "indicators": row.indicators,
            "moved": row.moved,
            "last": row.last,
        }


def _because(changes: Sequence[Json]) -> dict[str, list[str]]:
    because: dict[str, list[str]] = {}
    for change in changes:
        because.setdefault(change["unit"], []).append(change["indicator"])
    return because


def _passed_on(data: Json) -> Json:
    return {name: data[name] for name in ("standing", "supersedes", "snapshot") if name in data}
