"""`merit diff`, `timeline`, `sensitivity` and `tipping`: what lies between standings, and what would move them."""

from typing import Annotated

import typer

from cli.answers import Unit, question, source
from cli.options import AsOf, Assessment, Entries, Json, KnownAt, Language, Readings, Rules, Server, Token, language
from cli.stop import WRONG_USAGE, Stop

Coordinate = "as-of=2020-06-30,known-at=412,rubric=VERSION|FILE,A01=20"
First = Annotated[str, typer.Option("--from", metavar="COORDINATE", help=f"As {Coordinate}. [default: live]")]
Second = Annotated[str, typer.Option("--to", metavar="COORDINATE", help="Likewise. [default: live]")]
Supposed = Annotated[
    str | None,
    typer.Option("--with", metavar="FILE", help="Entries that nobody sent, supposed behind what --to knows."),
]
Step = Annotated[str, typer.Option("--step", metavar="day|week|month|DAYS", help="How far apart.")]
FirstDay = Annotated[str | None, typer.Option("--from", metavar="DATE", help="[default: the period's first day]")]
LastDay = Annotated[
    str | None, typer.Option("--to", metavar="DATE", help="[default: --as-of, or as far as anything is known]")
]


def diff(
    first: First = "",
    second: Second = "",
    supposed: Supposed = None,
    entries: Entries = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    rubric: Rules = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    """Show what changed between two coordinates, and which entries, rulings and clauses caused it."""
    words = language(lang)
    if not (first or second or supposed):
        raise Stop("name two coordinates with --from and --to, or what is supposed with --with", WRONG_USAGE)
    from cli.sources import Comparison

    asked = Comparison(first, second, supposed)
    answer = source(entries, server, token, assessment).diff(question(None, None, rubric, None), asked)
    from cli.differences import print_diff
    from cli.output import print_json

    print_json(answer) if json else print_diff(answer, words)


def timeline(
    step: Step = "month",
    first: FirstDay = None,
    last: LastDay = None,
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
    """Show rank and total of every unit through the year, as known then and as known now."""
    words = language(lang)
    from cli.sources import Course

    course = Course(step, first, last)
    answer = source(entries, server, token, assessment).timeline(question(as_of, known_at, rubric, reading), course)
    from cli.differences import print_timeline
    from cli.output import print_json

    print_json(answer) if json else print_timeline(answer, words)


def sensitivity(
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
    """Show the standing under each reading of every open finding, and which of them move a rank."""
    words = language(lang)
    answer = source(entries, server, token, assessment).sensitivity(question(as_of, known_at, rubric, reading))
    from cli.output import print_json
    from cli.tipping import print_sensitivity

    print_json(answer) if json else print_sensitivity(answer, words)


def tipping(
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
    """Show the smallest single change of each of a unit's inputs that changes its rank, or that none can."""
    words = language(lang)
    answer = source(entries, server, token, assessment).tipping(unit, question(as_of, known_at, rubric, reading))
    from cli.output import print_json
    from cli.tipping import print_tipping

    print_json(answer) if json else print_tipping(answer, words)
