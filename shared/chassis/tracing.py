"""Traces to an OpenTelemetry collector, when one is named; without it nothing of the SDK is even imported."""

import asyncio

from opentelemetry.trace import TracerProvider

FLUSH_SECONDS = 2


def provider(service: str, endpoint: str | None) -> TracerProvider | None:
    """A provider for one service that sends its spans to `endpoint` (OTLP over HTTP), or None.

    A collector that is down costs a line in the log: spans are sent from a thread of their own, and dropped.
    """
    if not endpoint:
        return None
    # Imported here: 25 MB and 0.2 s that only those pay who trace.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk import trace  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    made = trace.TracerProvider(resource=Resource.create({"service.name": f"meritlog-{service}"}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")))
    return made


async def flush(tracers: TracerProvider | None) -> None:
    """Send what is still held back, as long as the collector answers; at the end of a service."""
    force_flush = getattr(tracers, "force_flush", None)  # the SDK's provider has it, the API's does not declare it
    if force_flush:
        await asyncio.to_thread(force_flush, FLUSH_SECONDS * 1000)
