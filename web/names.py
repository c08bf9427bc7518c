"""What things are called: the rubric's own names and texts in the page's language, ids where there is no rubric."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from shared.contracts.numbers import Fraction
from shared.rubric import Rubric
from shared.rubric.model import Finding, Indicator, Line, Measure
from web.charts import COLOURS, SUPERVISION

MEASURED_IN = {
    "家": "firms",
    "户": "households",
    "人": "people",
    "人次": "attendances",
    "名": "(place)",
    "分": "points",
    "元": "yuan",
    "万元": "× 10,000 yuan",
    "亿元": "× 100 million yuan",
}
"""What figures are commonly counted in, in English; a rubric says it in Chinese."""


class Names:
    """One rubric in one language; without a rubric (unreadable, or none yet) every name is the id itself."""

    def __init__(self, rubric: Rubric | None, language: str) -> None:
        self.rubric = rubric
        self.language = language
        self.zone = ZoneInfo(rubric.timezone) if rubric else UTC
        self._measures: Mapping[str, Measure] = (
            {name: measure for each in rubric.indicators.values() for name, measure in each.measures.items()}
            if rubric
            else {}
        )

    def say(self, chinese: str, english: str) -> str:
        """The one of two texts that the page wants."""
        return (english or chinese) if self.language == "en" else (chinese or english)

    @property
    def title(self) -> str:
        """The assessment's title, or nothing."""
        return self.say(self.rubric.title, self.rubric.english) if self.rubric else ""

    def unit(self, unit: str | None) -> str:
        """A unit, or the district that figures of no unit belong to."""
        if unit is None:
            return ""
        known = self.rubric.units.get(unit) if self.rubric else None
        return self.say(known.name, known.english) if known else unit

    def provider(self, provider: str | None) -> str:
        """Who reports figures."""
        known = self.rubric.providers.get(provider or "") if self.rubric else None
        return self.say(known.name, known.english) if known else provider or ""

    def block(self, block: str) -> str:
        """A part of the total."""
        known = self.rubric.blocks.get(block) if self.rubric else None
        return self.say(known.name, known.english) if known else block

    def indicator(self, indicator: str) -> str:
        """An indicator's name, without its id."""
        known = self.known(indicator)
        return self.say(known.name, known.english) if known else ""

    def known(self, indicator: str) -> Indicator | None:
        """The indicator as the rubric has it."""
        return self.rubric.indicators.get(indicator) if self.rubric else None

    def measure(self, measure: str | None) -> str:
        """What is reported."""
        known = self._measures.get(measure or "")
        return self.say(known.name, known.english) if known else measure or ""

    def measured_in(self, measure: str | None) -> str:
        """What a measure is counted in, such as 万元 or %."""
        known = self._measures.get(measure or "")
        unit = known.unit_of_measure if known else ""
        return MEASURED_IN.get(unit, unit) if self.language == "en" else unit

    def tier(self, measure: str | None, tier: str | None) -> str:
        """A grade that a judge gave."""
        known = self._measures.get(measure or "")
        grade = known.tiers.get(tier or "") if known else None
        return self.say(grade.name, grade.english) if grade else tier or ""

    def line(self, indicator: str, line: str | None) -> str:
        """A line of awards or deductions: its name, else its id."""
        known = self.lines(indicator).get(line or "")
        return (self.say(known.name, known.english) if known else "") or line or ""

    def lines(self, indicator: str) -> Mapping[str, Line]:
        """All lines of an indicator."""
        known = self.known(indicator)
        return known.lines if known else {}

    def findings(self) -> list[Finding]:
        """Every question about the text."""
        return list(self.rubric.findings.values()) if self.rubric else []

    def reading(self, finding: str, reading: str) -> str:
        """What a reading says."""
        known = self.rubric.findings.get(finding) if self.rubric else None
        if known is None or reading not in known.readings:
            return reading
        return self.say(known.readings[reading].text, known.readings[reading].english)

    def is_default(self, finding: str, reading: str) -> bool:
        """Whether a reading holds without anybody choosing it."""
        known = self.rubric.findings.get(finding) if self.rubric else None
        return known is None or known.default == reading

    def takes(self, indicator: str) -> bool:
        """Whether an indicator is there to deduct (督办)."""
        lines = self.lines(indicator)
        return bool(lines) and all(line.takes for line in lines.values())

    def blocks(self, present: Mapping[str, object]) -> list[str]:
        """The ids of blocks, in the rubric's order."""
        known = list(self.rubric.blocks) if self.rubric else []
        return [*known, *(block for block in present if block not in known)]

    def block_of(self, indicator: str) -> str | None:
        """The block that an indicator belongs to."""
        known = self.known(indicator)
        return known.block if known else None

    def colour(self, block: str, present: Mapping[str, object]) -> str:
        """The class that colours a block: by its place among the blocks."""
        order = self.blocks(present)
        return COLOURS[order.index(block) % len(COLOURS)] if block in order else SUPERVISION

    def indicator_colour(self, indicator: str) -> str:
        """The class that colours an indicator: its block's, or that of what only deducts."""
        return SUPERVISION if self.takes(indicator) else self.colour(self.block_of(indicator) or "", {})

    def full(self) -> Fraction | None:
        """The points of the whole assessment."""
        return self.rubric.total if self.rubric else None

    def local(self, instant: str | None) -> str:
        """A time in the assessment's time zone, to the minute; what is no time is given back as it is."""
        if not instant:
            return ""
        try:
            return f"{datetime.fromisoformat(instant).astimezone(self.zone):%Y-%m-%d %H:%M}"
        except (ValueError, OverflowError):
            return instant


Namer = Callable[[str], str]
