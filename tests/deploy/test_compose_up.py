"""The compose file, for real: from nothing to the year's standing, over Kafka and PostgreSQL, through one port."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.deploy.stack import ADDRESS, RUBRIC, SERVICES, YEAR, compose, read, send_year, tokens, up

SCORING = ("-e", "MERITLOG_SCORING=http://scoring:8000")

pytestmark = pytest.mark.needs("docker")


def from_the_file(*arguments: str) -> dict:
    """What `merit` makes of the year's file, without any server."""
    merit = Path(sys.executable).with_name("merit")
    done = subprocess.run([merit, *arguments, "--json"], capture_output=True, text=True, check=False, timeout=120)
    return json.loads(done.stdout)


def test_the_year_ends_in_the_standing_of_its_file():
    """`up --wait` comes back healthy; the year goes in; scoring, the board and the file say the same, to the digit."""
    expected = from_the_file("standings", "--entries", YEAR)
    judged = from_the_file("check", YEAR, "--rubric", RUBRIC)
    with up():
        held = tokens()
        statuses = send_year(held)
        assert statuses[201] == judged["accepted"], statuses
        head = expected["known_at"]["position"]
        standing = read(f"/v1/standings/binjiang-2020?known-at={head}", held["office"], until=head)
        for part in ("units", "rules", "findings", "state"):
            assert standing[part] == expected[part], part
        board = read("/v1/board/binjiang-2020", held["office"], until=head)
        assert board["position"] == head
        assert "binjiang-2020" in read("/", held["office"])
        # the command line beside the services, as the how-to has it
        (known,) = json.loads(compose("run", "--rm", "-T", "merit", "status", "--json"))["assessments"]
        assert (known["assessment"], known["head"]["position"], known["shown"]) == ("binjiang-2020", head, head)
        explained = json.loads(compose("run", "--rm", "-T", "merit", "explain", "tax", "D", "--json"))
        assert explained == from_the_file("explain", "tax", "D", "--entries", YEAR)
        # stopped and started again, it goes on where it was: nothing is read twice, nothing is lost
        compose("restart", "scoring", "ranking", "intake")
        again = read(f"/v1/standings/binjiang-2020?known-at={head}", held["office"], until=head)
        assert again == standing
        # a rebuild reads the feed of another service, as the office
        where = ("-e", "MERITLOG_DATABASE=postgresql://ranking:meritlog@postgres/ranking", *SCORING)
        built = json.loads(compose("run", "--rm", "-T", *where, "merit", "rebuild", "--service", "ranking", "--json"))
        assert built, built
        # told to stop, each ends what it has begun and goes by itself, before it is killed: though somebody follows
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {held['office']}"}
        follow = f"{ADDRESS}/v1/changes/binjiang-2020"
        with httpx.stream("GET", follow, headers=headers, timeout=60, trust_env=False) as followed:
            assert next(followed.iter_raw())
            compose("stop", *SERVICES)
        ended = [json.loads(line) for line in compose("ps", "--all", "--format", "json", *SERVICES).splitlines()]
        assert {each["Service"]: each["ExitCode"] for each in ended} == dict.fromkeys(SERVICES, 0)
