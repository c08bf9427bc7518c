"""What stands before two deployments of a service: new connections go to the one, and from a moment on to the other."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Switch:
    """Listens on a port and hands each connection on to `target`, as a Service of Kubernetes does."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, begun: threading.Event, ended: asyncio.Event) -> None:
        async with await asyncio.start_server(self.joined, "127.0.0.1", self.port):
            begun.set()
            await ended.wait()

    async def joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
            await asyncio.gather(handed_on(reader, back), handed_on(there, writer))
        writer.close()


async def handed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def switch(port: int, target: int) -> Iterator[Switch]:
    """A switch in a thread of its own."""
    made, begun, loop = Switch(port, target), threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(made.serve(begun, ended)), daemon=True)
    thread.start()
    assert begun.wait(10)
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
