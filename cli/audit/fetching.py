"""Fetches a bundle from a server."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from cli.asked import WRONG_QUESTIONS, Asked, path, words
from cli.audit.written import written
from cli.client import Client, Declined
from cli.sources import Question
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop


def from_server(client: Client, assessment: str | None, question: Question, out: str | None) -> str:
    """Write the bundle that a server gives, and give where.

    Raises:
        Stop: The server gives none.

    """
    where = path("bundles", Asked(client, assessment).assessment)
    try:
        with client.fetch(where, words(question)) as pieces:
            return written(out, _shown(pieces))
    except Declined as declined:
        wrong = declined.problem.get("code") in WRONG_QUESTIONS
        raise Stop(declined.reason, WRONG_USAGE if wrong else NO_ANSWER) from None


def lines_from_server(client: Client, assessment: str | None, out: str | None) -> int:
    """Write a server's entries to a file or to standard output, as they are stored; how many there are.

    Raises:
        Stop: The server gives none, or the file is there already or cannot be written.

    """
    number = 0
    with client.fetch(path("entries", Asked(client, assessment).assessment)) as pieces:
        try:
            with nullcontext(sys.stdout.buffer) if out is None else Path(out).open("xb") as file:
                for piece in _shown(pieces):
                    number += piece.count(b"\n")
                    file.write(piece)
        except FileExistsError:
            raise Stop(f"{out} is there already: name another file", WRONG_USAGE) from None
        except BrokenPipeError:
            raise
        except OSError as fault:
            raise Stop(f"{out} cannot be written ({fault.strerror or fault}): name a file elsewhere") from None
    return number


def _shown(pieces: Iterator[bytes]) -> Iterator[bytes]:
    console = Console(stderr=True)
    columns = TextColumn("fetched"), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("fetched", total=None)
        for piece in pieces:
            progress.advance(bar, len(piece))
            yield piece
