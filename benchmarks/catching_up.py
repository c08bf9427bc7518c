"""A ledger read from a real broker and folded, the chain checked, beside the fastest in Python and Kafka Streams.

They take turns. Neither peer checks anything: confluent-kafka, msgspec and a dictionary keep the latest figure of each
measure; so does Kafka Streams, in a store in memory, its rate taken from the first record on. Ours ends in a book that
answers any coordinate.
"""

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from confluent_kafka import Producer

from benchmarks import synthetic
from benchmarks.peers.confluent_dict import caught_up
from benchmarks.processes import ROOT
from benchmarks.table import Pairs, Row
from services.scoring.domain import Book
from services.scoring.keeping import fold_beside
from shared.chassis import topic
from shared.chassis.kafka import Kafka
from shared.chassis.topics import ENTRIES, ensure, ours
from shared.contracts.entries import Entry
from tests.integration import containers

PEER = Path(__file__).parent / "peers/kafka_streams"
LIMIT = (
    "two cores, of which the broker and the client's own threads take 0.9 µs an entry: to that come 0.7 for records "
    "in Python, 0.45 for looking through them, 0.3 for hashing, 0.25 for folding"
)


def rows(*, quick: bool) -> list[Row]:
    """Entries a second of all three; without Java the last is left out."""
    count, turns = (5_000, 2) if quick else (1_000_000, 5)
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name, ExitStack() as stack:
        broker = containers.kafka().bootstrap
        stack.callback(containers.stop)
        asyncio.run(ensure(Kafka(broker), ours()))
        _fill(broker, count)
        java = _java(Path(name))
        python, streams = Pairs([], []), Pairs([], [])
        _read(broker, count)  # compiles
        for _ in range(turns):
            python.ours.append(_read(broker, count))
            python.peer.append(_peer(broker, count))
            if java:
                streams.ours.append(python.ours[-1])
                streams.peer.append(_streams(java, broker, count, name))
    work = f"{count:,} entries caught up with from a real broker, the chain checked"
    found = [_row(work, python, "confluent-kafka + msgspec + dict", "≥ 0.8x")]
    return [*found, _row(work, streams, "Kafka Streams, in memory", "≥ 3x")] if java else found


def _fill(broker: str, count: int) -> None:
    """As intake's relay publishes: key, one header, acknowledged by all; all in partition 0, where the peer reads."""
    producer = Producer({"bootstrap.servers": broker, "acks": "all", "enable.idempotence": True, "linger.ms": 20})
    key, headers = synthetic.ASSESSMENT.encode(), [("content-type", b"application/cloudevents+json")]
    for number, line in enumerate(synthetic.entries(count)):
        if number % 10_000 == 0:
            producer.flush()
        producer.produce(ENTRIES, line, key, partition=0, headers=headers)
    producer.flush()


def _read(broker: str, count: int) -> float:
    start = time.perf_counter()
    book = Book(_nothing)
    read = topic.entries({"bootstrap.servers": broker}, ENTRIES, synthetic.ASSESSMENT, batch=topic.AT_ONCE)
    fold_beside(book, read, chained=True)
    if book.head != count:
        raise SystemExit("the book does not stand at the end")
    return count / (time.perf_counter() - start)


def _nothing(position: int) -> Entry:
    raise AssertionError(f"entry {position} was asked for again")


def _peer(broker: str, count: int) -> float:
    start = time.perf_counter()
    caught_up(broker, ENTRIES, count)
    return count / (time.perf_counter() - start)


def _java(folder: Path) -> list[str] | None:
    """The command of the peer in Java; None where it cannot be had, which is said."""
    if not (shutil.which("java") and shutil.which("mvn")):
        print("catching_up: no Java and Maven, so without Kafka Streams: install a JDK 17 or later, and Maven")
        return None
    path = folder / "classpath"
    command = ["mvn", "-q", "-f", str(PEER / "pom.xml"), "dependency:build-classpath", f"-Dmdep.outputFile={path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print("catching_up: Maven cannot get Kafka Streams, so without it: see that its repository is in reach")
        return None
    return ["java", "-Xmx1g", "-cp", path.read_text().strip(), str(PEER / "Latest.java")]


def _streams(java: list[str], broker: str, count: int, folder: str) -> float:
    command = [*java, broker, ENTRIES, str(count), f"{folder}/streams"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout)


def _row(work: str, pairs: Pairs, peer: str, goal: str) -> Row:
    return Row(
        work, f"{max(pairs.ours):,.0f}/s", f"{max(pairs.peer):,.0f}/s {peer}", f"{pairs.ratio:.2f}x", goal, LIMIT
    )
