"""After a restore: what the ledger's own topic holds beyond the database is taken back before anything is accepted.

A restored database may be behind what was published and answered. New entries would take positions that others have
read already. So intake first reads what lies in its topic behind the last record that the database knows to be there:
entries that continue a ledger are adopted, once they have passed chain and gate; where one stands in another's place,
that assessment is a fork: it is reported, nothing is overwritten, and nothing more is accepted into it or published
of it, so that the topic fits the true database once that is put back. So too where the database cannot be read.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from services.intake.desk import Asking
from services.intake.ledgers import Fork, Ledgers
from services.intake.store import LedgerStore, Unreadable, accepted_writes, entries, load_rubric
from shared.chassis.record import Record
from shared.chassis.record import Unreadable as NoRecord
from shared.chassis.service import Service
from shared.chassis.store import Conflict, Head, Published, StoreError
from shared.chassis.wiring import ENTRIES
from shared.contracts.canonical import leaf_hash
from shared.contracts.events import Malformed, parse_event
from shared.contracts.times import instant
from shared.gate.gate import Gate
from shared.gate.outcomes import Accepted
from shared.gate.state import LedgerState, evolve

if TYPE_CHECKING:
    from shared.chassis.kafka import Kafka

AT_ONCE = 500
TRIES = 5


class Adopter:
    """Takes records of the topic, in the order in which they lie there. Blocking."""

    def __init__(self, store: LedgerStore) -> None:
        """Adopt into this store."""
        self.store = store
        self.stopped: dict[str, Fork | StoreError] = {}
        """Why an assessment is not gone on with, by its id."""
        self.adopted: dict[str, int] = {}
        """How many entries were taken back, by assessment."""

    def take(self, bodies: Sequence[bytes]) -> None:
        """Take in the next records."""
        parts: dict[str, list[Record]] = {}
        for body in bodies:
            try:
                record = Record.read(body)
            except NoRecord:
                continue  # no chain holds it; where it stands in place of an entry, the next one shows the gap
            parts.setdefault(record.assessment, []).append(record)
        for assessment, records in parts.items():
            if assessment not in self.stopped:
                try:
                    self._adopt(assessment, records)
                except (Fork, Unreadable, Conflict) as error:
                    self.stopped[assessment] = error

    def _adopt(self, assessment: str, records: Sequence[Record]) -> None:
        for _ in range(TRIES):
            new = self._new(assessment, records)
            if not new:
                return
            try:
                appended, beside = accepted_writes(assessment, self._passed(assessment, new))
                self.store.store.commit(append=appended, execute=beside)
            except Conflict:  # another replica adopts as well
                continue
            self.adopted[assessment] = self.adopted.get(assessment, 0) + len(new)
            return
        raise Conflict(
            f"{assessment} is being written by somebody else while entries of its topic are taken back; "
            "start this service again."
        )

    def _new(self, assessment: str, records: Sequence[Record]) -> list[Record]:
        """Give the records that continue the ledger.

        :raises Fork: one stands in another's place, or what comes before it is nowhere
        :raises Unreadable: what stands in its place is damaged
        """
        head = self.store.head(assessment)
        new: list[Record] = []
        for record in records:
            position = head.position if head else 0
            if record.position > position:
                if record.position > position + 1 or record.previous != (head.digest if head else None):
                    raise Fork(_history(assessment, record, head))
                new.append(record)
                head = record.head
            elif self._digest(assessment, record.position, new) != record.digest:
                if not new or record.position < new[0].position:
                    self.store.entry(assessment, record.position)  # damage is no other history
                raise Fork(_history(assessment, record, head))
        return new

    def _digest(self, assessment: str, position: int, new: Sequence[Record]) -> str | None:
        """Give the digest that stands at a position, stored or about to be."""
        if new and position >= new[0].position:
            return new[position - new[0].position].digest
        stored = self.store.store.stream(entries(assessment)).get(position)
        return None if stored is None else leaf_hash(stored)

    def _passed(self, assessment: str, records: Sequence[Record]) -> list[Accepted]:
        """Put records through the gate, which must say of each what it said when it took it in.

        :raises Unreadable: it does not
        :raises Conflict: the ledger has grown meanwhile
        """
        state = self.store.load(assessment) or LedgerState(assessment=assessment)
        if state.position + 1 != records[0].position:
            raise Conflict(f"{assessment} has grown to {state.position} meanwhile.")
        asking = Asking({}, set(), lambda key: self.store.found(assessment, [key]).get(key))
        passed: list[Accepted] = []
        for record in records:
            accepted = _accepted(state, asking, record)
            if accepted is None or accepted.stored != record.body:
                raise Unreadable(
                    f"Position {record.position} of {assessment} lies in its topic and is no entry that this program "
                    "would store; start the program that published it, or restore a newer backup."
                )
            passed.append(accepted)
            asking.learn(accepted)
            evolve(state, accepted)
        return passed


def _accepted(state: LedgerState, asking: Asking, record: Record) -> Accepted | None:
    try:
        event = parse_event(record.body, stored=True)
        moment = instant(str(event.added.get("acceptedtime")))
    except (Malformed, ValueError):
        return None
    kind, label = (event.added.get(name) for name in ("authtype", "authid"))
    outcome = Gate(state, load_rubric).admit(
        event, None, moment, asking, position=record.position, authtype=kind, authid=label
    )
    return outcome if isinstance(outcome, Accepted) else None


def _history(assessment: str, record: Record, head: Head | None) -> str:
    return (
        f"Fork: the topic holds position {record.position} of {assessment} with {record.digest} after "
        f"{record.previous}, which does not continue the ledger here, whose head is at {head.position if head else 0} "
        f"with {head.digest if head else None}; find out which history is true, and restore that database."
    )


async def adopt(service: Service, ledgers: Ledgers) -> None:
    """Take back what the topic holds beyond the database; without a broker there is none."""
    if service.settings.kafka is None:
        return
    from shared.chassis.kafka import Kafka  # noqa: PLC0415  half a second and 30 MB that one process does without

    brokers = Kafka.of(service.settings)
    assert brokers is not None  # noqa: S101  its setting was looked at above
    adopter = Adopter(ledgers.store)
    await service.reach("what its topic holds", lambda: read_tail(brokers, ENTRIES.topic, adopter))
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service="intake")
    for assessment, number in adopter.adopted.items():
        log.warning("taken back from the topic", assessment=assessment, entries=number)
    ledgers.stopped |= adopter.stopped
    for assessment, error in adopter.stopped.items():
        service.health.park(assessment, str(error))
        log.error("parked", assessment=assessment, reason=str(error))


async def read_tail(brokers: "Kafka", topic: str, adopter: Adopter) -> None:
    """Hand over what lies in a topic behind the last record that the database knows to be there, to its end of now.

    :raises KafkaError: the broker does not answer
    """
    from aiokafka import AIOKafkaConsumer, TopicPartition  # noqa: PLC0415  as above

    from shared.chassis.kafka import LARGEST, unbroken  # noqa: PLC0415

    if topic not in await brokers.existing():
        return
    places = [TopicPartition(topic, number) for number in await unbroken(_partitions(brokers, topic))]
    consumer: Any = AIOKafkaConsumer(**brokers.terms(), enable_auto_commit=False, max_partition_fetch_bytes=LARGEST)
    try:
        await unbroken(consumer.start())
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        known = await adopter.store.store.ask(_confirmed, adopter.store)
        for place, first in (await consumer.beginning_offsets(places)).items():
            consumer.seek(place, min(max(first, known.get(place.partition, -1) + 1), ends[place]))
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await consumer.getmany(timeout_ms=500, max_records=AT_ONCE)).items():
                within = [each for each in records if each.offset < ends[place]]
                await adopter.store.store.run(adopter.take, [each.value for each in within if each.value])
    finally:
        await consumer.stop()


async def _partitions(brokers: "Kafka", topic: str) -> list[int]:
    """Number the partitions of a topic."""
    from shared.chassis.kafka import admin  # noqa: PLC0415  as above

    async with admin(brokers) as client:
        (described,) = await client.describe_topics([topic])
    return sorted(part["partition"] for part in described["partitions"])


def _confirmed(store: LedgerStore) -> dict[int, int]:
    """Give the last offset that each partition is known to hold. Blocking."""
    known: dict[int, int] = {}
    for name in store.store.streams(ENTRIES.kind):
        cursor: Published | None = store.store.published(name)
        if cursor is not None:
            known[cursor.partition] = max(known.get(cursor.partition, -1), cursor.offset)
    return known
