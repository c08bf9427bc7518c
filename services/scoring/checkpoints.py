"""Holds scoring's own copy of each ledger against the checkpoints that intake signs; where they differ, it stops.

Digests chain each entry to the one before it, so a copy that was read in order is the one that was published. The root
says that it is also the one that was signed.
"""

import asyncio
from collections.abc import Callable
from urllib.parse import quote

import httpx
import structlog

from services.scoring.store import LEDGER, ledger
from shared.chassis.store import EventStore
from shared.proof import checkpoint, notes, succession
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import VerifierKey, key_name
from shared.proof.merkle import Tree, leaf_hash
from shared.proof.notes import NoteError

READ_AT_ONCE = 4096


class Differs(Exception):
    """What intake signs is not what was read here; one sentence."""


class Checkpoints:
    """Asks intake for checkpoints, and grows a tree over each ledger to hold them against."""

    def __init__(self, store: EventStore, intake: httpx.AsyncClient, pinned: VerifierKey | None) -> None:
        """Take the store with the copies, intake, and its host's key, if that was said from outside."""
        self.store = store
        self.intake = intake
        self.pinned = pinned
        self._trees: dict[str, Tree] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._checked: dict[str, int] = {}

    async def signed(self, assessment: str) -> tuple[bytes, bytes, Checkpoint]:
        """Get a checkpoint and the keys beside it, as they came, and read.

        :raises Differs: it is not signed by whom it must be
        :raises httpx.HTTPError: intake gives none now
        """
        name = quote(assessment, safe="")
        note = (await self.intake.get(f"/v1/checkpoints/{name}")).raise_for_status().content
        keys = (await self.intake.get(f"/v1/checkpoints/{name}/keys")).raise_for_status().content
        try:
            published = succession.parse(keys)
            pinned = self.pinned and VerifierKey(key_name(self.pinned.name, assessment), self.pinned.public)
            origin = pinned.name if pinned else checkpoint.parse(notes.parse(note).text).origin
            known = published.believed([pinned]) if pinned else [published.now]
            return note, keys, checkpoint.verified(note, origin, known)
        except NoteError as error:
            raise Differs(f"Intake's checkpoint of {assessment} does not hold: {error}") from error

    async def hold(self, assessment: str, head: Checkpoint) -> None:
        """Hold the copy of a ledger against a checkpoint that it reaches to.

        :raises Differs: the root is another
        """
        async with self._locks.setdefault(assessment, asyncio.Lock()):
            tree = self._trees.setdefault(assessment, self._tree(assessment))
            while tree.size < head.size and await self.store.ask(self._grown, assessment, tree, head.size):
                pass
            if tree.size < head.size:
                return
            root = await self.store.ask(tree.root, head.size)
        if root != head.root:
            self._trees.pop(assessment, None)
            raise Differs(
                f"Fork: intake signed another ledger of {assessment} than was read here: the roots over the first "
                f"{head.size} entries differ; find out which history is true before this assessment goes on."
            )
        self._checked[assessment] = head.size

    async def watch(self, seconds: float, stop: Callable[[str, str], None]) -> None:
        """Look after every ledger that has grown, each so many seconds; `stop` is told of one that differs and why."""
        log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service=self.store.service)
        stopped: set[str] = set()
        while True:
            for assessment, read in await self.store.ask(self._grown_since):
                if assessment in stopped:
                    continue
                try:
                    await self._look_at(assessment, read)
                except httpx.HTTPError as error:
                    log.warning("no checkpoint", assessment=assessment, reason=str(error) or type(error).__name__)
                except Differs as error:
                    stopped.add(assessment)
                    stop(assessment, str(error))
            await asyncio.sleep(seconds)

    async def _look_at(self, assessment: str, read: int) -> None:
        """Hold the copy of a ledger, of which so much was read before, against a checkpoint that is signed now."""
        _, _, signed = await self.signed(assessment)
        if signed.size < read:
            raise Differs(
                f"Fork: intake's checkpoint of {assessment} is of {signed.size} entries, and {read} have been read "
                "from it: its database was put back to an earlier state; put back one that has them all before this "
                "assessment goes on."
            )
        await self.hold(assessment, signed)

    def _grown_since(self) -> list[tuple[str, int]]:
        """Give the ledgers that have grown since they were held against a checkpoint, and how far. Blocking."""
        heads = {each: ledger(self.store, each).head() for each in self.store.assessments(LEDGER)}
        grown = [(each, head.position) for each, head in heads.items() if head]
        return [(each, position) for each, position in grown if position > self._checked.get(each, 0)]

    def _tree(self, assessment: str) -> Tree:
        stream = ledger(self.store, assessment)
        return Tree(lambda begin, end: [leaf_hash(state) for state in stream.read(begin, end - begin)])

    def _grown(self, assessment: str, tree: Tree, size: int) -> bool:
        """Take some more entries into a tree; whether there were any. Blocking."""
        states = ledger(self.store, assessment).read(tree.size, min(READ_AT_ONCE, size - tree.size))
        tree.extend([leaf_hash(state) for state in states])
        return bool(states)
