"""What scoring says: the `data` of a `ScoresChanged`, from what the book found changed, and a standing as answered."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import msgspec

from services.scoring.domain import standing
from services.scoring.domain.book import Book
from services.scoring.domain.change import Change, Changed
from services.scoring.domain.coordinate import Coordinate
from services.scoring.domain.scores import Scores
from shared.contracts.numbers import exact, shown
from shared.rubric.result import Result

Json = dict[str, Any]


def data(book: Book, change: Change) -> Json:
    """Give the record's `data`: the contract's members, and beside them what a board is made of."""
    said: Json = {
        "cause": {"position": change.position, "source": change.source, "id": change.id, "type": change.type},
        "changes": [_changed(each) for each in change.changes],
        "state": change.state,
    }
    if change.totals:
        said["totals"] = totals(book.live)
    if change.rules_changed or change.state_changed:
        said["frame"] = frame(book)
    if change.standing is not None:
        said["standing"] = change.standing
    if change.supersedes is not None:
        said["supersedes"] = change.supersedes
    return said


def whole(book: Book, at: Coordinate, most: int | None = None) -> Iterator[bytes]:
    """Give the JSON of the standing at a coordinate piece by piece, since its flags may be a gigabyte; or at most so
    many of each kind, and how many there are of each code.

    Raises:
        Unanswerable: There is no answer at this coordinate.

    """
    found, flags = book.standing_and_flags(at)
    if most is not None:
        found, flags = found | {"flagged": flags.counted()}, flags.first(most)
    return chain([msgspec.json.encode(found)[:-1] + b',"flags":['], flags.encoded(b","), [b"]}"])


def snapshot(book: Book) -> Json:
    """Give the `data` of a record that opens a generation: all that the records before it had told."""
    entry, scores = book.ledger.entry_at(book.head), book.live
    said: Json = {
        "cause": {"position": entry.position, "source": entry.source, "id": entry.id, "type": entry.type},
        "changes": [_changed(Changed(*pair, None, result)) for pair, result in scores.results().items()],
        "state": book.state(book.head),
        "totals": totals(scores),
        "frame": frame(book),
        "snapshot": True,
    }
    shown = book.fixed()
    return said if shown is None else said | {"standing": shown}


def _changed(each: Changed) -> Json:
    before = None if each.before is None else _brief(each.before)
    after = None if each.after is None else indicator(each.after)
    result = each.after or each.before
    clauses = [] if result is None else list(result.clauses)
    return {"unit": each.unit, "indicator": each.indicator, "before": before, "after": after, "clauses": clauses}


def _brief(result: Result) -> Json:
    return {"points": shown(result.points), "exact": exact(result.points), "state": result.state}


def indicator(result: Result) -> Json:
    """Give an indicator as a standing has it, and what is attainable."""
    return {**standing.indicator(result), "attainable": shown(result.full)}


def totals(scores: Scores) -> list[Json]:
    """Give the totals of every unit: a rank, a grade or a peers' mean may move where no indicator did."""
    left_out = {"rank", "tied", "indicators", "name"}
    units = standing.units(scores)
    return [{name: unit[name] for name in unit if name not in left_out} for unit in units]


def frame(book: Book) -> Json:
    """Give the rules in force and the names: what a board needs beside points."""
    scores = book.live
    rubric = scores.moment.rubric
    heading = standing.heading(book.ledger, scores)
    return {
        **heading["rules"],
        "title": rubric.title,
        "timezone": rubric.timezone,
        "period": {"from": rubric.start.isoformat(), "to": heading["as_of"]},
        "units": [{"id": each.id, "name": each.name} for each in rubric.units.values()],
        "blocks": [{"id": each.id, "name": each.name, "max": exact(each.max)} for each in rubric.blocks.values()],
        "indicators": [
            {"id": each.id, "name": each.name, "block": each.block, "units": list(each.units)}
            for each in rubric.indicators.values()
            if each.rule is not None
        ],
        "ranking": scores.moment.rules.ranking,
        "findings": standing.findings(book.ledger, scores),
    }
