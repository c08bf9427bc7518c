"""One assessment of one upstream, read in order by one task: the only place that decides what is applied."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import stamina
import structlog

from shared.chassis.record import Place, Record, place
from shared.chassis.store import Advance, Conflict, EventStore, Head, StoreError
from shared.chassis.store.fence import KEPT_BYTES, shortened


class Upstream(Protocol):
    """Where a stream comes from, and can be read again from any position: the same bytes."""

    name: str

    async def assessments(self) -> list[str]:
        """Every assessment that it has a stream of."""
        ...

    async def read(self, assessment: str, *, generation: int, after: int, limit: int) -> list[bytes]:
        """Records beyond position `after` of this generation; of a newer one, if there is, all from its snapshot."""
        ...


Handler = Callable[[str, list[Record], Advance], Awaitable[None]]
"""`handle(assessment, records, advance)`: derive, and end in one `store.commit(follow=advance, …)`."""
Reload = Callable[[str], Awaitable[None]]
"""Somebody else has read on: forget what was derived in memory of this assessment and take it from the store."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds and tries; `batch` records in one transaction, `room` bytes waiting."""

    batch: int = 500
    room: int = 8 * 1024 * 1024
    tries: int = 6
    conflicts: int = 20
    first_pause: float = 0.1
    longest_pause: float = 5.0
    alarm: float = 30.0


class Parked(Exception):
    """This assessment stops here; the others go on."""


class BrokenFeed(Exception):
    """The feed did not give what it must have; asked again."""


class Watcher(Protocol):
    """Who is told what happens in a lane."""

    def counted(self, outcome: str, number: int) -> None:
        """So many records were applied, skipped, stale, dropped."""
        ...

    def reached(self, assessment: str, position: int) -> None:
        """It was read up to here."""
        ...

    def parked(self, assessment: str, reason: str) -> None:
        """It stopped."""
        ...

    def late(self, assessment: str, reason: str | None) -> None:
        """Records are missing, or applying fails, for longer than it may; None: no longer."""
        ...


class Lane:
    """Takes records in any order, as often as they come, and hands each position to the handler once, in order."""

    def __init__(
        self,
        assessment: str,
        upstream: Upstream,
        handler: Handler,
        store: EventStore,
        *,
        watcher: Watcher,
        reload: Reload | None = None,
        patience: Patience = Patience(),
        log: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self.assessment = assessment
        self.upstream = upstream
        self.handler = handler
        self.store = store
        self.watcher = watcher
        self.reload = reload
        self.patience = patience
        self.log = log.bind(assessment=assessment, upstream=upstream.name)
        self.head: Head | None = None
        self.parked: str | None = None
        self.trouble: str | None = None
        self._since = 0.0
        self._loaded = False
        self._behind = False
        self._singly = 0
        self._inbox: list[Record] = []
        self._held = 0
        self._work = asyncio.Event()
        self._done = asyncio.Event()
        self._done.set()
        self._kept: tuple[int, int, bytes] = (0, 0, b"")

    # --- from outside ---

    def put(self, records: Sequence[Record]) -> None:
        """Take these; what there is no room for is fetched from the feed later, so nothing is lost by it."""
        if self.parked:
            self.watcher.counted("dropped", len(records))
            return
        for number, record in enumerate(records):
            if self._held > self.patience.room:
                self._behind = True
                self.watcher.counted("dropped", len(records) - number)
                break
            self._held += len(record.body)
            self._inbox.append(record)
        self._start()

    def look(self) -> None:
        """Read the feed: something is there, or may be."""
        if not self.parked:
            self._behind = True
            self._start()

    def again(self) -> None:
        """Another database stands behind the store now: what is known of the head may be the one before's."""
        self._loaded = False
        self.look()

    def stop(self, reason: str) -> None:
        """Park, for a reason that stands outside the stream; what is being applied is applied."""
        if not self.parked:
            self._park(reason)

    def _start(self) -> None:
        if self.trouble is None:
            self._done.clear()
        self._work.set()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self._done.is_set()

    async def settled(self) -> None:
        """Return when nothing is left to do, or as soon as this lane cannot go on: nobody else waits for it."""
        await self._done.wait()

    async def run(self) -> None:
        """Work until cancelled; parking ends it."""
        while True:
            await self._work.wait()
            self._work.clear()
            try:
                await self._turn()
            except Parked as stop:
                self._park(str(stop))
                return
            except Exception as error:  # our own mistake: this assessment stops, the others go on
                self.log.exception("reading failed")
                self._park(f"Reading failed: {type(error).__name__}: {error}.")
                return
            if not self._inbox and not self._behind:
                self._done.set()

    # --- the state machine ---

    async def _turn(self) -> None:
        while self._inbox or self._behind or not self._loaded:
            if not self._loaded:
                await self._patiently("reading the store", self._load)
            if self._behind:
                self._behind = False
                await self._patiently("reading the feed", self._fetch)
            records, self._inbox, self._held = self._inbox, [], 0
            await self._take(records)

    async def _load(self) -> None:
        self._loaded = True  # before it is asked: `again` meanwhile means once more
        self.head = await self.store.ask(self.store.followed_head, self.upstream.name, self.assessment)
        self._tell_reached()

    async def _take(self, records: Sequence[Record]) -> None:
        """Bring records where they belong, in the order they came; a gap is filled from the feed first."""
        start = 0
        while start < len(records):
            run, end = self._next_run(records, start)
            if run:
                start = end if await self._apply(run) else start
                continue
            record = records[start]
            match place(self.head, record):
                case Place.GAP:
                    await self._patiently("fetching what is missing", self._fill(record))
                    continue
                case Place.FORK:
                    self._fork(record)
                case Place.OLD if await self._differs(record):
                    self._fork(record)
                case Place.STALE:
                    self.watcher.counted("stale", 1)
                case _:
                    self.watcher.counted("skipped", 1)
            start += 1

    def _next_run(self, records: Sequence[Record], start: int) -> tuple[list[Record], int]:
        """The records from `start` on that follow the head and each other, for one transaction, and where they end.

        A newer generation begins a run of its own.
        """
        run: list[Record] = []
        head, most = self.head, 1 if self._singly else self.patience.batch
        for record in records[start : start + most]:
            if place(head, record) is not Place.NEXT or (run and record.generation != run[-1].generation):
                break
            run.append(record)
            head = record.head
        return run, start + len(run)

    def _fill(self, record: Record) -> Callable[[], Awaitable[None]]:
        """Read the feed until this record, which is too far ahead, is known or next."""

        async def fill() -> None:
            await self._fetch()
            if place(self.head, record) is Place.GAP:
                raise BrokenFeed(
                    f"{self.upstream.name} has sent position {record.position} of generation {record.generation}, "
                    f"but its feed ends at {self.head.position if self.head else 0}"
                )

        return fill

    async def _fetch(self) -> None:
        """Apply what the feed has beyond our head, to its end."""
        while True:
            generation, after = (self.head.generation, self.head.position) if self.head else (1, 0)
            bodies = await self.upstream.read(
                self.assessment, generation=generation, after=after, limit=self.patience.batch
            )
            if not bodies:
                return
            records = [Record.read(body) for body in bodies]
            if any(record.assessment != self.assessment for record in records):
                raise BrokenFeed(f"the feed of {self.upstream.name} answered with another assessment")
            first = place(self.head, records[0])
            if records[0].generation != generation and not records[0].snapshot:
                raise Parked(
                    f"Generation {records[0].generation} of {self.upstream.name} does not open with a snapshot: "
                    "rebuild it."
                )
            if first is Place.GAP:
                raise BrokenFeed(f"the feed of {self.upstream.name} skips from {after} to {records[0].position}")
            standing = self.head
            await self._take(records)
            if self.head == standing:
                return

    async def _apply(self, run: list[Record]) -> bool:
        """Hand a run to the handler; whether it went in, else it is to be looked at again from its first record.

        What fails is tried again with growing pauses, then one by one, so that the good ones before it go in.
        """
        advance = Advance(
            self.upstream.name, self.assessment, self.head, run[-1].head, tuple(record.digest for record in run)
        )
        tries = conflicts = 0
        pause = self.patience.first_pause
        while True:
            try:
                await self.handler(self.assessment, run, advance)
            except Exception as error:  # noqa: BLE001  what it is decides below
                problem = error
            else:
                self.head = advance.new
                self._tell_reached()
                self._singly = max(0, self._singly - 1)
                self.watcher.counted("applied", len(run))
                self._well()
                return True
            if isinstance(problem, Conflict):
                conflicts += 1
            elif not isinstance(problem, StoreError):  # the database is away or full: nothing wrong with the record
                tries += 1
            if (conflicts or tries) and await self._moved(advance):
                return False
            if len(run) > 1 and tries > 1:
                self._singly = len(run)
                return False
            self._give_up(run[0], problem, tries, conflicts)
            self._troubled(f"position {run[0].position}: {problem}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, self.patience.longest_pause)

    async def _moved(self, advance: Advance) -> bool:
        """Whether it failed only because another replica has read on, or our own commit went through unheard."""
        await self._patiently("reading the store", self._reread)
        if self.head == advance.expected:
            return False
        self._well()
        return True

    def _give_up(self, record: Record, problem: Exception, tries: int, conflicts: int) -> None:
        """Park after so many tries; a restart begins again."""
        if conflicts >= self.patience.conflicts:
            raise Parked(f"Position {record.position} cannot be written: {problem}") from problem
        if tries >= self.patience.tries:
            self.log.error("a record failed", position=record.position, exc_info=problem)
            raise Parked(
                f"Position {record.position} of {self.upstream.name} could not be handled "
                f"({type(problem).__name__}: {problem}); the log has the traceback, a restart tries it again."
            ) from problem

    async def _reread(self) -> None:
        await self._load()
        if self.reload:
            await self.reload(self.assessment)

    async def _differs(self, record: Record) -> bool:
        """Whether another record was read under this old position; not known (before a snapshot) counts as no."""
        generation, first, kept = self._kept
        offset = (record.position - first) * KEPT_BYTES
        if generation != record.generation or not 0 <= offset < len(kept):
            first, kept = await self.store.ask(
                self.store.followed_digests, self.upstream.name, self.assessment, record.generation, record.position
            )
            self._kept = (record.generation, first, kept)
            offset = (record.position - first) * KEPT_BYTES
        known = kept[offset : offset + KEPT_BYTES]
        return bool(known) and known != shortened(record.digest)

    # --- trouble ---

    async def _patiently(self, doing: str, attempt: Callable[[], Awaitable[None]]) -> None:
        """Try until it works, with growing pauses; after 30 s it is an alarm."""
        waited = False
        async for trial in stamina.retry_context(
            on=passing,
            attempts=None,
            timeout=None,
            wait_initial=self.patience.first_pause,
            wait_max=self.patience.longest_pause,
            wait_jitter=self.patience.first_pause,
        ):
            with trial:
                try:
                    await attempt()
                except Parked:
                    raise
                except Exception as error:
                    waited = True
                    self._troubled(f"{doing}: {error}")
                    raise
        if waited:
            self._well()

    def _tell_reached(self) -> None:
        self.watcher.reached(self.assessment, self.head.position if self.head else 0)

    def _troubled(self, reason: str) -> None:
        """Nobody waits for this lane from now on; said once, and again as an alarm after 30 s."""
        now = time.monotonic()
        if self.trouble is None:
            self._since = now
            self.log.warning("waiting", reason=reason)
        elif now - self._since >= self.patience.alarm:
            self.log.error("still waiting", reason=reason, seconds=round(now - self._since))
            self.watcher.late(self.assessment, reason)
        self.trouble = reason
        self._done.set()

    def _well(self) -> None:
        if self.trouble is not None:
            self.log.info("going on", position=self.head.position if self.head else 0)
            self.watcher.late(self.assessment, None)
            self.trouble = None

    def _fork(self, record: Record) -> None:
        head = self.head
        raise Parked(
            f"Fork: {self.upstream.name} sent position {record.position} of generation {record.generation} with "
            f"{record.digest} after {record.previous}, but what was read here stands at {head.position if head else 0} "
            f"with {head.digest if head else None}; find out which history is true before this assessment goes on."
        )

    def _park(self, reason: str) -> None:
        self.parked = reason
        self._inbox, self._held, self._behind = [], 0, False
        self._done.set()
        self.log.error("parked", reason=reason)
        self.watcher.parked(self.assessment, reason)


def passing(error: BaseException) -> bool:
    """Whether trying again may help; stamina asks of cancellations too, which must end the wait."""
    return isinstance(error, Exception) and not isinstance(error, Parked)
