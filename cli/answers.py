"""`merit standings`, `unit`, `explain` and `appeals`: answers at any coordinate, from a file or a server."""

from typing import Annotated

import typer

from cli.options import (
    AsOf,
    Assessment,
    Entries,
    Json,
    KnownAt,
    Language,
    Readings,
    Rules,
    Server,
    Token,
    language,
    one_of,
)
from cli.sources import File, Question, Source

Unit = Annotated[str, typer.Argument(metavar="UNIT", help="The id of an assessed unit.")]


def standings(
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Rules = None,
    reading: Readings = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    """Show the ranked units with their points."""
    words = language(lang)
    answer = source(entries, server, token, assessment).standing(
        question(as_of, known_at, rubric, reading), None if json else 0
    )
    from cli.output import print_json
    from cli.sheets import print_standing

    print_json(answer) if json else print_standing(answer, words)


def unit(
    unit: Unit,
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Rules = None,
    reading: Readings = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    """Show one unit's scorecard."""
    words = language(lang)
    answer = source(entries, server, token, assessment).scorecard(
        unit, question(as_of, known_at, rubric, reading), None if json else 0
    )
    from cli.output import print_json
    from cli.sheets import print_scorecard

    print_json(answer) if json else print_scorecard(answer, words)


def explain(
    unit: Unit,
    indicator: Annotated[str | None, typer.Argument(metavar="INDICATOR", help="Only this indicator.")] = None,
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Rules = None,
    reading: Readings = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    """Show why a unit has its points, down to clause and entry."""
    words = language(lang)
    answer = source(entries, server, token, assessment).explain(
        unit, indicator, question(as_of, known_at, rubric, reading)
    )
    from cli.output import print_json
    from cli.traces import print_explanation

    print_json(answer) if json else print_explanation(answer, words)


def appeals(
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    rubric: Rules = None,
    reading: Readings = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    """Show every appeal with its state, and what the entries that followed from it moved."""
    words = language(lang)
    answer = source(entries, server, token, assessment).appeals(question(as_of, known_at, rubric, reading))
    from cli.appeals import print_appeals
    from cli.output import print_json

    print_json(answer) if json else print_appeals(answer, words)


def source(entries: str | None, server: str | None, token: str | None, assessment: str | None) -> Source:
    """Give what is asked: a file, or else a server.

    Raises:
        Stop: Both are named.

    """
    one_of(entries, server)
    if entries is not None:
        return File(entries)
    from cli.asked import Asked
    from cli.client import Client

    return Asked(Client(server, token), assessment)


def question(as_of: str | None, known_at: str | None, rubric: str | None, readings: list[str] | None) -> Question:
    """Give the coordinate as typed."""
    return Question(as_of, known_at, rubric, tuple(readings or ()))
