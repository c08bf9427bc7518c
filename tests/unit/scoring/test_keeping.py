"""Columns that lie ready: a book that starts from them is the book that reads every entry."""

import pytest

from benchmarks import synthetic
from services.scoring import keeping
from services.scoring.domain import Book
from services.scoring.domain.identities import Identities
from services.scoring.handlers import Books
from services.scoring.store import DDL, LEDGER, VERSION, hash_key, kept, last_kept
from shared.chassis.store import Append, EventStore, Statement, Stream
from shared.contracts.entries import decode_entry
from shared.rubric import load
from tests.unit.scoring.test_bulk import assert_same

COUNT, SOME = 3000, 800


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """So many as are worth keeping are a few hundred here."""
    monkeypatch.setattr(keeping, "MANY", SOME)
    monkeypatch.setattr(keeping, "FEW", SOME // 8)
    monkeypatch.setattr("services.scoring.domain.stretch.TOGETHER", 100_000)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/scoring.sqlite"


@pytest.fixture
def store(url):
    opened = EventStore.open(url, "scoring", DDL, VERSION)
    yield opened
    opened.close()


STATES = list(synthetic.entries(COUNT))


def append(store, first, last):
    states = STATES[first - 1 : last]
    store.commit(append=[Append(f"{LEDGER}/{synthetic.ASSESSMENT}", first, states)])


def read_from_entries() -> Book:
    entries = [decode_entry(state) for state in STATES]
    book = Book(lambda position: entries[position - 1], load=load)
    book.extend(entries)
    return book


def counted(store, monkeypatch) -> list[int]:
    """The positions behind which entries were read from the ledger."""
    read: list[int] = []
    stream = type(store.stream(f"{LEDGER}/{synthetic.ASSESSMENT}"))
    scan = stream.scan

    def watched(self, after=0, generation=None):
        read.append(after)
        return scan(self, after, generation)

    monkeypatch.setattr(stream, "scan", watched)
    return read


async def test_a_restart_lays_down_what_lies_ready(store, monkeypatch):
    """
    Given a ledger that was read once,
    when scoring starts again,
    then it takes what lies ready, reads only the entries behind it, and has the very same book.
    """
    append(store, 1, COUNT)
    await Books(store).get(synthetic.ASSESSMENT)
    ready = last_kept(store, synthetic.ASSESSMENT)
    read = counted(store, monkeypatch)

    again = await Books(store).get(synthetic.ASSESSMENT)

    assert ready == COUNT
    assert read == [ready]
    assert_same(read_from_entries(), again, STATES)


async def test_what_comes_in_one_by_one_is_kept_too(store, monkeypatch):
    """Given a ledger that grows while scoring runs, when it has become many, then they lie ready for the next start."""
    books = Books(store)
    for first in range(1, COUNT, 500):
        append(store, first, first + 499)
        book = await books.get(synthetic.ASSESSMENT)
        keeping.keep_on(store, synthetic.ASSESSMENT, book, first - 1)
    ready = last_kept(store, synthetic.ASSESSMENT)
    read = counted(store, monkeypatch)

    again = await Books(store).get(synthetic.ASSESSMENT)

    assert ready > COUNT - 2 * SOME
    assert read == [ready]
    assert_same(read_from_entries(), again, STATES)


async def test_what_another_replica_has_stored_by_now_is_not_kept_before_it_is_folded(store):
    """Given a ledger that has more entries than the book, then columns are kept up to what the book has, and whole."""
    append(store, 1, COUNT)
    entries = [decode_entry(state) for state in STATES[: 2 * SOME]]
    book = Book(lambda position: entries[position - 1], load=load, key=hash_key(store))
    book.extend(entries)

    keeping.keep_on(store, synthetic.ASSESSMENT, book, 0)

    assert last_kept(store, synthetic.ASSESSMENT) == book.head
    assert_same(read_from_entries(), await Books(store).get(synthetic.ASSESSMENT), STATES)


async def test_a_book_that_questions_look_at_is_not_laid_down_in(store):
    """Given a book in use that lacks many entries, then another one takes its place, and it stays as it is."""
    append(store, 1, SOME)
    books = Books(store)
    before = await books.get(synthetic.ASSESSMENT)
    append(store, SOME + 1, COUNT)

    after = await books.get(synthetic.ASSESSMENT)

    assert before.head == SOME
    assert_same(read_from_entries(), after, STATES)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE blocks SET body = x'00' WHERE first = (SELECT MAX(first) FROM blocks)",
        "UPDATE blocks SET digest = 'sha256:00' WHERE first > 1",
        "DELETE FROM blocks WHERE first = 1",
    ],
)
async def test_what_is_damaged_or_of_another_ledger_is_read_anew(store, damage, monkeypatch):
    """Given columns that nobody can read, or that do not fit the ledger, then its entries are read, and kept again."""
    append(store, 1, COUNT)
    monkeypatch.setattr("shared.chassis.store.streams.READ_AT_ONCE", 300)
    await Books(store).get(synthetic.ASSESSMENT)
    whole = list(kept(store, synthetic.ASSESSMENT, 0))
    store.commit(execute=[Statement(damage)])

    again = await Books(store).get(synthetic.ASSESSMENT)

    assert len(whole) > 1
    assert_same(read_from_entries(), again, STATES)
    assert list(kept(store, synthetic.ASSESSMENT, 0)) == whole


async def test_hashes_are_found_again_in_another_process(store, monkeypatch):
    """Given columns kept by a process whose own hashes had another key, then identities are found all the same."""
    append(store, 1, COUNT)
    await Books(store).get(synthetic.ASSESSMENT)
    monkeypatch.setattr(Identities, "OWN", Identities.OWN ^ 1)

    again = await Books(store).get(synthetic.ASSESSMENT)

    assert_same(read_from_entries(), again, STATES)


async def test_a_store_of_the_version_before_is_brought_up_to_date(url):
    """Given a store that an earlier version made, when this one opens it, then it has the tables and answers."""
    EventStore.open(url, "scoring", (), 1).close()
    store = EventStore.open(url, "scoring", DDL, VERSION)
    append(store, 1, COUNT)

    book = await Books(store).get(synthetic.ASSESSMENT)

    assert book.head == COUNT
    assert last_kept(store, synthetic.ASSESSMENT) > 0
    store.close()


async def test_a_trace_looks_its_entries_up_together(store, monkeypatch):
    """
    Given a ledger in a database, and a unit with very many awards,
    when its points are explained,
    then each input names the entry that stands there, and the database was asked a few times, not once for each.
    """
    append(store, 1, COUNT)
    book = await Books(store).get(synthetic.ASSESSMENT)
    asked = []
    get, some = Stream.get, Stream.some
    monkeypatch.setattr(Stream, "get", lambda *of: asked.append(1) or get(*of))
    monkeypatch.setattr(Stream, "some", lambda *of: asked.append(1) or some(*of))

    def inputs(node: dict) -> list[dict]:
        return [*node["inputs"], *(each for part in node["parts"] for each in inputs(part))]

    named = [each for one in book.explain("market")["indicators"].values() for each in inputs(one["trace"])]

    found = {each["position"]: decode_entry(STATES[each["position"] - 1]) for each in named if each.get("position")}
    assert len(found) > 30
    assert len(asked) < len(found) // 2
    for each in named:
        if each.get("position"):
            assert (each["source"], each["id"]) == (found[each["position"]].source, found[each["position"]].id)
