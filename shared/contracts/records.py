"""Outward records: what scoring and ranking say about each ledger entry, one record per position.

A record's time is the acceptance of the entry that caused it, so that a rebuild writes the same bytes.
"""

from typing import Any

import msgspec

from shared.contracts import kinds
from shared.contracts.canonical import jcs_of_ours

SCORING = "/meritlog/scoring"
RANKING = "/meritlog/ranking"


class Record(msgspec.Struct, frozen=True):
    """An outward record, decoded."""

    id: str
    source: str
    type: str
    time: str
    assessment: str
    position: int
    generation: int
    data: dict[str, Any]
    previous: str | None = None


decode_record = msgspec.json.Decoder(Record).decode
"""Decode a whole record; msgspec.DecodeError where it is none."""


def record_id(assessment: str, generation: int, position: int) -> str:
    """Name a record: `binjiang-2020/1/17`."""
    return f"{assessment}/{generation}/{position}"


def scores_changed(
    assessment: str, generation: int, position: int, *, time: str, previous: str | None, data: dict[str, Any]
) -> bytes:
    """Give the bytes (JCS) of a `ScoresChanged`."""
    return _record(kinds.SCORES_CHANGED, SCORING, assessment, generation, position, time, previous, data)


def standing_changed(
    assessment: str, generation: int, position: int, *, time: str, previous: str | None, data: dict[str, Any]
) -> bytes:
    """Give the bytes (JCS) of a `StandingChanged`."""
    return _record(kinds.STANDING_CHANGED, RANKING, assessment, generation, position, time, previous, data)


def _record(
    kind: str,
    source: str,
    assessment: str,
    generation: int,
    position: int,
    time: str,
    previous: str | None,
    data: dict[str, Any],
) -> bytes:
    members = {
        "specversion": "1.0",
        "id": record_id(assessment, generation, position),
        "source": source,
        "type": kind,
        "time": time,
        "datacontenttype": "application/json",
        "assessment": assessment,
        "position": position,
        "generation": generation,
        "data": data,
    }
    return jcs_of_ours(members if previous is None else members | {"previous": previous})
