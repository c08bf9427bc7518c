"""What the gate asks of a rubric: could any reading count this?

Every question has two forms: `…_faults` lists what is wrong, in the order of the contract's codes, so that the gate
can sort its own findings in between; the short form raises the first of them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from shared.contracts.numbers import Fraction, fraction, shown
from shared.contracts.refusals import Refusal, brief
from shared.rubric.faults import NotPlaced
from shared.rubric.model import DISTRICT, Finding, Indicator, Line, Measure, Unit

Bounds = tuple[Fraction | None, Fraction]
"""The least points (None: no bound) and the most that any reading allows."""


class Admission:
    """The questions of the gate, about one rubric."""

    def __init__(
        self,
        units: Mapping[str, Unit],
        indicators: Mapping[str, Indicator],
        findings: Mapping[str, Finding],
        bounds: Callable[[str], Bounds],
    ) -> None:
        self._units = units
        self._indicators = indicators
        self._findings = findings
        self._bounds = bounds

    # -- figures

    def figure(self, unit: str, indicator: str, measure: str, provider: str | None, data: Mapping[str, Any]) -> None:
        """Ask whether a reported or judged value has a place.

        Raises:
            NotPlaced: The first of `figure_faults`.

        """
        _raise_first(self.figure_faults(unit, indicator, measure, provider, data))

    def figure_faults(
        self, unit: str, indicator: str, measure: str, provider: str | None, data: Mapping[str, Any]
    ) -> list[NotPlaced]:
        """List what is wrong with a figure; `data` is the entry's, its numbers already decimal strings."""
        found, owner = self._placed(unit, indicator)
        if owner is None:
            return found
        asked = owner.measures.get(measure)
        if asked is None:
            known = ", ".join(owner.measures) or "none"
            reason = f"{indicator} has no measure {brief(measure)}: its measures are {known}"
            return [*found, NotPlaced("unknown-measure", reason)]
        if not found and (asked.district != (unit == DISTRICT) or (unit != DISTRICT and unit not in owner.units)):
            subject = DISTRICT if asked.district else ", ".join(owner.units)
            found.append(
                NotPlaced("not-this-unit", f"{measure} of {indicator} is about {subject}, not about {brief(unit)}")
            )
        if provider not in asked.providers:
            known = ", ".join(asked.providers)
            found.append(NotPlaced("not-your-measure", f"{measure} of {indicator} is reported by {known}"))
        value = None if asked.words else _number(data.get("value"))
        found += _malformed(asked, data, value) or _value_faults(asked, data, value)
        return _in_order(found)

    def needs_reason(self, indicator: str, measure: str) -> bool:
        """Whether figures of this measure are judged and so must say why."""
        owner = self._indicators.get(indicator)
        asked = owner.measures.get(measure) if owner is not None else None
        return asked is not None and bool(asked.tiers)

    # -- awards and deductions

    def award(self, unit: str, indicator: str, line: str, points: str | None) -> Fraction:
        """Give the points of an award; a fixed line needs none said.

        Raises:
            NotPlaced: The first of `award_faults`.

        """
        _raise_first(self.award_faults(unit, indicator, line, points))
        found = self._indicators[indicator].lines[line]
        return found.low if points is None else fraction(points)

    def award_faults(self, unit: str, indicator: str, line: str, points: str | None) -> list[NotPlaced]:
        """List what is wrong with an award."""
        return self._line_faults(unit, indicator, line, points, takes=False)

    def deduction(self, unit: str, indicator: str, line: str, points: str | None) -> Fraction:
        """Give the points of a deduction, positive.

        Raises:
            NotPlaced: The first of `deduction_faults`.

        """
        _raise_first(self.deduction_faults(unit, indicator, line, points))
        found = self._indicators[indicator].lines[line]
        return found.low if points is None else fraction(points)

    def deduction_faults(self, unit: str, indicator: str, line: str, points: str | None) -> list[NotPlaced]:
        """List what is wrong with a deduction."""
        return self._line_faults(unit, indicator, line, points, takes=True)

    def _line_faults(self, unit: str, indicator: str, line: str, points: str | None, *, takes: bool) -> list[NotPlaced]:
        found, owner = self._placed(unit, indicator)
        if owner is None:
            return found
        asked = owner.lines.get(line)
        if asked is None or asked.takes != takes:
            known = ", ".join(name for name, each in owner.lines.items() if each.takes == takes) or "none"
            kind = "deductions" if takes else "awards"
            return [
                *found,
                NotPlaced("unknown-line", f"{indicator} has no line {brief(line)} for {kind}: it has {known}"),
            ]
        if points is None and not asked.fixed:
            found.append(NotPlaced("malformed", f"the line {line} needs points: say how many"))
        if self._names(unit) and unit not in owner.units:
            found.append(NotPlaced("not-this-unit", f"{indicator} does not assess {unit}"))
        if points is not None:
            found += _points_faults(asked, points)
        return _in_order(found)

    # -- determinations and rulings

    def determination(self, unit: str, indicator: str, outcome: str, points: str | None) -> Fraction | None:
        """Give the points of a determination, None for not applicable.

        Raises:
            NotPlaced: The first of `determination_faults`.

        """
        _raise_first(self.determination_faults(unit, indicator, outcome, points))
        return fraction(points) if outcome == "points" and points is not None else None

    def determination_faults(self, unit: str, indicator: str, outcome: str, points: str | None) -> list[NotPlaced]:
        """List what is wrong with a determination."""
        found, owner = self._placed(unit, indicator)
        if owner is None:
            return found
        if outcome not in ("points", "not-applicable"):
            found.append(NotPlaced("malformed", "outcome is `points` or `not-applicable`"))
        value = _number(points)
        if outcome == "points" and value is None:
            found.append(NotPlaced("malformed", "a determination of points says how many, as a decimal"))
        if self._names(unit) and unit not in owner.units:
            found.append(NotPlaced("not-this-unit", f"{indicator} does not assess {unit}"))
        if outcome == "points" and value is not None:
            low, high = self._bounds(indicator)
            if value > high or (low is not None and value < low):
                least = "any number" if low is None else _plain(low)
                found.append(
                    NotPlaced("out-of-range", f"{indicator} can be determined from {least} up to {_plain(high)} points")
                )
        return _in_order(found)

    def reading(self, finding: str, reading: str) -> None:
        """Ask whether a ruling names a finding and one of its readings.

        Raises:
            NotPlaced: `unknown-finding` or `unknown-reading`.

        """
        asked = self._findings.get(finding)
        if asked is None:
            raise NotPlaced("unknown-finding", f"the rubric has no finding {brief(finding)}")
        if reading not in asked.readings:
            known = (
                f"its readings are {', '.join(asked.readings)}" if asked.readings else "it is a question for the record"
            )
            raise NotPlaced("unknown-reading", f"{finding} has no reading {brief(reading)}: {known}")

    def _names(self, unit: str) -> bool:
        return unit in self._units or unit == DISTRICT

    def _placed(self, unit: str, indicator: str) -> tuple[list[NotPlaced], Indicator | None]:
        """Look unit and indicator up: what is wrong with them, and the indicator if it is known."""
        found: list[NotPlaced] = []
        if not self._names(unit):
            known = ", ".join(self._units)
            found.append(NotPlaced("unknown-unit", f"{brief(unit)} is not assessed here: the units are {known}"))
        owner = self._indicators.get(indicator)
        if owner is None:
            known = ", ".join(self._indicators)
            reason = f"there is no indicator {brief(indicator)}: the indicators are {known}"
            found.append(NotPlaced("unknown-indicator", reason))
        return found, owner


def _in_order(found: list[NotPlaced]) -> list[NotPlaced]:
    return sorted(found, key=lambda fault: Refusal(fault.code).order) if len(found) > 1 else found


def _raise_first(found: list[NotPlaced]) -> None:
    for fault in found[:1]:
        raise fault


def _number(text: object) -> Fraction | None:
    try:
        return fraction(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _plain(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else shown(value, 6).rstrip("0")


def _points(low: Fraction, high: Fraction) -> str:
    if low != high:
        return f"{_plain(low)} to {_plain(high)} points"
    return "1 point" if high == 1 else f"{_plain(high)} points"


def _malformed(measure: Measure, data: Mapping[str, Any], value: Fraction | None) -> list[NotPlaced]:
    found: list[NotPlaced] = []
    if value is None and not (measure.words and isinstance(data.get("value"), str)):
        found.append(NotPlaced("malformed", f"the value of {measure.id} is a decimal, as in 12.5"))
    if measure.lists and not _name(data.get("occasion")):
        found.append(NotPlaced("malformed", f"{measure.id} has several lists: name the list in `occasion`"))
    if measure.tiers and not _name(data.get("tier")):
        found.append(NotPlaced("malformed", f"{measure.id} is judged: name the tier in `tier`"))
    return found


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _value_faults(measure: Measure, data: Mapping[str, Any], value: Fraction | None) -> list[NotPlaced]:
    if value is None:
        if data["value"] in measure.words:
            return []
        return [NotPlaced("out-of-range", f"{measure.id} is one of {', '.join(measure.words)}")]
    if measure.low is not None and value < measure.low:
        return [NotPlaced("out-of-range", f"{measure.id} is at least {_plain(measure.low)}")]
    if measure.high is not None and value > measure.high:
        return [NotPlaced("out-of-range", f"{measure.id} is at most {_plain(measure.high)}")]
    if measure.whole and value.denominator != 1:
        return [NotPlaced("out-of-range", f"{measure.id} is a whole number")]
    return _tier_faults(measure, data, value)


def _tier_faults(measure: Measure, data: Mapping[str, Any], value: Fraction) -> list[NotPlaced]:
    found: list[NotPlaced] = []
    if measure.tiers:
        tier = measure.tiers.get(data["tier"])
        if tier is None:
            known = ", ".join(measure.tiers)
            found.append(NotPlaced("tier-mismatch", f"there is no tier {brief(data['tier'])}: the tiers are {known}"))
        elif not tier.low <= value <= tier.high:
            found.append(NotPlaced("tier-mismatch", f"the tier {tier.id} is worth {_points(tier.low, tier.high)}"))
    if measure.grain and all(step is not None and (value / step).denominator != 1 for step in measure.grain.values()):
        found.insert(
            0, NotPlaced("out-of-range", f"no reading counts {brief(data['value'])} as a value of {measure.id}")
        )
    return found


def _points_faults(line: Line, text: str) -> list[NotPlaced]:
    points = _number(text)
    if points is None:
        return [NotPlaced("malformed", "points are a decimal, as in 0.5")]
    if line.low <= points <= line.high:
        return []
    return [NotPlaced("out-of-range", f"the line {line.id} is worth {_points(line.low, line.high)}")]
