"""The topics as they must be, made where they are missing and compared where they are not."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from shared.chassis.kafka import LARGEST, Kafka, admin

ENTRIES = "meritlog.entries"
SCORES = "meritlog.scores"
STANDINGS = "meritlog.standings"
REJECTED = "meritlog.rejected"
INBOX = "meritlog.inbox."

PARTITIONS = 6
ENTRY_BYTES = 2 * 1024 * 1024
COPIES = 3
HEARD_TRIES, HEARD_PAUSE = 50, 0.2
FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True)
class Topic:
    """A topic as it must be; its partitions are fixed when it is made, because a key must stay where it is."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Finding:
    """What was found of a topic: `made`, or as it should be (no differences), or what is other than it should be."""

    topic: str
    made: bool
    differences: tuple[str, ...] = ()


def ours(providers: Sequence[str] = (), *, partitions: int = PARTITIONS, prefix: str = "") -> list[Topic]:
    """All topics: the four of the services and an inbox for each provider. Kept for ever, never compacted."""
    small = {**FOR_EVER, "max.message.bytes": str(ENTRY_BYTES)}
    large = {**FOR_EVER, "max.message.bytes": str(LARGEST)}
    return [
        Topic(prefix + ENTRIES, partitions, small),
        Topic(prefix + SCORES, partitions, large),
        Topic(prefix + STANDINGS, partitions, large),
        Topic(prefix + REJECTED, 1, small),
        *(Topic(f"{prefix}{INBOX}{provider}", 1, small) for provider in providers),
    ]


async def ensure(kafka: Kafka, topics: Sequence[Topic]) -> list[Finding]:
    """Make the topics that are missing and look at the others; again changes nothing.

    Copies: three, or as many as there are brokers; a record counts as written when all but one of them have it.

    :raises KafkaError: no broker answers, or it refuses
    """
    async with admin(kafka) as client:
        brokers = len((await client.describe_cluster())["brokers"])
        copies = min(COPIES, brokers)
        durable = {"min.insync.replicas": str(max(1, copies - 1)), "unclean.leader.election.enable": "false"}
        wanted = [Topic(topic.name, topic.partitions, {**topic.config, **durable}) for topic in topics]
        existing = set(await client.list_topics())
        made: set[str] = set()
        new = [
            NewTopic(topic.name, topic.partitions, copies, topic_configs=topic.config)
            for topic in wanted
            if topic.name not in existing
        ]
        if new:
            answer: Any = await client.create_topics(new)
            for name, code, *reason in answer.topic_errors:
                error = for_code(code)
                if code and error is not TopicAlreadyExistsError:  # another one was as quick
                    raise KafkaError(
                        f"{name} could not be made: {error.__name__} {reason[0] if reason else ''}".strip()
                    )
                if not code:
                    made.add(name)
        found = [topic for topic in wanted if topic.name not in made]
        partitions = await counted(client, found)
        settings = await described(client, found)
    return [
        Finding(
            topic.name,
            topic.name in made,
            () if topic.name in made else tuple(differences(topic, partitions[topic.name], settings[topic.name])),
        )
        for topic in wanted
    ]


async def counted(client: Any, topics: Sequence[Topic]) -> dict[str, int]:
    """How many partitions existing topics have; of one that was just made by somebody else a broker hears a bit later.

    :raises KafkaError: it does not come to hear of it
    """
    missing: list[str] = []
    for _ in range(HEARD_TRIES):
        known = {topic["topic"]: len(topic["partitions"]) for topic in await client.describe_topics()}
        missing = [topic.name for topic in topics if topic.name not in known]
        if not missing:
            return known
        await asyncio.sleep(HEARD_PAUSE)
    raise KafkaError(f"the broker says that {missing[0]} exists, and does not know it")


async def described(client: Any, topics: Sequence[Topic]) -> dict[str, dict[str, str]]:
    """The settings of existing topics."""
    if not topics:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    return {
        resource[3]: {setting[0]: setting[1] for setting in resource[4]}
        for answer in await client.describe_configs(asked)
        for resource in answer.resources
    }


def differences(topic: Topic, partitions: int, settings: dict[str, str]) -> list[str]:
    """What is other than it should be, a sentence each."""
    found = [
        f"{name} is {settings.get(name)}, should be {value}"
        for name, value in sorted(topic.config.items())
        if settings.get(name) != value
    ]
    if partitions != topic.partitions:
        found.insert(
            0, f"it has {partitions} partitions, should have {topic.partitions}; that cannot be changed any more"
        )
    return found
