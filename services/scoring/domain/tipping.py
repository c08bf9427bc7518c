"""Tipping facts: for one unit, the smallest single change of each of its inputs that changes its rank, if any can.

An input is a figure that counts (or one that is missing), or an award or a deduction. All else stays as it is. Where an
input has few possible values each is tried; where it has many, some are, outwards and at the numbers that rules bend
at, and the edge between two that differ is found by halving: between two that agree it is taken to agree.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.scoring.domain import moments, standing
from services.scoring.domain.abacus import Abacus
from services.scoring.domain.coordinate import Coordinate, Moment, Unanswerable
from services.scoring.domain.ledger import Ledger
from services.scoring.domain.moves import facts
from services.scoring.domain.placement import Placements
from services.scoring.domain.walk import counted
from shared.contracts.numbers import Fraction, exact, shown
from shared.rubric.facts import Award, Figure, UnitFacts
from shared.rubric.model import DISTRICT, Line, Measure
from shared.rubric.outcome import NOTHING
from shared.rubric.phrases import number

Json = dict[str, Any]
FEW = 256
"""So many possible values of an input are all tried."""

PLACES = 2
"""Decimals that a value which may have any is changed by, where the one that counts has no more."""


class Trial:
    """A standing, and what becomes of one unit's rank when a fact is another."""

    def __init__(self, abacus: Abacus, unit: str) -> None:
        """Take the standing as it is."""
        self.abacus, self.unit = abacus, unit
        self.rank = self._rank(abacus.tallies)

    def _rank(self, tallies: Mapping[str, Any]) -> int:
        return next(place.rank for place in self.abacus.rules.rank(tallies) if place.unit == self.unit)

    def with_figure(self, of: str, old: Figure | None, new: Figure) -> int:
        """Give the rank with a figure in the place of another, or beside those that are there."""
        held = self.facts(of)
        key = new.indicator, new.measure
        kept = [each for each in held.figures.get(key, ()) if each is not old]
        return self._with(of, new.indicator, replace(held, figures={**held.figures, key: (*kept, new)}))

    def with_awards(self, indicator: str, awards: Sequence[Award]) -> int:
        """Give the rank with other awards or deductions of an indicator."""
        held = self.facts(self.unit)
        return self._with(self.unit, indicator, replace(held, awards={**held.awards, indicator: tuple(awards)}))

    def facts(self, unit: str) -> UnitFacts:
        """Give what is known of a unit."""
        return self.abacus.facts.get(unit, NOTHING)

    def _with(self, unit: str, indicator: str, held: UnitFacts) -> int:
        abacus, rules = self.abacus, self.abacus.rules
        known = {**abacus.facts, unit: held}
        results, moved = dict(abacus.results), set[str]()
        for pair in rules.affected(unit, indicator):
            if pair in results:
                results[pair] = rules.score(*pair, known, abacus.determined.get(pair))
                moved.add(pair[0])
        return self._rank({**abacus.tallies, **rules.tally(results, moved)})


@dataclass(frozen=True, slots=True)
class Domain:
    """The values an input may have, on a grid: `origin` and so many steps down and up."""

    origin: Fraction
    step: Fraction
    down: int
    up: int

    def at(self, place: int) -> Fraction:
        """Give the value so many steps from the origin."""
        return self.origin + place * self.step


def tipping(ledger: Ledger, placements: Placements, coordinate: Coordinate, unit: str) -> Json:
    """Give for every input of a unit the smallest change, up and down, that changes its rank.

    Raises:
        Unanswerable: There is no answer at this coordinate, or no such unit.

    """
    now = moments.moment(ledger, coordinate)
    if unit not in now.rubric.units:
        known = ", ".join(now.rubric.units)
        raise Unanswerable("unknown-unit", f"no unit {unit[:40]} is assessed here: the units are {known}")
    placement = placements.of(now.rubric)
    trial = Trial(counted(ledger, placement, now, facts(ledger, placement, now, now)), unit)
    own = [each for each in now.rubric.indicators.values() if unit in each.units and each.rule is not None]
    tally = trial.abacus.tallies[unit]
    return {
        **standing.heading_of(ledger, now),
        "unit": unit,
        "name": now.rubric.units[unit].name,
        "rank": trial.rank,
        "total": shown(tally.total),
        "exact": exact(tally.total),
        "figures": [each for name, key in _measures(now, unit) for each in _figures(trial, now, name, key)],
        "awards": [each for owner in own for each in _awards(trial, owner.id)],
        "more": [each for owner in own for line in owner.lines.values() for each in _more(trial, now, owner.id, line)],
    }


# -- figures


def _measures(now: Moment, unit: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give whose figures of which measure the unit's rules look at; of its peers' none."""
    found: dict[tuple[str, tuple[str, str]], None] = {}
    for owner in now.rubric.indicators.values():
        if unit in owner.units and owner.rule is not None:
            for indicator, measure, district in sorted(now.rubric.compiled(owner.id, now.readings)[1].measures):
                found[DISTRICT if district else unit, (indicator, measure)] = None
    yield from found


def _figures(trial: Trial, now: Moment, of: str, key: tuple[str, str]) -> Iterator[Json]:
    measure = now.rubric.indicators[key[0]].measures[key[1]]
    held: Sequence[Figure | None] = trial.facts(of).figures.get(key, ()) or (None,)
    for figure in held:
        made = figure or Figure(*key, measure.providers[0], Fraction(0), now.as_of, now.known_at + 1)
        if measure.lists and figure is None:
            made = replace(made, occasion="")
        said: Json = {"indicator": key[0], "measure": measure.id, "name": measure.name, "provider": made.provider}
        said |= {"occasion": made.occasion} if made.occasion else {}
        said |= {"value": None} if figure is None else {"value": _written(figure.value), "position": figure.position}
        yield said | _tip(trial, now, of, measure, figure, made)


def _tip(trial: Trial, now: Moment, of: str, measure: Measure, old: Figure | None, made: Figure) -> Json:
    """Try other values of one figure."""
    if measure.words:
        others = [word for word in measure.words if old is None or word != old.value]
        ranks = [(word, trial.with_figure(of, old, replace(made, value=word))) for word in others]
        tips = [{"value": word, "rank": rank} for word, rank in ranks if rank != trial.rank]
        return {"other": tips, "tips": bool(tips), "tried": "each"}

    def rank(value: Fraction) -> int:
        return trial.with_figure(of, old, replace(made, value=value, tier=_tier(measure, value)))

    if measure.tiers:
        values = _judged(now, measure)
        origin = old.value if old is not None and isinstance(old.value, Fraction) else None
        return _outcome(trial, rank, origin, values, "each")
    domain = _domain(now, measure, old)
    if domain.down + domain.up <= FEW:
        values = [domain.at(place) for place in range(-domain.down, domain.up + 1)]
        return _outcome(trial, rank, domain.origin if old is not None else None, values, "each")
    return _searched(trial, rank, domain, old, _bends(now, measure, trial, of))


def _outcome(
    trial: Trial, rank: Callable[[Fraction], int], origin: Fraction | None, values: Sequence[Fraction], tried: str
) -> Json:
    """Look among all values for the nearest on either side that changes the rank."""
    if origin is None:  # nothing is there: the least value that makes a difference, whatever it is
        found = next(((each, place) for each in values if (place := rank(each)) != trial.rank), None)
        return {"down": None, "up": _said(found, None), "tips": found is not None, "tried": tried}
    lower, higher = ([each for each in values if each < origin][::-1], [each for each in values if each > origin])
    down, up = (
        next(((each, place) for each in side if (place := rank(each)) != trial.rank), None) for side in (lower, higher)
    )
    return {"down": _said(down, origin), "up": _said(up, origin), "tips": bool(down or up), "tried": tried}


def _searched(
    trial: Trial, rank: Callable[[Fraction], int], domain: Domain, old: Figure | None, bends: Sequence[Fraction]
) -> Json:
    """Try some values outwards on either side, and halve between the last that agrees and the first that does not."""
    found: list[tuple[Fraction, int] | None] = []
    for sign, most in ((-1, domain.down), (1, domain.up)):
        first = 1 if old is not None else 0
        places = [each for each in sorted(_outwards(domain, sign, most, bends)) if first <= each <= most]
        place = _edge(lambda place, sign=sign: rank(domain.at(sign * place)) != trial.rank, first - 1, places)
        value = domain.at(sign * place) if place is not None else None
        found.append(None if value is None else (value, rank(value)))
    origin = domain.origin if old is not None else None
    down, up = (_said(each, origin) for each in found)
    span = {"from": number(domain.at(-domain.down)), "to": number(domain.at(domain.up)), "step": number(domain.step)}
    return {"down": down, "up": up, "tips": bool(down or up), "tried": "halving", "within": span}


def _outwards(domain: Domain, sign: int, most: int, bends: Sequence[Fraction]) -> set[int]:
    """Give places to try on one side: doubling, evenly, and around the numbers that rules may bend at."""
    places = {0, most, *(1 << power for power in range(most.bit_length())), *(most * part // 32 for part in range(32))}
    for bend in bends:
        at = int(sign * (bend - domain.origin) / domain.step)
        places |= {at - 1, at, at + 1}
    return places


def _edge(differs: Callable[[int], bool], agrees: int, places: Sequence[int]) -> int | None:
    """Give the first place that differs, as far as trying these outwards and halving finds it."""
    for tried in places:
        if not differs(tried):
            agrees = tried
            continue
        first = tried
        while first - agrees > 1:
            middle = (agrees + first) // 2
            agrees, first = (agrees, middle) if differs(middle) else (middle, first)
        return first
    return None


def _said(found: tuple[Fraction, int] | None, origin: Fraction | None) -> Json | None:
    if found is None:
        return None
    value, rank = found
    return {"value": number(value), **({} if origin is None else {"change": number(value - origin)}), "rank": rank}


def _written(value: Fraction | str) -> str:
    return value if isinstance(value, str) else number(value)


def _tier(measure: Measure, value: Fraction) -> str | None:
    return next((tier.id for tier in measure.tiers.values() if tier.low <= value <= tier.high), None)


def _judged(now: Moment, measure: Measure) -> list[Fraction]:
    """Give the values that a judge may give, as the readings in force have it."""
    finding = measure.grain_finding
    step = measure.grain[now.readings[finding] if finding is not None else ""] or Fraction(1, 10**PLACES)
    found: set[Fraction] = set()
    for tier in measure.tiers.values():
        first = -(-tier.low // step)
        found |= {place * step for place in range(first, int(tier.high // step) + 1)}
    return sorted(found)


def _domain(now: Moment, measure: Measure, old: Figure | None) -> Domain:
    """Give the grid of a measure around its figure; where nothing bounds it, ten times as far as any number reaches."""
    origin = old.value if old is not None and isinstance(old.value, Fraction) else measure.low or Fraction(0)
    step = Fraction(1)
    if not measure.whole:
        step = Fraction(1, 10**PLACES)
        while (origin / step).denominator != 1:
            step /= 10
    far = 10 * max([abs(origin), Fraction(100), *map(abs, _targets(now))])
    low = measure.low if measure.low is not None else -far
    high = measure.high if measure.high is not None else far
    return Domain(origin, step, max(0, int((origin - low) / step)), max(0, int((high - origin) / step)))


def _targets(now: Moment) -> list[Fraction]:
    amounts = [target.amount for task in now.rubric.tasks for target in task.targets]
    return [each for each in amounts if each is not None]


def _bends(now: Moment, measure: Measure, trial: Trial, of: str) -> list[Fraction]:
    """Give numbers where a rule may bend: the bounds, the targets, and what the unit's other figures say."""
    figures = [each.value for held in trial.facts(of).figures.values() for each in held]
    bounds = [each for each in (measure.low, measure.high) if each is not None]
    return [*bounds, *_targets(now), *(each for each in figures if isinstance(each, Fraction))]


# -- awards and deductions


def _awards(trial: Trial, indicator: str) -> Iterator[Json]:
    """Take away each award or deduction that is there."""
    held = trial.facts(trial.unit).awards.get(indicator, ())
    for award in held:
        rank = trial.with_awards(indicator, [each for each in held if each is not award])
        said: Json = {"indicator": indicator, "line": award.line, "name": award.name, "points": number(award.points)}
        tips = rank != trial.rank
        yield said | {"position": award.position, "without": {"rank": rank} if tips else None, "tips": tips}


def _more(trial: Trial, now: Moment, indicator: str, line: Line) -> Iterator[Json]:
    """Add one award or deduction on a line: the fewest points that make a difference."""
    held = trial.facts(trial.unit).awards.get(indicator, ())
    name = next(name for place in range(len(held) + 1) if (name := f"+{place}") not in {each.name for each in held})
    step = Fraction(1, 10**PLACES)
    places = range(int(line.low / step), int(line.high / step) + 1)
    found = None
    for place in places if len(places) <= FEW else (places[0], places[-1]):
        points = line.low if line.fixed else place * step
        award = Award(indicator, line.id, name, points, now.as_of, now.known_at + 1)
        if now.rubric.exclusions(award) & now.rules.excluded:
            break
        rank = trial.with_awards(indicator, [*held, award])
        if rank != trial.rank:
            found = {"points": number(points), "rank": rank}
            break
    yield {"indicator": indicator, "line": line.id, "takes": line.takes, "with": found, "tips": found is not None}
