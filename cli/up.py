"""`merit up`: the four services and the pages in one process, on SQLite, with no broker."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Folder of the ledger and all stores. [default: .merit]")
]
Port = Annotated[int | None, typer.Option("--port", metavar="N", help="Port to listen on. [default: 8000]")]


def up(data: Data = None, port: Port = None) -> int:
    """Run all four services and the pages in one process, until Ctrl-C."""
    from cli.everything import run

    given = {"data": data, "port": port}
    return run({name: value for name, value in given.items() if value is not None}, told=_tell)


def _tell(url: str) -> None:
    import sys

    print(f"Meritlog listens on {url}", file=sys.stderr)
