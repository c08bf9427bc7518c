"""One hop of the bare peer of the streams: read a topic with aiokafka, commit each record, send it on.

`python -m benchmarks.peers.three_hops BROKER FROM TO DATABASE`. As durable as a service of ours: the disk has the
record and how far the topic was read, in one commit, before it is sent with acks=all. Nothing is judged, computed or
chained.
"""

import asyncio
import sqlite3
import sys
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition


async def hop(broker: str, source: str, target: str, path: str) -> None:
    """Until killed."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE IF NOT EXISTS records (place INTEGER PRIMARY KEY, body BLOB)")
    database.execute("CREATE TABLE IF NOT EXISTS heads (topic TEXT PRIMARY KEY, place INTEGER)")
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    producer: Any = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
    async with consumer, producer:
        consumer.assign([TopicPartition(source, 0)])
        async for record in consumer:
            database.execute("BEGIN IMMEDIATE")
            database.execute("INSERT INTO records VALUES (?, ?)", (record.offset, record.value))
            database.execute("INSERT OR REPLACE INTO heads VALUES (?, ?)", (source, record.offset))
            database.execute("COMMIT")
            await producer.send_and_wait(target, record.value, key=record.key, partition=0)


if __name__ == "__main__":
    asyncio.run(hop(*sys.argv[1:]))
