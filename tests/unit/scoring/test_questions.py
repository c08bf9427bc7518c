"""What is known is what is stored, though the book in hand may have an entry more by the time it is asked."""

import json
from types import SimpleNamespace

import msgspec
import pytest

from benchmarks import synthetic
from services.scoring import outward
from services.scoring.domain import Book, Coordinate
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
    request = SimpleNamespace(app=SimpleNamespace(state=SimpleNamespace(service=SimpleNamespace(settings=settings))))
    return Inquiry(request, synthetic.ASSESSMENT, None, books)


@pytest.fixture
async def overtaken(books, monkeypatch):
    """Between the book and the question an entry is folded that is never stored, as another deployment takes over."""
    book, ask = await books.get(synthetic.ASSESSMENT), books.store.ask

    async def asked(question, *parts):
        if parts and parts[0] is book and book.head == COUNT:
            book.apply(decode_entry(STATES[-1]))
        return await ask(question, *parts)

    monkeypatch.setattr(books.store, "ask", asked)
    return book


async def whole(found):
    """The body of an answer, whether or not it comes in pieces."""
    return b"".join([piece async for piece in found.body_iterator]) if hasattr(found, "body_iterator") else found.body


@pytest.mark.parametrize("as_of", [None, synthetic.YEAR[200]])
@pytest.mark.parametrize("streamed", [False, True])
async def test_what_is_not_stored_is_not_told(books, overtaken, as_of, streamed):
    """
    Given a question that is asked while the next entry is on its way into the store,
    when the entry is in the book before the question is answered,
    then the answer is that of what is stored, so that nobody is sent back if it never will be.
    """
    asked = inquiry(books)
    if streamed:
        found = await asked.stream(outward.whole, Coordinate(as_of))
    else:
        found = await asked.answer(Book.standing, Coordinate(as_of))

    assert overtaken.head == COUNT + 1
    assert json.loads(await whole(found)) == overtaken_free(as_of)


def overtaken_free(as_of):
    """The answer of a book that has no more than what is stored."""
    entries = {entry.position: entry for entry in map(decode_entry, STATES[:COUNT])}
    book = Book(entries.__getitem__)
    book.extend(entries.values())
    return json.loads(msgspec.json.encode(book.standing(Coordinate(as_of))))
