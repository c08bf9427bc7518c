"""Where the office's commands hand in what they say: one event, its receipt, or why it was refused."""

from datetime import UTC, datetime
from typing import Any

from cli.stop import Stop


class Desk:
    """Sends one event and prints its receipt, or why it was refused."""

    def __init__(
        self,
        server: str | None,
        token: str | None,
        assessment: str | None,
        source: str,
        id_: str | None,
        *,
        json: bool,
    ) -> None:
        from cli.asked import Asked
        from cli.client import Client

        self.client = Client(server, token)
        self.asked = Asked(self.client, assessment)
        self._source, self._id, self._json = source, id_, json

    def say(self, kind: str, data: dict[str, Any], *, unit: str | None = None, head: int | None = None) -> None:
        """Send an event of this kind and print its receipt.

        Raises:
            Stop: It was refused, or the server cannot be reached.

        """
        import json

        from cli.asked import path
        from cli.client import REFUSED, Declined
        from cli.output import print_json

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
        where = path("entries", self.asked.assessment)
        try:
            receipt = self.client.post(where, json.dumps(event).encode(), "application/cloudevents+json", head=head)
        except Declined as declined:
            if declined.http_status not in REFUSED:
                raise
            if self._json:
                print_json(declined.problem)
            raise Stop(f"refused, {declined.problem.get('code')}: {declined.reason}", declined.status) from None
        if self._json:
            print_json(receipt)
        else:
            said = "known already" if receipt["known"] else "accepted"
            print(f"{said} at {receipt['position']} ({receipt['acceptedtime']})")

    def ledger(self) -> dict[str, Any]:
        """Give the state of the ledger: its head, rubric and time zone."""
        from cli.asked import path

        return self.client.get(path("assessments", self.asked.assessment))

    def head(self) -> int:
        """Give the position of the ledger's head."""
        return self.ledger()["head"]["position"]

    def named(self, position: int) -> dict[str, str]:
        """Give the identity of the entry at a position."""
        from cli.asked import path

        stored = self.client.get(path("entries", self.asked.assessment, position))
        return {"source": stored["source"], "id": stored["id"]}

    def today(self) -> str:
        """Give the day that it is in the assessment's time zone."""
        from zoneinfo import ZoneInfo

        return datetime.now(ZoneInfo(self.ledger()["timezone"])).date().isoformat()
