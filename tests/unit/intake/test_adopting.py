"""What the topic holds beyond a restored database is taken back, or the fork is told."""

import pytest

from services.intake.adopting import Adopter
from services.intake.ledgers import Fork
from services.intake.store import DDL, VERSION, LedgerStore, Unreadable, entries
from shared.chassis.store import EventStore, Statement
from tests import bundles

YEAR = bundles.year(40)
NAME = "binjiang-2020"


@pytest.fixture
def store(tmp_path):
    made = EventStore.open(f"sqlite:///{tmp_path}/intake.sqlite", "intake", DDL, VERSION)
    yield LedgerStore(made)
    made.close()


def restored(store, lines):
    """The database as it was restored: with these entries, and all that intake keeps beside them."""
    adopter = Adopter(store)
    adopter.take(lines)
    assert adopter.stopped == {}
    assert ledger(store) == list(lines)


def ledger(store):
    return store.store.stream(entries(NAME)).read()


@pytest.mark.parametrize("head", [0, 1, 17, len(YEAR)])
@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_what_continues_the_ledger_is_adopted(store, head, at_once):
    """
    Given a database restored to any earlier head, or lost,
    when the topic's records come, some of them repeated, in batches of any size,
    then the ledger is what was published, byte for byte, with its identities and its state.
    """
    restored(store, YEAR[:head])
    adopter = Adopter(store)
    repeated = [*YEAR[max(0, head - 3) :], *YEAR[-5:], *YEAR[:2]]
    for start in range(0, len(repeated), at_once):
        adopter.take(repeated[start : start + at_once])
    assert adopter.stopped == {}
    assert ledger(store) == YEAR
    assert adopter.adopted == ({NAME: len(YEAR) - head} if head < len(YEAR) else {})
    rows = bundles.rows(YEAR)
    found = store.found(NAME, [(row["source"], row["id"]) for row in rows])
    assert [found[row["source"], row["id"]].position for row in rows] == list(range(1, len(rows) + 1))
    assert store.load(NAME).phase == "closed"


@pytest.mark.parametrize("at", [3, 20, 29])
def test_another_history_is_a_fork_and_overwrites_nothing(store, at):
    """
    Given a database that went another way after it was restored,
    when the topic's records come,
    then that assessment is told as a fork, the ledger stays as it is, and another assessment is adopted all the same.
    """
    rows = bundles.rows(YEAR)
    other = bundles.stored([*rows[:at], bundles.said("RecusalRecorded", {"scope": "M1", "reason": "x"}, rows[at - 1])])
    restored(store, other)
    elsewhere = bundles.stored([row | {"assessment": "binjiang-2019"} for row in rows[:10]])
    adopter = Adopter(store)
    adopter.take([*YEAR[at - 2 :], *elsewhere])
    assert list(adopter.stopped) == [NAME]
    assert isinstance(adopter.stopped[NAME], Fork)
    assert str(adopter.stopped[NAME]).startswith(f"Fork: the topic holds position {at + 1} of {NAME}")
    assert ledger(store) == other
    assert store.store.stream(entries("binjiang-2019")).read() == elsewhere


def test_a_gap_in_the_topic_is_not_jumped_over(store):
    """Given a topic that does not hold what comes next, then nothing is adopted and it is told."""
    restored(store, YEAR[:10])
    adopter = Adopter(store)
    adopter.take(YEAR[12:])
    assert str(adopter.stopped[NAME]).startswith("Fork: the topic holds position 13")
    assert ledger(store) == YEAR[:10]


def test_what_the_gate_would_not_let_in_is_not_adopted(store):
    """Given records that chain and are no entries of ours, then none of their batch is adopted."""
    rows = bundles.rows(YEAR)
    at = next(at for at, row in enumerate(rows) if row["data"].get("value") == "5605")
    rows[at]["data"]["value"] = "-1"
    adopter = Adopter(store)
    adopter.take([b"no record", *bundles.stored(rows)])
    assert isinstance(adopter.stopped[NAME], Unreadable)
    assert f"Position {at + 1} of {NAME}" in str(adopter.stopped[NAME])
    assert ledger(store) == []


def test_an_entry_that_was_damaged_stops_its_own_assessment_alone(store):
    """
    Given a database in which an entry of one ledger is damaged,
    when the topic's records come from before it,
    then that assessment is told as unreadable and as no fork, and another one is adopted all the same.
    """
    restored(store, YEAR[:10])
    store.store.commit(execute=[Statement("UPDATE stored_events SET state = x'ff' WHERE originator_version = 8")])
    elsewhere = bundles.stored([row | {"assessment": "binjiang-2019"} for row in bundles.rows(YEAR)[:10]])
    adopter = Adopter(store)
    adopter.take([*YEAR[5:], *elsewhere])
    assert list(adopter.stopped) == [NAME]
    assert isinstance(adopter.stopped[NAME], Unreadable)
    assert str(adopter.stopped[NAME]).startswith(f"Entry 8 of the ledger of {NAME} is damaged or lost")
    assert store.store.stream(entries("binjiang-2019")).read() == elsewhere


def test_two_replicas_adopt_together(store, monkeypatch):
    """Given another replica that adopts at the same time, then each entry is there once."""
    first, second = Adopter(store), Adopter(store)
    passed = first._passed

    def after_the_other(assessment, records):
        monkeypatch.undo()
        second.take(YEAR[:30])
        return passed(assessment, records)

    monkeypatch.setattr(first, "_passed", after_the_other)
    first.take(YEAR)
    assert (first.stopped, second.stopped) == ({}, {})
    assert ledger(store) == YEAR
