"""Points told to a layman, in Chinese and English: what was counted, by which rule, what a cap cut, what was left out.

One sentence a step, parts before the whole, each with its clause. The numbers are those of the trace; what has no short
decimal is rounded to two places and called about so much.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from shared.contracts import kinds
from shared.contracts.entries import Entry
from shared.contracts.numbers import Fraction, shown
from shared.rubric.facts import Award, Determination, Figure
from shared.rubric.model import Indicator
from shared.rubric.outcome import ZERO, Input, Outcome
from shared.rubric.phrases import number, sentences
from shared.rubric.result import Result
from shared.rubric.rubric import Rubric
from shared.rubric.rules.proportion import Proportion
from shared.rubric.rules.quantities import Number
from shared.rubric.trace import first

Both = tuple[str, str]
"""A text in Chinese and in English."""

SAID: Mapping[str, Both] = {
    "proportion": (
        "{facts}：{against}{1}，完成{2%}；满分{3}分，按比例得{points}分",
        "{facts}: {against} {1}, so {2%} is reached, and that share of {3} points is {points}",
    ),
    "proportion-held": (
        "{facts}：{against}{1}，完成{2%}，按{4%}计；满分{3}分，得{points}分",
        "{facts}: {against} {1}, so {2%} is reached, which counts as {4%} of {3} points: {points}",
    ),
    "judged": ("{facts}：得{points}分", "{facts}: {points} points"),
    "table": ("{facts}：按分值表得{points}分", "{facts}: by the table, {points} points"),
    "unreported": ("没有报送，得{points}分", "nothing was reported: {points} points"),
    "missing": (
        "{facts}尚未报送{lacking}，计{points}分",
        "{facts}not yet reported: {lacking}, so {points} points",
    ),
    "differ": (
        "{facts}：各数据提供单位不一致，未认定前计{points}分",
        "{facts}: the providers contradict each other, so {points} points until the office determines it",
    ),
    "not-positive": (
        "{facts}：对比值{0}不大于零，无法计算，未认定前计{points}分",
        "{facts}: the comparator {0} is not above 0, so {points} points until the office determines it",
    ),
    "sum": ("以上各部分（{parts}）相加，得{points}分", "the parts above ({parts}) add up to {points} points"),
    "mean": ("以上各部分（{parts}）取平均，得{points}分", "the mean of the parts above ({parts}) is {points} points"),
    "least": ("以上各部分（{parts}）取最低，得{points}分", "the lowest of the parts above ({parts}): {points} points"),
    "greatest": (
        "以上各部分（{parts}）取最高，得{points}分",
        "the highest of the parts above ({parts}): {points} points",
    ),
    "above-cliff": (
        "完成率{0%}，没有落在{1%}的门槛之下，得{points}分",
        "{0%} is not short of the threshold of {1%}: {points} points",
    ),
    "below-cliff": ("完成率{0%}，未过{1%}的门槛，不得分", "{0%} does not pass the threshold of {1%}: no points"),
    "chosen": ("{facts}按这种情形得{points}分", "{facts}in this case {points} points"),
    "chosen-open": (
        "{facts}暂按这种情形得{points}分，最多可到{full}分",
        "{facts}in this case {points} points so far, at most {full}",
    ),
    "awards": ("加分合计{points}分", "the awards come to {points} points"),
    "awards-capped": (
        "加分合计{1}分，以{2}分为限，截去{cut}分，得{points}分",
        "the awards come to {1} points; the limit of {2} cuts away {cut}, which leaves {points}",
    ),
    "deductions": ("从{0}分起，共扣{1}分，得{points}分", "{1} deducted from {0} points leaves {points}"),
    "deductions-capped": (
        "扣分合计{1}分，最多扣{2}分，其余{cut}分不再扣；从{0}分起，得{points}分",
        "the deductions come to {1} points; the limit of {2} spares {cut}; {2} deducted from {0} leaves {points}",
    ),
    "counted": ("此项合计{0}分", "these come to {0} points"),
    "capped": (
        "此项合计{0}分，以{1}分为限，截去{cut}分，计{points}分",
        "these come to {0} points; the limit of {1} cuts away {cut}, which leaves {points}",
    ),
    "limited": ("以上{0}分超出限值，计{points}分", "the {0} points above lie beyond the limit: {points} count"),
}
"""By the code of a note: its numbers by place (`%` as a percentage), the facts, the parts, what was cut, the points."""

LISTED = frozenset({"awards", "awards-capped", "deductions", "deductions-capped", "counted", "capped"})
"""Notes whose facts are told one by one before."""

ALONE = frozenset({"chosen", "chosen-open", "missing"})
"""Notes that may have no facts, and end them with a mark of their own."""


SILENT = frozenset({"", "chosen", "pending", "no-veto", "within-limit"})
"""Notes that say nothing where they have no facts, as a conflict does: a constant, or what another has told."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells one indicator: the rubric's words, the readings in force, and the entries by position."""

    rubric: Rubric
    readings: Mapping[str, str]
    entry_at: Callable[[int], Entry]

    def tell(self, result: Result) -> list[dict[str, str]]:
        """Give the sentences, in the order of reading; of each step the facts that its trace lists."""
        owner = self.rubric.indicators[result.indicator]
        told = [{"zh": f"{zh}。", "en": f"{_one(en[:1].upper() + en[1:])}."} for zh, en in self._whole(owner, result)]
        return list({each["zh"]: each for each in told}.values())

    def _whole(self, owner: Indicator, result: Result) -> Iterator[Both]:
        if result.determined is not None:
            yield self._determined(result, result.determined)
        if result.outcome is not None and not _only_missing(result):
            yield from self._steps(owner, result.outcome, result.said.most, result.excluded)
        else:
            for each in first(result.excluded, result.said.most):
                yield self._left_out(owner, each)
        more = _unlisted(result.outcome, result.excluded, result.said.most)
        if more:
            yield f"未计入或未采用的另有{more}条", f"not counted or not used: {more} more"
        if result.adjusted:
            en, zh = sentences(result.adjusted)
            yield f"{zh}，计{_points(result.points)[0]}分", f"{en}: {_points(result.points)[1]} points"
        if result.state == "pending":
            yield self._pending(result)
        if result.state == "conflict":
            now, full = _points(result.points), _points(result.full)
            yield (
                f"数据冲突：未认定前计{now[0]}分，认定后最多{full[0]}分",
                f"the data contradict each other: {now[1]} points until it is determined, then at most {full[1]}",
            )

    def _pending(self, result: Result) -> Both:
        """Tell that points are for now, and which figures nobody reported."""
        looked = self.rubric.compiled(result.indicator, self.readings)[1].measures
        there = set(_reported(result.outcome))
        lacking = [measure for _, measure, _ in sorted(looked) if measure not in there]
        names = self._names(lacking)
        now, full = _points(result.points), _points(result.full)
        zh = f"尚未报送{names[0]}" if lacking else "尚待其他数据提供单位报送"
        en = f"not yet reported: {names[1]}" if lacking else "another provider has yet to report"
        by = _by(result.clause)
        return (
            f"{zh}，暂计{now[0]}分，最多可到{full[0]}分{by[0]}",
            f"{en}; {now[1]} points for now, at most {full[1]}{by[1]}",
        )

    def _determined(self, result: Result, given: Input) -> Both:
        position = given.row.position
        entry = self.entry_at(position)
        data = entry.data["data"] if entry.type == kinds.ENTRY_CORRECTED else entry.data
        reason = str(data.get("reason", ""))
        day = given.row.occurred.isoformat()
        zh, en = _points(result.points)
        is_points = result.state == "determined"
        told = (
            (f"由考核机构认定为{zh}分", f"determined by the office as {en} points")
            if is_points
            else (
                "由考核机构认定为不适用，计0分，也不计入可得分",
                "determined as not applicable: 0 points, and none to be had",
            )
        )
        without = result.outcome
        otherwise = ("", "")
        if without is not None:
            worth = _points(ZERO if without.conflict is not None else without.now)
            otherwise = f"；若无认定，按下述计算为{worth[0]}分", f"; without it, as worked out below, {worth[1]}"
        return (
            f"{told[0]}（{day}，记录 {position}，理由：{reason}）{otherwise[0]}",
            f"{told[1]} ({day}, entry {position}, because: {reason}){otherwise[1]}",
        )

    # -- steps

    def _steps(
        self, owner: Indicator, outcome: Outcome, most: int | None, beside: Sequence[Input] = ()
    ) -> Iterator[Both]:
        """Tell a step behind those below it."""
        for part in outcome.parts:
            yield from self._steps(owner, part, most)
        code = str(outcome.note[0]) if outcome.note else ""
        listed = first((*outcome.inputs, *beside), most)
        used = [self._fact(owner, each) for each in listed if each.used]
        more = sum(each.used for each in outcome.inputs) - len(used)
        if more:
            used.append((f"另有{more}条", f"{more} more"))
        if code not in LISTED:
            if used or not (code in SILENT or outcome.conflict is not None):
                yield self._said(outcome, code, used)
        elif outcome.inputs or code != "counted":
            zh, en = self._said(outcome, code, [])
            facts = ("，".join(each[0] for each in used), "; ".join(each[1] for each in used))
            yield (f"{facts[0]}：{zh}", f"{facts[1]}: {en}") if used else (zh, en)
        for each in listed:
            if not each.used:
                yield self._left_out(owner, each)

    def _said(self, outcome: Outcome, code: str, used: Sequence[Both]) -> Both:
        template = SAID.get(code)
        by = _by(outcome.node.clause)
        points, full = _points(outcome.now), _points(outcome.full)
        facts = "，".join(each[0] for each in used), "; ".join(each[1] for each in used)
        if template is None:
            en, zh = sentences(outcome.note)
            told = "：".join(filter(None, (facts[0], zh))), ": ".join(filter(None, (facts[1], en)))
            return f"{told[0]}，得{points[0]}分{by[0]}", f"{told[1]}; {points[1]} points{by[1]}"
        ends = ("：", ": ") if code in ALONE else ("", "")
        words: dict[str, Both] = {
            "facts": (facts[0] and facts[0] + ends[0], facts[1] and facts[1] + ends[1]),
            "points": points,
            "full": full,
            "cut": _points(outcome.cut),
            "parts": _listed([_points(part.now) for part in outcome.parts]),
            "against": _against(outcome),
            "lacking": self._names(str(outcome.note[1]).split(", ")) if code == "missing" else ("", ""),
        }
        for place, part in enumerate(outcome.note[1:]):
            words[str(place)] = _points(part) if isinstance(part, Fraction) else (part, part)
            words[f"{place}%"] = _percent(part) if isinstance(part, Fraction) else (part, part)
        # At once: what others wrote into a fact is never taken for a place.
        zh, en = (
            _PLACE.sub(lambda at: words[at[1]][0], template[0]),
            _PLACE.sub(lambda at: words[at[1]][1], template[1]),
        )
        return f"{zh}{by[0]}", f"{en}{by[1]}"

    def _names(self, ids: Sequence[str]) -> Both:
        measures = {each.id: each for owner in self.rubric.indicators.values() for each in owner.measures.values()}
        known = [measures.get(each) for each in ids]
        pairs = zip(known, ids, strict=True)
        return _listed([(each.name, each.english or each.name) if each else (id_, id_) for each, id_ in pairs])

    # -- facts

    def _fact(self, owner: Indicator, given: Input) -> Both:
        """Tell a fact: its name, its value, and in brackets who said it, when it was true, and the entry."""
        row = given.row
        day, entry = row.occurred.isoformat(), row.position
        if isinstance(row, Award):
            line = owner.lines.get(row.line)
            names = (line.name, line.english or line.name) if line else (row.line, row.line)
            points = _points(row.points)
            return (
                f"“{names[0]}”{points[0]}分（{row.name}，{day}，记录 {entry}）",
                f"{names[1]} {points[1]} ({row.name}, {day}, entry {entry})",
            )
        if isinstance(row, Figure):
            return self._figure(row, day)
        return f"认定（{day}，记录 {entry}）", f"determination ({day}, entry {entry})"

    def _figure(self, row: Figure, day: str) -> Both:
        owner = self.rubric.indicators.get(row.indicator)
        measure = owner.measures.get(row.measure) if owner else None
        provider = self.rubric.providers.get(row.provider)
        who = (provider.name, provider.english or provider.name) if provider else (row.provider, row.provider)
        names = (measure.name, measure.english or measure.name) if measure else (row.measure, row.measure)
        tier = measure.tiers.get(row.tier or "") if measure else None
        graded = (f"“{tier.name}”", f"{tier.english or tier.name}, ") if tier else ("", "")
        value = row.value if isinstance(row.value, str) else _points(row.value)
        values = (_VERDICTS.get(value, (value, value))) if isinstance(value, str) else value
        unit = measure.unit_of_measure if measure else ""
        unit_en = "%" if unit == "%" else ""
        said = ("评定", "judged by") if tier else ("报送", "from")
        listed = f"{row.occasion}，" if row.occasion else "", f"{row.occasion}, " if row.occasion else ""
        return (
            f"{names[0]}{graded[0]}{values[0]}{unit}（{listed[0]}{who[0]}{said[0]}，{day}，记录 {row.position}）",
            f"{names[1]} {graded[1]}{values[1]}{unit_en} ({listed[1]}{said[1]} {who[1]}, {day}, entry {row.position})",
        )

    def _left_out(self, owner: Indicator, given: Input) -> Both:
        zh, en = self._fact(owner, given)
        finding = self.rubric.findings.get(given.excluded or "")
        if finding is not None:
            reading = finding.readings.get(self.readings.get(finding.id, ""))
            text = (reading.text, reading.english or reading.text) if reading else ("", "")
            return (
                f"未计入：{zh}，因疑义{finding.id}按“{text[0]}”解读",
                f"not counted: {en}, since {finding.id} is read as “{text[1]}”",
            )
        if isinstance(given.row, Award) and given.row.occurred < owner.counts_from.get("", date.min):
            return (
                f"未计入：{zh}，发生在起算日之前",
                f"not counted: {en}, since it lies before the first day that counts",
            )
        if isinstance(given.row, Award):
            return f"未计入：{zh}，另有更高的一条计入", f"not counted: {en}, since a higher one counts in its place"
        if isinstance(given.row, Determination):
            return f"未采用：{zh}", f"not used: {en}"
        return f"未采用：{zh}，以另一数据为准", f"not used: {en}, since another prevails"


_VERDICTS: Mapping[str, Both] = {"pass": ("通过", "pass"), "fail": ("未通过", "fail")}


def _only_missing(result: Result) -> bool:
    """Whether nothing is there to be told but what is missing, which the last sentence tells."""
    outcome = result.outcome
    return result.state == "pending" and outcome is not None and not (outcome.inputs or outcome.parts)


def _unlisted(outcome: Outcome | None, beside: Sequence[Input], most: int | None) -> int:
    """Count the facts that do not count and that no step lists."""
    unused, listed = set[int](), set[int]()
    steps: list[tuple[Outcome | None, Sequence[Input]]] = [(outcome, beside)]
    while steps:
        step, more = steps.pop()
        every = (*step.inputs, *more) if step is not None else more
        unused |= {each.row.position for each in every if not each.used}
        listed |= {each.row.position for each in first(every, most)}
        steps += [(part, ()) for part in (step.parts if step is not None else ())]
    return len(unused - listed)


def _reported(outcome: Outcome | None) -> Iterator[str]:
    """Name the measures of which a figure was looked at."""
    if outcome is not None:
        yield from (each.row.measure for each in outcome.inputs if isinstance(each.row, Figure))
        for part in outcome.parts:
            yield from _reported(part)


def _one(text: str) -> str:
    """Write `1 points` as people do."""
    return _ONE.sub("1 point", text)


_ONE = re.compile(r"(?<![0-9.])1 points")
_PLACE = re.compile(r"\{(\w+%?)\}")


def _listed(each: Sequence[Both]) -> Both:
    return "、".join(zh for zh, _ in each), ", ".join(en for _, en in each)


def _by(clause: str) -> Both:
    return (f"〔{clause}〕", f" [{clause}]") if clause else ("", "")


def _against(outcome: Outcome) -> Both:
    """Tell what a figure is held against: a target that the rubric states, or another figure."""
    node = outcome.node
    if isinstance(node, Proportion) and isinstance(node.target, Number):
        return "目标", "the target is"
    return "对比值", "it is compared with"


def _points(value: Fraction) -> Both:
    """Write a number as people do: a short decimal, else two places and that it is about so much."""
    if (value * 10**4).denominator == 1:
        return number(value), number(value)
    return f"约{shown(value)}", f"about {shown(value)}"


def _percent(value: Fraction) -> Both:
    zh, en = _points(value * 100)
    return f"{zh}%", f"{en}%"
