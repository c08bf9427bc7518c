"""What the office says through the command line: one event each, sent to a server's gate."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from cli.options import Assessment, Json, Server, Token

Source = Annotated[str, typer.Option("--source", envvar="MERIT_SOURCE", metavar="URI", help="Who says it.")]
Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="The event's id. [default: type and time]")]
Reason = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; it stays in the ledger and names no person.")
]
Day = Annotated[str | None, typer.Option("--occurred", metavar="DATE", help="The day it is true for. [default: today]")]
AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day that the standing is true for.")]
KnownAt = Annotated[int | None, typer.Option("--known-at", metavar="POSITION", help="[default: the head]")]
HERE = "/merit"


class Desk:
    """Sends one event and prints its receipt."""

    def __init__(
        self, server: str | None, token: str | None, assessment: str | None, source: str, id_: str | None
    ) -> None:
        from cli.asked import Asked
        from cli.client import Client

        self.client = Client(server, token)
        self.asked = Asked(self.client, assessment)
        self._source, self._id = source, id_

    def say(
        self, kind: str, data: dict[str, Any], *, unit: str | None = None, head: int | None = None
    ) -> dict[str, Any]:
        """Send an event of this kind and give its receipt.

        Raises:
            Stop: It was refused, or the server cannot be reached.

        """
        import json

        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = {
            "specversion": "1.0",
            "id": self._id or f"{kind}/{now}",
            "source": self._source,
            "type": f"meritlog.{kind}.v1",
            "time": now,
            "assessment": self.asked.assessment,
            **({} if unit is None else {"subject": unit}),
            "data": data,
        }
        path = f"/v1/entries/{self.asked.assessment}"
        return self.client.post(path, json.dumps(event).encode(), "application/cloudevents+json", head=head)

    def head(self) -> int:
        """Give the position of the ledger's head."""
        return self.client.get(f"/v1/assessments/{self.asked.assessment}")["head"]["position"]


def _print(receipt: dict[str, Any], json: bool) -> None:  # noqa: FBT001  as asked on the command line
    from cli.output import print_json

    if json:
        print_json(receipt)
    else:
        said = "known already" if receipt["known"] else "accepted"
        print(f"{said} at {receipt['position']} ({receipt['acceptedtime']})")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def open_(
    rubric: Annotated[str, typer.Argument(metavar="RUBRIC", help="The rubric's file.")],
    server: Server = None,
    token: Token = None,
    assessment: Annotated[str | None, typer.Option("--assessment", help="Its id. [default: the rubric's]")] = None,
    source: Source = HERE,
    id: Id = None,
    json: Json = False,
) -> None:
    """Open an assessment under a rubric."""
    from cli import files

    text = files.text(rubric)
    loaded = files.rubric(rubric)
    desk = Desk(server, token, assessment or loaded.id, source, id or "opening")
    period = {"from": loaded.start.isoformat(), "to": loaded.end.isoformat()}
    data = {"rubric": _carried(loaded, text), "period": period, "timezone": loaded.timezone}
    _print(desk.say("AssessmentOpened", data), json)


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

    desk = Desk(server, token, assessment, source, id)
    text, loaded = files.text(rubric), files.rubric(rubric)
    state = desk.client.get(f"/v1/assessments/{desk.asked.assessment}")
    data = {"rubric": _carried(loaded, text), "supersedes": str(state["rubric"]["version"]), "reason": reason}
    _print(desk.say("RubricAdopted", data, head=state["head"]["position"]), json)


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
    desk = Desk(server, token, assessment, source, id)
    _print(desk.say("RulingMade", {"finding": finding, "reading": reading, "reason": reason}), json)


def determine(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR")],
    points: Annotated[str, typer.Argument(metavar="POINTS|not-applicable", help="What it is worth.")],
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
    desk = Desk(server, token, assessment, source, id)
    _print(desk.say("IndicatorDetermined", data | {"occurred": occurred or _today()}, unit=unit), json)


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
    desk = Desk(server, token, assessment, source, id)
    at = desk.head() if known_at is None else known_at
    _print(desk.say("AssessmentFrozen", {"as_of": as_of, "known_at": at, "reason": reason}), json)


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
    desk = Desk(server, token, assessment, source, id)
    head = desk.head()
    _print(desk.say("AssessmentClosed", _statement(desk, as_of, known_at or head, reason), head=head), json)


def restate(
    supersedes: Annotated[int, typer.Argument(metavar="POSITION", help="The closing or restatement that it replaces.")],
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
    desk = Desk(server, token, assessment, source, id)
    head = desk.head()
    data = _statement(desk, as_of, known_at or head, reason) | {"supersedes": supersedes}
    _print(desk.say("AssessmentRestated", data, head=head), json)


def _statement(desk: Desk, as_of: str, known_at: int, reason: str) -> dict[str, Any]:
    """Give the standing seen at a coordinate as a closing names it."""
    from cli.sources import Question
    from shared.contracts.standing import digest

    seen = desk.asked.standing(Question(as_of=as_of, known_at=str(known_at)))
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
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    grounds: Annotated[str, typer.Option("--grounds", metavar="TEXT", help="Why; it stays and names no person.")],
    indicator: Annotated[str | None, typer.Option("--indicator", help="The indicator it is about.")] = None,
    entry: Annotated[int | None, typer.Option("--entry", metavar="POSITION", help="The entry it is about.")] = None,
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
    desk = Desk(server, token, assessment, source, id)
    about: dict[str, Any] = {"indicator": indicator}
    if entry is not None:
        stored = desk.client.get(f"/v1/entries/{desk.asked.assessment}/{entry}")
        about = {"entry": {"source": stored["source"], "id": stored["id"]}}
    _print(desk.say("AppealFiled", about | {"grounds": grounds}, unit=unit), json)
