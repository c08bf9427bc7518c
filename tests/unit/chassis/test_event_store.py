import sqlite3
import subprocess
import sys
import threading
from collections import Counter

import pytest

from shared.chassis.errors import CannotStart
from shared.chassis.store import (
    Advance,
    Append,
    Conflict,
    EventStore,
    Head,
    Published,
    Statement,
    StoreFull,
    WrongStore,
)
from shared.contracts.entries import leaf_hash
from tests.builders import chain

NOTES = ["CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT)"]


def opened(folder, service="scoring", name="store.sqlite", **more) -> EventStore:
    return EventStore.open(f"sqlite:///{folder / name}", service, NOTES, **more)


def note(name: str, text: str = "") -> Statement:
    return Statement("INSERT INTO notes (name, text) VALUES (?, ?)", [(name, text)])


def test_everything_of_a_transaction_is_there_after_reopening(tmp_path):
    """Records, head, upstream head and own rows are written together and found again."""
    first, second = chain(2)
    head = Head(1, 2, leaf_hash(second))
    store = opened(tmp_path)

    store.commit(
        follow=Advance("entries", "a", None, head, (leaf_hash(first), leaf_hash(second))),
        append=[Append("scores/a", 1, [first, second])],
        execute=[note("x", "y")],
    )
    store.close()
    store = opened(tmp_path)

    assert store.stream("scores/a").read() == [first, second]
    assert store.stream("scores/a").head() == head
    assert store.stream("scores/a").get(2) == second
    assert store.stream("scores/a").get(3) is None
    assert store.followed_head("entries", "a") == head
    assert store.query("SELECT text FROM notes WHERE name = ?", ("x",)) == [("y",)]
    assert store.assessments("scores") == ["a"]
    store.close()


@pytest.mark.parametrize("first", [1, 2, 4], ids=["again", "inside", "beyond"])
def test_a_position_that_is_not_the_next_is_a_conflict_and_writes_nothing(tmp_path, first):
    """Positions are gap-free and never written twice, whatever else is in the transaction."""
    store = opened(tmp_path)
    store.commit(append=[Append("entries/a", 1, chain(2))])

    with pytest.raises(Conflict):
        store.commit(
            append=[Append("entries/b", 1, chain(1)), Append("entries/a", first, chain(1))], execute=[note("x")]
        )

    assert store.stream("entries/a").read() == chain(2)
    assert store.stream("entries/b").head() is None
    assert store.query("SELECT * FROM notes") == []
    store.close()


def test_an_upstream_moves_on_only_from_where_it_is_expected(tmp_path):
    """Compare-and-set on generation, position and digest: a second reader of the same record writes nothing."""
    store = opened(tmp_path)
    one, two, other = Head(1, 1, "sha256:01"), Head(1, 2, "sha256:02"), Head(1, 1, "sha256:ff")
    store.commit(follow=Advance("entries", "a", None, one))

    for expected in (None, other, two):
        with pytest.raises(Conflict):
            store.commit(follow=Advance("entries", "a", expected, two), execute=[note("x")])
    store.commit(follow=Advance("entries", "a", one, two))

    assert store.followed_head("entries", "a") == two
    assert store.query("SELECT * FROM notes") == []
    store.close()


def test_a_violated_constraint_is_a_conflict(tmp_path):
    """An identity that is there already stops the whole transaction, the entry included."""
    store = opened(tmp_path)
    store.commit(execute=[note("x")])

    with pytest.raises(Conflict):
        store.commit(append=[Append("entries/a", 1, chain(1))], execute=[note("x")])
    with pytest.raises(Conflict):
        store.commit(execute=[Statement("UPDATE notes SET text = ? WHERE name = ?", [("t", "none")], touches=1)])

    assert store.stream("entries/a").head() is None
    store.close()


def test_a_newer_generation_opens_anywhere_and_ends_the_older(tmp_path):
    """After a rebuild the stream goes on from its snapshot; a writer of the old generation is fenced off."""
    store = opened(tmp_path)
    old, new = chain(5, "a"), chain(2, "a", after=6, generation=2)
    store.commit(append=[Append("scores/a", 1, old)])
    store.commit(append=[Append("scores/a", 7, new[:1], generation=2)])
    store.commit(append=[Append("scores/a", 8, new[1:], generation=2)])

    with pytest.raises(Conflict):
        store.commit(append=[Append("scores/a", 6, chain(1), generation=1)])
    with pytest.raises(Conflict):
        store.commit(append=[Append("scores/a", 10, chain(1), generation=2)])

    stream = store.stream("scores/a")
    assert stream.head() == Head(2, 8, leaf_hash(new[1]))
    assert stream.feed(1, 5, 10) == new
    assert stream.feed(2, 7, 10) == new[1:]
    assert stream.feed(3, 0, 10) == []
    assert [record for part in stream.scan() for record in part] == new
    store.close()


def test_the_relays_cursor_never_moves_back(tmp_path):
    """A slower relay beside another one cannot undo what that one had confirmed."""
    store = opened(tmp_path)
    store.commit(append=[Append("scores/a", 1, chain(9))])

    store.set_published({"scores/a": Published(1, 7, 0, 70)})
    store.set_published({"scores/a": Published(1, 3, 0, 30)})

    assert store.published("scores/a") == Published(1, 7, 0, 70)
    assert [(name, head.position, cursor.position) for name, head, cursor in store.unpublished("scores")] == [
        ("scores/a", 9, 7)
    ]
    store.set_published({"scores/a": Published(1, 9, 0, 90)})
    assert store.unpublished("scores") == []
    store.close()


def test_writers_racing_on_one_file_leave_no_gap_and_no_double(tmp_path):
    """Two stores on one file append to one stream: every position once, each by one of them."""
    stores = [opened(tmp_path), opened(tmp_path)]
    won = Counter()

    def race(me: int) -> None:
        stream = stores[me].stream("entries/a")
        while (position := head.position if (head := stream.head()) else 0) < 60:
            try:
                stores[me].commit(append=[Append("entries/a", position + 1, [f"{me} {position + 1}".encode()])])
                won[me] += 1
            except Conflict:
                won["conflict"] += 1

    threads = [threading.Thread(target=race, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    written = stores[0].stream("entries/a").read()
    assert [int(state.split()[1]) for state in written] == list(range(1, len(written) + 1))
    assert won[0] + won[1] == len(written)
    for store in stores:
        store.close()


def test_what_was_committed_survives_a_kill(tmp_path):
    """Kill -9 in the middle of writing: all that was said to be written is there, and nothing is half there."""
    script = f"""
import os
from shared.chassis.store import Append, EventStore, Statement
store = EventStore.open("sqlite:///{tmp_path}/store.sqlite", "scoring", {NOTES!r})
for position in range(1, 100_000):
    store.commit(append=[Append("entries/a", position, [b"x" * 300])],
                 execute=[Statement("INSERT INTO notes VALUES (?, '')", [(str(position),)])])
    print(position, flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as writer:
        said = 0
        while said < 200:
            said = int(writer.stdout.readline())
        writer.kill()
        lines = writer.stdout.read().split("\n")[:-1]  # the last may be half a line
        said = int(lines[-1]) if lines else said

    store = opened(tmp_path)
    entries = store.stream("entries/a").read()
    assert len(entries) >= said
    assert store.query("SELECT COUNT(*) FROM notes") == [(len(entries),)]
    assert store.stream("entries/a").head().position == len(entries)
    store.close()


def test_commits_reach_the_disk(tmp_path):
    """WAL with synchronous=FULL on every connection: else the last commits may go with the power."""
    store = opened(tmp_path)
    assert store.query("PRAGMA journal_mode") == [("wal",)]
    assert store.query("PRAGMA synchronous") == [(2,)]
    store.close()


def test_a_store_of_a_newer_version_is_refused_untouched(tmp_path):
    """A program that is too old says so in one sentence."""
    opened(tmp_path, version=2).close()

    with pytest.raises(WrongStore, match="version 2, made by a newer program"):
        opened(tmp_path, version=1)


def test_a_store_of_an_older_version_is_led_up_to_date(tmp_path):
    """Each version says what leads to it from the one before."""
    store = opened(tmp_path)
    store.commit(execute=[note("x", "y")])
    store.close()

    store = opened(
        tmp_path,
        version=3,
        migrations={2: ["ALTER TABLE notes ADD colour TEXT"], 3: ["UPDATE notes SET colour = text"]},
    )

    assert store.query("SELECT colour FROM notes") == [("y",)]
    assert store.versions() == {"chassis": 1, "scoring": 3}
    store.close()


def test_another_services_store_is_refused(tmp_path):
    """Two services given one file: said at once, not found out later."""
    opened(tmp_path, "scoring").close()

    with pytest.raises(WrongStore, match="belongs to scoring"):
        opened(tmp_path, "ranking")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////proc/no/store.sqlite", "cannot be opened"),
        ("sqlite:////etc/hostname/store.sqlite", "cannot be opened"),
        ("mysql://somewhere", "sqlite:///path or postgresql://"),
        ("postgresql://[localhost/x", "cannot be read"),
    ],
)
def test_what_cannot_be_opened_is_one_sentence(url, says):
    """Nothing to wait for: the process ends with that sentence."""
    with pytest.raises(CannotStart, match=says) as error:
        EventStore.open(url, "scoring")
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    """It is neither overwritten nor believed."""
    (tmp_path / "store.sqlite").write_text("something else, long enough to be read as a header" * 30)

    with pytest.raises(WrongStore, match=r"store\.sqlite is damaged or no database .*put back a copy"):
        opened(tmp_path)


def test_a_full_disk_refuses_and_loses_nothing(tmp_path):
    """The commit that does not fit is refused whole; what was there stays, and later ones go in when there is room."""
    store = opened(tmp_path)
    store.commit(append=[Append("entries/a", 1, chain(1))])
    with store.recorder.datastore.get_connection(commit=True) as connection:
        pages = connection.cursor()
        pages.execute("PRAGMA page_count")
        pages.execute(f"PRAGMA max_page_count = {pages.fetchone()[0] + 2}")

    with pytest.raises(StoreFull, match=r"disk .* is full"):
        store.commit(append=[Append("entries/a", 2, [b"x" * 200_000])], execute=[note("x")])
    assert store.stream("entries/a").read() == chain(1)
    assert store.query("SELECT * FROM notes") == []

    with store.recorder.datastore.get_connection(commit=True) as connection:
        connection.cursor().execute("PRAGMA max_page_count = 1000000")
    store.commit(append=[Append("entries/a", 2, [b"x" * 200_000])])
    store.close()


def test_the_database_can_be_read_by_other_tools(tmp_path):
    """Plain tables: what an operator sees with sqlite3."""
    store = opened(tmp_path)
    store.commit(append=[Append("entries/a", 1, chain(1))])
    store.close()

    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        rows = connection.execute(
            "SELECT originator_id, originator_version, topic, state FROM stored_events"
        ).fetchall()
    connection.close()
    assert rows == [("entries/a@1", 1, "meritlog:record:v1", chain(1)[0])]
