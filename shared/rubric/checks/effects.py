"""What it makes to read a finding one way or another: nothing, the state, the totals, or the order.

Exact where it can be (two readings that compile to the same rules cannot differ); elsewhere facts are tried until the
two differ, and the facts are the proof. That none were found is no proof, so it says how many were tried.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum

from shared.contracts.numbers import Fraction
from shared.rubric.checks.situations import Rows, Situations, Walk, known
from shared.rubric.model import Finding, Indicator
from shared.rubric.reader import Reader
from shared.rubric.result import Result
from shared.rubric.rubric import Rubric
from shared.rubric.ruleset import Rules

MOST_TRIES = 1000
"""So many situations are tried for two readings and one indicator (over four tables of the others) before giving up."""

Table = Mapping[str, str]


class Reach(IntEnum):
    """How far the difference between two readings goes; each includes the ones before."""

    NONE = 0
    STATE = 1
    TOTAL = 2
    RANK = 3

    @property
    def word(self) -> str:
        """The word a rubric uses for it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Effect:
    """How far two readings differ, and after how many situations that was known (0: by looking at the rules)."""

    reach: Reach
    tried: int


def effect(rubric: Rubric, finding: Finding, one: str, other: str) -> Effect:
    """Compare two readings of a finding, all other findings first at their defaults, then at any."""
    if _orders_differ(rubric, finding, one, other):
        return Effect(Reach.RANK, 0)
    reach, tried = Reach.NONE, 0
    if _missing_differs(rubric, finding, one, other):
        reach = Reach.STATE
    for owner in (each for each in rubric.indicators.values() if each.units):
        found = _indicator(rubric, owner, finding, one, other)
        reach, tried = max(reach, found.reach), tried + found.tried
        if reach is Reach.RANK:
            break
    return Effect(reach, tried)


def used(rubric: Rubric, finding: str) -> bool:
    """Whether any place of the rubric differs by the readings of a finding."""
    return any(choice.finding == finding for choice in rubric.choices) or any(
        finding in (owner.from_finding, owner.max_finding, *(each.grain_finding for each in owner.measures.values()))
        for owner in rubric.indicators.values()
    )


def _orders_differ(rubric: Rubric, finding: Finding, one: str, other: str) -> bool:
    first, second = (rubric.under({finding.id: reading}) for reading in (one, other))
    return first.ranking != second.ranking


def _missing_differs(rubric: Rubric, finding: Finding, one: str, other: str) -> bool:
    if rubric.missing is None:
        return False
    scopes = (rubric.scope(rubric.readings({finding.id: reading})) for reading in (one, other))
    first, second = (rubric.missing.within(scope).read(Reader.text) for scope in scopes)
    return first != second


def _indicator(rubric: Rubric, owner: Indicator, finding: Finding, one: str, other: str) -> Effect:
    """Compare two readings on one indicator."""
    reach, tried = Reach.NONE, 0
    differences: set[Fraction] = set()
    tables = list(_tables(rubric, owner, finding, one, other))
    for left, right in tables:
        if _same(rubric, owner, left, right):
            continue
        situations = Situations(rubric, owner, (left, right))
        rules = rubric.under(left), rubric.under(right)
        for rows in situations.each(MOST_TRIES // len(tables)):
            tried += 1
            for unit in rows.keys() & set(owner.units):
                before, after = (_result(owner, unit, rows, each) for each in rules)
                reach = max(reach, _beyond_points(before, after))
                differences.add(after.points - before.points)
            if any(differences):
                reach = max(reach, Reach.TOTAL)
            uneven = len(differences) > 1 or len(owner.units) < len(rubric.units)
            if reach is Reach.RANK or (reach is Reach.TOTAL and uneven):
                # Units that gain differently, or of whom some cannot gain, can change places.
                return Effect(Reach.RANK, tried)
        if reach is not Reach.NONE:
            break
    return Effect(reach, tried)


def _beyond_points(before: Result, after: Result) -> Reach:
    """Compare the states of two results, and what vetoes do beyond them."""
    taken, then = ([(effect.zero, effect.hold) for effect in each.effects] for each in (before, after))
    if taken != then:
        return Reach.RANK
    same = (before.full, before.state, before.effects) == (after.full, after.state, after.effects)
    return Reach.NONE if same else Reach.STATE


def _result(owner: Indicator, unit: str, rows: Rows, rules: Rules) -> Result:
    return rules.score(unit, owner.id, known(rows, rules))


def _tables(rubric: Rubric, owner: Indicator, finding: Finding, one: str, other: str) -> Iterator[tuple[Table, Table]]:
    """Give pairs of tables that differ in this finding alone: at the defaults, then with the owner's others mixed."""
    yield rubric.readings({finding.id: one}), rubric.readings({finding.id: other})
    others = [name for name in rubric.uses[owner.id] if name != finding.id]
    walk = Walk(len(others))
    for _ in range(3 if others else 0):
        mixed = {name: walk.pick(list(rubric.findings[name].readings)) for name in others}
        yield rubric.readings({**mixed, finding.id: one}), rubric.readings({**mixed, finding.id: other})


def _same(rubric: Rubric, owner: Indicator, left: Table, right: Table) -> bool:
    """Whether two tables give an indicator the very same rule, and leave the same rows out."""
    if rubric.compiled(owner.id, left)[0] != rubric.compiled(owner.id, right)[0]:
        return False
    if owner.from_finding is not None:
        starts = (max(owner.counts_from[table[owner.from_finding]], rubric.start) for table in (left, right))
        if len(set(starts)) > 1:
            return False
    steps = [measure for measure in owner.measures.values() if measure.grain_finding is not None]
    return all(
        measure.grain[left[measure.grain_finding]] == measure.grain[right[measure.grain_finding]]
        for measure in steps
        if measure.grain_finding is not None
    )
