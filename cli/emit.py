"""`merit emit`: sends the entries of a file."""

from typing import Annotated

import typer

from cli.options import Json, Token

PATIENCE = 120.0
"""Seconds for which a server that went away is waited for."""


def emit(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Entries as JSON Lines; - reads standard input.")],
    server: Annotated[
        str | None, typer.Option("--server", metavar="URL", help="[default: $MERIT_SERVER or local]")
    ] = None,
    token: Token = None,
    json: Json = False,
) -> int:
    """Send entries; those the ledger has count as known, so start it again to resume. 1 when any was refused."""
    import sys
    from pathlib import Path

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from cli import files
    from cli.client import Client
    from cli.output import print_json
    from cli.sending import Report, assessment_of, numbered, send_all
    from cli.stop import Stop

    lines = list(numbered(files.lines(file))) if file == "-" else None
    every = lines if lines is not None else numbered(files.lines(file))
    assessment = assessment_of(lines if lines is not None else numbered(files.lines(file)))
    if assessment is None:
        if any(True for _ in every):
            raise Stop(f"no line of {file} names an assessment: is it a file of entries?")
        assessment = ""  # nothing to send
    total = Path(file).stat().st_size if lines is None else sum(len(raw) + 1 for _, raw in lines)
    columns = (
        TextColumn("sent"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[said]}"),
    )
    console = Console(stderr=True)
    with (
        Client(server, token, patience=PATIENCE) as client,
        Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("sent", total=total, said="")

        def tell(size: int, report: Report) -> None:
            progress.update(bar, advance=size, said=f"{report.accepted} accepted, {len(report.refused)} refused")

        report = send_all(client, assessment, every, tell)
    if json:
        print_json(report.as_json())
    else:
        for each in report.refused:
            print(f"{file}: line {each['line']}: {each['code']}: {each['reason']}", file=sys.stderr)
        print(f"{report.accepted} accepted, {report.known} known already, {len(report.refused)} refused")
    return 1 if report.refused else 0
