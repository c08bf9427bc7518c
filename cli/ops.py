"""For operations: how a server is, and its databases."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Json, Server, Token
from cli.stop import Stop

if TYPE_CHECKING:
    from cli.client import Client


def status(server: Server = None, token: Token = None, json: Json = False) -> int:
    """Say whether a server is ready, where each assessment stands, and how far the board has come. 1 when it is not."""
    from cli.client import Client, problem_of
    from cli.output import print_json, print_table

    client = Client(server, token)
    answer = client.send("GET", "/readyz")
    ready = dict(problem_of(answer))
    if answer.status_code not in (200, 503) or "status" not in ready:
        raise Stop(f"{client.url} answers {answer.status_code}, but not as Meritlog does: name another with --server")
    assessments: list[dict[str, Any]] = []
    if answer.status_code == 200:
        found = client.get("/v1/assessments")["assessments"]
        assessments = [each | {"shown": _shown(client, each["assessment"])} for each in found]
    if json:
        print_json({"ready": answer.status_code == 200, **ready, "assessments": assessments})
    else:
        print(f"{client.url}: {ready.get('status', answer.status_code)}")
        for service, reasons in ready.get("reasons", {}).items():
            for name, reason in reasons.items():
                print(f"{service}: {name}: {reason}")
        for service, parked in ready.get("parked", {}).items():
            for name, reason in parked.items():
                print(f"{service}: {name} is parked: {reason}")
        rows = [
            [
                each["assessment"],
                each["state"],
                str(each["head"]["position"]),
                "-" if each["shown"] is None else str(each["shown"]),
                each["head"]["accepted"] or "-",
            ]
            for each in assessments
        ]
        if rows:
            print_table(["assessment", "state", "head", "shown", "accepted"], rows, [False, False, True, True, False])
    return 0 if answer.status_code == 200 and not ready.get("parked") else 1


def _shown(client: "Client", assessment: str) -> int | None:
    """Give the position that ranking has come to, behind scoring; None where it does not say."""
    from cli.asked import path

    tag = client.send("GET", path("board", assessment)).headers.get("etag", "")
    position = tag.strip('"').rpartition("-")[2]
    return int(position) if position.isascii() and position.isdigit() else None


def migrate(
    service: Annotated[list[str] | None, typer.Argument(metavar="SERVICE", help="[default: all four]")] = None,
    json: Json = False,
) -> None:
    """Make or bring up to date the tables of the services' databases; doing it again changes nothing."""
    from cli.databases import migrated
    from cli.output import print_json

    versions = dict(migrated(service or []))
    if json:
        print_json({"versions": versions})
    else:
        for name, version in versions.items():
            print(f"{name}: version {version}")
