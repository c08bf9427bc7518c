"""Readers who look all the time, while something happens behind what they read: what each saw, in order."""

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator

import httpx

PAUSE = 0.02


class Reader(threading.Thread):
    """Looks until it is told to stop; `seen` are places in the stream, `failed` what was not answered as it should."""

    def __init__(self, url: str, assessment: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.assessment = assessment
        self.ending = threading.Event()
        self.seen: list[tuple[int, int]] = []
        self.failed: list[str] = []

    def run(self) -> None:
        each_anew = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=self.url, limits=each_anew, timeout=60, trust_env=False) as client:
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
        answer = client.get(f"/v1/standings/{self.assessment}")
        self.seen.append((1, answer.raise_for_status().json()["known_at"]["position"]))


class Board(Reader):
    """Asks for the live board."""

    def look(self, client: httpx.Client) -> None:
        answer = client.get(f"/v1/board/{self.assessment}", params={"view": "live"})
        body = answer.raise_for_status().json()
        self.seen.append((body["generation"], body["known_at"]["position"]))


class Stream(Reader):
    """Hears every change as a browser does: from the first on, and where a stream ends, on from the last heard."""

    connections = 0

    def look(self, client: httpx.Client) -> None:
        address = f"/v1/changes/{self.assessment}"
        last = {"Last-Event-ID": "-".join(map(str, self.seen[-1]))} if self.seen else {}
        headers = {"Accept": "text/event-stream", **last}
        with client.stream("GET", address, params={"after": 0}, headers=headers) as answer:
            answer.raise_for_status()
            self.connections += 1
            with contextlib.suppress(httpx.RemoteProtocolError):  # who answers ends: one begins again, as browsers do
                for line in answer.iter_lines():
                    if line.startswith("id:"):
                        generation, position = line.removeprefix("id:").strip().split("-")
                        self.seen.append((int(generation), int(position)))
                    if self.ending.is_set():
                        return


@contextlib.contextmanager
def reading(assessment: str, scoring: str, ranking: str) -> Iterator[tuple[Standing, Board, Stream]]:
    """All three at once; whatever they look at must be there by now."""
    readers = Standing(scoring, assessment), Board(ranking, assessment), Stream(ranking, assessment)
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
        assert reader.failed == [], f"{type(reader).__name__} was not answered: {reader.failed}"
        assert reader.went_back == [], f"{type(reader).__name__} was sent back: {reader.went_back}"
        assert len(reader.seen) > 20, type(reader).__name__
    return True
