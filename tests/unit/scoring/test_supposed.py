"""What if: supposed entries are scored as if they had been sent, and touch nothing."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import synthetic
from services.scoring.domain import Book, Coordinate, Unanswerable, Unsupposable
from services.scoring.domain.columns import FOREVER
from services.scoring.domain.supposed import MOVING as SUPPOSABLE
from shared.contracts.entries import decode_entry, parse_event
from shared.gate.outcomes import Accepted, Refused
from shared.gate.replay import Replay
from tests.oracle import generate
from tests.unit.intake import test_whatever_is_sent as anything
from tests.unit.scoring.test_diff import sums
from tests.unit.scoring.test_oracle import Log, book_of

ADDED = ("position", "acceptedtime", "previous")
MOVING = {"SubmissionReceived", "DeductionIssued", "BonusAwarded", "IndicatorDetermined", "RulingMade"}
MOVING |= {"EntryConfirmed", "EntryCorrected", "EntryWithdrawn", "RubricAdopted"}


def sent(log: Log) -> list[dict[str, Any]]:
    """Entries as they were sent."""
    return [{name: value for name, value in entry.items() if name not in ADDED} for entry in log]


def suppose(book: Book, known_at: int | None, events: Sequence[dict[str, Any]]) -> Book:
    return book.supposing(known_at, [lambda event=event: parse_event(dict(event)) for event in events])


def kind(entry: Any) -> str:
    return entry["type"].split(".")[1]


def facts(standing: dict[str, Any]) -> dict[str, Any]:
    return {name: standing[name] for name in ("units", "findings", "provisional")}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_supposed_scores_as_if_it_had_been_sent(seed: int) -> None:
    """Given a log of which the end is only supposed, then standings are those of the whole log, at both lengths; and
    the book that was asked says what it said before.
    """
    random = Random(seed)
    log = generate.ledger(random, random.randint(2, 120))
    cut = random.randint(1, len(log))
    end = [entry for entry in log[cut:] if kind(entry) in MOVING]
    while end and (refused := _first_refused(book_of(log[:cut]), end)) is not None:
        end.pop(refused - 1)  # it names an entry that is not supposed
    book = book_of([*log[:cut]])
    before = [book.standing(), book.standing(Coordinate(known_at=max(1, cut // 2)))]
    supposing = suppose(book, None, sent(end))
    whole = book_of([*log[:cut], *({**entry, "position": cut + 1 + n} for n, entry in enumerate(end))])
    assert facts(supposing.standing()) == facts(whole.standing())
    assert supposing.standing(Coordinate(known_at=cut)) == book.standing()
    assert before == [book.standing(), book.standing(Coordinate(known_at=max(1, cut // 2)))]
    sums(supposing.diff(Coordinate(known_at=cut), Coordinate()))


def _first_refused(book: Book, end: Sequence[dict[str, Any]]) -> int | None:
    try:
        suppose(book, None, sent(end))
    except Unanswerable as fault:
        if fault.code not in ("unknown-entry", "entry-superseded"):
            raise
        return int(fault.reason.split(":")[0].split()[-1])
    return None


@pytest.mark.parametrize("seed", range(20))
def test_supposing_in_the_past_knows_nothing_of_what_came_later(seed: int) -> None:
    """Given a position that lies back, when nothing is supposed behind it, then all is as it was known there."""
    random = Random(seed)
    log = generate.ledger(random, 100)
    cut = random.randint(1, len(log))
    past, only = suppose(book_of(log), cut, []), book_of(log[:cut])
    assert past.standing() == only.standing()
    assert past.head == cut
    for entry in log[cut : cut + 5]:
        assert past.ledger.find({"source": entry["source"], "id": entry["id"]}) is None


def test_what_was_withdrawn_later_holds_where_it_is_supposed() -> None:
    """Given a figure and its withdrawal, when something else is supposed between the two, then the figure holds on, and
    its withdrawal may be supposed; what was supposed is in no table of the ledger.
    """
    writer = generate.Writer(Random(1), generate.rubric_text())
    writer.open()
    figure = {"indicator": "K1", "measure": "tech_firms", "value": "99", "occurred": "2020-01-02"}
    award = {
        "indicator": "B3",
        "line": "hosting",
        "points": "1",
        "occasion": "x",
        "occurred": "2020-01-02",
        "reason": "r",
    }
    writer.append("SubmissionReceived", figure, "science", "science")
    entry = {"source": writer.entries[1]["source"], "id": writer.entries[1]["id"]}
    writer.append("EntryWithdrawn", {"entry": entry, "reason": "x"}, "science", "science")
    writer.append("BonusAwarded", award, "science")
    book = book_of(writer.entries)
    others = [{**award, "occasion": name} for name in "abc"]
    event = sent(writer.entries)[3]
    events = [{**event, "id": name, "data": data} for name, data in zip("abc", others, strict=True)]
    found = suppose(book, 2, events).scorecard("science")
    assert found["indicators"]["K1"]["exact"] == "25/3"
    assert found["indicators"]["B3"]["exact"] == "3"
    withdrawn = suppose(book, 2, [{**sent(writer.entries)[2], "id": "gone"}]).scorecard("science")
    assert withdrawn["indicators"]["K1"]["exact"] == "0"
    assert [series.part for series in book.ledger.rows["science", "B3"].series] == ["x"]


def test_what_came_later_in_the_ledger_is_not_looked_for_among_what_is_supposed() -> None:
    """Given a book that was asked at the position of a figure, when others are supposed in that figure's place, then at
    the same position they are what is known.
    """
    log, end = [generate.Writer(Random(1), generate.rubric_text()) for _ in range(2)]
    figure = {"indicator": "K1", "measure": "tech_firms", "value": "10", "occurred": "2020-01-02"}
    for writer in (log, end):
        writer.open()
    for value in ("10", "20", "30"):
        log.append("SubmissionReceived", {**figure, "value": value}, "science", "science")
    end.append("SubmissionReceived", {**figure, "indicator": "K2", "measure": "voucher_amount"}, "science", "science")
    end.append("SubmissionReceived", {**figure, "value": "297"}, "science", "science")
    supposed = [{**entry, "id": f"supposed/{n}"} for n, entry in enumerate(sent(end.entries)[1:])]
    book, only = book_of(log.entries), book_of(log.entries[:2])
    book.standing(Coordinate(known_at=3))
    at = Coordinate(known_at=3)
    assert facts(suppose(book, 2, supposed).standing(at)) == facts(suppose(only, 2, supposed).standing(at))


def test_the_causes_are_the_supposed_entries() -> None:
    """Given a figure that is supposed, then the diff from what is known names it under the position it would have."""
    book = book_of(generate.ledger(Random(4), 3))
    day = (generate.LAST_DAY - timedelta(days=1)).isoformat()
    event = {
        "specversion": "1.0",
        "id": "supposed",
        "source": "/supposed",
        "type": "meritlog.SubmissionReceived.v1",
        "time": "2021-01-02T09:00:00+08:00",
        "assessment": generate.ASSESSMENT,
        "subject": "science",
        "provider": "science",
        "data": {"indicator": "K1", "measure": "tech_firms", "value": "297", "occurred": day},
    }
    head = book.head
    answer = suppose(book, None, [event]).diff(Coordinate(known_at=head), Coordinate())
    (cause,) = answer["causes"]
    assert (cause["position"], cause["source"], cause["id"]) == (head + 1, "/supposed", "supposed")
    assert next(unit for unit in answer["units"] if unit["unit"] == "science")["change"] == "25"


def test_entries_folded_in_bulk_can_be_named() -> None:
    """Given a ledger folded batch by batch, when the withdrawal of one of its entries is supposed, of the newest batch
    or an early one, then that entry is found and holds no longer, and in the ledger itself it holds on.
    """
    lines = list(synthetic.entries(3000))
    book = Book(lambda position: decode_entry(lines[position - 1]))
    book.extend_stored(lines[first : first + 500] for first in range(0, 3000, 500))
    for position in (2, 1400, 2990):
        target = book.ledger.entry_at(position)
        event = {name: getattr(target, name) for name in ("source", "assessment", "subject", "provider")}
        event |= {"specversion": "1.0", "id": "gone", "time": "2021-01-01T00:00:00Z"}
        event |= {"type": "meritlog.EntryWithdrawn.v1"}
        event["data"] = {"entry": {"source": target.source, "id": target.id}, "reason": "x"}
        found = suppose(book, None, [{name: value for name, value in event.items() if value is not None}])
        table, row = found.ledger.row_at(position) or (None, 0)
        own, place = book.ledger.row_at(position) or (None, 0)
        assert table is not None
        assert own is not None
        assert (int(table.until[row]), int(own.until[place])) == (3001, FOREVER)


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ({"assessment": "other"}, "assessment-mismatch"),
        ({"type": "meritlog.AssessmentClosed.v1"}, "unknown-type"),
        ({"type": "meritlog.Nothing.v1"}, "unknown-type"),
        ({"subject": "nobody"}, "unknown-unit"),
        ({"provider": "tax"}, "not-your-measure"),
        ({"time": "yesterday"}, "malformed"),
        (
            {"data": {"indicator": "K1", "measure": "tech_firms", "value": "-1", "occurred": "2020-06-30"}},
            "out-of-range",
        ),
        (
            {"data": {"indicator": "K1", "measure": "tech_firms", "value": "1", "occurred": "2021-06-30"}},
            "outside-period",
        ),
        (
            {"data": {"indicator": "K9", "measure": "tech_firms", "value": "1", "occurred": "2020-06-30"}},
            "unknown-indicator",
        ),
        ({"data": {"indicator": "K1"}}, "malformed"),
        (
            {
                "type": "meritlog.EntryWithdrawn.v1",
                "data": {"entry": {"source": "/nowhere", "id": "1"}, "reason": "x"},
            },
            "unknown-entry",
        ),
        (
            {"type": "meritlog.RulingMade.v1", "subject": None, "provider": None}
            | {"data": {"finding": "A01", "reading": "21", "reason": "x"}},
            "unknown-reading",
        ),
    ],
)
def test_what_could_not_be_accepted_is_not_supposed(over: dict[str, Any], code: str) -> None:
    """Given an event that the gate would refuse, then it is named by its place, with the code of the gate."""
    book = book_of(generate.ledger(Random(4), 3))
    event = {
        "specversion": "1.0",
        "id": "supposed",
        "source": "/supposed",
        "type": "meritlog.SubmissionReceived.v1",
        "time": "2021-01-02T09:00:00+08:00",
        "assessment": generate.ASSESSMENT,
        "subject": "science",
        "provider": "science",
        "data": {"indicator": "K1", "measure": "tech_firms", "value": "297", "occurred": "2020-06-30"},
    } | over
    with pytest.raises(Unanswerable, match="supposed entry 1: ") as refused:
        suppose(book, None, [{name: value for name, value in event.items() if value is not None}])
    assert refused.value.code == code


@given(st.lists(anything.changed(), max_size=6), anything.changed())
def test_the_gate_says_the_same_of_what_is_supposed_and_of_what_is_sent(
    before: list[dict[str, Any]], event: dict[str, Any]
) -> None:
    """Given a ledger of whatever was accepted, when any event is supposed behind it, then it is refused with the code
    and the words that it would be refused with if it were sent, and else it is taken, where it can move points.
    """
    replay, book = Replay(anything.load), Book(load=anything.load)
    for each in (anything.OPENED, anything.FIGURE, anything.APPEAL, *before):
        outcome = replay.read(anything.sent(each))
        if isinstance(outcome, Accepted):
            book.extend([decode_entry(outcome.stored)])
    line = anything.sent({name: value for name, value in event.items() if name not in ADDED})
    sent, refused = replay.read(line), _refused(book, line)
    if isinstance(sent, Refused) and sent.code != "id-conflict":
        assert refused is not None
        assert refused.code == "unknown-type" or (refused.code, refused.why) == (sent.code, sent.reason)
    elif isinstance(sent, Accepted):
        expected = None if sent.event.type in SUPPOSABLE else "unknown-type"
        assert (refused.code if refused else None) == expected
    else:
        assert refused is not None
        assert refused.code == "id-conflict"


def _refused(book: Book, line: bytes) -> Unsupposable | None:
    try:
        book.supposing(None, [lambda: parse_event(line)])
    except Unsupposable as refused:
        return refused
    return None
