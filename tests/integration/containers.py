"""A real broker and a real database for the integration tests: one of each for the session, on fixed ports."""

import secrets
from functools import cache

import psycopg
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from tests.services import free_port

# Below the range that outgoing connections take their ports from: a broker that was killed must get its port back.
BROKER_PORTS, DATABASE_PORTS = (21000, 21449), (21450, 21899)


class Kafka(DockerContainer):
    """`apache/kafka`: one node, broker and controller (KRaft); `bootstrap` stays where it is after a restart."""

    def __init__(self) -> None:
        super().__init__("apache/kafka:4.1.2")
        self.port = free_port(*BROKER_PORTS)
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.ports[self.port] = ("127.0.0.1", self.port)
        for name, value in self.settings().items():
            self.with_env(name, value)
        self.waiting_for(LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(120))

    def settings(self) -> dict[str, str]:
        """Setting any of them replaces all the image's own, so here are all."""
        return {
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": f"CLIENTS://0.0.0.0:{self.port},INSIDE://127.0.0.1:9094,CONTROLLER://127.0.0.1:9095",
            "KAFKA_ADVERTISED_LISTENERS": f"CLIENTS://127.0.0.1:{self.port},INSIDE://127.0.0.1:9094",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENTS:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "INSIDE",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@127.0.0.1:9095",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
            "KAFKA_HEAP_OPTS": "-Xmx512m -Xms256m",
        }


class Postgres(PostgresContainer):
    """`postgres:17`, durable as in earnest, on a port that stays its own when it is stopped and started."""

    def __init__(self) -> None:
        super().__init__("postgres:17", driver=None)
        self.own_port = free_port(*DATABASE_PORTS)
        self.ports[5432] = ("127.0.0.1", self.own_port)

    def database(self) -> str:
        """The URL of a fresh database."""
        name = f"t{secrets.token_hex(6)}"
        server = f"postgresql://{self.username}:{self.password}@127.0.0.1:{self.own_port}"
        with psycopg.connect(f"{server}/{self.dbname}", autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return f"{server}/{name}"


@cache
def kafka() -> Kafka:
    """The session's broker; stopped by the fixture that owns it."""
    return Kafka().start()


@cache
def postgres() -> Postgres:
    """The session's database server."""
    return Postgres().start()


def stop() -> None:
    """Stop what was started."""
    for container in (kafka, postgres):
        if container.cache_info().currsize:
            container().stop()
            container.cache_clear()
