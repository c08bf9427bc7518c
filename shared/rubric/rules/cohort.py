"""Quantities of the whole cohort: the units that the indicator assesses, each by its own facts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from shared.contracts.numbers import Fraction
from shared.rubric.outcome import Amount, Case, Input
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Condition, Env, Quantity, condition, gives_quantity, quantity

_TOGETHER: dict[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "highest": max,
    "lowest": min,
    "mean": lambda numbers: sum(numbers, Fraction(0)) / len(numbers),
    "total": lambda numbers: sum(numbers, Fraction(0)),
    "count": lambda numbers: Fraction(len(numbers)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Among(Quantity):
    """Units compared by one quantity: those that the indicator assesses, or those of them `where` something holds."""

    units: tuple[str, ...]
    of: Quantity
    where: Condition | None

    def amounts(self, case: Case, *, peers: bool = False) -> tuple[dict[str, Amount], tuple[Input, ...], bool]:
        """Give each unit's own amount, all that was looked at, and whether it is open who belongs to the cohort."""
        found: dict[str, Amount] = {}
        looked: list[Amount] = []
        open_ = False
        for unit in self.units:
            if peers and unit == case.unit:
                continue
            told, seen = (True, ()) if self.where is None else self.where.holds(case.of(unit))
            looked += seen
            open_ = open_ or told is None or any(amount.pending for amount in seen)
            if told:
                found[unit] = self.of.amount(case.of(unit))
        amounts = (*looked, *found.values())
        return found, tuple({id(each.row): each for amount in amounts for each in amount.inputs}.values()), open_


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort(Among):
    """One number over the units of the cohort, with or without (`peers`) the unit itself.

    It is pending while a unit's own number is missing: that one may still change it.
    """

    word: str
    peers: bool

    def amount(self, case: Case) -> Amount:
        """Work it out over all units that have a number."""
        found, inputs, open_ = self.amounts(case, peers=self.peers)
        amounts = list(found.values())
        conflict = next((amount.conflict for amount in amounts if amount.conflict is not None), None)
        if conflict is not None:
            return Amount(None, conflict=conflict, inputs=inputs)
        if not amounts and not open_:
            return self._of_nobody(inputs)
        numbers = [amount.value for amount in amounts if isinstance(amount.value, Fraction)]
        if not numbers:
            lacking = tuple(dict.fromkeys(name for amount in amounts for name in amount.lacking))
            return Amount(None, lacking=lacking or ("peers",), inputs=inputs)
        open_ = open_ or len(numbers) < len(amounts) or any(amount.pending for amount in amounts)
        return Amount(_TOGETHER[self.word](numbers), pending=open_, inputs=inputs)

    def _of_nobody(self, inputs: tuple[Input, ...]) -> Amount:
        """Answer where nobody belongs to it and nobody will: there is nothing to compare with."""
        if self.word in ("count", "total"):
            return Amount(Fraction(0), inputs=inputs)
        return Amount(None, conflict=("zero-base", self.word), inputs=inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place(Among):
    """The unit's place in the cohort, from 1; equal numbers share a place. Who is left out of it has none."""

    lower: bool
    dense: bool

    def amount(self, case: Case) -> Amount:
        """Count who stands before it."""
        amounts, inputs, open_ = self.amounts(case)
        conflict = next((amount.conflict for amount in amounts.values() if amount.conflict is not None), None)
        own = amounts.get(case.unit, Amount(None, lacking=("place",)))
        if conflict is not None or not isinstance(own.value, Fraction):
            return Amount(None, lacking=own.lacking, conflict=conflict, inputs=inputs)
        numbers = [amount.value for amount in amounts.values() if isinstance(amount.value, Fraction)]
        before = [number for number in numbers if (number < own.value if self.lower else number > own.value)]
        place = len(set(before)) if self.dense else len(before)
        open_ = open_ or len(numbers) < len(amounts) or any(amount.pending for amount in amounts.values())
        return Amount(Fraction(place + 1), pending=open_, inputs=inputs)


def _cohort(reader: Reader, env: Env, word: str) -> Quantity:
    inner = replace(env, uses=replace(env.uses, cohort=False))
    everybody: Condition | None = None
    of = quantity(reader.need("of"), inner)
    where = reader.field("where", lambda part: condition(part, inner), everybody)
    if inner.uses.cohort:
        reader.need("of").fail("a cohort stands within a cohort", "state what is compared for one unit alone")
    env.uses.cohort = True
    units = env.owner.units
    chosen = reader.need(word)
    if word == "cohort" and chosen.text() == "place":
        reader.only(word, "of", "where", "better", "ties")
        return Place(
            units=units,
            of=of,
            where=where,
            lower=reader.field("better", lambda part: part.one_of({"higher": False, "lower": True}), False),
            dense=reader.field("ties", lambda part: part.one_of({"competition": False, "dense": True}), False),
        )
    reader.only(word, "of", "where")
    known = {name: name for name in (*_TOGETHER, *(("place",) if word == "cohort" else ()))}
    return Cohort(word=chosen.one_of(known), units=units, of=of, where=where, peers=word == "peers")


@gives_quantity("cohort")
def cohort(reader: Reader, env: Env) -> Quantity:
    """`{cohort: highest, of: new_firms, where: condition}`; `place` also takes `better` and `ties`."""
    return _cohort(reader, env, "cohort")


@gives_quantity("peers")
def peers(reader: Reader, env: Env) -> Quantity:
    """`{peers: mean, of: new_firms}`: the same over the other units alone."""
    return _cohort(reader, env, "peers")
