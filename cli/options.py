"""The options that several commands share, in the words of the HTTP query parameters."""

import os
from typing import Annotated

import typer

from cli.stop import WRONG_USAGE, Stop

Entries = Annotated[
    str | None, typer.Option("--entries", metavar="FILE", help="Entries as JSON Lines; - reads standard input.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="What is true up to this day. [default: everything so far]"),
]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at", metavar="POSITION|TIME", help="What was known at a position, or by a time. [default: the head]"
    ),
]
Rules = Annotated[
    str | None,
    typer.Option("--rubric", metavar="VERSION|FILE", help="By this rubric. [default: the one in force]"),
]
Readings = Annotated[
    list[str] | None,
    typer.Option("--reading", metavar="FINDING=READING", help="Over rulings and defaults; may be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="A server. [default: $MERIT_SERVER, or http://127.0.0.1:8000]"),
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token", metavar="TOKEN", help="A credential. [default: $MERIT_TOKEN, or in the file $MERIT_TOKEN_FILE]"
    ),
]
Assessment = Annotated[
    str | None, typer.Option("--assessment", metavar="ID", help="Which one. [default: the only one of the server]")
]
Language = Annotated[
    str | None, typer.Option("--lang", metavar="zh|en", help="Chinese or English. [default: by the locale]")
]


def one_of(entries: str | None, server: str | None) -> None:
    """Hold to it that a file or a server is asked.

    Raises:
        Stop: Both are named.

    """
    if entries is not None and server is not None:
        raise Stop("ask one of the two: leave out --server or --entries", WRONG_USAGE)


def language(asked: str | None) -> str:
    """Give `zh` or `en`.

    Raises:
        typer.BadParameter: Another is asked for.

    """
    if asked is None:
        locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
        return "zh" if locale.startswith("zh") else "en"
    if asked not in ("zh", "en"):
        raise typer.BadParameter(f"there is no language {asked[:20]!r}: ask for zh or en")
    return asked
