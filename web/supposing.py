"""What somebody supposes: other readings, one entry, events in JSON, a rubric; and the question that it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.datastructures import FormData, UploadFile

from shared.contracts import kinds
from shared.contracts.numbers import DECIMAL, fraction
from shared.rubric.model import DISTRICT, Measure
from web import forms
from web.forms import AWARD, DEDUCTION, DETERMINATION
from web.language import mark as _
from web.names import Names
from web.view import one_word

FIGURE = "figure"
TYPES = {FIGURE: kinds.SUBMISSION_RECEIVED, **forms.TYPES}
PREFIX = "reading-"
LONGEST = 300
"""Characters of a field; events and rubrics are as long as a request may be."""

NO_EVENTS = _("The entries cannot be read: write one event a line, in JSON, as they are exported.")
NO_TEXT = _("The rubric cannot be read: it is a text in UTF-8.")


@dataclass(frozen=True, slots=True)
class Supposition:
    """What was filled in, word for word; `choice` is the kind of an entry, its indicator, and the measure or line.

    `events` are those of `entries`, byte for byte; `fault` is a message where something cannot even be asked.
    """

    readings: Mapping[str, str] = field(default_factory=dict[str, str])
    choice: str = ""
    unit: str = ""
    value: str = ""
    name: str = ""
    occurred: str = ""
    entries: str = ""
    rubric: str = ""
    events: tuple[bytes, ...] = ()
    fault: str | None = None

    @property
    def asked(self) -> bool:
        """Whether anything is supposed."""
        return bool(self.readings or self.choice or self.entries or self.rubric)

    def body(
        self, assessment: str, here: Sequence[tuple[str, str]], names: Names, chosen: Sequence[tuple[str, str]] = ()
    ) -> bytes:
        """The question: from the standing as it is, to the same with all this.

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
            said["entries"].append(self.event(assessment, names, day))
        return msgspec.json.encode(said | {"to": one_word(there)})

    def event(self, assessment: str, names: Names, day: str) -> dict[str, Any]:
        """The one entry that was filled in; whether it could be accepted is the service's to say."""
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
        else:
            data |= {"line": part, "occasion" if kind == AWARD else "incident": self.name or "supposed"}
            data |= {"points": self.value} if self.value else {}
        return {
            "specversion": "1.0",
            "id": "supposed",
            "source": "/supposed",
            "type": TYPES.get(kind, kind),
            "time": f"{day}T00:00:00Z",
            "subject": DISTRICT if measure and measure.district else unit,
            "assessment": assessment,
            **({"provider": measure.providers[0]} if measure else {}),
            "data": data,
        }


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
    kinds_ = [AWARD, DEDUCTION, DETERMINATION]
    others = [
        (kind, [(f"{kind}/{id_}", name) for _, some in forms.choices(kind, names) for id_, name in some])
        for kind in kinds_
    ]
    return [(kind, some) for kind, some in [(FIGURE, figures), *others] if some]


async def read(sent: FormData) -> Supposition:
    """A form that came; a file goes over a text that was pasted."""
    words = {name: value.strip() for name, value in sent.multi_items() if isinstance(value, str)}
    rubric, fault = words.get("rubric", ""), None
    file = sent.get("rubric-file")
    if isinstance(file, UploadFile) and (content := await file.read()):
        try:
            rubric = content.decode("utf-8")
        except UnicodeDecodeError:
            fault = NO_TEXT
    entries = words.get("entries", "")
    events = _events(entries.encode("utf-8", "replace"))
    return Supposition(
        readings={
            name.removeprefix(PREFIX): value[:LONGEST]
            for name, value in words.items()
            if name.startswith(PREFIX) and value
        },
        **{name: words.get(name, "")[:LONGEST] for name in ("choice", "unit", "value", "name", "occurred")},
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
