"""What somebody supposes: other readings, one entry, events in JSON, a rubric; and the question that it becomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.datastructures import FormData, UploadFile

from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.numbers import DECIMAL, fraction
from shared.rubric.model import DISTRICT, Measure
from web import forms, words
from web.forms import AWARD, DEDUCTION, DETERMINATION, NOT_APPLICABLE
from web.language import mark as _
from web.names import Names
from web.upstream import Declined
from web.view import one_word

FIGURE, CORRECTION, WITHDRAWAL = "figure", "correction", "withdrawal"
TYPES = {
    FIGURE: kinds.SUBMISSION_RECEIVED,
    **forms.TYPES,
    NOT_APPLICABLE: kinds.INDICATOR_DETERMINED,
    CORRECTION: kinds.ENTRY_CORRECTED,
    WITHDRAWAL: kinds.ENTRY_WITHDRAWN,
}
PREFIX = "reading-"
FIELDS = ("choice", "unit", "value", "name", "occurred", "position")
LONGEST = 300
"""Characters of a field; events and rubrics are as long as a request may be."""

NO_EVENTS = _("The entries cannot be read: write one event a line, in JSON, as they are exported.")
NO_TEXT = _("The rubric cannot be read: it is a text in UTF-8.")
NO_POSITION = _("Name the entry by its position, a whole number from 1 up to the moment of the page.")
NO_FIGURE = _("The form corrects figures, awards, deductions and determinations: write another correction in JSON.")


class NotSupposed(Exception):
    """What was filled in cannot be asked; the message is one sentence for the reader."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """What was filled in, word for word; `choice` is the kind of an entry, its indicator, and the measure or line.

    `position` is that of the entry that is corrected or withdrawn. `events` are those of `entries`, byte for byte;
    `fault` is a message where something cannot even be asked.
    """

    readings: Mapping[str, str] = field(default_factory=dict[str, str])
    choice: str = ""
    unit: str = ""
    value: str = ""
    name: str = ""
    occurred: str = ""
    position: str = ""
    entries: str = ""
    rubric: str = ""
    events: tuple[bytes, ...] = ()
    fault: str | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is supposed."""
        return bool(self.readings or self.choice or self.entries or self.rubric or self.fault)

    def changes(self, known_at: int) -> int | None:
        """The position of the entry that is corrected or withdrawn, if one is.

        Raises:
            NotSupposed: What was filled in cannot be asked.

        """
        if self.fault:
            raise NotSupposed(self.fault)
        if self.choice not in (CORRECTION, WITHDRAWAL):
            return None
        place = self.position.removeprefix("#")
        if not (place.isascii() and place.isdigit() and 1 <= int(place) <= known_at):
            raise NotSupposed(NO_POSITION)
        return int(place)

    def check(self, target: Entry) -> None:
        """See that the form can say what takes an entry's place.

        Raises:
            NotSupposed: It cannot.

        """
        if self.choice == CORRECTION and not said_by(target).keys() & {"measure", "line", "outcome"}:
            raise NotSupposed(NO_FIGURE)

    def body(
        self,
        assessment: str,
        here: Sequence[tuple[str, str]],
        names: Names,
        chosen: Sequence[tuple[str, str]] = (),
        target: Entry | None = None,
    ) -> bytes:
        """The question: from the standing as it is, to the same with all this; `target` is the entry that it changes.

        `chosen` are the readings of the address. Another rubric is read by them and by the rulings: those that a
        closing names are of the rubric in force.
        """
        held = [pair for pair in here if pair[0] in ("as-of", "known-at")] if self.rubric else here
        kept = [*held, *([("reading", f"{finding}={reading}") for finding, reading in chosen] if self.rubric else [])]
        kept = [pair for pair in kept if pair[0] != "reading" or pair[1].partition("=")[0] not in self.readings]
        there = [*kept, *(("reading", f"{finding}={reading}") for finding, reading in self.readings.items())]
        said: dict[str, Any] = {"from": one_word(here), "entries": [msgspec.Raw(each) for each in self.events]}
        if self.rubric:
            said["to_rubric"] = self.rubric
        if self.choice:
            day = self.occurred or dict(here).get("as-of") or (names.rubric.end.isoformat() if names.rubric else "")
            said["entries"].append(self.event(assessment, names, day, target))
        return msgspec.json.encode(said | {"to": one_word(there)})

    def event(self, assessment: str, names: Names, day: str, target: Entry | None = None) -> dict[str, Any]:
        """The one entry that was filled in; whether it could be accepted is the service's to say."""
        said = self._statement(names, day) if target is None else self._change(names, target)
        return {
            "specversion": "1.0",
            "id": "supposed",
            "source": "/supposed",
            "type": TYPES.get(self.choice.partition("/")[0], self.choice),
            "time": f"{day}T00:00:00Z",
            "assessment": assessment,
            **said,
        }

    def _statement(self, names: Names, day: str) -> dict[str, Any]:
        kind, indicator, part = (*self.choice.split("/", 2), "", "")[:3]
        known = names.known(indicator)
        measure = known.measures.get(part) if known else None
        unit = self.unit or (known.units[0] if known and len(known.units) == 1 else "")
        data: dict[str, Any] = {"indicator": indicator, "occurred": day, "reason": "supposed"}
        if kind == FIGURE:
            data |= {"measure": part, "value": self.value, **_tier(measure, self.value)}
            data |= {"occasion": self.name or "supposed"} if measure and measure.lists else {}
        elif kind == DETERMINATION:
            data |= {"outcome": "points", "points": self.value}
        elif kind == NOT_APPLICABLE:
            data |= {"outcome": NOT_APPLICABLE}
        else:
            data |= {"line": part, "occasion" if kind == AWARD else "incident": self.name or "supposed"}
            data |= {"points": self.value} if self.value else {}
        return {
            "subject": DISTRICT if measure and measure.district else unit,
            **({"provider": measure.providers[0]} if measure else {}),
            "data": data,
        }

    def _change(self, names: Names, target: Entry) -> dict[str, Any]:
        data: dict[str, Any] = {"entry": {"source": target.source, "id": target.id}, "reason": "supposed"}
        if self.choice == CORRECTION:
            data |= {"data": self._corrected(names, dict(said_by(target)))}
        return {"data": data}

    def _corrected(self, names: Names, said: dict[str, Any]) -> dict[str, Any]:
        """What an entry said, with what was filled in in its place."""
        if self.value and "measure" in said:
            known = names.known(str(said.get("indicator")))
            measure = known.measures.get(str(said["measure"])) if known else None
            said |= {"value": self.value, **_tier(measure, self.value)}
        elif self.value:
            said |= {"points": self.value} | ({"outcome": "points"} if "outcome" in said else {})
        given = {"occurred": self.occurred, "occasion": self.name, "incident": self.name}
        return said | {member: text for member, text in given.items() if text and member in said}


def said_by(entry: Entry) -> Mapping[str, Any]:
    """What an entry says; of a correction, what it put in the place of another."""
    return entry.data["data"] if entry.type == kinds.ENTRY_CORRECTED else entry.data


def _tier(measure: Measure | None, value: str) -> dict[str, str]:
    """The tier that a judged value lies in: a judge would name it."""
    if measure is None or not DECIMAL.fullmatch(value):
        return {}
    points = fraction(value)
    found = next((each.id for each in measure.tiers.values() if each.low <= points <= each.high), None)
    return {} if found is None else {"tier": found}


def choices(names: Names) -> list[tuple[str, list[tuple[str, str]]]]:
    """What one entry can be, by kind: a figure of each measure that scores, a line, or an indicator."""
    if names.rubric is None:
        return []
    figures = [
        (f"{FIGURE}/{each.id}/{measure.id}", f"{each.id} {names.measure(measure.id)}")
        for each in names.rubric.indicators.values()
        for measure in each.measures.values()
        if measure.scored and each.rule is not None
    ]
    others = [
        (kind, [(f"{kind}/{id_}", name) for _, some in forms.choices(listed, names) for id_, name in some])
        for kind, listed in (
            (AWARD, AWARD),
            (DEDUCTION, DEDUCTION),
            (DETERMINATION, DETERMINATION),
            (NOT_APPLICABLE, DETERMINATION),
        )
    ]
    return [(kind, some) for kind, some in [(FIGURE, figures), *others] if some]


def refused(error: Declined, translate: Callable[[str], str]) -> tuple[str, str]:
    """Why something cannot be supposed, in the page's words, and the service's own sentence where that says more."""
    if error.entry is not None and error.code in words.REFUSALS:
        why = {"place": error.entry, "why": translate(words.REFUSALS[error.code])}
        return translate(words.SUPPOSED_ENTRY) % why, error.detail
    if error.code in words.TOLD:
        return translate(words.TOLD[error.code]), ""
    known = words.UNSUPPOSABLE.get(error.code)
    return translate(known) if known else "", error.detail


async def read(sent: FormData) -> Supposition:
    """A form that came; a file goes over a text that was pasted."""
    filled = {name: value.strip() for name, value in sent.multi_items() if isinstance(value, str)}
    rubric, fault = filled.get("rubric", ""), None
    file = sent.get("rubric-file")
    if isinstance(file, UploadFile) and (content := await file.read()):
        try:
            rubric = content.decode("utf-8")
        except UnicodeDecodeError:
            fault = NO_TEXT
    entries = filled.get("entries", "")
    events = _events(entries.encode("utf-8", "replace"))
    return Supposition(
        readings={
            name.removeprefix(PREFIX): value[:LONGEST]
            for name, value in filled.items()
            if name.startswith(PREFIX) and value
        },
        **{name: filled.get(name, "")[:LONGEST] for name in FIELDS},
        entries=entries,
        rubric=rubric,
        events=events or (),
        fault=NO_EVENTS if events is None else fault,
    )


def _events(text: bytes) -> tuple[bytes, ...] | None:
    """The events of a text: lines of JSON, one object, or an array of them; None where it is none of these."""
    for read_ in (_array, _lines):
        try:
            return read_(text)
        except msgspec.MsgspecError:
            continue
    return None


def _array(text: bytes) -> tuple[bytes, ...]:
    whole = msgspec.json.decode(text, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
    if isinstance(whole, dict):
        return (text,)
    return tuple(each for one in whole for each in _lines(bytes(one).replace(b"\n", b" ")))


def _lines(text: bytes) -> tuple[bytes, ...]:
    lines = [line.strip() for line in text.splitlines()]
    for line in filter(None, lines):
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    return tuple(filter(None, lines))
