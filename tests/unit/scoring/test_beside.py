"""Scoring's store built beside the one in use: what it holds, what it takes over; breaking off costs nothing."""

import json
from itertools import islice

import pytest

from benchmarks import synthetic
from services.scoring import keeping, rebuild
from services.scoring.beside import beside
from services.scoring.domain import identities
from services.scoring.handlers import Books
from services.scoring.store import DDL, VERSION, hash_key, kept, ledger, scores
from shared.chassis import beside as chassis
from shared.chassis.rebuilding import BrokenLog
from shared.chassis.store import Conflict, EventStore, Published, Unfinished
from tests.unit.scoring.test_rebuild import NAME, STATES, miscounting, take, tamper

PLACE = "scoring.2.sqlite"


def opened(folder, name="scoring.sqlite"):
    return EventStore.open(f"sqlite:///{folder / name}", "scoring", DDL, VERSION)


def begun(old, folder, heard=None, entries=None):
    """A building, begun or gone on with."""
    progress = (lambda *said: heard.append(said)) if heard is not None else lambda *_: None
    return beside(old, f"sqlite:///{folder / PLACE}", progress, entries)


def everything(store):
    """All that a store holds, but the key that is made when it is first asked for."""
    tables = ("schema_version", "stream_heads", "stream_published", "upstream_heads", "upstream_digests", "blocks")
    rows = {name: sorted(store.query(f"SELECT * FROM {name}")) for name in tables}
    return rows | {"stored_events": store.query("SELECT * FROM stored_events ORDER BY 1, 2")}


@pytest.fixture
def store(tmp_path):
    store = opened(tmp_path)
    yield store
    store.close()


def standing(store):
    book = rebuild.Book(rebuild.looking_up(store, NAME), key=hash_key(store))
    keeping.top_up(store, NAME, book, ledger(store, NAME).head().position)
    return book.standing()


async def test_where_nothing_differs_it_goes_on_with_the_same_bytes(store, tmp_path):
    """
    Given scoring that has told what is so,
    when a store beside it takes over and reads on,
    then ledger and scores, old and further ones, are byte for byte those of a service that was left alone.
    """
    await take(Books(store), STATES[:300])
    store.set_published({f"scores/{NAME}": Published(1, 250, 3, 999)})
    heard = []

    build = begun(store, tmp_path, heard)
    (found,) = build.take_over(PLACE)
    build.new.close()
    new = opened(tmp_path, PLACE)
    await take(Books(new), STATES[300:])

    (tmp_path / "alone").mkdir()
    alone = opened(tmp_path / "alone")
    await take(Books(alone), STATES)
    assert (found.entries, found.differences, found.generation) == (300, [], None)
    assert heard[-1] == (NAME, 300, 300)
    assert list(scores(new, NAME).scan()) == list(scores(alone, NAME).scan())
    assert list(ledger(new, NAME).scan()) == list(ledger(alone, NAME).scan())
    assert new.followed_head("entries", NAME) == alone.followed_head("entries", NAME)
    assert new.published(f"scores/{NAME}") == Published(1, 250, 3, 999)
    assert hash_key(new) == hash_key(store)
    new.close()
    alone.close()


async def test_an_old_record_that_comes_again_with_other_bytes_is_still_a_fork(store, tmp_path):
    """What was read is known by its digest in the new store as in the old."""
    await take(Books(store), STATES)
    build = begun(store, tmp_path)
    build.compare()
    asked = ("entries", NAME, 1, 1)
    whole = store.query("SELECT digests FROM upstream_digests ORDER BY first")
    assert build.new.followed_digests(*asked) == (1, b"".join(row[0] for row in whole))
    build.new.close()


async def test_only_looked_at_nothing_of_the_old_store_changes(store, tmp_path):
    """Not a row of it, and the new one is not to be opened."""
    await take(Books(store), STATES)
    hash_key(store)
    before = everything(store)

    build = begun(store, tmp_path)
    (found,) = build.compare()
    build.new.close()

    assert (found.entries, found.differences) == (400, [])
    assert everything(store) == before
    with pytest.raises(Unfinished):
        opened(tmp_path, PLACE)


async def test_what_was_told_wrongly_is_told_anew_once_it_takes_over(store, tmp_path, monkeypatch):
    """
    Given an earlier program that told one indicator wrongly,
    when this one's store takes over,
    then it opens a newer generation with a snapshot at the head, and the old store's stream is as it was.
    """
    with monkeypatch.context() as earlier:
        miscounting(earlier)
        await take(Books(store), STATES)
    told = list(scores(store, NAME).scan())

    build = begun(store, tmp_path)
    (looked,) = build.compare()
    opening_before = scores(build.new, NAME).opening()
    (taken,) = build.take_over(PLACE)

    assert [each.part for each in looked.differences] == ["market M2"]
    assert opening_before == (1, 1)
    assert (taken.generation, scores(build.new, NAME).opening()) == (2, (2, 400))
    assert json.loads(scores(build.new, NAME).get(400))["data"]["snapshot"]
    assert list(scores(store, NAME).scan()) == told
    assert list(rebuild.rebuild(build.new, NAME).differences) == []
    build.new.close()


@pytest.mark.parametrize("after", [0, 1, 2])
async def test_broken_off_at_any_batch_it_goes_on_and_the_old_store_is_untouched(store, tmp_path, monkeypatch, after):
    """
    Given a rebuild that dies after some batches, the columns of which are kept as of a large ledger,
    when it is begun again,
    then it reads only what is missing, and ends as if it had not died; the old store is as before and reads on.
    """
    for module in (identities, keeping, rebuild):
        monkeypatch.setattr(module, "MANY", 50)
    await take(Books(store), STATES[:300])
    hash_key(store)
    before = everything(store)
    asked = []

    def entries(assessment, position):
        asked.append(position)
        for number, first in enumerate(range(position, 300, 100)):
            if len(asked) == 1 and number == after:
                raise KeyboardInterrupt
            yield STATES[first : min(first + 100, 300)]

    build = begun(store, tmp_path, entries=entries)
    with pytest.raises(KeyboardInterrupt):
        build.take_over(PLACE)
    build.new.close()
    assert everything(store) == before
    await take(Books(store), STATES[300:350])

    build = begun(store, tmp_path, entries=lambda _, position: [STATES[position:350]])
    (found,) = build.take_over(PLACE)

    assert (found.entries, found.differences) == (350, [])
    assert [state for states in ledger(build.new, NAME).scan() for state in states] == STATES[:350]
    assert standing(build.new) == standing(store)
    assert list(kept(build.new, NAME, 0))
    build.new.close()


async def test_killed_between_the_two_commits_it_is_finished_by_asking_again(store, tmp_path, monkeypatch):
    """The old store names its successor then, and that one is whole."""
    await take(Books(store), STATES)
    build = begun(store, tmp_path)
    monkeypatch.setattr(EventStore, "finish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        build.take_over(PLACE)
    monkeypatch.undo()

    assert store.taken_over() == PLACE
    assert scores(build.new, NAME).head() == scores(store, NAME).head()
    build.new.finish()
    build.new.close()
    opened(tmp_path, PLACE).close()


async def test_a_service_on_the_store_that_was_taken_over_tells_nothing_more(store, tmp_path):
    """Whatever it would derive of the next entries is not written; it answers what it has."""
    books = Books(store)
    await take(books, STATES[:300])
    held = store.followed_head("entries", NAME)
    begun(store, tmp_path).take_over(PLACE)
    store_followed = store.followed_head

    store.followed_head = lambda *_: held  # what it has in memory
    with pytest.raises(Conflict):
        await take(books, STATES[300:])
    store.followed_head = store_followed

    assert scores(store, NAME).head().position == 300
    assert (await books.get(NAME)).head == 300


async def test_a_copy_of_the_ledger_that_was_changed_is_not_built_from_but_intakes_is(store, tmp_path):
    """Given a stored entry that somebody changed, then it says where; from intake's ledger it is built all the same."""
    await take(Books(store), STATES)
    tamper(store)

    build = begun(store, tmp_path)
    with pytest.raises(BrokenLog, match=rf"Record 201 of ledger/{NAME}"):
        build.take_over(PLACE)
    build.new.close()
    assert store.taken_over() is None
    chassis.discard(f"sqlite:///{tmp_path / PLACE}", "scoring")

    build = begun(store, tmp_path, entries=lambda _, after: [STATES[after:]])
    (found,) = build.take_over(PLACE)
    assert (found.entries, found.differences) == (400, [])
    build.new.close()


async def test_another_ledger_than_scoring_has_read_is_not_built_from(store, tmp_path):
    """A source that is a chain, but leads elsewhere, is named; nothing takes over."""
    await take(Books(store), STATES)
    others = list(islice(synthetic.entries(500), 500))
    assert others[0] != STATES[0] or others[399] != STATES[399]

    build = begun(store, tmp_path, entries=lambda _, after: [others[after:]])
    with pytest.raises(BrokenLog, match="as scoring has read it"):
        build.take_over(PLACE)
    assert store.taken_over() is None
    build.new.close()
