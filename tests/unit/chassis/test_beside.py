"""A store built beside the one in use: who may open which, and the one commit that lets it take over."""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from shared.chassis import beside, wiring
from shared.chassis.beside import FAR, Beside, copied, discard, followed, next_file, place_of
from shared.chassis.rebuilding import BrokenLog, Difference, Rebuilt
from shared.chassis.store import (
    Advance,
    Append,
    Conflict,
    EventStore,
    Head,
    NoStore,
    Published,
    TakenOver,
    Unfinished,
    WrongStore,
)
from shared.contracts.entries import leaf_hash
from tests.builders import chain, record_bytes
from tests.unit.chassis.test_follower import ENTRIES, room

SCORES = chain(12, "a")


def url(folder, name="scoring.sqlite"):
    return f"sqlite:///{folder / name}"


def take(store, first, last, assessment="a"):
    """Read entries as a service does: one record of scores for each."""
    expected = store.followed_head("entries", assessment)
    states = SCORES[first - 1 : last]
    new = Head(1, last, leaf_hash(states[-1]))
    follow = Advance("entries", assessment, expected, new, tuple(map(leaf_hash, states)))
    store.commit(follow=follow, append=[Append(f"scores/{assessment}", first, states)])


class Copying:
    """A part that finds just what was told, or something else."""

    def __init__(self, old, new, assessment, differs=False):
        self.old, self.new, self.assessment, self.differs = old, new, assessment, differs
        self.stream = f"scores/{assessment}"

    def catch_up(self, head):
        copied(self.old, self.new, self.stream, head.position)
        known = self.new.followed_head("entries", self.assessment)
        if known != head:
            self.new.commit(follow=Advance("entries", self.assessment, known, head))

    def result(self):
        head = self.new.followed_head("entries", self.assessment)
        found = [Difference("market M1", "1", "2")] if self.differs else []
        return Rebuilt(self.assessment, head.position, found)

    def tell(self):
        head = self.new.stream(self.stream).head()
        opening = record_bytes(
            self.assessment, head.position, None, generation=head.generation + 1, data={"snapshot": True}
        )
        self.new.commit(append=[Append(self.stream, head.position, [opening], head.generation + 1)])
        return head.generation + 1


@pytest.fixture
def old(tmp_path):
    store = EventStore.open(url(tmp_path), "scoring")
    take(store, 1, 8)
    yield store
    store.close()


@pytest.fixture
def new(tmp_path):
    store = EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring", building=True)
    yield store
    store.close()


def building(old, new, differs=False):
    far = lambda head: head._replace(position=FAR)  # noqa: E731
    return Beside(old, new, "entries", lambda each: Copying(old, new, each, differs), far)


def before_it_is_held(monkeypatch, happen):
    """Let something happen once all is copied, before the old store is held."""
    catch_up = Beside.catch_up

    def first(self):
        catch_up(self)
        monkeypatch.setattr(Beside, "catch_up", catch_up)
        happen()

    monkeypatch.setattr(Beside, "catch_up", first)


def told(store, assessment="a"):
    return [bytes(state) for states in store.stream(f"scores/{assessment}").scan() for state in states]


def test_a_store_that_is_being_built_is_nobodys_to_open(new, tmp_path):
    """Whoever is to run on it waits; whoever builds it opens it again, until it is finished."""
    with pytest.raises(Unfinished, match="still being built"):
        EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring")
    EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring", building=True).close()

    new.finish()

    EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring").close()
    take(new, 1, 1)
    with pytest.raises(WrongStore, match="name an empty database"):
        EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring", building=True)


def test_tables_that_were_made_and_hold_nothing_can_be_built_in(tmp_path):
    """`merit migrate` may have been there before."""
    EventStore.open(url(tmp_path), "scoring").close()

    EventStore.open(url(tmp_path), "scoring", building=True).close()

    with pytest.raises(Unfinished):
        EventStore.open(url(tmp_path), "scoring")


def test_a_building_of_another_version_is_not_gone_on_with(tmp_path):
    """It says to begin anew, and `discard` does."""
    EventStore.open(url(tmp_path), "scoring", version=2, building=True).close()

    with pytest.raises(WrongStore, match="begin it anew"):
        EventStore.open(url(tmp_path), "scoring", version=3, building=True)

    discard(url(tmp_path), "scoring")
    EventStore.open(url(tmp_path), "scoring", version=3, building=True).close()


def test_only_what_was_never_finished_is_discarded(old, tmp_path):
    """The store in use is not; one that is not there needs nothing."""
    with pytest.raises(WrongStore, match="in use"):
        discard(url(tmp_path), "scoring")
    discard(url(tmp_path, "none.sqlite"), "scoring")

    assert told(old) == SCORES[:8]


def test_looking_at_a_store_makes_and_changes_nothing(tmp_path):
    """None is made where none is; an earlier version stays one; a newer one, and another service's, is named."""
    with pytest.raises(NoStore):
        EventStore.peek(url(tmp_path), "scoring", 1)
    assert not (tmp_path / "scoring.sqlite").exists()

    EventStore.open(url(tmp_path), "scoring", version=2).close()
    looked = EventStore.peek(url(tmp_path), "scoring", 3)
    assert looked.versions()["scoring"] == 2
    looked.close()
    with pytest.raises(WrongStore, match="newer program"):
        EventStore.peek(url(tmp_path), "scoring", 1)
    with pytest.raises(NoStore):
        EventStore.peek(url(tmp_path), "ranking", 1)


def test_where_nothing_differs_the_new_store_holds_what_was_told(old, new, tmp_path):
    """
    Given a store that was read to 8,
    when one beside it takes over,
    then that has the same records and heads and says the broker knows the same, the old one says who took over and is
    opened no more, and its generation is no other.
    """
    old.set_published({"scores/a": Published(1, 5, 2, 40)})

    (found,) = building(old, new).take_over("scoring.2.sqlite")

    assert found == Rebuilt("a", 8, [])
    assert told(new) == SCORES[:8]
    assert new.stream("scores/a").head() == Head(1, 8, leaf_hash(SCORES[7]))
    assert new.followed_head("entries", "a") == Head(1, 8, leaf_hash(SCORES[7]))
    assert new.published("scores/a") == Published(1, 5, 2, 40)
    assert old.taken_over() == "scoring.2.sqlite"
    with pytest.raises(TakenOver, match=r"scoring\.2\.sqlite"):
        EventStore.open(url(tmp_path), "scoring")
    EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring").close()
    assert followed(url(tmp_path), "scoring", 1) == url(tmp_path, "scoring.2.sqlite")


def test_a_store_that_was_taken_over_takes_in_nothing_more(old, new):
    """Neither the next entry of what it has read, nor the first of what it has not; what it told stays to be read."""
    writer = EventStore.open(f"sqlite:///{old.recorder.datastore.pool.db_name}", "scoring")
    head = writer.followed_head("entries", "a")
    building(old, new).take_over("scoring.2.sqlite")

    for follow in (
        Advance("entries", "a", head, Head(1, 9, leaf_hash(SCORES[8]))),
        Advance("entries", "b", None, Head(1, 1, leaf_hash(SCORES[0]))),
    ):
        with pytest.raises(Conflict):
            writer.commit(follow=follow, append=[Append("scores/b", 1, SCORES[:1])])
    assert told(writer) == SCORES[:8]
    assert told(writer, "b") == []
    writer.close()


@pytest.mark.parametrize("differs", [False, True])
def test_an_entry_that_comes_in_at_the_last_moment_is_taken_over_too(old, new, differs, monkeypatch):
    """
    Given a service that reads on just before it is taken over,
    then nothing is told of what was compared before; it is compared once more, and the newer generation opens where
    the old store stands then.
    """
    before_it_is_held(monkeypatch, lambda: take(old, 9, 9))

    (found,) = building(old, new, differs).take_over("scoring.2.sqlite")

    assert (found.entries, found.generation) == (9, 2 if differs else None)
    assert new.stream("scores/a").opening() == ((2, 9) if differs else (1, 1))
    assert new.stream("scores/a").read(generation=1) == SCORES[:9]


def test_a_service_that_reads_on_is_held_until_it_was_taken_over(old, new, tmp_path):
    """
    Given a service that writes all the time,
    when another store takes over, then the service waits, is told that it came too late, and nothing of it is lost or
    told twice.
    """
    service = EventStore.open(url(tmp_path), "scoring")
    looks, refused = count(), []

    class Slow(Copying):
        def result(self):
            if next(looks) == 1:  # the second time it is held
                refused.append(pool.submit(take, service, 9, 9))
                time.sleep(0.3)
                assert not refused[0].done()
            return super().result()

    with ThreadPoolExecutor(1) as pool:
        held = Beside(old, new, "entries", lambda each: Slow(old, new, each), lambda head: head._replace(position=FAR))
        (found,) = held.take_over("scoring.2.sqlite")
        with pytest.raises(Conflict):
            refused[0].result(30)

    assert found.entries == 8
    assert told(new) == told(service) == SCORES[:8]
    service.close()


def test_a_take_over_that_fails_leaves_the_old_store_free(old, new, monkeypatch):
    """Whatever goes wrong while it is held: it is not marked, and reads on."""
    monkeypatch.setattr(Copying, "result", lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        building(old, new).take_over("scoring.2.sqlite")

    assert old.taken_over() is None
    assert old.query("SELECT name FROM sqlite_master WHERE type = 'trigger'") == []
    take(old, 9, 10)
    assert told(old) == SCORES[:10]


def test_an_assessment_that_is_opened_at_the_last_moment_is_taken_over_too(old, new, monkeypatch):
    """Nothing is left behind in the old store."""
    before_it_is_held(monkeypatch, lambda: take(old, 1, 3, "b"))

    found = building(old, new).take_over("scoring.2.sqlite")

    assert [each.assessment for each in found] == ["a", "b"]
    assert told(new, "b") == SCORES[:3]


def test_a_newer_generation_of_the_old_store_is_noticed(old, new, monkeypatch):
    """Scoring told anew in its own store between the last look and the taking over: that is copied, not lost."""
    opening = record_bytes("a", 8, None, generation=2, data={"snapshot": True})
    before_it_is_held(monkeypatch, lambda: old.commit(append=[Append("scores/a", 8, [opening], 2)]))

    building(old, new).take_over("scoring.2.sqlite")

    assert new.stream("scores/a").opening() == (2, 8)
    assert told(new) == [opening]


def test_what_was_told_too_early_is_taken_back_by_the_next_try(old, new):
    """Given a try that died once the new store had its newer generation, when the next compares, then it is gone."""
    build = building(old, new, differs=True)
    build.catch_up()
    build.parts["a"].tell()

    (found,) = building(old, new, differs=True).compare()

    assert found.generation is None
    assert told(new) == SCORES[:8]
    assert old.taken_over() is None


def test_broken_off_a_copy_goes_on_where_it_was(old, new):
    """What is there is not copied again, and must be of the same history."""
    copied(old, new, "scores/a", 3)
    assert told(new) == SCORES[:3]
    copied(old, new, "scores/a", 8)
    assert told(new) == SCORES[:8]


def test_what_was_told_anew_beyond_that_is_left_for_the_next_time(old, new):
    """A newer generation that opens behind the place that is copied to is not begun."""
    take(old, 9, 9)
    opening = record_bytes("a", 9, None, generation=2, data={"snapshot": True})
    old.commit(append=[Append("scores/a", 9, [opening], 2)])

    copied(old, new, "scores/a", 8)
    assert told(new) == []
    copied(old, new, "scores/a", 9)
    assert told(new) == [opening]


def test_a_copy_of_another_history_is_not_gone_on_with(old, new):
    """It says which record, and to begin anew."""
    other = chain(2, "another")
    new.commit(append=[Append("scores/a", 1, other)])

    with pytest.raises(BrokenLog, match=r"Record 3 of scores/a .* begin anew"):
        copied(old, new, "scores/a", 8)


def test_the_names_of_stores_tell_no_secret(tmp_path):
    """A file beside by its name, one elsewhere by its path, a database by host and name."""
    own = url(tmp_path)
    assert place_of(url(tmp_path, "scoring.2.sqlite"), own) == "scoring.2.sqlite"
    assert place_of("sqlite:////elsewhere/s.sqlite", own) == "/elsewhere/s.sqlite"
    assert place_of("postgresql://scoring:s3cret@db:5432/green?sslmode=require", own) == "db:5432/green"


def test_a_number_is_taken_once_and_gone_on_with_until_it_is_finished(old, tmp_path):
    """`scoring.2.sqlite` while it is being built, `scoring.3.sqlite` once it was finished."""
    assert next_file(url(tmp_path)) == url(tmp_path, "scoring.2.sqlite")
    (tmp_path / "scoring.2.sqlite").touch()  # killed before anything was in it
    assert next_file(url(tmp_path)) == url(tmp_path, "scoring.2.sqlite")
    store = EventStore.open(url(tmp_path, "scoring.2.sqlite"), "scoring", building=True)
    assert next_file(url(tmp_path)) == url(tmp_path, "scoring.2.sqlite")
    store.finish()
    store.close()
    assert next_file(url(tmp_path)) == url(tmp_path, "scoring.3.sqlite")


def test_a_file_takes_the_place_of_another_at_one_stroke(tmp_path):
    """The one before is kept; where somebody has it open nothing is moved."""
    own, by = tmp_path / "scoring.sqlite", tmp_path / "scoring.2.sqlite"
    for file, what in ((own, "old"), (by, "new")):
        with sqlite3.connect(file) as made:
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("CREATE TABLE t (what TEXT)")
            made.execute("INSERT INTO t VALUES (?)", (what,))
        made.close()
    holder = sqlite3.connect(own)
    holder.execute("SELECT * FROM t").fetchall()

    beside.sqlite.take_place(own, by)
    assert by.exists()
    holder.close()
    beside.sqlite.take_place(own, by)

    assert not by.exists()
    for file, what in ((own, "new"), (tmp_path / "scoring.sqlite.before", "old")):
        with sqlite3.connect(file) as read:
            assert read.execute("SELECT what FROM t").fetchall() == [(what,)]
        read.close()


async def test_a_reader_of_a_stream_goes_on_in_the_store_that_takes_over(tmp_path):
    """
    Given a service whose store is taken over while it reads,
    when entries come in before it has noticed, and it then adopts the new store,
    then it parks nothing meanwhile, and every entry is there once, in order.
    """
    async with room(tmp_path, ENTRIES[:5]) as scoring, scoring.follower() as follower:
        store = scoring.store
        loop = asyncio.get_running_loop()
        store.adopted.append(lambda: loop.call_soon_threadsafe(follower.again))
        await follower.sweep()
        await follower.settled()
        new = EventStore.open(url(tmp_path, "own.2.sqlite"), "scoring", building=True)
        old = EventStore.peek(url(tmp_path, "own.sqlite"), "scoring", 1)
        head = old.followed_head("entries", "a")
        new.commit(
            follow=Advance("entries", "a", None, head), append=[Append("scores/a", 1, [b"1", b"2", b"3", b"4", b"5"])]
        )
        old.settle(building(old, new).seal("own.2.sqlite"))
        new.finish()

        await follower.offer(ENTRIES[5:8])
        await follower.settled()
        assert scoring.copied() == [1, 2, 3, 4, 5]
        assert scoring.health.parked == {}

        scoring.upstream.store.commit(append=[Append("entries/a", 6, ENTRIES[5:8])])
        await store.run(store.adopt, new)
        await asyncio.sleep(0.05)
        await follower.settled()
        await follower.offer(ENTRIES[8:])
        await follower.settled()

        assert scoring.copied() == list(range(1, 13))
        assert store.followed_head("entries", "a").position == 12
        assert scoring.health.parked == {}
        old.close()


def test_a_seal_that_comes_too_late_changes_nothing(old, new):
    """The old store has no mark, and is read on."""
    build = building(old, new)
    build.catch_up()
    take(old, 9, 9)

    with pytest.raises(Conflict):
        old.settle(build.seal("scoring.2.sqlite"))

    assert old.taken_over() is None
    assert old.followed_head("entries", "a").position == 9
    take(old, 10, 10)
    assert told(old) == SCORES[:10]


def test_of_stores_that_took_over_one_after_the_other_the_last_is_gone_on_from(old, new, tmp_path, monkeypatch):
    """
    Given a store that another took over, and that one a third, before the service has looked;
    when it looks, and a fourth takes over between its finding the third and opening it,
    then it goes on from the fourth.
    """
    building(old, new).take_over("scoring.2.sqlite")

    def taken_over_by(number, store):
        later = EventStore.open(url(tmp_path, f"scoring.{number}.sqlite"), "scoring", building=True)
        building(store, later).take_over(f"scoring.{number}.sqlite")
        return later

    third = taken_over_by(3, new)
    found = wiring.followed

    def meanwhile(*words):
        place = found(*words)
        monkeypatch.setattr(wiring, "followed", found)
        taken_over_by(4, third).close()
        return place

    monkeypatch.setattr(wiring, "followed", meanwhile)
    last = wiring.last_in_line(url(tmp_path), "scoring", (), 1)

    assert last.taken_over() is None
    assert old.taken_over() == "scoring.2.sqlite"
    assert third.taken_over() == "scoring.4.sqlite"
    assert told(last) == SCORES[:8]
    last.close()
    third.close()
