"""Processes of their own on real sockets: addresses, bodies, streams, signals."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.services import free_port, process

SERVICE = """
import asyncio, sys
from contextlib import asynccontextmanager
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from shared.chassis.errors import CannotStart
from shared.chassis.http import read_body
from shared.chassis.serve import main
from shared.chassis.service import Service
from shared.chassis.settings import ServiceSettings

router = APIRouter()

@router.post("/v1/raw")
async def raw(request: Request) -> int:
    return len(await read_body(request, 512 * 1024, silence=request.app.state.service.settings.body_seconds))

@router.get("/v1/stream")
async def stream(request: Request) -> StreamingResponse:
    service = request.app.state.service
    async def events():
        yield b"data: first\\n\\n"
        await service.stopping.wait()
        yield b"data: bye\\n\\n"
    return StreamingResponse(events(), media_type="text/event-stream")

@router.get("/v1/slow")
async def slow(request: Request) -> str:
    await asyncio.sleep(1)
    return "done" if request.app.state.open else "too late"

@router.get("/v1/breaks")
async def breaks() -> StreamingResponse:
    async def body():
        yield b"half"
        await asyncio.sleep(0.1)
        raise RuntimeError("in the middle")
    return StreamingResponse(body())

@asynccontextmanager
async def work(service):
    print(f"http://127.0.0.1:{service.settings.port}", flush=True)
    service.app.state.open = True
    yield
    service.app.state.open = False
    print("closed", flush=True)

def build(settings):
    return Service("intake", title="Intake", settings=settings, routers=[router], work=work)

sys.exit(main(ServiceSettings, build))
"""

NEWER = SERVICE.replace(
    "    yield\n",
    "    raise CannotStart('The store is of version 7; install a newer Meritlog.')\n    yield\n",
)


def serving(**environment):
    return process(SERVICE, MERITLOG_PORT=str(free_port()), **environment)


@pytest.fixture(scope="module")
def server():
    """One for all tests that do not end it."""
    with serving(MERITLOG_BODY_SECONDS="0.3") as started:
        until_there(started.first)
        yield started


def until_there(url):
    for _ in range(200):
        try:
            return httpx.get(f"{url}/healthz")
        except httpx.ConnectError:
            time.sleep(0.02)
    raise AssertionError("nobody listens")


def chunks(size):
    for _ in range(size // 65536):
        yield b" " * 65536


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_50_megabytes_is_refused_without_being_kept(server, declared):
    """Declared or not, a client that sends it all before it reads gets its 413, and memory does not grow by it."""
    before = memory(server.pid)
    size = 50 * 1024 * 1024

    headers = {"Content-Length": str(size)} if declared else {}
    answer = httpx.post(f"{server.first}/v1/raw", content=chunks(size), headers=headers, timeout=30)

    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert memory(server.pid) - before < 20 * 1024


def test_an_endpoint_has_its_own_limit(server):
    """To the byte: what just fits is taken, one more is refused and the limit named."""
    assert httpx.post(f"{server.first}/v1/raw", content=b"x" * 512 * 1024).json() == 512 * 1024

    one_more = httpx.post(f"{server.first}/v1/raw", content=b"x" * (512 * 1024 + 1))

    assert (one_more.status_code, one_more.json()["limit"]) == (413, 512 * 1024)


def memory(pid):
    """Resident memory in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def test_a_client_that_asks_first_is_refused_before_it_sends(server):
    """Expect: 100-continue with a length beyond the cap: 413 at once, not one byte of the body is awaited."""
    answer = spoken(server, b"Content-Length: 52428800\r\nExpect: 100-continue\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413")


def spoken(server, rest):
    """What the server answers, to its end, to a POST whose sender then waits."""
    port = int(server.first.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as speaking:
        speaking.sendall(b"POST /v1/raw HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + rest)
        return b"".join(iter(lambda: speaking.recv(65536), b""))


def test_a_sender_that_falls_silent_is_not_waited_for(server):
    """Half a body and then nothing: 408 after the set silence."""
    answer = spoken(server, b"Content-Length: 10\r\n\r\nhalf")

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"too-slow" in answer


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_and_ends_well(sent):
    """On SIGTERM or Ctrl-C: the request in hand is answered, the endless stream says goodbye, work closes, status 0."""
    with serving() as server:
        until_there(server.first)
        with httpx.stream("GET", f"{server.first}/v1/stream", timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(lines) == "data: first"
            with httpx.stream("GET", f"{server.first}/healthz"):
                server.send_signal(sent)
            assert [line for line in lines if line] == ["data: bye"]
        out, err = server.communicate(timeout=20)

    assert (server.returncode, out) == (0, "closed\n")
    assert "Traceback" not in err


def test_a_request_in_hand_is_answered_while_draining():
    """A slow request that had begun finds its store open after SIGTERM; a new connection is not taken."""
    with serving() as server:
        until_there(server.first)
        slow = subprocess.Popen(["curl", "-s", f"{server.first}/v1/slow"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        assert slow.communicate(timeout=10)[0] == '"done"'
        assert server.wait(timeout=20) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.first}/healthz")


def test_a_port_in_use_is_one_sentence_and_status_3():
    """Said before anything is opened, on stderr, with what to do."""
    with socket.socket() as taken:
        port = free_port()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with process(SERVICE, wait=False, MERITLOG_PORT=str(port)) as server:
            out, err = server.communicate(timeout=20)

    assert (server.returncode, out) == (3, "")
    assert err == f"Port {port} on 127.0.0.1 is in use; stop what listens there or choose another port.\n"


@pytest.mark.parametrize(
    ("environment", "status", "said"),
    [
        ({"MERITLOG_HOST": "0.0.0.0"}, 3, "merit credential create"),
        ({"MERITLOG_HOST": "192.0.2.1", "MERITLOG_CREDENTIALS": "CREDENTIALS"}, 3, "192.0.2.1"),
        ({"MERITLOG_HOST": "no.such.host.invalid", "MERITLOG_CREDENTIALS": "CREDENTIALS"}, 3, "no address"),
        ({"MERITLOG_CREDENTIALS": "/nowhere/credentials.json"}, 3, "/nowhere/credentials.json"),
        ({"MERITLOG_PORT": "x"}, 2, "MERITLOG_PORT"),
    ],
)
def test_what_cannot_start_says_why_in_one_sentence(tmp_path, environment, status, said):
    """Open to others without credentials, an address that is not ours, credentials missing, a wrong setting."""
    held = tmp_path / "credentials.json"
    held.write_text('{"credentials": []}')
    given = {name: str(held) if value == "CREDENTIALS" else value for name, value in environment.items()}

    with process(SERVICE, wait=False, **({"MERITLOG_PORT": str(free_port())} | given)) as server:
        out, err = server.communicate(timeout=20)

    assert (server.returncode, out) == (status, "")
    assert said in err
    assert err.count("\n") == 1


def test_a_store_of_a_newer_version_ends_the_start():
    """What a service cannot do without is one sentence and status 3, no traceback."""
    with process(NEWER, MERITLOG_PORT=str(free_port())) as server:
        _, err = server.communicate(timeout=20)

    assert server.returncode == 3
    assert err == "The store is of version 7; install a newer Meritlog.\n"


def test_an_open_loopback_answers_to_its_own_names_only(server):
    """A page in a browser here that made its name point to 127.0.0.1 gets 421; localhost is answered."""
    port = server.first.rpartition(":")[2]

    for name, status in ((f"localhost:{port}", 200), (f"127.0.0.1:{port}", 200), (f"evil.example:{port}", 421)):
        assert httpx.get(f"{server.first}/healthz", headers={"Host": name}).status_code == status


def test_what_the_log_says():
    """At `debug` a line for each request, with id, path and time, no query and no address; and why a stream broke,
    whose reader is not left to take half an answer for a whole one.
    """
    with serving(MERITLOG_LOG_LEVEL="debug") as server:
        until_there(server.first)
        httpx.get(f"{server.first}/v1/nothing?source=/binjiang/secret", headers={"X-Request-ID": "r17"})
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{server.first}/v1/breaks")
        server.send_signal(signal.SIGTERM)
        _, err = server.communicate(timeout=20)

    lines = [json.loads(line) for line in err.splitlines()]
    (line,) = [line for line in lines if line.get("request") == "r17"]
    assert (line["path"], line["status"], line["method"]) == ("/v1/nothing", 404, "GET")
    assert "secret" not in err
    assert any("in the middle" in line.get("exception", "") for line in lines)
