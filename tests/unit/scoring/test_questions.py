"""What is known is what is stored, though the book in hand may have an entry more by the time it is asked."""

import hashlib
import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import msgspec
import pytest
from starlette.datastructures import QueryParams

from benchmarks import synthetic
from services.scoring import outward
from services.scoring.domain import Book, Coordinate, Unanswerable, moments, read_step
from services.scoring.handlers import Books
from services.scoring.questions import Inquiry
from services.scoring.store import DDL, LEDGER, VERSION
from shared.chassis.store import Append, EventStore
from shared.contracts.entries import decode_entry

COUNT = 120
STATES = list(synthetic.entries(COUNT + 1))


@pytest.fixture
def books(tmp_path):
    store = EventStore.open(f"sqlite:///{tmp_path}/scoring.sqlite", "scoring", DDL, VERSION)
    store.commit(append=[Append(f"{LEDGER}/{synthetic.ASSESSMENT}", 1, STATES[:COUNT])])
    yield Books(store)
    store.close()


def inquiry(books):
    settings = SimpleNamespace(wait_seconds=0)
    request = SimpleNamespace(
        query_params=QueryParams(),
        app=SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(settings=settings))),
    )
    return Inquiry(request, synthetic.ASSESSMENT, None, books)


@pytest.fixture
async def overtaken(books, monkeypatch):
    """Between the book and the question an entry is folded that is never stored, as another deployment takes over."""
    book, get, ask = await books.get(synthetic.ASSESSMENT), books.get, books.store.ask

    async def asked(question, *parts):
        book.apply(decode_entry(STATES[-1]))
        return await ask(question, *parts)

    async def got(assessment):
        found = await get(assessment)
        monkeypatch.setattr(books.store, "ask", asked)
        return found

    monkeypatch.setattr(books, "get", got)
    return book


async def whole(found):
    """The body of an answer, whether or not it comes in pieces."""
    return b"".join([piece async for piece in found.body_iterator]) if hasattr(found, "body_iterator") else found.body


@pytest.mark.parametrize("as_of", [None, synthetic.YEAR[200]])
@pytest.mark.parametrize("known_at", [None, datetime(2021, 1, 31, tzinfo=UTC), date(2021, 1, 31)])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_is_not_stored_is_not_told(books, overtaken, as_of, known_at, streamed):
    """
    Given a question, open or by time, that is asked while the next entry is on its way into the store,
    when the entry is in the book before the question is answered,
    then the answer is that of what is stored, so that nobody is sent back if it never will be.
    """
    asked = inquiry(books)
    if streamed:
        found = await asked.stream(outward.whole, Coordinate(as_of, known_at))
    else:
        found = await asked.answer(Book.standing, Coordinate(as_of, known_at))

    assert overtaken.head == COUNT + 1
    assert json.loads(await whole(found)) == overtaken_free(as_of)


async def test_a_timeline_reads_nothing_that_is_not_stored(books, overtaken):
    """Given an entry that comes into the book and is not stored, then the timeline is that of what is stored."""

    def year(book, at):
        return book.timeline(at, read_step("month"), (synthetic.YEAR[0], synthetic.YEAR[-1]))

    found = await inquiry(books).answer(year, Coordinate())

    assert overtaken.head == COUNT + 1
    assert json.loads(found.body) == json.loads(msgspec.json.encode(year(stored_book(), Coordinate())))


def test_an_entry_that_is_being_folded_is_not_known_yet(monkeypatch):
    """
    Given an entry in the midst of being folded, or folded and not stored,
    when something is asked at no position, by a time, or at the entry's position,
    then it means what was known before, and the entry is not there yet.
    """
    book, late = stored_book(), datetime(2021, 1, 31, tzinfo=UTC)
    add, seen = book.ledger.identities.add, []

    def ask():
        assert moments.known_by(book.ledger, [date(2021, 1, 31)], COUNT) == [COUNT]
        seen.extend(
            book.settled(Coordinate(known_at=each), COUNT).known_at for each in (None, late, late.date(), COUNT)
        )
        with pytest.raises(Unanswerable, match=f"position {COUNT + 1} is not there yet: the last entry has {COUNT}"):
            book.settled(Coordinate(known_at=COUNT + 1), COUNT)

    def asked_meanwhile(*named):
        add(*named)
        ask()

    monkeypatch.setattr(book.ledger.identities, "add", asked_meanwhile)
    book.apply(decode_entry(adopting(STATES[-1])))
    ask()
    with pytest.raises(Unanswerable, match=f"no rubric version 2 yet: it has {COUNT} entries"):
        book.settled(Coordinate(rubric=2), COUNT)

    assert book.head == COUNT + 1
    assert seen == [COUNT] * 8


def adopting(state):
    """An entry in the place of another that adopts the second version of the rubric."""
    entry = json.loads(state)
    text = synthetic.RUBRIC.replace("\nversion: 1\n", "\nversion: 2\n")
    digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    rubric = {"id": synthetic.ASSESSMENT, "version": "2", "digest": digest, "content": text}
    entry |= {"type": "meritlog.RubricAdopted.v1", "data": {"rubric": rubric, "supersedes": "1", "reason": "r"}}
    return json.dumps({name: value for name, value in entry.items() if name not in ("subject", "provider")}).encode()


def overtaken_free(as_of):
    """The answer of a book that has no more than what is stored."""
    return json.loads(msgspec.json.encode(stored_book().standing(Coordinate(as_of))))


def stored_book():
    """A book that has no more than what is stored."""
    entries = {entry.position: entry for entry in map(decode_entry, STATES[:COUNT])}
    book = Book(entries.__getitem__)
    book.extend(entries.values())
    return book
