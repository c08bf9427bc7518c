"""Awards and deductions, counted once per line and occasion (or incident), in groups with their own caps.

The order of operations is that of the language, whatever the order in the file: dates (before the rule is asked), line
and occasion, ladders, once across indicators, how many a group keeps, caps from the innermost group outwards. Of
several that compete the one with most points counts, then the line listed first, then the lower position.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Award
from shared.rubric.model import Line
from shared.rubric.outcome import ZERO, Case, Input, Note, Outcome
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Points, gives_points

Dropped = dict[int, str | None]
"""Awards that do not count, by position: the finding whose reading drops them, None where every reading does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Points):
    """Lines and smaller groups under one cap (None: no cap); `all_lines` are its own and theirs.

    `ladder`: one occasion counts once in the group, on its highest line. `keep`: only so many count, the highest (None:
    all). `ladder_by` and `keep_by` name the finding that decides, where one does.
    """

    rule: ClassVar[str] = "group"
    lines: tuple[str, ...]
    groups: tuple["Group", ...]
    all_lines: frozenset[str]
    cap: Fraction | None
    ladder: bool
    ladder_by: str | None
    keep: int | None
    keep_by: str | None

    def below(self) -> tuple[Points, ...]:
        """Give the groups within."""
        return self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasions(Points):
    """What awards give (`sign` 1) or deductions take (-1), from `start` points.

    `across` are indicators among which one occasion counts once, on its highest line, earlier indicators first on a
    tie; `across_by` names the finding that decides this. `since` is the first day that counts under every reading.
    """

    rule: ClassVar[str] = "occasions"
    indicator: str
    order: dict[str, int]
    group: Group
    sign: int
    start: Fraction
    across: tuple[str, ...]
    across_by: str | None
    since: date

    @property
    def word(self) -> str:
        """The word of the language that this is."""
        return "awards" if self.sign > 0 else "deductions"

    def below(self) -> tuple[Points, ...]:
        """Give the groups within."""
        return self.group.groups

    def score(self, case: Case) -> Outcome:
        """Drop what does not count, add up, cap."""
        rows = [row for row in case.awards(self.indicator) if row.line in self.group.all_lines]
        dropped: Dropped = {}
        kept = self.climbed(rows, dropped)
        if self.across:
            kept = self._once_across(case, kept, dropped)
        outcome = _count(self.group, rows, _kept(self.group, kept, dropped), dropped)
        points = self.start + self.sign * outcome.now
        note: Note = (self.word, self.start, outcome.now)
        if outcome.note[0] == "capped":
            note = (f"{self.word}-capped", self.start, *outcome.note[1:])
        return Outcome(
            self, points, points, note, absorbed=outcome.absorbed, inputs=outcome.inputs, parts=outcome.parts
        )

    def climbed(self, rows: list[Award], dropped: Dropped) -> list[Award]:
        """Keep one award per line and occasion, then one per occasion on each ladder; the highest first."""
        ranked = sorted(rows, key=self._rank) if len(rows) > 1 else rows
        if self.since > date.min:
            dropped.update((row.position, None) for row in rows if row.occurred < self.since)
            ranked = [row for row in ranked if row.occurred >= self.since]
        return _ladders(self.group, _first(ranked, lambda row: (row.line, row.name), dropped, None), dropped)

    def _rank(self, row: Award) -> tuple[Fraction, int, int]:
        return -row.points, self.order[row.line], row.position

    def _once_across(self, case: Case, rows: list[Award], dropped: Dropped) -> list[Award]:
        best: dict[str, tuple[Fraction, int]] = {}
        for place, indicator in enumerate(self.across):
            for row in rows if indicator == self.indicator else self._elsewhere(case, indicator):
                rank = (row.points, -place)
                best[row.name] = max(best.get(row.name, rank), rank)
        own = self.across.index(self.indicator)
        for row in rows:
            if best[row.name][1] != -own:
                dropped[row.position] = self.across_by
        # Within this indicator too, an occasion now counts once whatever its line.
        left = [row for row in rows if row.position not in dropped]
        return _first(left, lambda row: row.name, dropped, self.across_by)

    def _elsewhere(self, case: Case, indicator: str) -> list[Award]:
        """Give what another indicator counts of the same unit, up to its ladders."""
        found: list[Award] = []
        for node in occasions_in(case.rules.points(indicator)):
            if node.sign == self.sign:
                rows = [row for row in case.awards(indicator) if row.line in node.group.all_lines]
                found += node.climbed(rows, {})
        return found


def _first(ranked: list[Award], key: Callable[[Award], Hashable], dropped: Dropped, by: str | None) -> list[Award]:
    """Keep the first, which is the highest, of those that share a key."""
    best: dict[Hashable, Award] = {}
    for row in ranked:
        if best.setdefault(key(row), row) is not row:
            dropped[row.position] = by
    return list(best.values())


def _ladders(group: Group, ranked: list[Award], dropped: Dropped) -> list[Award]:
    for inner in group.groups:
        ranked = _ladders(inner, ranked, dropped)
    if not group.ladder:
        return ranked
    on_it = [row for row in ranked if row.line in group.all_lines]
    _first(on_it, lambda row: row.name, dropped, group.ladder_by)
    return [row for row in ranked if row.position not in dropped]


def _kept(group: Group, ranked: list[Award], dropped: Dropped) -> list[Award]:
    """Leave each group its highest, from the innermost outwards."""
    for inner in group.groups:
        ranked = _kept(inner, ranked, dropped)
    if group.keep is None:
        return ranked
    for row in [row for row in ranked if row.line in group.all_lines][group.keep :]:
        dropped[row.position] = group.keep_by
    return [row for row in ranked if row.position not in dropped]


def _count(group: Group, rows: list[Award], kept: list[Award], dropped: Dropped) -> Outcome:
    """Add up what is left and cap it, from the innermost group outwards."""
    parts = tuple(_count(inner, rows, kept, dropped) for inner in group.groups)
    raw = sum([row.points for row in kept if row.line in group.lines], ZERO)
    absorbed = ZERO
    for part in parts:
        raw += part.now
        absorbed += part.absorbed
    over = group.cap is not None and raw > group.cap
    counted = group.cap if group.cap is not None and over else raw
    inputs = tuple(
        [Input(row, row.position not in dropped, dropped.get(row.position)) for row in rows if row.line in group.lines]
    )
    note: Note = ("capped", raw, counted) if over else ("counted", raw)
    return Outcome(group, counted, counted, note, absorbed=absorbed + raw - counted, inputs=inputs, parts=parts)


def occasions_in(node: Points | None) -> Iterable[Occasions]:
    """Find the awards and deductions in a rule."""
    if isinstance(node, Occasions):
        yield node
    elif node is not None:
        for part in node.below():
            yield from occasions_in(part)


@gives_points("awards")
def awards(reader: Reader, env: Env) -> Points:
    """`{lines: [...], groups: [...], cap: 5, ladder: true, keep: highest, once_across: [B2, B3]}`."""
    return _occasions(reader, env, takes=False)


@gives_points("deductions")
def deductions(reader: Reader, env: Env) -> Points:
    """`{start: 5, cap: 5, lines: [...]}`: as awards, taken away from `start`."""
    return _occasions(reader, env, takes=True)


def _occasions(reader: Reader, env: Env, *, takes: bool) -> Points:
    lines = {line.id: line for line in env.owner.lines.values() if line.takes == takes}
    handed = None if takes else env.max
    group = _group(reader, env, lines, handed, outer=True)
    across_at = reader.get("once_across")
    nowhere: tuple[str, ...] = ()
    across = reader.field("once_across", lambda part: _across(part, env), nowhere)
    start = reader.field("start", Reader.number, ZERO)
    env.uses.indicators.update(name for name in across if name != env.owner.id)
    if takes:
        most, low = start, None if group.cap is None else start - group.cap
    else:
        most, low = start + group.max, start
    return Occasions(
        clause=env.clause,
        max=most,
        low=low,
        tallies=True,
        indicator=env.owner.id,
        order={line.id: line.order for line in env.owner.lines.values()},
        group=group,
        sign=-1 if takes else 1,
        start=start,
        across=across,
        across_by=across_at.deciding() if across_at is not None else None,
        # Where a finding decides the day, rows before it are left out before a rule is asked.
        since=env.owner.counts_from.get("", date.min),
    )


def _across(reader: Reader, env: Env) -> tuple[str, ...]:
    found = reader.texts()
    for item in reader.items():
        item.reference(env.indicators, "indicator")
    if found and env.owner.id not in found:
        reader.fail(f"{env.owner.id} itself is not among them", "list every indicator that shares the occasions")
    return found


def _group(reader: Reader, env: Env, lines: dict[str, Line], handed: Fraction | None, *, outer: bool) -> Group:
    words = ("lines", "groups", "cap", "ladder", "keep")
    reader.only(*words, *(("once_across", "start") if outer else ("clause", "text")))
    clause = env.clause if outer else reader.field("clause", Reader.text, env.clause)
    listed = reader.get("lines")
    inner = reader.get("groups")
    groups = inner.each(lambda item: _group(item, env, lines, handed, outer=False)) if inner is not None else ()
    if listed is None:
        # The outermost group holds every line that no other group lists; an inner one holds what it lists.
        taken = frozenset[str]().union(*(group.all_lines for group in groups))
        own = tuple(name for name in lines if name not in taken) if outer else ()
    else:
        own = listed.read(lambda part: part.each(lambda item: _line(item, lines)))
    empty = listed is None or (listed.is_list() and not listed.items())
    if not (outer or groups) and empty:
        reader.fail("the group counts no line", "list its lines, or leave it out")
    _once(reader, [*own, *(line for group in groups for line in group.all_lines)])
    ladder_at, keep_at = reader.get("ladder"), reader.get("keep")
    everything: int | None = None
    cap = reader.field("cap", Reader.limit, handed if outer else None)
    return Group(
        clause=clause,
        # Without a cap of its own a group is shown beside what is handed down.
        max=cap if cap is not None else handed or ZERO,
        tallies=True,
        lines=own,
        groups=groups,
        all_lines=frozenset(own).union(*(group.all_lines for group in groups)),
        cap=cap,
        ladder=reader.field("ladder", Reader.flag, False),
        ladder_by=ladder_at.deciding() if ladder_at is not None else None,
        keep=reader.field("keep", _keep, everything),
        keep_by=keep_at.deciding() if keep_at is not None else None,
    )


def _once(reader: Reader, lines: list[str]) -> None:
    for line in dict.fromkeys(lines):
        if lines.count(line) > 1:
            reader.fail(f"the line {line} is listed twice, so it would count twice", "list it in one group")


def _line(reader: Reader, lines: dict[str, Line]) -> str:
    reader.reference(lines, "line")
    return reader.text()


def _keep(reader: Reader) -> int | None:
    if reader.text() in ("all", "highest"):
        return None if reader.text() == "all" else 1
    kept = reader.whole()
    return kept if kept > 0 else reader.fail("a group keeps at least one", "write all, highest or a number above 0")
