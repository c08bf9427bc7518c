"""Follows the standings of every assessment that someone looks at, and renders each view once a change for all of them.

One stream per assessment, however many readers; a change empties the cache, and the first reader to ask makes the
fragment that all others get. What a reader missed it skips: it is always given the present state.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass

import structlog

from web.upstream import Declined, Unanswered, Upstream

MOST_FRAGMENTS = 512


@dataclass(frozen=True, slots=True)
class Fragment:
    """The live part of a page, rendered: `version` names the state it shows."""

    title: str
    html: str
    version: str


Make = Callable[[], Awaitable[Fragment]]


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things go: tests go faster.

    `settle` seconds are waited after a change, so that a burst is rendered once; a stream nobody looks at is left after
    `linger`; one that broke off is taken up again after `again`, doubling up to `at_most`, with jitter.
    """

    settle: float = 0.2
    linger: float = 30.0
    again: float = 0.5
    at_most: float = 8.0


class Channel:
    """One assessment's stream, its readers and the fragments of its present state."""

    def __init__(
        self, assessment: str, upstream: Upstream, pace: Pace, log: structlog.typing.FilteringBoundLogger
    ) -> None:
        self.assessment = assessment
        self.upstream = upstream
        self.pace = pace
        self.log = log
        self.version = ""
        self.connected = False
        self.readers = 0
        self.task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._fragments: dict[Hashable, tuple[str, asyncio.Future[Fragment]]] = {}

    async def fragment(self, key: Hashable, make: Make) -> Fragment:
        """The fragment of the present state: made once, by the first who asks."""
        held = self._fragments.get(key)
        if held is None or held[0] != self.version or _failed(held[1]):
            while len(self._fragments) >= MOST_FRAGMENTS:
                self._fragments.pop(next(iter(self._fragments)))
            held = self.version, asyncio.ensure_future(make())
            held[1].add_done_callback(_failed)  # a failure counts as looked at, even when every reader has gone
            self._fragments[key] = held
        return await asyncio.shield(held[1])

    async def wait_beyond(self, version: str) -> None:
        """Return when the state is another than `version`."""
        while self.version == version:
            await self._moved.wait()

    async def run(self) -> None:
        """Follow the stream until cancelled: the present version, then every change; begin anew when it breaks."""
        pause = self.pace.again
        while True:
            try:
                self.move((await self.upstream.board(self.assessment)).version)
                async for event in self.upstream.follow(self.assessment, self.version):
                    self.connected = True
                    pause = self.pace.again
                    if event.name == "standing" and event.id:
                        self.move(event.id)
            except (Unanswered, Declined) as error:
                self.log.info("stream broke off", assessment=self.assessment, reason=str(error))
            finally:
                self.connected = False
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (jitter)
            pause = min(pause * 2, self.pace.at_most)

    def move(self, version: str) -> None:
        """A new state: wake every reader."""
        if version != self.version:
            self.version = version
            self._fragments.clear()
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()


class Hub:
    """The channels of all assessments that have readers."""

    def __init__(
        self, upstream: Upstream, log: structlog.typing.FilteringBoundLogger, pace: Pace | None = None
    ) -> None:
        self.upstream = upstream
        self.log = log
        self.pace = pace or Pace()
        self.channels: dict[str, Channel] = {}

    async def fragment(self, assessment: str, key: Hashable, make: Make) -> Fragment:
        """A fragment for a page that is loaded: the shared one where the stream is followed, else a fresh one."""
        channel = self.channels.get(assessment)
        if channel is None or not channel.connected:
            return await make()
        return await channel.fragment(key, make)

    async def watch(self, assessment: str, key: Hashable, make: Make, seen: str) -> AsyncGenerator[Fragment]:
        """The present state if it is not `seen`, then each later one; the reader may stop at any time."""
        channel = self.enter(assessment)
        try:
            before = Fragment("", "", seen)
            while True:
                version = channel.version
                if version and version != before.version:
                    try:
                        fragment = await channel.fragment(key, make)
                    except (Unanswered, Declined):  # the reader keeps what it has until there is more
                        await asyncio.sleep(self.pace.at_most)
                        continue
                    if fragment.html != before.html:
                        yield fragment
                    before = fragment
                await channel.wait_beyond(version)
                await asyncio.sleep(self.pace.settle)
        finally:
            self.leave(channel)

    def behind(self, assessment: str) -> bool:
        """Whether the stream is not being followed just now."""
        channel = self.channels.get(assessment)
        return channel is None or not channel.connected

    def enter(self, assessment: str) -> Channel:
        """A reader comes: the first one opens the stream."""
        channel = self.channels.get(assessment)
        if channel is None:
            channel = self.channels[assessment] = Channel(assessment, self.upstream, self.pace, self.log)
        if channel.task is None:
            channel.task = asyncio.create_task(channel.run(), name=f"web follows {assessment}")
        channel.readers += 1
        return channel

    def leave(self, channel: Channel) -> None:
        """A reader goes: a while after the last one the stream is closed."""
        channel.readers -= 1
        if channel.readers == 0:
            asyncio.get_running_loop().call_later(self.pace.linger, self.close_idle, channel)

    def close_idle(self, channel: Channel) -> None:
        """Close a stream that nobody looks at."""
        if channel.readers == 0 and channel.task is not None:
            channel.task.cancel()
            channel.task = None
            self.channels.pop(channel.assessment, None)

    async def close(self) -> None:
        """Close all streams."""
        tasks = [channel.task for channel in self.channels.values() if channel.task is not None]
        self.channels.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _failed(made: "asyncio.Future[Fragment]") -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)
