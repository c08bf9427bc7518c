"""Scoring built anew: what it finds beside what it told, and a newer generation that readers take over."""

import asyncio
import json
from itertools import islice

import pytest

from benchmarks import synthetic
from services.ranking.handlers import Boards
from services.ranking.store import DDL as BOARDS
from services.scoring import handlers, rebuild
from services.scoring.handlers import Books
from services.scoring.store import DDL, LEDGER, VERSION, ledger, scores
from shared.chassis.rebuilding import BrokenLog
from shared.chassis.record import Record
from shared.chassis.store import Advance, EventStore, Statement
from shared.contracts.records import decode_record

NAME = synthetic.ASSESSMENT
STATES = list(islice(synthetic.entries(400), 400))


@pytest.fixture
def store(tmp_path):
    opened = EventStore.open(f"sqlite:///{tmp_path}/scoring.sqlite", "scoring", DDL, VERSION)
    yield opened
    opened.close()


async def take(books, states, upstream="entries", size=100, name=NAME):
    """Hand records to a service, as its reader does."""
    for first in range(0, len(states), size):
        records = [Record.read(state) for state in states[first : first + size]]
        head = books.store.followed_head(upstream, name)
        digests = tuple(record.digest for record in records)
        await books.handle(name, records, Advance(upstream, name, head, records[-1].head, digests))


def miscounting(monkeypatch):
    """A program that tells one unit one point too much."""
    told = handlers.outward.data

    def wrong(book, change):
        data = told(book, change)
        for each in data["changes"]:
            if each["unit"] == "market" and each["indicator"] == "M2" and each["after"]:
                each["after"] = each["after"] | {"exact": "99", "points": "99.00"}
        return data

    monkeypatch.setattr(handlers.outward, "data", wrong)


async def test_what_was_told_rightly_stays(store):
    """Given scoring that told what is so, when it is built anew, also to take over, then nothing differs or changes."""
    await take(Books(store), STATES)
    heard: list[int] = []

    found = rebuild.rebuild(store, NAME, take_over=True, progress=heard.append)

    assert (found.entries, list(found.differences), list(found.disputed)) == (400, [], [])
    assert found.generation is None
    assert heard[-1] == 400
    assert scores(store, NAME).opening() == (1, 1)


async def test_what_was_told_wrongly_is_named_and_changed_only_when_asked(store, monkeypatch):
    """
    Given an earlier program that told one indicator wrongly,
    when scoring is built anew,
    then just that is named, and nothing changes until it is told to take over.
    """
    with monkeypatch.context() as earlier:
        miscounting(earlier)
        await take(Books(store), STATES)

    looked = rebuild.rebuild(store, NAME)
    unchanged = scores(store, NAME).opening()
    taken = rebuild.rebuild(store, NAME, take_over=True)
    after = rebuild.rebuild(store, NAME)

    assert [each.part for each in looked.differences] == ["market M2"]
    assert looked.differences[0].told["exact"] == "99"
    assert looked.differences[0].found["exact"] != "99"
    assert unchanged == (1, 1)
    assert (taken.generation, scores(store, NAME).opening()) == (2, (2, 400))
    assert list(after.differences) == []


async def test_readers_go_on_from_the_snapshot(store, tmp_path, monkeypatch):
    """
    Given ranking that follows a stream told wrongly,
    when scoring is built anew and takes over, and then reads on,
    then ranking is given the snapshot and what follows, and its board is what scoring finds.
    """
    beside = EventStore.open(f"sqlite:///{tmp_path}/ranking.sqlite", "ranking", BOARDS)
    boards, books = Boards(beside), Books(store)
    with monkeypatch.context() as earlier:
        miscounting(earlier)
        await take(books, STATES[:300])
        await take(boards, scores(store, NAME).feed(1, 0, 1000), "scores")
    wrong = (await boards.get(NAME)).live()
    rebuild.rebuild(store, NAME, take_over=True)
    await take(books, STATES[300:])

    rest = scores(store, NAME).feed(1, 300, 1000)
    await take(boards, rest[:1], "scores")
    await take(boards, rest[1:], "scores")
    right = (await boards.get(NAME)).live()
    standing = (await books.get(NAME)).standing()
    beside.close()

    assert wrong["units"] != right["units"]
    assert [decode_record(each).position for each in rest] == list(range(300, 401))
    assert json.loads(rest[0])["data"]["snapshot"]
    assert [(unit["unit"], unit["rank"], unit["exact"]) for unit in right["units"]] == [
        (unit["unit"], unit["rank"], unit["exact"]) for unit in standing["units"]
    ]
    told = {(unit["unit"], name): each["exact"] for unit in right["units"] for name, each in unit["indicators"].items()}
    assert told == {
        (unit["unit"], name): each["exact"] for unit in standing["units"] for name, each in unit["indicators"].items()
    }


async def test_what_comes_meanwhile_is_read_too(store, monkeypatch):
    """Given a service that reads on while scoring is compared, then the newer generation opens where it ends then."""
    with monkeypatch.context() as earlier:
        miscounting(earlier)
        await take(Books(store), STATES[:300])
    compare, meanwhile = rebuild.differences, Books(store)

    def slowly(told, found):
        monkeypatch.setattr(rebuild, "differences", compare)
        asyncio.run_coroutine_threadsafe(take(meanwhile, STATES[300:]), loop).result(30)
        return compare(told, found)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(rebuild, "differences", slowly)

    taken = await asyncio.to_thread(rebuild.rebuild, store, NAME, take_over=True)

    assert (taken.entries, scores(store, NAME).opening()) == (400, (2, 400))


def tamper(store):
    """Change entry 200 where it is stored."""
    entry = json.loads(ledger(store, NAME).get(200))
    entry["time"] = "2020-07-01T00:00:01Z"
    changed = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    row = (changed, f"{LEDGER}/{NAME}@1")
    change = "UPDATE stored_events SET state = ? WHERE originator_id = ? AND originator_version = 200"
    store.commit(execute=[Statement(change, [row], touches=1)])


async def test_a_ledger_that_was_changed_is_not_built_from(store):
    """Given a stored entry that somebody changed, when scoring is built anew, then it says where and stops."""
    await take(Books(store), STATES)
    tamper(store)

    with pytest.raises(BrokenLog, match=r"Record 201 .* does not name the one before it"):
        rebuild.rebuild(store, NAME, take_over=True)
    assert scores(store, NAME).opening() == (1, 1)
