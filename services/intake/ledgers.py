"""The ledgers as the HTTP and the inbox use them: decide through the group committer, read beside it."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from services.intake.desk import Answer, Desk, Request
from services.intake.marks import Unmarked
from services.intake.proofs import Prover
from services.intake.settings import IntakeSettings
from services.intake.store import ENTRIES, LedgerStore, Unreadable, entries
from shared.chassis.problems import Problem
from shared.chassis.store import GroupCommitter, StoreError
from shared.contracts import kinds
from shared.contracts.shapes import whole
from shared.contracts.times import stamp
from shared.gate.state import LedgerState

P = ParamSpec("P")
T = TypeVar("T")
Json = dict[str, Any]


class Fork(Exception):
    """There is another history than the database's, in the topic or signed; one sentence."""


class Ledgers:
    """All assessments of one store."""

    def __init__(self, store: LedgerStore, desk: Desk, prover: Prover, settings: IntakeSettings) -> None:
        """Decide at this desk and prove with this prover, over this store."""
        self.prover = prover
        self.store = store
        self.settings = settings
        self.stopped: dict[str, Fork | StoreError] = {}
        """Why nothing more is accepted into an assessment: its topic or checkpoints hold what it lacks."""
        self.committer: GroupCommitter[Request, list[Answer]] = GroupCommitter(store.store, desk)

    async def decide(self, request: Request) -> list[Answer]:
        """Answer every event of the request, once what was accepted is on the disk.

        :raises Problem: 409 where there are two histories of the ledger; 412 where the head has moved
        :raises StoreError: it could not be written, or the ledger cannot be read
        """
        stopped = self.stopped.get(request.assessment)
        if isinstance(stopped, Fork):
            raise Problem(409, "fork", str(stopped))
        if stopped is not None:
            raise type(stopped)(str(stopped))  # anew: one that is raised again keeps the frames of every time
        return await self.committer.submit(request)

    async def ask(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something of the store that only reads.

        :raises StoreError: the database does not answer
        """
        return await self.store.store.ask(function, *args, **kwargs)

    async def prove(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something of the prover, which also writes.

        :raises Problem: as it does
        :raises StoreError: the database does not answer
        """
        return await self.store.store.run(function, *args, **kwargs)

    async def checkpoint(self, assessment: str) -> bytes:
        """Give a signed checkpoint of a ledger at its head.

        :raises Problem: as `prove`; 409 where the ledger is not an extension of what was signed before
        """
        while await self.prove(self.prover.grow, assessment):
            pass
        return await self.prove(self.prover.checkpoint, assessment)

    async def read(self, assessment: str, after: int, limit: int) -> list[bytes]:
        """Read stored entries beyond a position."""
        return await self.ask(self.store.store.stream(entries(assessment)).read, after, limit)

    async def known(self, assessment: str) -> Json:
        """Give the state of an assessment.

        :raises Problem: 404 where it has not been opened
        """
        state = await self.ask(self.store.load, assessment)
        if state is None:
            raise Problem(404, "unknown-assessment", f"{assessment} has not been opened here; `merit open` opens it.")
        return shown(assessment, state)

    async def list(self) -> list[Json]:
        """Give the state of every assessment that can be read, by id."""
        states, _ = await self.ask(self._states)
        return [shown(name, state) for name, state in states.items()]

    async def unreadable(self) -> dict[str, str]:
        """Tell which assessments this program cannot go on with, and why."""
        _, reasons = await self.ask(self._states)
        return reasons

    async def departed(self) -> dict[str, Fork | StoreError]:
        """Tell which ledgers are not what was signed of them, or cannot be held against it.

        :raises CannotStart: nothing that was signed can be read
        """
        found: dict[str, Fork | StoreError] = {}
        known = {*await self.ask(self.store.store.assessments, ENTRIES), *self.prover.marks.assessments()}
        for name in sorted(known - self.stopped.keys()):
            try:
                size = max((size for size, _ in await self.prove(self.prover.signed, name)), default=0)
                while await self.prove(self.prover.grow, name, size):
                    pass
                forked = await self.prove(self.prover.departs, name)
            except Unmarked as error:
                found[name] = error
            else:
                found |= {name: Fork(forked)} if forked else {}
        return found

    def _states(self) -> tuple[dict[str, LedgerState], dict[str, str]]:
        states: dict[str, LedgerState] = {}
        unreadable: dict[str, str] = {}
        for name in self.store.store.assessments(ENTRIES):
            try:
                state = self.store.load(name)
            except Unreadable as error:
                unreadable[name] = str(error)
            else:
                states |= {name: state} if state else {}
        return states, unreadable

    async def rubric(self, assessment: str, version: int) -> Json | None:
        """Give the text of a rubric that the ledger carries, or None."""
        return await self.ask(self._rubric, assessment, version)

    def _rubric(self, assessment: str, version: int) -> Json | None:
        sql = "SELECT position FROM pillars WHERE assessment = ? ORDER BY position DESC"
        for (position,) in self.store.store.query(sql, (assessment,)):
            entry = self.store.entry(assessment, position)
            if entry.type in kinds.CARRIES_RUBRIC and whole(entry.data["rubric"]["version"]) == version:
                carried = entry.data["rubric"]
                named = {name: carried[name] for name in ("id", "digest")}
                return {"rubric": named | {"version": version}, "position": position, "content": carried["content"]}
        return None


def shown(assessment: str, state: LedgerState) -> Json:
    """Give a ledger's state as JSON."""
    rubric = state.rubric
    return {
        "assessment": assessment,
        "title": rubric.title if rubric else None,
        "state": state.phase,
        "head": {
            "position": state.position,
            "digest": state.digest,
            "accepted": stamp(state.accepted) if state.accepted else None,
        },
        "rubric": {"id": rubric.id, "version": rubric.version, "digest": rubric.digest} if rubric else None,
        "period": {"from": state.start.isoformat(), "to": state.end.isoformat()},
        "timezone": state.zone.key,
    }
