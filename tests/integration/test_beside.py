"""A store built beside another on PostgreSQL: what differs there from files is how writers are held and refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from shared.chassis.beside import FAR, Beside, discard, followed, is_unfinished, place_of
from shared.chassis.rebuilding import Rebuilt
from shared.chassis.store import Advance, Append, Conflict, EventStore, Head, NoStore, TakenOver, Unfinished
from shared.contracts.entries import leaf_hash
from tests.integration import containers
from tests.unit.chassis.test_beside import SCORES, Copying, take, told


@pytest.fixture
def stores(database):
    """The one in use, on a database of its own, a writer beside it, and the one that is being built."""
    green = containers.postgres().database()
    old, service = EventStore.open(database, "scoring"), EventStore.open(database, "scoring")
    take(old, 1, 8)
    new = EventStore.open(green, "scoring", building=True)
    yield old, service, new, green
    for store in (old, service, new):
        store.close()


def far(head):
    return head._replace(position=FAR)


def test_a_store_that_was_taken_over_takes_in_nothing_more(stores, database):
    """Neither the next entry of what it has read, nor the first of what it has not; nobody opens it again."""
    old, service, new, green = stores
    head, place = service.followed_head("entries", "a"), place_of(green, database)

    (found,) = Beside(old, new, "entries", lambda each: Copying(old, new, each), far).take_over(place)

    for follow in (
        Advance("entries", "a", head, Head(1, 9, leaf_hash(SCORES[8]))),
        Advance("entries", "b", None, Head(1, 1, leaf_hash(SCORES[0]))),
    ):
        with pytest.raises(Conflict):
            service.commit(follow=follow, append=[Append("scores/b", 1, SCORES[:1])])
    assert found == Rebuilt("a", 8, [])
    assert told(service) == told(new) == SCORES[:8]
    assert told(service, "b") == []
    with pytest.raises(TakenOver, match=place.rpartition("/")[2]):
        EventStore.open(database, "scoring")
    with pytest.raises(TakenOver):
        followed(database, "scoring", 1)
    EventStore.open(green, "scoring").close()


def test_a_service_that_reads_on_is_held_until_it_was_taken_over(stores):
    """It waits, is told that it came too late, and nothing of it is lost or told twice; readers do not wait."""
    old, service, new, _ = stores
    looks, refused = count(), []

    class Slow(Copying):
        def result(self):
            if next(looks) == 1:  # the second time it is held
                late = (9, 9, "a"), (1, 1, "b")
                refused.extend(pool.submit(take, service, *each) for each in late)
                time.sleep(0.5)
                assert not any(each.done() for each in refused)
                assert told(service) == SCORES[:8]
            return super().result()

    with ThreadPoolExecutor(2) as pool:
        found = Beside(old, new, "entries", lambda each: Slow(old, new, each), far).take_over("green")
        for each in refused:
            with pytest.raises(Conflict):
                each.result(30)

    assert [(each.assessment, each.entries) for each in found] == [("a", 8)]
    assert told(new) == told(service) == SCORES[:8]


def test_a_take_over_that_fails_leaves_the_old_store_free(stores, monkeypatch):
    """Whatever goes wrong while it is held: it is not marked, and reads on, also what it has not read before."""
    old, service, new, _ = stores
    monkeypatch.setattr(Copying, "tell", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        Beside(old, new, "entries", lambda each: Copying(old, new, each, differs=True), far).take_over("green")

    assert old.taken_over() is None
    take(service, 9, 10)
    take(service, 1, 2, "b")
    assert told(service) == SCORES[:10]


def test_what_was_never_finished_is_dropped(stores):
    """The schema goes, and another may be begun there; who is to run on it waits until then."""
    _, _, new, green = stores
    with pytest.raises(Unfinished):
        EventStore.open(green, "scoring")
    assert is_unfinished(green, "scoring")

    new.close()
    discard(green, "scoring")

    with pytest.raises(NoStore):
        EventStore.peek(green, "scoring", 1)
    EventStore.open(green, "scoring", building=True).close()
