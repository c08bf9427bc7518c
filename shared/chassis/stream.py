"""Reading an upstream: many assessments side by side, each once and in order, whatever arrives how often.

Records come from a topic (`offer`) or are looked up in the upstream's feed (`look`); where they come from and in which
order makes no difference to what is applied. See `lane.py` for the rules and `record.py` for the one behind them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Self

import structlog

from shared.chassis.health import Health
from shared.chassis.lane import Handler, Lane, Patience, Reload, Upstream
from shared.chassis.record import Record, Unreadable
from shared.chassis.store import EventStore

__all__ = ["Follower", "Handler", "Patience", "Record", "Reload", "Upstream"]

HOLD = 1.0
"""Seconds that a batch from a topic waits for its slowest assessment; the rest of it is done beside the next batch."""


class Follower:
    """One service's reading of one upstream.

    >>> async def handle(assessment: str, records: list[Record], advance: Advance) -> None:
    ...     changes, records_out = derive(records)
    ...     await store.run(store.commit, follow=advance, append=[Append(f"scores/{assessment}", ...)])
    >>> async with Follower(upstream, handle, store, health=service.health) as follower:
    ...     await follower.sweep()
    """

    def __init__(
        self,
        upstream: Upstream,
        handler: Handler,
        store: EventStore,
        *,
        health: Health,
        reload: Reload | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.upstream = upstream
        self.handler = handler
        self.store = store
        self.health = health
        self.reload = reload
        self.patience = patience or Patience()
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service=store.service)
        self.lanes: dict[str, Lane] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.lanes.clear()
        self._tasks.clear()

    def lane(self, assessment: str) -> Lane:
        """The lane of an assessment; its task is started with it."""
        lane = self.lanes.get(assessment)
        if lane is None:
            lane = self.lanes[assessment] = Lane(
                assessment,
                self.upstream,
                self.handler,
                self.store,
                watcher=self,
                reload=self.reload,
                patience=self.patience,
                log=self.log,
            )
            self._tasks[assessment] = asyncio.create_task(
                lane.run(), name=f"{self.store.service} reads {self.upstream.name} of {assessment}"
            )
        return lane

    async def offer(self, bodies: Iterable[bytes]) -> None:
        """Take what a topic delivered. Returns when it is applied, except where an assessment cannot go on (it waits
        for its database, its feed or an operator) or takes longer than `HOLD`: those hold nobody up.
        """
        parts: defaultdict[str, list[Record]] = defaultdict(list)
        for body in bodies:
            try:
                record = Record.read(body)
            except Unreadable as error:
                # No chain can contain it: if it stood in place of a record, the next one shows the gap.
                self.log.error(  # noqa: TRY400  the traceback says nothing
                    "not a record of ours", upstream=self.upstream.name, reason=str(error), size=len(body)
                )
                self.counted("unreadable", 1)
                continue
            parts[record.assessment].append(record)
        # Who is still busy with the batch before is slow: it has held the others up once, that is enough.
        prompt = [assessment for assessment in parts if self.lane(assessment).idle]
        for assessment, records in parts.items():
            self.lane(assessment).put(records)
        await self.settled(prompt, HOLD)

    def look(self, assessments: Iterable[str]) -> None:
        """Read the feed of these assessments to its end, beside whatever comes next."""
        for assessment in assessments:
            self.lane(assessment).look()

    def again(self) -> None:
        """Another database stands behind the store: go on from what it has."""
        for lane in self.lanes.values():
            lane.again()

    async def sweep(self) -> None:
        """Look at every assessment that the upstream has.

        At start, and now and then in case the last record was lost on its way (one before others shows as a gap).
        """
        self.look(await self.upstream.assessments())

    async def settled(self, assessments: Iterable[str] | None = None, seconds: float | None = None) -> None:
        """Return when these (or all) have nothing left to do or cannot go on, at the latest after `seconds`."""
        lanes = [self.lane(assessment) for assessment in (self.lanes if assessments is None else assessments)]
        waits = [asyncio.ensure_future(lane.settled()) for lane in lanes]
        if not waits:
            return
        _, pending = await asyncio.wait(waits, timeout=seconds)
        for wait in pending:
            wait.cancel()

    def stop(self, assessment: str, reason: str) -> None:
        """Read this assessment no further: what was read of it is not what it should be. A restart looks again."""
        self.lane(assessment).stop(reason)

    # --- told by the lanes ---

    def counted(self, outcome: str, number: int) -> None:
        """So many records were applied, skipped, stale, dropped."""
        self.health.metrics.records.labels(self.upstream.name, outcome).inc(number)

    def reached(self, assessment: str, position: int) -> None:
        """So far it was read. What a topic has unread does not say it: a long gap is filled from the feed."""
        self.health.metrics.position.labels(self.upstream.name, assessment).set(position)

    def parked(self, assessment: str, reason: str) -> None:
        """It stopped: said on `/readyz` and counted."""
        self.health.park(assessment, reason)

    def late(self, assessment: str, reason: str | None) -> None:
        """It waits longer than it may; None: no longer."""
        if reason is None:
            self.health.unpark(assessment)
        else:
            self.health.park(assessment, f"Waiting: {reason}")
