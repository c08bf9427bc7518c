"""Whatever the gate lets in, scoring takes in, one by one and in bulk, and answers every question about it."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring import outward
from services.scoring.domain import Book, Coordinate, read_step
from shared.contracts.entries import decode_entry
from shared.gate.outcomes import Accepted
from shared.gate.replay import check_lines
from tests.unit.intake import test_whatever_is_sent as anything
from tests.unit.scoring.test_bulk import assert_same, both

NAMED = [
    {"source": source, "id": id_}
    for source in sorted({event["source"] for event in anything.EVENTS})
    for id_ in ("figure", "appeal", "a", "b", "c", "d")
]
NAMING = [event for event in anything.EVENTS if {"entry", "appeal"} & event["data"].keys()]
BEGINNING = (anything.OPENED, anything.FIGURE, anything.APPEAL)


@st.composite
def naming(draw: st.DrawFn) -> dict[str, Any]:
    """An event that names another one, whatever that is."""
    event = draw(st.sampled_from(NAMING))
    member = "appeal" if "appeal" in event["data"] else "entry"
    fresh = {"id": draw(st.sampled_from("abcd"))}
    return event | fresh | {"data": event["data"] | {member: draw(st.sampled_from(NAMED))}}


def accepted(events: list[dict[str, Any]]) -> list[bytes]:
    """The stored form of those that the gate lets in."""
    outcomes = [line.outcome for line in check_lines(map(anything.sent, events), anything.load)]
    return [outcome.stored for outcome in outcomes if isinstance(outcome, Accepted)]


@settings(deadline=None, max_examples=300)
@given(st.lists(anything.changed() | naming(), max_size=12))
def test_whatever_is_accepted_can_be_scored(events: list[dict[str, Any]]) -> None:
    """Given entries with members that other types have, of any type and value, then all of them are folded, the same
    entry by entry, in a batch and from what was kept, and whatever is asked is answered or declined.
    """
    states = accepted([*BEGINNING, *events])
    single, bulk = both(states, [states])
    assert_same(single, bulk, states)
    told = Book(load=anything.load)
    for state in states:
        change = told.apply(decode_entry(state))
        msgspec.json.encode(outward.data(told, change))
    assert told.standing() == single.standing()
    first, last = Coordinate(known_at=1), Coordinate()
    for answer in (
        told.standing(),
        *(told.explain(unit["unit"]) for unit in told.standing()["units"]),
        told.diff(first, last),
        told.timeline(last, read_step("month")),
        told.sensitivity(),
        told.appeals(),
        told.tipping("market"),
    ):
        assert msgspec.json.encode(answer)
    for position in range(1, told.head + 1):
        told.standing(Coordinate(known_at=position))
