"""Scoring holds what it has read against what intake signs."""

import asyncio
import contextlib

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from services.scoring.checkpoints import Checkpoints, Differs
from services.scoring.store import DDL, VERSION, writes
from shared.chassis.store import EventStore
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import SignerKey
from shared.proof.merkle import leaf_hash, root
from shared.proof.succession import Succession, handed_over, read_hand_over
from tests.builders import chain

NAME = "binjiang-2020"
HOST = SignerKey("ledger.example", bytes(range(32)))
LATER = SignerKey("ledger.example", bytes(range(1, 33)))
LINES = chain(700)


class Intake:
    """Signs what it is told to."""

    def __init__(self):
        self.lines, self.key, self.hand_overs, self.status, self.asked = LINES, HOST, (), 200, 0
        routes = [Route(f"/v1/checkpoints/{NAME}", self.note), Route(f"/v1/checkpoints/{NAME}/keys", self.keys)]
        self.app = Starlette(routes=routes)

    @property
    def own(self):
        return self.key.named(f"{self.key.name}/{NAME}")

    def note(self, request):
        self.asked += 1
        head = Checkpoint(self.own.name, len(self.lines), root([leaf_hash(line) for line in self.lines]))
        return PlainTextResponse(bytes(head.signed(self.own)), self.status)

    def keys(self, request):
        return PlainTextResponse(bytes(Succession(self.own.verifier, self.hand_overs)))


@contextlib.asynccontextmanager
async def scoring(tmp_path, intake, *, lines=LINES, pinned=None):
    store = EventStore.open(f"sqlite:///{tmp_path}/scoring.sqlite", "scoring", DDL, VERSION)
    try:
        store.commit(append=writes(NAME, 1, lines, [b"{}"] * len(lines), 1))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(intake.app), base_url="http://intake") as client:
            yield Checkpoints(store, client, pinned)
    finally:
        store.close()


async def held(checkpoints):
    _, _, head = await checkpoints.signed(NAME)
    await checkpoints.hold(NAME, head)
    return head


async def test_a_copy_is_what_was_signed(tmp_path):
    """Given the same entries on both sides, at any size of the tree, then nothing is said."""
    intake = Intake()
    async with scoring(tmp_path, intake) as checkpoints:
        for size in (1, 255, 256, 257, 700):
            intake.lines = LINES[:size]
            assert (await held(checkpoints)).size == size


@pytest.mark.parametrize("at", [0, 300, 699])
async def test_another_ledger_than_was_read_is_a_fork(tmp_path, at):
    """Given one entry that is another on one side, then the root tells, and a checkpoint before it does not."""
    intake = Intake()
    other = [*LINES[:at], b"another", *LINES[at + 1 :]]
    async with scoring(tmp_path, intake, lines=other) as checkpoints:
        if at:
            intake.lines = LINES[:at]
            await held(checkpoints)
        intake.lines = LINES
        with pytest.raises(Differs, match=r"Fork.*first 700 entries differ"):
            await held(checkpoints)


async def test_a_checkpoint_beyond_the_copy_is_left_for_later(tmp_path):
    """Given a copy that is behind, then there is nothing to compare yet."""
    async with scoring(tmp_path, Intake(), lines=LINES[:500]) as checkpoints:
        await held(checkpoints)


async def test_a_pinned_key_must_have_signed(tmp_path):
    """Given a key from outside, then a stranger's checkpoint does not hold, and one by a key that it handed over to
    does; without one intake is taken at its word.
    """
    intake = Intake()
    async with scoring(tmp_path, intake, pinned=HOST.verifier) as checkpoints:
        await held(checkpoints)
        intake.key = LATER
        with pytest.raises(Differs, match="does not hold"):
            await held(checkpoints)
        intake.hand_overs = (read_hand_over(bytes(handed_over(HOST, LATER))),)
        await held(checkpoints)
        checkpoints.pinned, intake.hand_overs = None, ()
        await held(checkpoints)


async def test_what_differs_stops_and_is_said_once(tmp_path):
    """Given a ledger that is watched, then it is held against each checkpoint while it grows; intake being away changes
    nothing; a difference stops it, once.
    """
    intake = Intake()
    stopped = []
    async with scoring(tmp_path, intake, lines=LINES[:600]) as checkpoints:
        intake.lines, intake.status = LINES[:600], 503
        watching = asyncio.create_task(checkpoints.watch(0.01, lambda *said: stopped.append(said)))
        await until(lambda: intake.asked > 2)
        intake.status = 200
        await until(lambda: checkpoints._checked.get(NAME) == 600)
        asked = intake.asked
        await asyncio.sleep(0.1)
        assert intake.asked == asked, "nothing has grown"
        checkpoints.store.commit(append=writes(NAME, 601, [b"another"], [b"{}"], 1))
        intake.lines = LINES[:601]
        await until(lambda: stopped)
        await asyncio.sleep(0.1)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    assert [(name, why.split(":")[0]) for name, why in stopped] == [(NAME, "Fork")]


async def test_a_ledger_shorter_than_was_read_is_a_fork(tmp_path):
    """
    Given entries that were read from intake,
    when it signs fewer, since its database was put back to an earlier state and no topic could give it the rest,
    then that is said, though nothing new has come in and all that it signs is true.
    """
    intake = Intake()
    stopped = []
    async with scoring(tmp_path, intake) as checkpoints:
        intake.lines = LINES[:-1]
        watching = asyncio.create_task(checkpoints.watch(0.01, lambda *said: stopped.append(said)))
        await until(lambda: stopped)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    ((name, why),) = stopped
    assert name == NAME
    assert "of 699 entries, and 700 have been read" in why


async def until(so):
    async with asyncio.timeout(10):
        while not so():
            await asyncio.sleep(0.01)
