"""`merit credential`: who may call, and as what; the file that services read as MERITLOG_CREDENTIALS."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.options import Json
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

T = TypeVar("T")

app = typer.Typer(help="Makes, lists and revokes credentials.", rich_markup_mode=None)
Label = Annotated[str, typer.Option(metavar="TEXT", help="Name of the account; it goes into the ledger: no person's.")]
Roles = Annotated[
    list[str], typer.Option("--role", metavar="ROLE", help="provider, assessor, unit, auditor or viewer.")
]
Provider = Annotated[str | None, typer.Option(metavar="ID", help="Provider it speaks for.")]
Unit = Annotated[str | None, typer.Option(metavar="ID", help="Unit it belongs to.")]
Source = Annotated[str | None, typer.Option(metavar="PREFIX", help="What the source of its entries begins with.")]
File = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="FILE", help="Credentials file. [default: MERITLOG_CREDENTIALS, else .merit/credentials.json]"
    ),
]


@app.command()
def create(
    label: Label,
    role: Roles,
    provider: Provider = None,
    unit: Unit = None,
    source: Source = None,
    file: File = None,
    json: Json = False,
) -> None:
    """Make a credential. Its token is printed this once and kept nowhere; services take it at their next request."""
    import sys

    from cli.output import print_json
    from shared.chassis import credentials

    path = where(file)
    bound = {"provider": provider, "unit": unit, "source": source}
    token = sure(lambda: credentials.create(path, label=label, roles=role, created=now(), **bound))  # pyright: ignore[reportArgumentType]  create says which roles there are
    if json:
        print_json({"id": token.split("_")[1], "token": token, "file": str(path)})
        return
    print(token)
    print(f"Kept as a hash in {path}; services read it when MERITLOG_CREDENTIALS names it.", file=sys.stderr)


@app.command(name="list")
def list_(file: File = None, json: Json = False) -> None:
    """List all credentials, the revoked ones too."""
    from cli.output import print_json, print_table
    from shared.chassis import credentials

    held = sure(lambda: credentials.credentials(where(file)))
    names = ("id", "label", "roles", "provider", "unit", "source", "created", "revoked")
    rows = [{name: getattr(each, name) for name in names} for each in held]
    if json:
        print_json(rows)
        return
    cells = [[" ".join(row["roles"]) if name == "roles" else row[name] or "" for name in names] for row in rows]
    print_table(names, cells, [False] * len(names))


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")], file: File = None, json: Json = False
) -> None:
    """Revoke a credential: services refuse it from their next request on. It stays listed."""
    from cli.output import print_json
    from shared.chassis import credentials

    gone = sure(lambda: credentials.revoke(where(file), id, revoked=now()))
    if json:
        print_json({"id": gone.id, "label": gone.label, "revoked": gone.revoked})
    else:
        print(f"{gone.id} ({gone.label}) is revoked.")


def where(file: Path | None) -> Path:
    """The file meant: named, else the services' own."""
    return file or Path(os.environ.get("MERITLOG_CREDENTIALS") or ".merit/credentials.json")


def now() -> str:
    """The time, to the second, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sure(ask: Callable[[], T]) -> T:
    """What was asked of the file; what is wrong with it or with the question ends the command."""
    from shared.chassis.credentials import BadCredentials, WrongCredential

    try:
        return ask()
    except BadCredentials as error:
        raise Stop(str(error), WRONG_USAGE if isinstance(error, WrongCredential) else NO_ANSWER) from error
