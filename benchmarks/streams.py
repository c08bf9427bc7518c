"""From an entry to its standing on a real broker: our services as processes of their own, beside three bare hops.

An entry goes in at intake over HTTP and comes out on `meritlog.standings`; beside it the same bytes go into a topic and
come out three hops later. They take turns, one by one, so that what else the machine does falls on both.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks import synthetic
from benchmarks.callers import length, request
from benchmarks.processes import ROOT, answers, running
from benchmarks.table import Row
from tests.integration import containers
from tests.services import free_port

SERVICES = ("intake", "scoring", "ranking")
HOPS = ("bench.0", "bench.1", "bench.2", "bench.3")
STANDINGS = "meritlog.standings"
PAUSE = 0.02


def rows(*, quick: bool) -> list[Row]:
    """p50 and p99 of both."""
    with tempfile.TemporaryDirectory(prefix="meritlog-bench-") as name, ExitStack() as stack:
        broker = containers.kafka().bootstrap
        stack.callback(containers.stop)
        intake = _start(Path(name), broker, stack)
        ours, peer = asyncio.run(_turns(broker, intake, 60 if quick else 600))
    limit = (
        "three commits and three sends on both sides; ours also judges, scores, ranks, chains, and answers over HTTP"
    )
    found = [("p50", median(ours), median(peer)), ("p99", _p99(ours), _p99(peer))]
    return [
        Row(
            f"entry to standing on a real broker, {name}",
            f"{one * 1000:.1f} ms",
            f"{two * 1000:.1f} ms aiokafka, three hops",
            f"{one / two:.2f}x",
            "≤ 2x",
            limit,
        )
        for name, one, two in found
    ]


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100)[98]


def _start(folder: Path, broker: str, stack: ExitStack) -> str:
    """Start everything; the URL of intake."""
    ports = {name: free_port(24000 + 100 * place, 24099 + 100 * place) for place, name in enumerate(SERVICES)}
    urls = {f"MERITLOG_{name.upper()}": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    common = {"MERITLOG_DATA": str(folder), "MERITLOG_KAFKA": broker, "MERITLOG_LOG_LEVEL": "warning", **urls}
    command = [sys.executable, "-m", "cli", "topics", "--kafka", broker]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    asyncio.run(_make(broker))
    for source, target in pairwise(HOPS):
        database = str(folder / f"{source}.sqlite")
        hop = ("-m", "benchmarks.peers.three_hops", broker, source, target, database)
        stack.enter_context(running(*hop, log=folder / f"{source}.log"))
    for name, port in ports.items():
        log = folder / f"{name}.log"
        started = stack.enter_context(running("-m", f"services.{name}", log=log, **common, MERITLOG_PORT=str(port)))
        answers(f"http://127.0.0.1:{port}/readyz", started, log)
    return urls["MERITLOG_INTAKE"]


async def _make(broker: str) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=broker)
    await client.start()
    try:
        await client.create_topics([NewTopic(name, 1, 1) for name in HOPS])
    finally:
        await client.close()


async def _turns(broker: str, intake: str, times: int) -> tuple[list[float], list[float]]:
    """Seconds of each, in turns; the first tenth is left out."""
    warm = max(10, times // 10)
    events = synthetic.events(2 + times + warm, disputes=False)
    ours: list[float] = []
    peer: list[float] = []
    producer: Any = AIOKafkaProducer(bootstrap_servers=broker, acks="all", enable_idempotence=True)
    async with (
        producer,
        _last_of(broker, STANDINGS, range(6)) as standings,
        _last_of(broker, HOPS[-1], range(1)) as last,
        _sending(intake) as send,
    ):
        await send(next(events))
        await anext(standings)
        for event in events:
            start = time.perf_counter()
            await asyncio.gather(send(event), anext(standings))
            ours.append(time.perf_counter() - start)
            await asyncio.sleep(PAUSE)
            start = time.perf_counter()
            await asyncio.gather(producer.send(HOPS[0], event, partition=0), anext(last))
            peer.append(time.perf_counter() - start)
            await asyncio.sleep(PAUSE)
    return ours[warm:], peer[warm:]


@asynccontextmanager
async def _sending(intake: str) -> AsyncGenerator[Callable[[bytes], Awaitable[None]]]:
    """One connection to intake; a client library would cost as much again as intake itself."""
    host, _, port = intake.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))

    async def send(event: bytes) -> None:
        writer.write(request(f"/v1/entries/{synthetic.ASSESSMENT}", "application/cloudevents+json", event))
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(length(head))
        if b" 201 " not in head[:20]:
            raise SystemExit(f"not taken: {body.decode()}")

    try:
        yield send
    finally:
        writer.close()


@asynccontextmanager
async def _last_of(broker: str, topic: str, partitions: range) -> AsyncGenerator[AsyncIterator[Any]]:
    """Records of a topic as they come."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=broker, auto_offset_reset="latest", enable_auto_commit=False)
    async with consumer:
        consumer.assign([TopicPartition(topic, number) for number in partitions])
        await consumer.seek_to_end()

        async def values() -> AsyncIterator[Any]:
            async for record in consumer:
                yield record.value

        yield values()
