"""Streams inside one process: read straight from the upstream service's store, woken when it grows."""

import asyncio

from shared.chassis.store import EventStore
from shared.chassis.stream import Follower

SWEEP = 30.0
"""Seconds after which every assessment is looked at though nobody rang: another process may share the file."""


class StoreUpstream:
    """An upstream service's streams of one kind, out of its store, in the same process."""

    def __init__(self, store: EventStore, kind: str) -> None:
        self.name = kind
        self.store = store

    async def assessments(self) -> list[str]:
        """Every assessment that has such a stream."""
        return await self.store.ask(self.store.assessments, self.name)

    async def read(self, assessment: str, *, generation: int, after: int, limit: int) -> list[bytes]:
        """Records beyond `after` in this generation, or all of a newer one.

        Who stands beyond our last record gets that one: another than it knows shows that this store was put back.
        """
        return await self.store.ask(self._read, f"{self.name}/{assessment}", generation, after, limit)

    def _read(self, name: str, generation: int, after: int, limit: int) -> list[bytes]:
        stream = self.store.stream(name)
        records = stream.feed(generation, after, limit)
        head = None if records else stream.head()
        if head is not None and head.generation == generation and head.position < after:
            return stream.read(head.position - 1, 1, generation)
        return records


async def follow(follower: Follower, upstream: StoreUpstream) -> None:
    """Keep a follower at the head of an upstream in this process, until cancelled."""
    prefix = f"{upstream.name}/"
    loop = asyncio.get_running_loop()
    with upstream.store.signal.listen() as bell:
        while True:
            await follower.sweep()
            again = loop.time() + SWEEP
            while (left := again - loop.time()) > 0:
                grown = await bell.wait(left)
                follower.look(name.removeprefix(prefix) for name in grown if name.startswith(prefix))
