"""Concurrent requests share one commit: whatever has gathered while the last one was written goes into the next."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

import structlog

from shared.chassis.store.errors import Conflict, StoreError, Unavailable
from shared.chassis.store.event_store import EventStore
from shared.chassis.store.transaction import Transaction

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")
J_contra = TypeVar("J_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)

TRIES = 30
"""Under load a replica loses about every second race: so many in a row means something else is wrong."""
PAUSE = 0.05
JITTER = 0.002
UNHEARD = 8
"""Tries against a database that does not answer, over about two seconds; then those who wait are told."""


class Desk(Protocol[J_contra, R_co]):
    """Where jobs are decided; only ever called on the store's one writing thread."""

    def decide(self, jobs: Sequence[J_contra], /) -> tuple[Transaction, Sequence[R_co | Exception]]:
        """What to write for these jobs, in order, and what to answer each once it is written.

        An exception among the answers is raised to who asked; it writes nothing. Nothing may be remembered of a
        decision before `settled`.
        """
        ...

    def settled(self) -> None:
        """The last decision is on the disk: what it led to is now the state."""
        ...

    def reload(self) -> None:
        """Somebody else wrote, or it is not known whether we did: read the state from the store again."""
        ...


class GroupCommitter(Generic[Job, Outcome]):
    """Jobs in, answers out, durable when answered; one transaction for as many as are waiting.

    >>> committer = GroupCommitter(store, desk)
    >>> receipt = await committer.submit(request)
    """

    def __init__(self, store: EventStore, desk: Desk[Job, Outcome], *, limit: int = 500, waiting: int = 10_000) -> None:
        self.store = store
        self.desk = desk
        self.limit = limit
        self.waiting = waiting
        self._jobs: deque[tuple[Job, asyncio.Future[Outcome]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service=store.service)

    async def submit(self, job: Job) -> Outcome:
        """The answer to a job, once it is on the disk. Whoever stops waiting does not stop the job.

        :raises StoreError: it was not written, or (`Unavailable`) nobody knows: asking again is safe where jobs have
            an identity
        """
        if len(self._jobs) >= self.waiting:
            raise Unavailable("More requests are waiting to be written than can be soon; send it again later.")
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._jobs.append((job, answer))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=f"{self.store.service} commits")
        return await answer

    async def _work(self) -> None:
        while self._jobs:
            batch = [self._jobs.popleft() for _ in range(min(self.limit, len(self._jobs)))]
            try:
                outcomes = await self.store.run(self._settle, [job for job, _ in batch])
            except Exception as error:  # noqa: BLE001  each of them hears it
                outcomes = [error] * len(batch)
            for (_, answer), outcome in zip(batch, outcomes, strict=True):
                if answer.done():  # nobody waits any more
                    continue
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)

    def _settle(self, jobs: Sequence[Job]) -> Sequence[Outcome | Exception]:
        """Decide and commit all; where deciding itself fails, one by one, so that a bad job takes no other along."""
        try:
            return self._commit(jobs)
        except StoreError as error:
            return [error] * len(jobs)
        except Exception as error:  # noqa: BLE001  logged, and raised to who asked
            self._log.exception("a batch could not be decided", jobs=len(jobs))
            self.desk.reload()
            if len(jobs) == 1:
                return [error]
            return [outcome for job in jobs for outcome in self._settle([job])]

    def _commit(self, jobs: Sequence[Job]) -> Sequence[Outcome | Exception]:
        """Decide, write; on a conflict, or a commit nobody heard of, read again and decide all of it again."""
        for attempt in range(1, TRIES + 1):
            try:
                transaction, outcomes = self.desk.decide(jobs)
                self.store.settle(transaction)
            except (Conflict, Unavailable) as error:
                self._log.debug("deciding again", jobs=len(jobs), attempt=attempt, reason=str(error))
                if attempt == TRIES:
                    self._restore()
                    raise
                if isinstance(error, Unavailable):
                    if attempt >= UNHEARD:
                        raise
                    time.sleep(PAUSE * attempt)
                elif attempt > 1:
                    time.sleep(random.random() * JITTER * attempt)  # noqa: S311  only so that two do not keep step
                self._restore()
            except StoreError:
                self._restore()
                raise
            else:
                self.desk.settled()
                return outcomes
        raise AssertionError

    def _restore(self) -> None:
        """Read the state again; where that fails too, the next decision finds out by itself."""
        try:
            self.desk.reload()
        except StoreError as error:
            self._log.warning("the state could not be read again", reason=str(error))

    async def drain(self) -> None:
        """Wait until everything handed in is written; for stopping in good order."""
        while self._task and not self._task.done():
            await asyncio.wait([self._task])
