"""Wakes who waits for a stream to grow, from whatever thread it grew on."""

import asyncio
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager


class Signal:
    """Rung after each commit with the names of the streams that grew; nobody waiting costs nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bells: set[Bell] = set()

    def ring(self, streams: Iterable[str]) -> None:
        """From any thread."""
        names = frozenset(streams)
        if not names:
            return
        with self._lock:
            bells = tuple(self._bells)
        for bell in bells:
            bell.ring(names)

    @contextmanager
    def listen(self) -> Generator["Bell"]:
        """A bell for the running loop, for as long as the block lasts."""
        bell = Bell(asyncio.get_running_loop())
        with self._lock:
            self._bells.add(bell)
        try:
            yield bell
        finally:
            with self._lock:
                self._bells.discard(bell)


class Bell:
    """One listener: collects names until it is looked at."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()
        self._streams: set[str] = set()

    def ring(self, streams: frozenset[str]) -> None:
        """From any thread; a loop that has ended hears nothing."""
        try:
            self._loop.call_soon_threadsafe(self._note, streams)
        except RuntimeError:
            return

    def _note(self, streams: frozenset[str]) -> None:
        self._streams |= streams
        self._rung.set()

    async def wait(self, seconds: float) -> set[str]:
        """Streams that grew since the last look; empty when `seconds` went by."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            pass
        self._rung.clear()
        grown, self._streams = self._streams, set()
        return grown
