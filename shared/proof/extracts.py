"""What a bundle shows of its entries as files of their own: rubrics and rulings, for people to read."""

import re
from collections.abc import Iterable
from typing import Any

from shared.contracts import kinds
from shared.contracts.entries import Entry, decode_entry

_TOLD = (kinds.ASSESSMENT_OPENED, kinds.RUBRIC_ADOPTED, kinds.RULING_MADE, kinds.ENTRY_CORRECTED, kinds.ENTRY_WITHDRAWN)
_FIGURE = f'"type":"{kinds.SUBMISSION_RECEIVED}"}}'.encode()
"""How most entries end, which say nothing of either."""
_LOOKED_AT = re.compile(b'"type":"(?:' + "|".join(map(re.escape, _TOLD)).encode() + b')"')

Identity = tuple[str, str]


class Extracts:
    """Reads stored entries in order and keeps what they say of rubrics and rulings."""

    def __init__(self) -> None:
        self.rubrics: dict[int, str] = {}
        """The exact text of each rubric, by the position that carries it."""
        self.rulings: list[dict[str, Any]] = []
        """Every ruling in order of position, `until` the position that took it out of force, or None."""
        self._in_force: dict[Identity, dict[str, Any]] = {}

    @staticmethod
    def telling(states: Iterable[bytes]) -> list[bytes]:
        """Leave those stored entries that may say something of either."""
        return [state for state in states if not state.endswith(_FIGURE) and _LOOKED_AT.search(state)]

    def read(self, state: bytes) -> Entry:
        """Take in one stored entry that may say something; give it decoded."""
        entry = decode_entry(state)
        if entry.type in kinds.CARRIES_RUBRIC:
            self.rubrics[entry.position] = entry.data["rubric"]["content"]
        elif entry.type == kinds.RULING_MADE:
            self._rule(entry, entry.data)
        elif entry.type in (kinds.ENTRY_CORRECTED, kinds.ENTRY_WITHDRAWN):
            self._end(entry)
        return entry

    def _rule(self, entry: Entry, data: dict[str, Any]) -> None:
        ruling = {
            "position": entry.position,
            "source": entry.source,
            "id": entry.id,
            "acceptedtime": entry.acceptedtime,
            "finding": data.get("finding"),
            "reading": data.get("reading"),
            "reason": data.get("reason"),
            "until": None,
        }
        self.rulings.append(ruling)
        self._in_force[entry.source, entry.id] = ruling

    def _end(self, entry: Entry) -> None:
        named: dict[str, Any] = entry.data.get("entry") or {}
        ruling = self._in_force.pop((str(named.get("source")), str(named.get("id"))), None)
        if ruling is None:
            return
        ruling["until"] = entry.position
        if entry.type == kinds.ENTRY_CORRECTED:
            self._rule(entry, entry.data.get("data") or {})
