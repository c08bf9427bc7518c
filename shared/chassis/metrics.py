"""Prometheus metrics: a registry of its own for each service, so that four can live in one process."""

from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

# From a tenth of a millisecond, which a read from columns takes, to the 10 s after which callers have gone.
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """What one service counts; it adds its own: `Counter("meritlog_entries", "…", registry=metrics.registry)`."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self.requests = Histogram(
            "meritlog_http_seconds",
            "Requests answered, by route template, and how long each took.",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=SECONDS,
        )
        self.in_flight = Gauge(
            "meritlog_http_in_flight", "Requests being answered, streams included.", registry=self.registry
        )
        self.lag = Gauge(
            "meritlog_loop_lag_seconds", "How late the event loop was at its last tick.", registry=self.registry
        )
        self.ready = Gauge("meritlog_ready", "1 while /readyz says so.", registry=self.registry)
        self.parked = Gauge(
            "meritlog_parked_assessments",
            "Assessments that stopped at a record they could not use.",
            registry=self.registry,
        )

        self.records = Counter(
            "meritlog_records",
            "Records read: applied, skipped (known), stale (older generation), dropped (no room, parked), unreadable.",
            ["upstream", "outcome"],
            registry=self.registry,
        )
        self.position = Gauge(
            "meritlog_read_position",
            "The position up to which an assessment was read: against the ledger's head, how far behind this is.",
            ["upstream", "assessment"],
            registry=self.registry,
        )
        self.unread = Gauge(
            "meritlog_topic_unread", "Records of a topic not read yet.", ["topic"], registry=self.registry
        )
        self.published = Counter(
            "meritlog_published", "Records that the broker confirmed.", ["kind"], registry=self.registry
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered; a made-up method is counted as `other`."""
        self.requests.labels(method if method in METHODS else "other", route, str(status)).observe(seconds)


class Joined(Collector):
    """The metrics of several services as one exposition: each sample says whose it is (`service`)."""

    def __init__(self, parts: Iterable[Metrics]) -> None:
        self.parts = tuple(parts)

    def collect(self) -> Iterable[Metric]:
        """Families of the same name stand once, as the exposition format asks."""
        families: dict[str, Metric] = {}
        for part in self.parts:
            for metric in part.registry.collect():
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [
                    sample._replace(labels={"service": part.service, **sample.labels}) for sample in metric.samples
                ]
        return families.values()


def exposition(parts: Iterable[Metrics]) -> Response:
    """`/metrics`: the services' metrics and, once, the process's own (memory, CPU, open files)."""
    registry = CollectorRegistry()
    registry.register(Joined(parts))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
