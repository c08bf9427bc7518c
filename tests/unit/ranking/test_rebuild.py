"""Ranking built anew from the stream of scores, in place and beside: compared, told anew only when asked."""

import asyncio
import json
from functools import cache

import pytest

from services.ranking import rebuild
from services.ranking.beside import beside
from services.ranking.domain import Board
from services.ranking.handlers import Boards
from services.ranking.store import DDL, VERSION, load, standings
from services.scoring.domain.book import Book
from services.scoring.handlers import said
from services.scoring.rebuild import snapshot
from shared.chassis.rebuilding import BrokenLog
from shared.chassis.store import Conflict, EventStore, Unfinished
from shared.contracts.canonical import leaf_hash
from shared.contracts.entries import decode_entry
from shared.contracts.records import decode_record
from tests.unit.scoring.test_rebuild import NAME, STATES, take

PLACE = "ranking.2.sqlite"


@cache
def scored():
    """The scores of the entries, and the snapshot that opens a newer generation at 300 with those behind it."""
    book, records, newer = Book(), [], []
    for state in STATES:
        change = book.apply(decode_entry(state))
        records.append(said(book, change, 1, leaf_hash(records[-1]) if records else None))
        if newer:
            newer.append(said(book, change, 2, leaf_hash(newer[-1])))
        if change.position == 300:
            newer.append(snapshot(book, 2))
    return records, newer


def feed(until=400, generation=1, size=70):
    """Scoring's feed, as far as a position."""

    def read(_assessment, known, after):
        records, newer = scored()
        if generation == 1:
            return records[after : min(after + size, until)]
        return newer[: until - 299] if known == 1 else newer[after - 299 : until - 299]

    return read


def opened(folder, name="ranking.sqlite"):
    return EventStore.open(f"sqlite:///{folder / name}", "ranking", DDL, VERSION)


@pytest.fixture
def store(tmp_path):
    store = opened(tmp_path)
    yield store
    store.close()


def misranking(monkeypatch):
    """A program that ranks everybody first."""
    rank = Board._rank

    def wrong(board):
        rank(board)
        for row in board.rows.values():
            row.rank = 1

    monkeypatch.setattr(Board, "_rank", wrong)


def told(store):
    return [state for states in store.stream(standings(NAME)).scan() for state in states]


def shown(store):
    return load(store, NAME).public()


async def test_what_was_shown_rightly_stays(store):
    """Given ranking that showed what is so, when it is built anew, then nothing differs, and nothing is told."""
    await take(Boards(store), scored()[0], "scores")
    before, heard = shown(store), []

    found = rebuild.rebuild(store, NAME, feed(), take_over=True, progress=heard.append)

    assert (found.entries, found.differences, found.generation) == (400, [], None)
    assert heard[-1] == 400
    assert shown(store) == before
    assert store.stream(standings(NAME)).opening() == (1, 1)


async def test_a_newer_generation_of_scores_is_followed(store):
    """Given scores that were told anew, when ranking has read on and is built anew, then nothing differs."""
    records, newer = scored()
    boards = Boards(store)
    await take(boards, records[:310], "scores")
    await take(boards, newer[:1], "scores")
    await take(boards, newer[1:], "scores")

    found = rebuild.rebuild(store, NAME, feed(generation=2))

    assert store.stream(standings(NAME)).opening() == (2, 300)
    assert (found.entries, found.differences) == (400, [])


async def test_what_was_shown_wrongly_is_named_and_changed_only_when_asked(store, monkeypatch):
    """
    Given an earlier program that ranked wrongly,
    when ranking is built anew,
    then what differs is named and nothing changes until it is told to take over; then a newer generation opens with
    every unit as it is found, and a service that runs meanwhile goes on in it.
    """
    boards = Boards(store)
    with monkeypatch.context() as earlier:
        misranking(earlier)
        await take(boards, scored()[0][:300], "scores")
    wrong = told(store)

    looked = rebuild.rebuild(store, NAME, feed(300))
    unchanged = told(store)
    taken = rebuild.rebuild(store, NAME, feed(300), take_over=True)
    opening = json.loads(told(store)[0])
    await take(boards, scored()[0][300:], "scores")
    after = rebuild.rebuild(store, NAME, feed())

    assert {each.part.split()[1] for each in looked.differences} == {"shown", "told"}
    assert unchanged == wrong
    assert (taken.generation, store.stream(standings(NAME)).opening()) == (2, (2, 300))
    assert opening["data"]["snapshot"]
    assert opening["data"]["cause"] == json.loads(scored()[0][299])["data"]["cause"]
    assert max(each["rank"]["after"] for each in opening["data"]["changes"]) > 1
    assert [decode_record(each).position for each in told(store)] == list(range(300, 401))
    assert (after.entries, after.differences) == (400, [])
    assert (await boards.get(NAME)).generation == 2


async def test_an_entry_that_comes_in_meanwhile_is_not_lost(store, monkeypatch):
    """Given ranking that reads on while it is compared, then the newer generation opens where it stands then."""
    with monkeypatch.context() as earlier:
        misranking(earlier)
        await take(Boards(store), scored()[0][:300], "scores")
    compare, boards, loop = rebuild.compared, Boards(store), asyncio.get_running_loop()

    def slowly(found, shown, told):
        monkeypatch.setattr(rebuild, "compared", compare)
        with monkeypatch.context() as earlier:
            misranking(earlier)
            asyncio.run_coroutine_threadsafe(take(boards, scored()[0][300:], "scores"), loop).result(30)
        return compare(found, shown, told)

    monkeypatch.setattr(rebuild, "compared", slowly)

    taken = await asyncio.to_thread(rebuild.rebuild, store, NAME, feed(), take_over=True)

    assert (taken.entries, store.stream(standings(NAME)).opening()) == (400, (2, 400))


async def test_ranking_that_lags_behind_a_newer_generation_is_told_to_read_on(store):
    """It cannot be compared with what it has not read."""
    await take(Boards(store), scored()[0][:310], "scores")

    with pytest.raises(BrokenLog, match="let ranking read on"):
        rebuild.rebuild(store, NAME, feed(generation=2), take_over=True)


@pytest.mark.parametrize("until", [0, 250])
async def test_scores_that_end_before_ranking_does_are_not_built_from(store, until):
    """Another scoring than the one that ranking read, say one put back from a backup."""
    await take(Boards(store), scored()[0], "scores")

    with pytest.raises(BrokenLog, match="do not lead to record 400"):
        rebuild.rebuild(store, NAME, feed(until), take_over=True)


async def test_beside_where_nothing_differs_it_goes_on_with_the_same_bytes(store, tmp_path):
    """
    Given ranking that has read to 300,
    when a store beside it takes over and reads on,
    then standings and board are those of a service that was left alone, to the last move of each unit, and the old one
    takes in nothing more, whatever generation comes.
    """
    records, newer = scored()
    boards = Boards(store)
    await take(boards, records[:300], "scores")
    held = store.followed_head("scores", NAME)

    build = beside(store, f"sqlite:///{tmp_path / PLACE}", lambda *_: None, feed())
    (looked,) = build.compare()
    with pytest.raises(Unfinished):
        opened(tmp_path, PLACE)
    (found,) = build.take_over(PLACE)
    build.new.close()
    new = opened(tmp_path, PLACE)
    await take(Boards(new), records[300:], "scores")

    (tmp_path / "alone").mkdir()
    alone = opened(tmp_path / "alone")
    await take(Boards(alone), records, "scores")
    assert looked == found
    assert (found.entries, found.differences, found.generation) == (300, [], None)
    assert told(new) == told(alone)
    assert load(new, NAME) == load(alone, NAME)
    assert new.followed_head("scores", NAME) == alone.followed_head("scores", NAME)
    for states in (records[300:], newer[:1]):
        store.followed_head = lambda *_: held
        with pytest.raises(Conflict):
            await take(boards, states, "scores")
    new.close()
    alone.close()


async def test_beside_what_was_shown_wrongly_is_told_anew(store, tmp_path, monkeypatch):
    """The new store opens a newer generation; the old one is as it was."""
    with monkeypatch.context() as earlier:
        misranking(earlier)
        await take(Boards(store), scored()[0], "scores")
    before = told(store), shown(store)

    build = beside(store, f"sqlite:///{tmp_path / PLACE}", lambda *_: None, feed())
    (found,) = build.take_over(PLACE)
    build.new.close()
    new = opened(tmp_path, PLACE)

    assert found.generation == 2
    assert new.stream(standings(NAME)).opening() == (2, 400)
    assert load(new, NAME).generation == 2
    assert (told(store), shown(store)) == before
    assert rebuild.rebuild(new, NAME, feed()).differences == []
    new.close()


async def test_beside_broken_off_it_goes_on(store, tmp_path):
    """Given a try that died in the middle, when it is begun again, then it asks for what is missing alone."""
    await take(Boards(store), scored()[0], "scores")
    asked = []

    def dying(assessment, generation, after):
        if after >= 140:
            raise KeyboardInterrupt
        return feed()(assessment, generation, after)

    def counted(assessment, generation, after):
        asked.append(after)
        return feed()(assessment, generation, after)

    build = beside(store, f"sqlite:///{tmp_path / PLACE}", lambda *_: None, dying)
    with pytest.raises(KeyboardInterrupt):
        build.take_over(PLACE)
    build.new.close()
    assert store.taken_over() is None

    build = beside(store, f"sqlite:///{tmp_path / PLACE}", lambda *_: None, counted)
    (found,) = build.take_over(PLACE)

    assert (asked[0], found.entries, found.differences) == (140, 400, [])
    assert load(build.new, NAME) == load(store, NAME)
    build.new.close()
