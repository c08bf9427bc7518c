"""`merit export`: writes the audit bundle of a coordinate, from a server or from a file of entries."""

from typing import Annotated

import typer

from cli.options import AsOf, Assessment, Entries, Json, KnownAt, Readings, Rules, Server, Token, one_of
from cli.sources import Question
from cli.stop import WRONG_USAGE, Stop
from cli.words import word


def export(
    out: Annotated[
        str | None, typer.Argument(metavar="BUNDLE", help="File to write. [default: <assessment>-<position>.zip]")
    ] = None,
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Rules = None,
    reading: Readings = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Write the entries alone, as JSON Lines. [default: a bundle]")
    ] = False,
    json: Json = False,
) -> None:
    """Write an audit bundle: all entries, the signed checkpoint, and the standing at a coordinate. A file of entries
    gives one without a checkpoint.
    """
    question = Question(as_of, known_at, rubric, tuple(reading or ()))
    one_of(entries, server)
    if lines:
        _lines(out, entries, server, token, assessment, json=json)
        return
    if entries is not None:
        from cli.audit.exporting import from_file

        path = from_file(entries, question, out)
    else:
        from cli.audit.fetching import from_server
        from cli.client import Client

        path = from_server(Client(server, token), assessment, question, out)

    from cli.audit.written import manifest_of
    from cli.output import print_json

    manifest = manifest_of(path)
    at = manifest["coordinate"]
    if json:
        print_json({"bundle": path, **manifest})
    else:
        number = word("entries", "en", manifest["entries"])
        print(f"{path}: {number}, as of {at['as_of']}, known at {at['known_at']}")


def _lines(
    out: str | None, entries: str | None, server: str | None, token: str | None, assessment: str | None, *, json: bool
) -> None:
    """Write the entries alone, as they are stored: to a file, or to standard output."""
    if entries is not None:
        raise Stop("--lines is for a server: the entries of a file are in it already", WRONG_USAGE)
    from cli.audit.fetching import lines_from_server
    from cli.client import Client
    from cli.output import print_json

    number = lines_from_server(Client(server, token), assessment, out)
    if json and out is not None:
        print_json({"file": out, "entries": number})
    elif out is not None:
        print(f"{out}: {word('entries', 'en', number)}")
