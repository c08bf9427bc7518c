"""Traces go to a collector where one is named."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from fastapi import APIRouter

from shared.chassis import tracing
from tests.services import a_service, calling, free_port

router = APIRouter()


@router.get("/v1/things/{a}")
async def thing(a: str) -> str:
    return a


@contextmanager
def collector():
    """Takes what is sent to it: (path, body)."""
    taken: list[tuple[str, bytes]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self):
            taken.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", free_port()), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_a_request_leaves_a_span_that_continues_the_callers_trace():
    """The span names service and route, carries the caller's trace id, and is sent before the service has ended."""
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"

    with collector() as (url, taken):
        service = a_service(router, otlp=url)
        async with calling(service) as client:
            await client.get("/v1/things/x", headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
            await client.get("/healthz")
        service.tracers.shutdown()

    sent = b"".join(body for path, body in taken if path == "/v1/traces")
    assert b"meritlog-intake" in sent
    assert b"GET /v1/things/{a}" in sent
    assert bytes.fromhex(trace_id) in sent
    assert b"/healthz" not in sent


def test_without_a_collector_nothing_is_traced():
    """No endpoint, no provider."""
    assert tracing.provider("intake", None) is None
