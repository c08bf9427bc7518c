"""The pages about several standings: what lies between two, what would be if, what would tip a rank, and appeals."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from shared.contracts.entries import Entry, decode_entry
from shared.contracts.numbers import shown
from web.answers import Standing
from web.between import Figure, Share, Tip, Tipping, UnitBetween
from web.names import Names
from web.pages import about, around, fixed, inside
from web.pages import shown as shown_standing
from web.rows import number, quantity, rounded
from web.site import Page, Site
from web.supposing import NotSupposed, Supposition, choices, refused
from web.upstream import Declined, Unanswered
from web.view import View, one_word

WITHIN = 20
"""Entries back that a comparison is offered over."""


async def compare(site: Site, assessment: str, first: View, view: View) -> Page:
    """What changed from one coordinate to the page's own; where only one is named, some comparisons are offered."""
    standing = await shown_standing(site, assessment, view)
    names, context = await about(site, standing, view)
    here = inside(standing, view)
    found = None
    if not first.plain:
        found = await site.upstream.between(assessment, one_word(other_end(first, here)), one_word(here))
    title = site.translate(view.language, "Compare")
    more = {
        "first": first,
        "found": found,
        "offers": _offers(standing, fixed(standing, view)),
        **telling(names),
    }
    return Page("_compare.html", f"{title} · {context['title']}", context | more)


def other_end(first: View, here: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The coordinate that a comparison starts from: day and knowledge that it leaves open are those of its end."""
    kept = dict(here)
    asked = dict(first.coordinate)
    moment = [
        (name, asked.get(name) or kept[name]) for name in ("as-of", "known-at") if asked.get(name) or name in kept
    ]
    return [*moment, *(pair for pair in first.coordinate if pair[0] in ("rubric", "reading"))]


def _offers(standing: Standing, here: View) -> list[tuple[int, View, View]]:
    """Comparisons that a reader may want: over the last entry, and over some."""
    last = standing.known_at.position
    backs = [back for back in (1, WITHIN) if last > back]
    return [(back, here.at(known_at=str(last - back)), here) for back in backs]


def telling(names: Names) -> dict[str, Any]:
    """What the tables of a comparison need beside it."""
    return {
        "signed": signed,
        "share": share_of,
        "fact": partial(fact_name, names),
        "quantity": quantity,
        "number": number,
    }


def signed(exact: str) -> str:
    """A change with its sign to two places, and beside it the exact fraction where these are not all of it."""
    value = number(exact)
    return rounded(exact) if number(shown(value)) == value else f"{rounded(exact)} ({'+' * (value > 0)}{exact})"


def share_of(unit: UnitBetween, share: Share) -> list[tuple[str, Share]]:
    """What one cause did to each indicator of a unit."""
    return [(name, part) for name, each in unit.indicators.items() for part in each.parts if part.cause == share.cause]


def fact_name(names: Names, indicator: str, fact: Any) -> str:
    """A fact's name: its line or measure, and the occasion or the list."""
    name = names.line(indicator, fact.line) if fact.line else names.measure(fact.measure)
    return " ".join(filter(None, (name, fact.occasion or fact.incident)))


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a unit on the page of tipping facts: its name, what it is, and what is told on either side."""

    indicator: str
    name: str
    value: str | None
    position: int | None
    down: Tip | None
    up: Tip | None
    kind: str
    tips: bool
    other: tuple[Tip, ...] = ()


async def tipping(site: Site, assessment: str, unit_id: str, view: View) -> Page:
    """The smallest single change of each input of a unit that gives it another rank."""
    standing = await shown_standing(site, assessment, view)
    (names, context), found = await asyncio.gather(
        about(site, standing, view), site.upstream.tipping(assessment, unit_id, inside(standing, view))
    )
    inputs = [*(_figure(names, each) for each in found.figures), *_others(names, found)]
    title = site.translate(view.language, "What would change the rank")
    more = {
        "found": found,
        "moving": [each for each in inputs if each.tips],
        "still": [each for each in inputs if not each.tips],
        "halved": any(each.tried == "halving" for each in found.figures),
        "signed": signed,
        "quantity": quantity,
    }
    return Page("_tipping.html", f"{names.unit(unit_id)} · {title}", context | more)


def _figure(names: Names, each: Figure) -> Input:
    name = " · ".join(filter(None, (names.measure(each.measure), each.occasion, names.provider(each.provider))))
    return Input(
        each.indicator,
        name,
        each.value,
        each.position,
        each.down,
        each.up,
        "missing" if each.value is None else "figure",
        each.tips,
        tuple(each.other),
    )


def _others(names: Names, found: Tipping) -> list[Input]:
    taken = [
        Input(
            each.indicator,
            f"{names.line(each.indicator, each.line)} · {each.name}",
            each.points,
            each.position,
            each.without,
            None,
            "award",
            each.tips,
        )
        for each in found.awards
    ]
    added = [
        Input(
            each.indicator,
            names.line(each.indicator, each.line),
            None,
            None,
            None,
            each.given,
            "less" if each.takes else "more",
            each.tips,
        )
        for each in found.more
    ]
    return [*taken, *added]


async def sensitivity(site: Site, assessment: str, view: View) -> Page:
    """The standing under each reading of every open finding, side by side."""
    standing = await shown_standing(site, assessment, view)
    (_, context), found = await asyncio.gather(
        about(site, standing, view), site.upstream.sensitivity(assessment, inside(standing, view))
    )
    title = site.translate(view.language, "Under each reading")
    more = {
        "found": found,
        "units": [row.unit for row in standing.units],
        "signed": rounded,
        "number": number,
        "beside": _beside,
    }
    return Page("_sensitivity.html", f"{title} · {context['title']}", context | more)


def _beside(units: Sequence[Any]) -> Mapping[str, Any]:
    return {each.unit: each for each in units}


async def appeals(site: Site, assessment: str, view: View) -> Page:
    """Every appeal with its state, the decision, and what followed from it."""
    standing = await shown_standing(site, assessment, view)
    (_, context), found = await asyncio.gather(
        about(site, standing, view), site.upstream.appeals(assessment, inside(standing, view))
    )
    title = site.translate(view.language, "Appeals")
    more = {"appeals": found.appeals, "just_before": partial(around, fixed(standing, view))}
    return Page("_appeals.html", f"{title} · {context['title']}", context | more)


async def what_if(site: Site, assessment: str, view: View, given: Supposition | None = None) -> Page:
    """What would be otherwise: the form, and where it was sent, the difference; nothing is recorded."""
    standing = await shown_standing(site, assessment, view)
    names, context = await about(site, standing, view)
    given = given or Supposition()
    here = inside(standing, view)
    translate = partial(site.translate, view.language)
    found, fault = None, None
    try:
        if given.asked:
            target = await _target(site, assessment, given, standing.known_at.position)
            found = await site.upstream.supposed(assessment, given.body(assessment, here, names, view.readings, target))
    except NotSupposed as reason:
        fault = translate(str(reason)), ""
    except Declined as refusal:
        if refusal.status not in (413, 422):
            raise
        fault = refused(refusal, translate)
    title = translate("What if")
    more = {
        "given": given,
        "found": found,
        "fault": fault,
        "choices": choices(names),
        "findings": [each for each in names.findings() if each.readings],
        **telling(names),
    }
    return Page("_what_if.html", f"{title} · {context['title']}", context | more)


async def _target(site: Site, assessment: str, given: Supposition, known_at: int) -> Entry | None:
    """The entry that is supposed to be another, or gone, of those that are known."""
    place = given.changes(known_at)
    if place is None:
        return None
    try:
        target = decode_entry(await site.upstream.entry(assessment, place))
    except msgspec.DecodeError as error:
        raise Unanswered("intake", f"entry {place} cannot be read: {error}") from error
    given.check(target)
    return target
