"""Quantities that come from outside the rule: numbers, figures of measures, baselines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.contracts.numbers import Fraction
from shared.rubric.facts import Figure, Value
from shared.rubric.model import Measure
from shared.rubric.outcome import Amount, Case, Input
from shared.rubric.reader import Reader
from shared.rubric.rules.grammar import Env, Quantity, gives_quantity

ACROSS = ("latest", "lowest", "highest", "mean", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Quantity):
    """A number that the rubric states."""

    value: Fraction

    def amount(self, case: Case) -> Amount:  # noqa: ARG002  the same for every unit
        """Give the number."""
        return Amount(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline(Quantity):
    """A number that the rubric states for each unit, such as last year's figure or its own target."""

    name: str
    values: Mapping[str, Fraction]

    def amount(self, case: Case) -> Amount:
        """Give the unit's number; missing where the rubric has none."""
        value = self.values.get(case.unit, self.values.get("all"))
        return Amount(value, lacking=() if value is not None else (self.name,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Quantity):
    """The figure in force of a measure.

    Of several lists `across` says which counts. Of several providers `prevails` go first, in order; the others must
    agree, and one alone is pending. `default` is the value where nothing is reported; `tier` takes the tier, not the
    value.
    """

    indicator: str
    measure: Measure
    across: str = "latest"
    settles: bool = False
    prevails: tuple[str, ...] = ()
    default: Value | None = None
    tier: bool = False

    def amount(self, case: Case) -> Amount:
        """Choose among the figures."""
        figures = case.figures(self.indicator, self.measure.id, district=self.measure.district)
        if not figures:
            return Amount(self.default, lacking=() if self.default is not None else (self.measure.id,))
        if self.settles:
            return self._settled(figures)
        if self.across in ("mean", "total"):
            return self._together(figures)
        return self._of(_SELECT[self.across](figures), figures)

    def _of(self, chosen: Figure, figures: tuple[Figure, ...], *, pending: bool = False) -> Amount:
        inputs = tuple(Input(figure, used=figure is chosen) for figure in figures)
        return Amount(chosen.tier if self.tier else chosen.value, pending=pending, inputs=inputs)

    def _settled(self, figures: tuple[Figure, ...]) -> Amount:
        for provider in self.prevails:
            found = [figure for figure in figures if figure.provider == provider]
            if found:
                return self._of(_latest(tuple(found)), figures)
        if len({figure.value for figure in figures}) > 1:
            said = "; ".join(f"{figure.provider} {_text(figure.value)}" for figure in figures)
            inputs = tuple(Input(figure) for figure in figures)
            return Amount(None, conflict=("differ", self.measure.id, said), inputs=inputs)
        latest = _latest(figures)
        amount = self._of(latest, figures, pending=len({figure.provider for figure in figures}) == 1)
        amount.inputs = tuple(Input(figure) for figure in figures)
        return amount

    def _together(self, figures: tuple[Figure, ...]) -> Amount:
        total = sum((_number(figure) for figure in figures), Fraction(0))
        inputs = tuple(Input(figure) for figure in figures)
        return Amount(total / len(figures) if self.across == "mean" else total, inputs=inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated(Quantity):
    """One value from several raters (by provider), each with a weight; missing until all have rated."""

    indicator: str
    measure: Measure
    weights: Mapping[str, Fraction]

    def amount(self, case: Case) -> Amount:
        """Weigh the ratings."""
        figures = case.figures(self.indicator, self.measure.id, district=self.measure.district)
        rated = {figure.provider: figure for figure in sorted(figures, key=_lateness)}
        inputs = tuple(Input(figure, used=rated[figure.provider] is figure) for figure in figures)
        lacking = tuple(f"{self.measure.id} ({rater})" for rater in self.weights if rater not in rated)
        if lacking:
            return Amount(None, lacking=lacking, inputs=inputs)
        weighed = sum((weight * _number(rated[rater]) for rater, weight in self.weights.items()), Fraction(0))
        return Amount(weighed / sum(self.weights.values()), inputs=inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote(Quantity):
    """One value from a vote: each option's share of all votes, by what the option is worth (the list is the option)."""

    indicator: str
    measure: Measure
    worth: Mapping[str, Fraction]

    def amount(self, case: Case) -> Amount:
        """Weigh the options by their votes."""
        figures = case.figures(self.indicator, self.measure.id, district=self.measure.district)
        counted = tuple(figure for figure in figures if figure.occasion in self.worth)
        inputs = tuple(Input(figure, used=figure.occasion in self.worth) for figure in figures)
        votes = sum((_number(figure) for figure in counted), Fraction(0))
        if votes == 0:
            return Amount(None, lacking=(self.measure.id,), inputs=inputs)
        weighed = sum((self.worth[str(figure.occasion)] * _number(figure) for figure in counted), Fraction(0))
        return Amount(weighed / votes, inputs=inputs)


def _lateness(figure: Figure) -> tuple[int, int]:
    return figure.occurred.toordinal(), figure.position


def _latest(figures: tuple[Figure, ...]) -> Figure:
    return max(figures, key=_lateness)


def _number(figure: Figure) -> Fraction:
    return figure.value if isinstance(figure.value, Fraction) else Fraction(0)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value)


_SELECT: dict[str, Callable[[tuple[Figure, ...]], Figure]] = {
    "latest": _latest,
    # Between equal values the one that came first stands.
    "lowest": lambda figures: min(figures, key=lambda figure: (_number(figure), _lateness(figure))),
    "highest": lambda figures: min(figures, key=lambda figure: (-_number(figure), _lateness(figure))),
}


@gives_quantity("number")
def number(reader: Reader, env: Env) -> Quantity:
    """`5900`, `70%`, `1/3`, or `{number: 5900}`."""
    del env
    stated = reader.get("number")
    reader.only("number") if stated is not None else None
    return Number(value=(stated or reader).read(Reader.number))


@gives_quantity("baseline")
def baseline(reader: Reader, env: Env) -> Quantity:
    """`{baseline: firms_2019}`: a number per unit from the rubric's `baselines`."""
    reader.only("baseline")
    name = reader.need("baseline")
    return Baseline(name=name.text(), values=name.reference(env.baselines, "baseline"))


@gives_quantity("measure")
def measure(reader: Reader, env: Env) -> Quantity:
    """`new_firms`, or `{measure: city_rank, across: lowest}` and what else says which figure counts."""
    if not reader.is_mapping():
        return Reported(indicator=env.owner.id, measure=_found(reader, env.owner.id, env))
    reader.only("measure", "indicator", "across", "prevails", "raters", "votes", "missing", "take")
    named = reader.get("indicator")
    owner = named.reference(env.indicators, "indicator").id if named is not None else env.owner.id
    asked = reader.need("measure").read(lambda name: _found(name, owner, env))
    if (raters := reader.get("raters")) is not None:
        return Rated(indicator=owner, measure=asked, weights=_weights(raters))
    if (votes := reader.get("votes")) is not None:
        return Vote(indicator=owner, measure=asked, worth=_weights(votes))
    prevails = reader.get("prevails")
    nobody: tuple[str, ...] = ()
    nothing: Value | None = None
    return Reported(
        indicator=owner,
        measure=asked,
        across=reader.field("across", lambda part: part.one_of({word: word for word in ACROSS}), "latest"),
        settles=prevails is not None,
        prevails=prevails.read(Reader.texts) if prevails is not None else nobody,
        default=reader.field("missing", lambda part: part.text() if asked.words else part.number(), nothing),
        tier=reader.field("take", lambda part: part.one_of({"tier": True, "value": False}), False),
    )


def _found(reader: Reader, owner: str, env: Env) -> Measure:
    found = reader.reference(env.indicators[owner].measures, f"measure of {owner}")
    env.uses.measures.add((owner, found.id, found.district))
    return found


def _weights(reader: Reader) -> dict[str, Fraction]:
    weights = {name: item.read(Reader.number) for name, item in reader.pairs()}
    if not weights or sum(weights.values()) <= 0:
        reader.fail("nothing has any weight", "give each its weight, as in 0.4")
    return weights
