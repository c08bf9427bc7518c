import asyncio
import json
from contextlib import suppress

import pytest

from shared.chassis.store import (
    Append,
    Conflict,
    EventStore,
    GroupCommitter,
    Statement,
    StoreFull,
    Transaction,
    Unavailable,
)

IDENTITIES = ["CREATE TABLE IF NOT EXISTS identities (id TEXT PRIMARY KEY, position BIGINT NOT NULL)"]


class Desk:
    """A small ledger: each job is an id, answered by its position; the same id again by the first one's."""

    def __init__(self, store: EventStore):
        self.store = store
        self.sizes: list[int] = []
        self.head = self.next = 0
        self.reload()

    def decide(self, jobs):
        self.sizes.append(len(jobs))
        self.next, states, rows, outcomes, seen = self.head, [], [], [], {}
        for job in jobs:
            if job == "broken":
                raise ZeroDivisionError(job)
            if job == "refused":
                outcomes.append(ValueError(job))
                continue
            if job not in seen:
                known = self.store.query("SELECT position FROM identities WHERE id = ?", (job,))
                seen[job] = known[0][0] if known else None
            if seen[job] is None:
                self.next += 1
                seen[job] = self.next
                states.append(json.dumps(job).encode())
                rows.append((job, self.next))
            outcomes.append(seen[job])
        append = [Append("entries/a", self.head + 1, states)] if states else []
        insert = [Statement("INSERT INTO identities (id, position) VALUES (?, ?)", rows)] if rows else []
        return Transaction(append=append, execute=insert), outcomes

    def settled(self):
        self.head = self.next

    def reload(self):
        head = self.store.stream("entries/a").head()
        self.head = head.position if head else 0


def opened(tmp_path):
    return EventStore.open(f"sqlite:///{tmp_path}/store.sqlite", "intake", IDENTITIES)


def ledger(store) -> list[str]:
    return [json.loads(state) for state in store.stream("entries/a").read()]


async def test_what_comes_together_is_committed_together(tmp_path):
    """Whatever gathers while a commit is written goes into the next one, in order, each with its own answer."""
    store = opened(tmp_path)
    desk = Desk(store)
    committer = GroupCommitter(store, desk)

    answers = await asyncio.gather(*(committer.submit(f"id{number}") for number in range(300)))

    assert answers == list(range(1, 301))
    assert ledger(store) == [f"id{number}" for number in range(300)]
    assert len(desk.sizes) < 30
    store.close()


async def test_two_replicas_share_one_ledger(tmp_path):
    """Whoever is second decides again on what the first has written: no gap, no double, one answer for one id."""
    stores = [opened(tmp_path), opened(tmp_path)]
    committers = [GroupCommitter(store, Desk(store), limit=7) for store in stores]

    answers = await asyncio.gather(
        *(committers[number % 2].submit(f"id{number // 3}") for number in range(240)), return_exceptions=True
    )

    written = ledger(stores[0])
    assert sorted(written) == sorted({f"id{number // 3}" for number in range(240)})
    assert answers == [written.index(f"id{number // 3}") + 1 for number in range(240)]
    for store in stores:
        store.close()


async def test_a_commit_nobody_heard_of_is_found_by_identity(tmp_path):
    """The connection broke after the commit: deciding again finds the entry, and writes nothing twice."""
    store = opened(tmp_path)
    committer = GroupCommitter(store, Desk(store))
    settle, lost = store.settle, [True]

    def deaf(transaction):
        settle(transaction)
        if lost and lost.pop():
            raise Unavailable("The connection broke.")

    store.settle = deaf
    assert await committer.submit("x") == 1
    assert ledger(store) == ["x"]
    store.close()


async def test_a_refusal_and_a_bad_job_take_nothing_along(tmp_path):
    """An exception among the outcomes is raised to who asked; a job that cannot be decided fails alone."""
    store = opened(tmp_path)
    committer = GroupCommitter(store, Desk(store))

    answers = await asyncio.gather(*map(committer.submit, ["a", "refused", "b", "broken", "c"]), return_exceptions=True)

    assert [answer for answer in answers if isinstance(answer, int)] == [1, 2, 3]
    assert isinstance(answers[1], ValueError)
    assert isinstance(answers[3], ZeroDivisionError)
    assert ledger(store) == ["a", "b", "c"]
    store.close()


@pytest.mark.parametrize("error", [StoreFull("The disk is full."), Conflict("Always.")])
async def test_what_cannot_be_written_is_said_and_later_jobs_go_on(tmp_path, error):
    """Everyone in the batch hears it; the next batch begins with what the store holds."""
    store = opened(tmp_path)
    committer = GroupCommitter(store, Desk(store))
    settle = store.settle

    def failing(_transaction):
        raise error

    store.settle = failing
    assert await asyncio.gather(committer.submit("a"), committer.submit("b"), return_exceptions=True) == [error, error]
    store.settle = settle
    assert await committer.submit("c") == 1
    store.close()


async def test_who_stops_waiting_does_not_stop_the_job(tmp_path):
    """A caller that went away leaves a committed entry, and harms nobody else's answer."""
    store = opened(tmp_path)
    committer = GroupCommitter(store, Desk(store))
    gone = asyncio.create_task(committer.submit("gone"))
    await asyncio.sleep(0)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone

    assert await committer.submit("stays") == 2
    await committer.drain()
    assert ledger(store) == ["gone", "stays"]
    store.close()


async def test_too_many_waiting_is_said_at_once(tmp_path):
    """Better a quick no than a queue that grows without end."""
    store = opened(tmp_path)
    committer = GroupCommitter(store, Desk(store), waiting=2)

    answers = await asyncio.gather(*(committer.submit(f"id{number}") for number in range(5)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [int, int, Unavailable, Unavailable, Unavailable]
    store.close()
