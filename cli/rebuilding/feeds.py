"""What a rebuild reads of the service before: over HTTP, or from its store in the same folder."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx

from cli.rebuilding.settings import RebuildSettings
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
from services.intake.store import VERSION as INTAKE
from services.scoring.store import VERSION as SCORING
from shared.chassis.beside import followed
from shared.chassis.feed import ANSWER_SECONDS, LINES
from shared.chassis.store import EventStore

AT_ONCE = 10_000
Ask = Callable[..., list[bytes]]
"""`ask(path, **words)`: the lines of an answer."""
Entries = Callable[[str, int], Iterator[Sequence[bytes]]]
Source = Callable[[RebuildSettings], AbstractContextManager[Entries]]
"""Where entries are read from."""


@contextmanager
def scores(settings: RebuildSettings) -> Generator[Callable[[str, int, int], list[bytes]]]:
    """Give how records of scores are read: the next ones behind a place of an assessment's stream."""
    if settings.scoring:
        with _asking(settings.scoring, settings) as ask:
            yield lambda assessment, generation, after: ask(
                f"/v1/scores/{quote(assessment, safe='')}", generation=generation, after=after, limit=AT_ONCE
            )
        return
    with _beside(settings, "scoring", SCORING) as store:
        yield lambda assessment, generation, after: store.stream(f"scores/{assessment}").feed(
            generation, after, AT_ONCE
        )


@contextmanager
def entries(settings: RebuildSettings) -> Generator[Entries]:
    """Give how entries are read from intake: batch by batch, from behind a position on."""
    if settings.intake:
        with _asking(settings.intake, settings) as ask:
            yield partial(_pages, ask)
        return
    with _beside(settings, "intake", INTAKE) as store:
        yield lambda assessment, after: store.stream(f"entries/{assessment}").scan(after)


@contextmanager
def topic(settings: RebuildSettings) -> Generator[Entries]:
    """Give how entries are read from Kafka, where intake published them.

    Raises:
        Stop: No broker is named.

    """
    from shared.chassis.topic import terms

    if settings.kafka is None:
        raise Stop("--from-topic reads from Kafka: name its brokers in MERITLOG_KAFKA", WRONG_USAGE)
    yield partial(_whole, terms(settings))


def _whole(brokers: dict[str, Any], assessment: str, after: int) -> Iterator[Sequence[bytes]]:
    from shared.chassis.topic import TopicError, entries

    try:
        yield from entries(brokers, "meritlog.entries", assessment, after)
    except TopicError as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None


def _pages(ask: Ask, assessment: str, after: int) -> Iterator[Sequence[bytes]]:
    while lines := ask(f"/v1/entries/{quote(assessment, safe='')}", after=after, limit=AT_ONCE):
        yield lines
        after += len(lines)


@contextmanager
def peeked(url: str, service: str, version: int) -> Generator[EventStore]:
    """Look into a store as it is, for the block."""
    store = EventStore.peek(url, service, version)
    try:
        yield store
    finally:
        store.close()


def _beside(settings: RebuildSettings, name: str, version: int) -> AbstractContextManager[EventStore]:
    return peeked(followed(f"sqlite:///{settings.data / name}.sqlite", name, version), name, version)


@contextmanager
def _asking(url: str, settings: RebuildSettings) -> Generator[Ask]:
    token = {"Authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token else {}
    client = httpx.Client(base_url=url, headers={"Accept": LINES, **token}, timeout=ANSWER_SECONDS, trust_env=False)

    def ask(path: str, **words: Any) -> list[bytes]:
        try:
            answer = client.get(path, params=words)
        except httpx.HTTPError as error:
            raise Stop(f"{url} does not answer ({error}): is it up?", NO_ANSWER) from None
        if answer.status_code == 404:
            return []
        if answer.status_code != 200:
            raise Stop(f"{url} answers {answer.status_code} to {path}: look at its address and its token", NO_ANSWER)
        return [line for line in answer.content.split(b"\n") if line]

    with client:
        yield ask
