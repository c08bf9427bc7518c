"""The inbox: events from `meritlog.inbox.<provider>`, through the same gate as HTTP.

The topic is the identity and the broker's ACL the check, so an event speaks for that provider and no other. A batch
counts as read once every event in it is in the ledger or kept as refused; read again, it is known already.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import structlog

from services.intake.desk import Request
from services.intake.ledgers import Ledgers
from services.intake.receiving import STRUCTURED, read, together
from services.intake.store import NOWHERE, Unreadable, load_rubric
from shared.chassis.auth import Caller
from shared.chassis.problems import Problem
from shared.chassis.service import Service
from shared.chassis.store import StoreError
from shared.contracts import kinds
from shared.contracts.events import Event, Malformed

if TYPE_CHECKING:
    from shared.chassis.kafka import Kafka

PREFIX = "meritlog.inbox."
GROUP = "meritlog.intake"
CE = "ce_"
LOOK_SECONDS = 30.0
"""How often inboxes made since are looked for."""

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service="intake")


class Sent(Protocol):
    """A record of an inbox, as the broker's client gives it."""

    topic: str
    value: bytes | None

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        """Names and values; a header may have no value."""
        ...


@asynccontextmanager
async def inbox(service: Service, ledgers: Ledgers) -> AsyncGenerator[None]:
    """Read every inbox while the block lasts; without a broker there is none."""
    if service.settings.kafka is None:
        yield
        return
    from shared.chassis.kafka import Kafka  # noqa: PLC0415  half a second and 30 MB that one process does without

    brokers = Kafka.of(service.settings)
    assert brokers is not None  # noqa: S101  its setting was looked at above
    async with service.keeping("reading the inbox", lambda: _read_all(brokers, ledgers), needed=False):
        yield


async def _read_all(brokers: "Kafka", ledgers: Ledgers) -> None:
    """Read the inboxes that there are; when another one is made, begin again with it."""
    from shared.chassis.kafka import Reader  # noqa: PLC0415  as above

    async def handle(batch: Sequence[Sent]) -> Sequence[Sent]:
        return await take(ledgers, batch)

    while True:
        topics = await _inboxes(brokers)
        reading = asyncio.create_task(Reader(brokers, sorted(topics), GROUP, handle).run()) if topics else None
        try:
            while await _inboxes(brokers) == topics:
                if reading is None:
                    await asyncio.sleep(LOOK_SECONDS)
                else:
                    await asyncio.wait({reading}, timeout=LOOK_SECONDS)
                    if reading.done():
                        await reading
        finally:
            if reading is not None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)


async def _inboxes(brokers: "Kafka") -> set[str]:
    return {topic for topic in await brokers.existing() if topic.startswith(PREFIX) and topic != PREFIX}


Read = tuple[Sent, bytes, Event | Malformed]
"""A record, the structured form of its event, and what was read of it."""


async def take(ledgers: Ledgers, batch: Sequence[Sent]) -> list[Sent]:
    """Put a batch through the gate, in order within each assessment; give what has to wait.

    That is what an assessment is sent which this program cannot go on with: the others are not held up by it. What
    waits is read again after the next start.

    :raises StoreError: the ledger cannot be written now; the batch is to be handed in again
    """
    waiting: list[Sent] = []
    for (assessment, provider), read_ in (await asyncio.to_thread(_sorted, batch)).items():
        try:
            await _decide(ledgers, assessment, provider, read_)
        except (Unreadable, Problem) as error:
            reason = error.detail if isinstance(error, Problem) else str(error)
            _log.error("inbox waits", assessment=assessment, provider=provider, reason=reason)
            waiting += [sent for sent, _, _ in read_]
        except StoreError:
            raise
        except Exception:  # noqa: BLE001  our own mistake with one of them: the other assessments go on
            _log.exception("inbox waits", assessment=assessment, provider=provider)
            waiting += [sent for sent, _, _ in read_]
    return waiting


async def _decide(ledgers: Ledgers, assessment: str, provider: str, read_: Sequence[Read]) -> None:
    raws, events = [raw for _, raw, _ in read_], [event for _, _, event in read_]
    caller = await caller_of(ledgers, assessment, provider, events)
    answers = await ledgers.decide(Request(assessment, events, raws, caller, keep_all=True))
    if len(answers) != len(raws):
        raise AssertionError("the ledger answered fewer events than were handed in")


def _sorted(batch: Sequence[Sent]) -> dict[tuple[str, str], list[Read]]:
    """Read a batch, and sort it by assessment and provider."""
    found: dict[tuple[str, str], list[Read]] = {}
    for sent in batch:
        raw = structured(sent)
        event = read(raw)
        provider = sent.topic.removeprefix(PREFIX)
        found.setdefault((event.assessment or NOWHERE, provider), []).append((sent, raw, event))
    return found


async def caller_of(ledgers: Ledgers, assessment: str, provider: str, events: Sequence[object]) -> Caller:
    """Give an inbox's caller: its provider, and the assessor where the rubric names that provider as such."""
    state = await ledgers.ask(ledgers.store.load, assessment)
    assessor = state.rubric.assessor if state is not None and state.rubric is not None else _opener(events)
    roles = frozenset({"provider", "assessor"} if assessor == provider else {"provider"})
    return Caller(f"inbox.{provider}", roles, provider=provider)


def _opener(events: Sequence[object]) -> str | None:
    """Name the assessor of the rubric that an opening among these carries."""
    for event in events:
        if isinstance(event, Event) and event.type == kinds.ASSESSMENT_OPENED:
            try:
                return load_rubric(event.data["rubric"]["content"]).assessor
            except (KeyError, TypeError, ValueError):
                return None
    return None


def structured(sent: Sent) -> bytes:
    """Give the structured form of a record: as it came, or put together from binary mode (`ce_…` headers)."""
    pairs = _text(sent.headers)
    headers, body = dict(pairs), sent.value or b""
    if headers.get("content-type", "").partition(";")[0].strip().lower() == STRUCTURED or CE + "id" not in headers:
        return body
    named = [(name.removeprefix(CE), value) for name, value in pairs if name.startswith(CE)]
    return together(named, headers.get("content-type"), body)


def _text(headers: Sequence[tuple[str, bytes | None]]) -> list[tuple[str, str]]:
    """Give headers that have a value, as text; what is no UTF-8 stays recognisable as a fault further on."""
    return [(name.lower(), value.decode("utf-8", "surrogateescape")) for name, value in headers if value is not None]
