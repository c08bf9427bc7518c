"""Traces: how points came about, node by node, down to the clause and the position of every entry."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.numbers import Fraction, exact, shown
from shared.rubric.facts import Award, Determination, Figure
from shared.rubric.outcome import ZERO, Input, Note, Outcome
from shared.rubric.phrases import number, sentences
from shared.rubric.rules.occasions import Occasions


def node(
    rule: str,
    clause: str,
    points: Fraction,
    maximum: Fraction,
    note: Note,
    *,
    inputs: list[Any],
    parts: list[Any],
    absorbed: Fraction = ZERO,
) -> dict[str, Any]:
    """Write one node as the contract has it, with the note in Chinese beside it (`note_zh`), and what it cuts away."""
    english, chinese = sentences(note)
    said: dict[str, Any] = {} if absorbed <= 0 else {"absorbed": exact(absorbed)}
    return {
        "rule": rule,
        "clause": clause,
        "points": shown(points),
        "exact": exact(points),
        "max": number(maximum),
        "note": english,
        "note_zh": chinese,
        **said,
        "inputs": inputs,
        "parts": parts,
    }


@dataclass(frozen=True, slots=True)
class Said:
    """What a trace needs to know beside the outcome: the readings in force, and the lines that take points.

    With `most`, a node lists at most so many facts, and says how many `more` there are.
    """

    readings: Mapping[str, str]
    taking: Collection[str]
    most: int | None = None


def first(inputs: Sequence[Input], most: int | None) -> Sequence[Input]:
    """Give at most so many of the facts that were looked at, those that count before others, as they stand."""
    if most is None or len(inputs) <= most:
        return inputs
    used = [place for place, each in enumerate(inputs) if each.used]
    others = [place for place, each in enumerate(inputs) if not each.used]
    return [inputs[place] for place in sorted((*used[:most], *others[: max(most - len(used), 0)]))]


def listing(written: dict[str, Any], inputs: Sequence[Input], said: Said) -> dict[str, Any]:
    """Give a node with the facts that it lists, and how many more there are, if any."""
    more = 0 if said.most is None else max(len(inputs) - said.most, 0)
    listed = {"inputs": [of_input(each, said) for each in first(inputs, said.most)]}
    return written | listed | ({"more": more} if more else {})


def of_outcome(outcome: Outcome, said: Said, beside: Sequence[Input] = ()) -> dict[str, Any]:
    """Write an outcome with everything below it, and facts that were left out before it was worked out."""
    written = node(
        outcome.node.word if isinstance(outcome.node, Occasions) else outcome.node.rule,
        outcome.node.clause,
        outcome.now,
        outcome.node.max,
        outcome.note,
        inputs=[],
        parts=[of_outcome(part, said) for part in outcome.parts],
        absorbed=outcome.cut,
    )
    return listing(written, (*outcome.inputs, *beside), said)


def of_input(each: Input, said: Said) -> dict[str, Any]:
    """Write a fact that was looked at; `excluded` names the finding, `reading` the reading that leaves it out."""
    row = each.row
    found: dict[str, Any] = {
        "measure": _measure(row),
        "value": _value(row),
        "occurred": row.occurred.isoformat(),
        "position": row.position,
        "used": each.used,
    }
    if isinstance(row, Figure):
        found["provider"] = row.provider
        found |= {name: text for name, text in (("occasion", row.occasion), ("tier", row.tier)) if text is not None}
    elif isinstance(row, Award):
        found |= {"line": row.line, "incident" if row.line in said.taking else "occasion": row.name}
    if each.excluded is not None:
        found |= {"excluded": each.excluded, "reading": said.readings.get(each.excluded, "")}
    return found


def _measure(row: Figure | Award | Determination) -> str:
    if isinstance(row, Figure):
        return row.measure
    return row.line if isinstance(row, Award) else "determination"


def _value(row: Figure | Award | Determination) -> str:
    value = row.value if isinstance(row, Figure) else row.points
    if value is None:
        return "not-applicable"
    return value if isinstance(value, str) else number(value)
