"""What somebody who subscribed is told of the sample year's end: each statement, and which notice it makes void."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from standardwebhooks import Webhook

from cli.main import run
from shared.contracts import standing as contract
from tests.running import NAME, YEAR, shown, up, wait_for
from tests.services import free_port

SETTLED_SECONDS = 180
STATEMENTS = 3


@pytest.fixture
def receiver():
    """An HTTP server that takes webhooks, and what it has got: headers and bytes."""
    got: list[tuple[dict[str, str], bytes]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            got.append((headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_notice_of_a_restatement_names_the_one_it_makes_void(tmp_path, receiver, capsys):
    """
    Given somebody who wants to hear of statements alone,
    when the sample year is played to its end,
    then he gets the freeze, the closing and the restatement, signed, each with the standing that its entry names; and
    the restatement names the closing, of which he was told before: hr and science have other places now.
    """
    url, got = receiver
    with up(tmp_path, free_port(24500, 24999), MERITLOG_ALLOW_PRIVATE="true") as client:
        made = client.post("/v1/subscriptions", json={"url": url, "assessment": NAME, "kinds": ["standing"]})
        assert made.status_code == 201
        assert run(["emit", str(YEAR), "--server", str(client.base_url)]) == 1  # some lines are wrong on purpose
        capsys.readouterr()
        head = client.get(f"/v1/assessments/{NAME}").json()["head"]["position"]
        wait_for(lambda: shown(client) == head and len(got) >= STATEMENTS, SETTLED_SECONDS)
        entries = [json.loads(line) for line in client.get(f"/v1/entries/{NAME}").content.splitlines()]

    for headers, body in got:
        Webhook(made.json()["secret"]).verify(body, headers)
    told = {event["data"]["cause"]["type"].split(".")[1]: event for event in (json.loads(body) for _, body in got)}
    assert len(got) == len(told) == STATEMENTS
    frozen, closed, restated = (told[f"Assessment{name}"]["data"] for name in ("Frozen", "Closed", "Restated"))
    assert restated["supersedes"] == closed["cause"]["position"]
    assert not {"supersedes"} & (frozen.keys() | closed.keys())
    for data in (closed, restated):
        entry = entries[data["cause"]["position"] - 1]
        assert contract.digest(data["standing"]) == entry["data"]["standing"]
    assert [data["state"] for data in (frozen, closed, restated)] == ["frozen", "closed", "restated"]
    places = [{unit["unit"]: unit["rank"] for unit in data["standing"]["units"]} for data in (closed, restated)]
    assert [(each["hr"], each["science"]) for each in places] == [(3, 4), (4, 3)]
