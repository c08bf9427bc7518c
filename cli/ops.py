"""For operations: how a server is, and its databases."""

from typing import Annotated, Any

import typer

from cli.options import Json, Server, Token
from cli.stop import Stop


def status(server: Server = None, token: Token = None, json: Json = False) -> int:
    """Say whether a server is ready, and where each assessment stands. 1 when it is not."""
    from cli.client import Client, problem_of
    from cli.output import print_json, print_table

    client = Client(server, token)
    answer = client.send("GET", "/readyz")
    ready = dict(problem_of(answer))
    if answer.status_code not in (200, 503) or "status" not in ready:
        raise Stop(f"{client.url} answers {answer.status_code}, but not as Meritlog does: name another with --server")
    assessments: list[dict[str, Any]] = []
    if answer.status_code == 200:
        assessments = client.get("/v1/assessments")["assessments"]
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
            [each["assessment"], each["state"], str(each["head"]["position"]), each["head"]["accepted"] or "-"]
            for each in assessments
        ]
        if rows:
            print_table(["assessment", "state", "head", "accepted"], rows, [False, False, True, False])
    return 0 if answer.status_code == 200 and not ready.get("parked") else 1


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
