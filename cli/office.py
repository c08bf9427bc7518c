"""What the office says through the command line: one event each, sent to a server's gate."""

from typing import Annotated, Any

import typer

from cli.desk import Desk
from cli.options import Assessment, Json, Server, Token

Source = Annotated[str, typer.Option("--source", envvar="MERIT_SOURCE", metavar="URI", help="Who says it.")]
Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="The event's id. [default: type and time]")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the ledger and names no person.")
]
Day = Annotated[
    str | None,
    typer.Option("--occurred", metavar="DATE", help="The day it is true for. [default: today, in its time zone]"),
]
AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day that the standing is true for.")]
KnownAt = Annotated[int | None, typer.Option("--known-at", min=1, metavar="POSITION", help="[default: the head]")]
HERE = "/merit"


def open_(
    rubric: Annotated[str, typer.Argument(metavar="RUBRIC", help="The rubric's file.")],
    server: Server = None,
    token: Token = None,
    assessment: Annotated[
        str | None, typer.Option("--assessment", metavar="ID", help="Its id. [default: the rubric's]")
    ] = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Open an assessment under a rubric."""
    from cli import files

    text = files.text(rubric)
    loaded = files.rubric(rubric)
    desk = Desk(server, token, assessment or loaded.id, source, id, json=json)
    period = {"from": loaded.start.isoformat(), "to": loaded.end.isoformat()}
    data = {"rubric": _carried(loaded, text), "period": period, "timezone": loaded.timezone}
    desk.say("AssessmentOpened", data)


def _carried(rubric: Any, text: str) -> dict[str, str]:
    return {"id": rubric.id, "version": str(rubric.version), "digest": rubric.digest, "content": text}


def adopt(
    rubric: Annotated[str, typer.Argument(metavar="RUBRIC", help="The new rubric's file.")],
    reason: Reason,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Put a new version of the rubric in force."""
    from cli import files

    desk = Desk(server, token, assessment, source, id, json=json)
    text, loaded = files.text(rubric), files.rubric(rubric)
    state = desk.ledger()
    data = {"rubric": _carried(loaded, text), "supersedes": str(state["rubric"]["version"]), "reason": reason}
    desk.say("RubricAdopted", data, head=state["head"]["position"])


def rule(
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="The finding that is ruled on.")],
    reading: Annotated[str, typer.Argument(metavar="READING", help="The reading that shall hold.")],
    reason: Reason,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Rule how an unclear place of the rubric is read."""
    desk = Desk(server, token, assessment, source, id, json=json)
    desk.say("RulingMade", {"finding": finding, "reading": reading, "reason": reason})


def determine(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The id of an assessed unit.")],
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="The indicator's id.")],
    points: Annotated[
        str,
        typer.Argument(metavar="POINTS|not-applicable", help="What it is worth; negative where a reading allows it."),
    ],
    reason: Reason,
    occurred: Day = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Settle one indicator of one unit; it prevails until it is withdrawn."""
    data = {"indicator": indicator, "outcome": "points", "points": points, "reason": reason}
    if points == "not-applicable":
        data = {"indicator": indicator, "outcome": points, "reason": reason}
    desk = Desk(server, token, assessment, source, id, json=json)
    desk.say("IndicatorDetermined", data | {"occurred": occurred or desk.today()}, unit=unit)


def freeze(
    as_of: AsOf,
    reason: Reason,
    known_at: KnownAt = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Let what the public sees stand still; entry goes on."""
    desk = Desk(server, token, assessment, source, id, json=json)
    at = known_at or desk.head()
    desk.say("AssessmentFrozen", {"as_of": as_of, "known_at": at, "reason": reason})


def close(
    as_of: AsOf,
    reason: Reason,
    known_at: KnownAt = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Close the assessment with the standing at a coordinate, named by its digest."""
    desk = Desk(server, token, assessment, source, id, json=json)
    head = desk.head()
    desk.say("AssessmentClosed", _statement(desk, as_of, known_at or head, reason), head=head)


def restate(
    supersedes: Annotated[
        int, typer.Argument(min=1, metavar="POSITION", help="The closing or restatement that it replaces.")
    ],
    as_of: AsOf,
    reason: Reason,
    known_at: KnownAt = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Replace a closed standing by a new statement, and say why."""
    desk = Desk(server, token, assessment, source, id, json=json)
    head = desk.head()
    data = _statement(desk, as_of, known_at or head, reason) | {"supersedes": supersedes}
    desk.say("AssessmentRestated", data, head=head)


def _statement(desk: Desk, as_of: str, known_at: int, reason: str) -> dict[str, Any]:
    """Give the standing seen at a coordinate as a closing names it."""
    from cli.sources import Question
    from shared.contracts.standing import digest

    seen = desk.asked.standing(Question(as_of=as_of, known_at=str(known_at)), 0)
    rules = seen["rules"]
    return {
        "as_of": as_of,
        "known_at": known_at,
        "rubric": rules["version"],
        "readings": rules["readings"],
        "standing": digest(seen),
        "reason": reason,
    }


def appeal(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="The id of an assessed unit.")],
    grounds: Annotated[str, typer.Option("--grounds", metavar="TEXT", help="Why; it stays and names no person.")],
    indicator: Annotated[
        str | None, typer.Option("--indicator", metavar="ID", help="The indicator it is about.")
    ] = None,
    entry: Annotated[
        int | None, typer.Option("--entry", min=1, metavar="POSITION", help="The entry it is about.")
    ] = None,
    server: Server = None,
    token: Token = None,
    assessment: Assessment = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """File a unit's appeal against an entry or an indicator."""
    if (indicator is None) == (entry is None):
        raise typer.BadParameter("name what it is about: --entry or --indicator, one of them")
    desk = Desk(server, token, assessment, source, id, json=json)
    about: dict[str, Any] = {"indicator": indicator}
    if entry is not None:
        about = {"entry": desk.named(entry)}
    desk.say("AppealFiled", about | {"grounds": grounds}, unit=unit)
