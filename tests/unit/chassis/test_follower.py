import asyncio
import json
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.chassis.embedded import StoreUpstream, follow
from shared.chassis.health import Health
from shared.chassis.metrics import Metrics
from shared.chassis.record import Place, Record, Unreadable, place
from shared.chassis.store import Append, EventStore, Unavailable
from shared.chassis.stream import Follower, Patience
from tests.builders import chain, record_bytes

HASTY = Patience(batch=4, tries=3, conflicts=5, first_pause=0.001, longest_pause=0.002, alarm=0.05)

# A hundred databases in a row: in memory where there is such a folder, since nothing is killed here.
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Room:
    """A service that copies what it reads, and what it read from."""

    def __init__(self, folder: Path, upstream: EventStore, store: EventStore | None = None):
        self.upstream = StoreUpstream(upstream, "entries")
        self.store = store or EventStore.open(f"sqlite:///{folder}/own.sqlite", "scoring")
        self.health = Health("scoring", Metrics("scoring"))
        self.handled: list[int] = []
        self.failing: dict[int, int] = {}
        self.reloaded = 0

    async def handle(self, assessment, records, advance):
        for record in records:
            if self.failing.get(record.position, 0):
                self.failing[record.position] -= 1
                raise ValueError(f"cannot use {record.position}")
        copies = [json.dumps(json.loads(record.body)["position"]).encode() for record in records]
        append = Append(f"scores/{assessment}", records[0].position, copies, records[0].generation)
        await self.store.run(lambda: self.store.commit(follow=advance, append=[append]))
        self.handled += [record.position for record in records]

    async def reload(self, _assessment):
        self.reloaded += 1

    def follower(self, patience: Patience = HASTY) -> Follower:
        return Follower(
            self.upstream, self.handle, self.store, health=self.health, reload=self.reload, patience=patience
        )

    def copied(self, assessment="a") -> list[int]:
        return [int(copy) for copy in self.store.stream(f"scores/{assessment}").read()]


@asynccontextmanager
async def room(folder: Path, entries: list[bytes] = (), assessment="a"):
    ledger = EventStore.open(f"sqlite:///{folder}/ledger.sqlite", "intake")
    if entries:
        ledger.commit(append=[Append(f"entries/{assessment}", 1, entries)])
    made = Room(folder, ledger)
    try:
        yield made
    finally:
        made.store.close()
        ledger.close()


ENTRIES = chain(12, "a")
DELIVERIES = st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=12), max_size=8)


@given(DELIVERIES, st.integers(1, 5))
@settings(max_examples=50)
def test_any_delivery_gives_the_same_sequence(deliveries, batch):
    """Whatever order, however often, with whatever missing: each position is applied once, in order."""

    async def deliver(folder: Path) -> None:
        async with (
            room(folder, ENTRIES) as scoring,
            scoring.follower(Patience(batch=batch, first_pause=0.001)) as follower,
        ):
            for delivery in deliveries:
                await follower.offer(ENTRIES[position - 1] for position in delivery)
            await follower.settled()
            assert scoring.handled == scoring.copied() == list(range(1, len(scoring.handled) + 1))
            assert len(scoring.handled) >= max((max(delivery) for delivery in deliveries), default=0)
            await follower.sweep()
            await follower.settled()
            assert scoring.handled == scoring.copied() == list(range(1, 13))
            assert scoring.health.parked == {}

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(deliver(Path(folder)))


@given(DELIVERIES, DELIVERIES)
@settings(max_examples=25)
def test_two_followers_on_one_store_apply_each_position_once(ones, others):
    """Racing replicas: the store takes each position from one of them, and the other goes on from there."""

    async def deliver(folder: Path) -> None:
        async with room(folder, ENTRIES) as scoring:
            beside = Room(folder, scoring.upstream.store, scoring.store)
            async with scoring.follower() as one, beside.follower() as other:

                async def offer(follower, deliveries):
                    for delivery in deliveries:
                        await follower.offer(ENTRIES[position - 1] for position in delivery)
                    await follower.sweep()
                    await follower.settled()

                await asyncio.gather(offer(one, ones), offer(other, others))
            assert scoring.copied() == sorted(scoring.handled + beside.handled) == list(range(1, 13))
            assert scoring.health.parked == beside.health.parked == {}

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(deliver(Path(folder)))


async def test_a_missing_range_is_fetched_from_the_feed(tmp_path):
    """A record too far ahead is not applied; what lies between comes from upstream, the same bytes."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        await follower.offer([ENTRIES[8]])
        assert scoring.handled[:9] == [1, 2, 3, 4, 5, 6, 7, 8, 9]


async def test_a_last_record_lost_on_the_way_is_found_by_the_sweep(tmp_path):
    """Nothing after it shows the gap, so the upstream is asked now and then."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        await follower.offer(ENTRIES[:5])
        await follower.sweep()
        await follower.settled()
        assert scoring.copied() == list(range(1, 13))


@pytest.mark.parametrize("position", [3, 7, 12, 13])
async def test_another_history_is_a_fork_and_parks_only_its_assessment(tmp_path, position):
    """Another record under a position read before, long ago or just now, or a next one that does not fit."""
    ours, theirs = chain(12, "a"), chain(13, "a", note="another history")
    async with room(tmp_path, ours) as scoring:
        async with scoring.follower() as follower:
            await follower.offer(ours)
        async with scoring.follower() as follower:  # after a restart it still knows
            await follower.offer([theirs[position - 1], *chain(2, "b")])

            assert scoring.copied("a") == list(range(1, 13))
            assert scoring.copied("b") == [1, 2]
            assert follower.lanes["a"].parked
            assert follower.lanes["b"].parked is None
            assert "Fork" in scoring.health.parked["a"]
            assert "b" not in scoring.health.parked

            await follower.offer([theirs[-1]])
            assert scoring.copied("a") == list(range(1, 13))


async def test_a_feed_with_another_history_is_a_fork(tmp_path):
    """An upstream whose ledger was begun anew is not believed."""
    async with room(tmp_path, chain(9, "a", note="begun anew")) as scoring, scoring.follower() as follower:
        await follower.offer(chain(3, "a"))
        await follower.sweep()
        await follower.settled()
        assert scoring.copied() == [1, 2, 3]
        assert "Fork" in scoring.health.parked["a"]


async def test_a_shorter_feed_is_a_fork_as_soon_as_it_goes_another_way(tmp_path):
    """An upstream that was put back is waited for while it says the same, and parks once it says something else."""
    ours = chain(9, "a")
    async with room(tmp_path, ours[:5]) as scoring, scoring.follower() as follower:
        await follower.offer(ours)
        await follower.sweep()
        await follower.settled()
        assert scoring.health.parked == {}

        seam = json.loads(ours[5])["previous"]
        other = chain(1, "a", after=5, previous=seam, note="another way")
        scoring.upstream.store.commit(append=[Append("entries/a", 6, other)])
        await follower.sweep()
        await follower.settled()
        assert scoring.copied() == list(range(1, 10))
        assert "Fork" in scoring.health.parked["a"]


async def test_what_is_stopped_from_outside_is_read_no_further(tmp_path):
    """
    Given two assessments that are followed,
    when one is stopped for a reason outside its stream,
    then it is parked with that reason and reads nothing more, and the other goes on.
    """
    async with room(tmp_path, chain(5, "a")) as here, here.follower() as follower:
        here.upstream.store.commit(append=[Append("entries/b", 1, chain(5, "b"))])
        await follower.sweep()
        await follower.settled()
        follower.stop("a", "The roots differ.")
        for name in ("a", "b"):
            here.upstream.store.commit(append=[Append(f"entries/{name}", 6, chain(9, name)[5:])])
        await follower.sweep()
        await follower.settled()
        assert (here.copied("a"), here.copied("b")) == ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9])
        assert here.health.parked == {"a": "The roots differ."}


async def test_what_is_missing_and_does_not_come_is_an_alarm_and_holds_up_nobody(tmp_path):
    """After 30 s (here 50 ms) it is said on /readyz; when the feed has it, reading goes on by itself."""
    entries = chain(9, "a")
    async with room(tmp_path, entries[:2]) as scoring, scoring.follower() as follower:
        await follower.offer([entries[6], *chain(2, "b")])
        await until(lambda: scoring.copied("b") == [1, 2])
        await until(lambda: "Waiting" in scoring.health.parked.get("a", ""))
        assert scoring.copied("a") == [1, 2]

        scoring.upstream.store.commit(append=[Append("entries/a", 3, entries[2:])])
        await until(lambda: scoring.copied("a") == list(range(1, 10)))
        await until(lambda: not scoring.health.parked)


async def test_a_failing_record_is_tried_again_and_then_parks(tmp_path):
    """Those before it go in, the other assessments go on, and a restart tries it again."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        scoring.failing = {6: 1_000}
        await follower.offer([*ENTRIES, *chain(3, "b")])
        await until(lambda: "a" in scoring.health.parked)
        assert scoring.copied("a") == [1, 2, 3, 4, 5]
        assert scoring.copied("b") == [1, 2, 3]
        assert "Position 6" in scoring.health.parked["a"]

        again = Room(tmp_path, scoring.upstream.store, scoring.store)
        async with again.follower() as restarted:
            await restarted.sweep()
            await until(lambda: scoring.copied("a") == list(range(1, 13)))
        assert again.health.parked == {}


async def test_what_fails_because_a_replica_has_read_on_is_no_failure(tmp_path):
    """A handler that its store has carried beyond the record refuses it; the head tells why, and nothing is parked."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as one:
        beside = Room(tmp_path, scoring.upstream.store, scoring.store)
        beside.failing[3] = 1000
        async with beside.follower() as other:
            await other.offer(ENTRIES[:2])
            await one.offer(ENTRIES[2:3])
            await other.offer(ENTRIES[2:5])
            assert scoring.copied() == [1, 2, 3, 4, 5]
            assert beside.handled == [1, 2, 4, 5]
            assert beside.health.parked == {}


async def test_a_passing_failure_leaves_no_trace(tmp_path):
    """A handler that fails once or twice is called again with the same records."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        scoring.failing = {3: 1, 6: 2}
        await follower.offer(ENTRIES)
        await until(lambda: scoring.copied() == list(range(1, 13)))
        assert scoring.health.parked == {}


async def test_a_database_that_is_away_is_waited_for(tmp_path):
    """Nothing is wrong with the record: no number of tries parks it."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        commit, away = scoring.store.commit, 30

        def flaky(**given):
            nonlocal away
            away -= 1
            if away > 0:
                raise Unavailable("The database does not answer.")
            commit(**given)

        scoring.store.commit = flaky
        await follower.offer(ENTRIES)
        await until(lambda: scoring.copied() == list(range(1, 13)))
        assert away <= 0
        assert scoring.health.parked == {}


async def test_a_commit_that_went_through_unheard_is_not_done_twice(tmp_path):
    """The answer was lost, the commit was not: the head is read again, and reading goes on behind it."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        commit, lost = scoring.store.commit, 2

        def deaf(**given):
            nonlocal lost
            commit(**given)
            lost -= 1
            if lost >= 0:
                raise Unavailable("The connection broke.")

        scoring.store.commit = deaf
        await follower.offer(ENTRIES)
        await until(lambda: scoring.copied() == list(range(1, 13)))
        assert scoring.reloaded >= 1
        assert scoring.health.parked == {}


def snapshot(generation: int, position: int, number: int, assessment="a") -> list[bytes]:
    opening = record_bytes(assessment, position, None, generation=generation, data={"snapshot": True})
    rest = chain(
        number - 1, assessment, after=position, previous=Record.read(opening).digest, generation=generation, data={}
    )
    return [opening, *rest]


async def test_a_newer_generation_opens_with_its_snapshot(tmp_path):
    """After a rebuild upstream the follower takes the snapshot, goes on from it, and drops the older generation."""
    first, second = chain(6, "a"), snapshot(2, 8, 3)
    async with room(tmp_path, first) as scoring, scoring.follower() as follower:
        await follower.offer(first[:4])
        await follower.offer([*second, first[4], first[5]])
        assert scoring.handled == [1, 2, 3, 4, 8, 9, 10]
        assert scoring.store.followed_head("entries", "a") == Record.read(second[-1]).head
        assert scoring.health.parked == {}


async def test_a_newer_generation_seen_in_its_middle_is_fetched_from_its_snapshot(tmp_path):
    """Without the snapshot nothing of it is applied."""
    first, second = chain(6, "a"), snapshot(2, 4, 5)
    async with room(tmp_path, first) as scoring, scoring.follower() as follower:
        await follower.offer(first)
        scoring.upstream.store.commit(append=[Append("entries/a", 4, second, generation=2)])
        await follower.offer([second[-1]])
        assert scoring.handled == [1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8]


async def test_a_generation_without_a_snapshot_parks(tmp_path):
    """Nobody knows what it stands on."""
    async with room(tmp_path, chain(3, "a")) as scoring, scoring.follower() as follower:
        scoring.upstream.store.commit(append=[Append("entries/a", 4, chain(2, "a", after=3, generation=2, data={}), 2)])
        await follower.sweep()
        await follower.settled()
        assert "does not open with a snapshot" in scoring.health.parked["a"]


async def test_what_is_no_record_is_dropped_and_takes_nothing_along(tmp_path):
    """Rubbish on a topic stands in no chain; the records beside it are applied."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower() as follower:
        await follower.offer([b"\xff", ENTRIES[0], b"{}", b"[]", ENTRIES[1]])
        assert scoring.copied() == [1, 2]


async def test_no_room_is_no_loss(tmp_path):
    """What does not fit while an assessment waits comes from the feed afterwards."""
    async with room(tmp_path, ENTRIES) as scoring, scoring.follower(Patience(room=300, first_pause=0.001)) as follower:
        await follower.offer(ENTRIES)
        await until(lambda: scoring.copied() == list(range(1, 13)))


async def test_inside_one_process_a_commit_wakes_the_follower(tmp_path):
    """No polling: the upstream's commit rings, and the follower reads its store."""
    async with room(tmp_path, ENTRIES[:2]) as scoring, scoring.follower() as follower:
        following = asyncio.create_task(follow(follower, scoring.upstream))
        await until(lambda: scoring.copied() == [1, 2])
        for position, entry in enumerate(ENTRIES[2:], 3):
            await scoring.upstream.store.run(
                scoring.upstream.store.commit, append=[Append("entries/a", position, [entry])]
            )
        await until(lambda: scoring.copied() == list(range(1, 13)))
        following.cancel()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b'{"assessment": "a", "position": 0}', b'{"assessment": 1, "position": 1}']
)
def test_what_a_record_must_have(body):
    """Assessment and a position from 1."""
    with pytest.raises(Unreadable):
        Record.read(body)


def test_an_entrys_own_data_is_none_of_the_chassis_business():
    """A member named snapshot in a provider's data marks no snapshot."""
    entry = Record.read(record_bytes("a", 1, None, data={"snapshot": "of the market"}))
    assert not entry.snapshot
    assert place(None, entry) is Place.NEXT


@pytest.mark.parametrize("own", [7, "x", True, None])
def test_an_entrys_generation_is_one_whatever_its_sender_calls_so(own):
    """A provider's attribute of that name is kept in the ledger and moves no reader."""
    entry = Record.read(record_bytes("a", 1, None, acceptedtime="2020-07-01T01:00:03Z", generation=own))
    assert entry.generation == 1
    assert place(None, entry) is Place.NEXT


async def until(true, seconds: float = 5.0):
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def test_it_is_told_how_far_an_assessment_was_read(tmp_path):
    """
    Given more records than there is room for, so that the topic has none unread and yet most are to be read,
    when some are taken in, and when it is started again,
    then the metrics name the position up to which they were.
    """

    async def told(scoring: Room) -> list[float | None]:
        found: list[float | None] = []

        def look() -> None:
            labels = {"upstream": "entries", "assessment": "a"}
            found.append(scoring.health.metrics.registry.get_sample_value("meritlog_read_position", labels))

        patience = Patience(batch=5, room=2 * len(ENTRIES[0]), first_pause=0.001)
        async with scoring.follower(patience) as follower:
            read, scoring.upstream.read = scoring.upstream.read, nothing
            await follower.offer(ENTRIES)
            look()
            scoring.upstream.read = read
            await follower.sweep()
            await follower.settled()
            look()
        scoring.health = Health("scoring", Metrics("scoring"))
        async with scoring.follower() as follower:
            await follower.offer(ENTRIES[:1])
            look()
        return found

    async def nothing(*_: object, **__: object) -> list[bytes]:
        return []

    async def whole() -> list[float | None]:
        async with room(tmp_path, ENTRIES) as scoring:
            return await told(scoring)

    some, *rest = asyncio.run(whole())
    assert some is not None
    assert 0 < some < len(ENTRIES)
    assert rest == [len(ENTRIES)] * 2
