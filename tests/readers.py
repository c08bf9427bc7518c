"""Readers who look all the time, while something happens behind what they read: what each saw, in order."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from tests.running import NAME

PAUSE = 0.02


class Reader(threading.Thread):
    """Looks until it is told to stop; `seen` are places in the stream, `failed` what was not answered as it should."""

    def __init__(self, url: Callable[[], str]) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.ending = threading.Event()
        self.seen: list[tuple[int, int]] = []
        self.failed: list[str] = []

    def run(self) -> None:
        with httpx.Client(timeout=60, trust_env=False) as client:
            while not self.ending.is_set():
                try:
                    self.look(client)
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    if not self.ending.is_set():  # what they looked at may be stopped by then
                        self.failed.append(f"{type(error).__name__}: {error}")
                time.sleep(PAUSE)

    def look(self, client: httpx.Client) -> None:
        raise NotImplementedError

    @property
    def went_back(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Where a later look saw an earlier place."""
        return [(one, other) for one, other in itertools.pairwise(self.seen) if other < one]


class Standing(Reader):
    """Asks for the standing at the head."""

    def look(self, client: httpx.Client) -> None:
        answer = client.get(f"{self.url()}/v1/standings/{NAME}")
        self.seen.append((1, answer.raise_for_status().json()["known_at"]["position"]))


class Board(Reader):
    """Asks for the live board."""

    def look(self, client: httpx.Client) -> None:
        body = client.get(f"{self.url()}/v1/board/{NAME}", params={"view": "live"}).raise_for_status().json()
        self.seen.append((body["generation"], body["known_at"]["position"]))


class Stream(Reader):
    """Hears every change as a browser does, from the first on, in one connection for as long as that lasts."""

    def look(self, client: httpx.Client) -> None:
        address = f"{self.url()}/v1/changes/{NAME}"
        with client.stream("GET", address, params={"after": 0}, headers={"Accept": "text/event-stream"}) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                if line.startswith("id:"):
                    generation, position = line.removeprefix("id:").strip().split("-")
                    self.seen.append((int(generation), int(position)))
                if self.ending.is_set():
                    return
        raise ValueError("the stream broke off")


@contextlib.contextmanager
def reading(scoring: Callable[[], str], ranking: Callable[[], str]) -> Iterator[tuple[Standing, Board, Stream]]:
    """All three at once; whatever they look at must be there by now."""
    readers = Standing(scoring), Board(ranking), Stream(ranking)
    for reader in readers:
        reader.start()
    try:
        yield readers
    finally:
        for reader in readers:
            reader.ending.set()


def noticed_nothing(readers: tuple[Standing, Board, Stream]) -> bool:
    """Whether every look was answered, none saw an earlier place than the one before, and each looked often."""
    for reader in readers:
        assert reader.failed == [], type(reader).__name__
        assert reader.went_back == [], type(reader).__name__
        assert len(reader.seen) > 20, type(reader).__name__
    return True
