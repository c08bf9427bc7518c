"""The pages: one function each, from a view to the template's context. They read the services and keep nothing."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from shared.contracts.entries import decode_entry, leaf_hash
from shared.contracts.numbers import Fraction
from web.answers import FLAGS, Change, Explained, Flag, IndicatorPoints, Seen, Standing, TaskRow, UnitChange
from web.charts import Line, lines
from web.forms import AWARD, Form, blank, choices
from web.language import mark
from web.names import Names
from web.rows import Row, number, quantity, rounded, rows
from web.site import Page, Site
from web.upstream import Declined, Unanswered
from web.view import View, WrongView

WINDOW = 200
"""Positions on a page of changes."""
MOST_STRETCHES = 50
STEPS = ("month", "week", "day")
"""How far apart the days of a timeline can be chosen to lie."""


def read_step(text: str) -> str:
    """Read how far apart the days of a timeline lie; months, where nothing is said.

    Raises:
        WrongView: It is none of `STEPS`.

    """
    if text and text not in STEPS:
        raise WrongView(mark("step is month, week or day."))
    return text or STEPS[0]


async def shown(site: Site, assessment: str, view: View) -> Standing:
    """The standing that a view shows: the board where nothing is asked, else the one at its coordinate."""
    if view.plain:
        return await site.upstream.board(assessment)
    return await site.upstream.standing(assessment, view.coordinate)


def fixed(standing: Standing, view: View) -> View:
    """The view that shows this standing for ever."""
    return view.at(
        as_of=date.fromisoformat(standing.as_of) if standing.as_of else view.as_of,
        known_at=str(standing.known_at.position),
        rubric=standing.rules.version if standing.shown not in (None, "live") else view.rubric,
        readings=_readings(standing) if standing.shown == "closed" else view.readings,
    )


def _readings(standing: Standing) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(standing.rules.readings.items()))


def inside(standing: Standing, view: View) -> list[tuple[str, str]]:
    """The coordinate that the rest of a page asks for, so that all its parts show one moment.

    An open board leaves the date open, as it is open itself; a standing that stands still names all of it.
    """
    if view.plain and standing.shown in (None, "live"):
        return [("known-at", str(standing.known_at.position))]
    asked = view.at(known_at=str(standing.known_at.position))
    return (fixed(standing, view) if view.plain else asked).coordinate


async def marked(site: Site, standing: Standing, view: View) -> Standing:
    """The standing with what to look at in the data. The board of an open one leaves it out, so scoring is asked."""
    if standing.flags or not view.plain:
        return standing
    return await site.upstream.standing(standing.assessment, inside(standing, view))


async def about(site: Site, standing: Standing, view: View) -> tuple[Names, dict[str, Any]]:
    """What every page says of its standing: title, coordinate, and the rules it departs from."""
    names, note = await asyncio.gather(
        site.names(standing.assessment, standing.rules, view.language), site.note(standing.assessment)
    )
    departing = [
        (finding, reading)
        for finding, reading in sorted(standing.rules.readings.items())
        if not names.is_default(finding, reading)
    ]
    return names, {
        "names": names,
        "standing": standing,
        "title": names.title or standing.title or standing.assessment,
        "fixed": fixed(standing, view) if standing.known_at.position else view,
        "departing": departing,
        "note": note,
    }


async def assessments(site: Site, view: View) -> Page:
    """All assessments."""
    found = (await site.upstream.assessments()).assessments
    named = [
        (each, await site.names(each.assessment, each.rubric, view.language), await site.note(each.assessment))
        for each in found
    ]
    return Page("_assessments.html", site.translate(view.language, "Assessments"), {"assessments": named})


async def board(site: Site, assessment: str, view: View) -> Page:
    """The ranked list."""
    standing = await shown(site, assessment, view)
    names, context = await about(site, standing, view)
    questions = [each for each in standing.findings if each.state == "open" and each.moves == "rank"]
    found = rows(standing, names)
    more = {"rows": found, "questions": questions, "legend": _legend(found)}
    return Page("_board.html", context["title"], context | more, standing.version)


def _legend(found: list[Row]) -> list[tuple[str, str]]:
    """The colours on a board and what they stand for; blocks of one colour once."""
    return list({part.colour: (part.colour, part.name) for each in found for part in each.segments}.values())


async def unit(site: Site, assessment: str, unit_id: str, view: View) -> Page:
    """One unit: its place, its blocks, and every indicator with its trace."""
    standing = await shown(site, assessment, view)
    if unit_id not in {each.unit for each in standing.units}:
        raise Declined(404, "unknown-unit", f"{assessment} has no such unit.")
    (names, context), explained, marks = await asyncio.gather(
        about(site, standing, view),
        site.upstream.explanation(assessment, unit_id, inside(standing, view)),
        marked(site, standing, view),
    )
    row = next(each for each in rows(standing, names) if each.unit == unit_id)
    more = {
        "row": row,
        "units": len(standing.units),
        "groups": _by_block(explained.indicators, names),
        "flags": _by_place(flag for flag in marks.flags if flag.unit == unit_id),
        "most": FLAGS,
        "findings": {each.id: each for each in standing.findings},
        "number": number,
        "rounded": rounded,
        "quantity": quantity,
    }
    return Page("_unit.html", f"{row.name} · {context['title']}", context | more, standing.version)


def _by_place(flags: Iterable[Flag]) -> list[tuple[tuple[str, str], list[Flag]]]:
    """Flags of one kind on one indicator together: a unit may have hundreds."""

    def place(flag: Flag) -> tuple[str, str]:
        return flag.code, flag.indicator or ""

    return [(where, list(some)) for where, some in groupby(sorted(flags, key=place), place)]


def _by_block(indicators: Mapping[str, Explained], names: Names) -> list[tuple[str | None, dict[str, Explained]]]:
    """Indicators under their blocks, in the rubric's order."""
    order = {name: place for place, name in enumerate(names.rubric.indicators)} if names.rubric else {}
    blocks = [*names.blocks({}), None]
    sorted_ids = sorted(indicators, key=lambda name: (order.get(name, len(order)), name))
    groups: dict[str | None, dict[str, Explained]] = {block: {} for block in blocks}
    for name in sorted_ids:
        groups.setdefault(names.block_of(name), {})[name] = indicators[name]
    return [(block, held) for block, held in groups.items() if held]


async def tasks(site: Site, assessment: str, view: View) -> Page:
    """The task table with its progress."""
    standing = await shown(site, assessment, view)
    (names, context), found = await asyncio.gather(
        about(site, standing, view), site.upstream.tasks(assessment, inside(standing, view))
    )
    texts = {str(task.row): task for task in names.rubric.tasks} if names.rubric else {}
    title = site.translate(view.language, "Tasks")
    said = {row.id: _text(row, texts, names) for row in found.tasks}
    more = {
        "tasks": found.tasks,
        "texts": said,
        "number": number,
        "quantity": quantity,
        "judged": partial(_judged, standing),
    }
    return Page("_tasks.html", f"{title} · {context['title']}", context | more, standing.version)


def _judged(standing: Standing, row: TaskRow) -> list[tuple[str, IndicatorPoints]]:
    """How far each unit has come in a task that has no figure: the points that a judge gave."""
    if row.measures:
        return []
    points = {unit.unit: unit.indicators for unit in standing.units}
    return [(unit, points[unit][name]) for name in row.indicators for unit in row.units if name in points.get(unit, {})]


def _text(row: TaskRow, texts: Mapping[str, Any], names: Names) -> str:
    task = texts.get(str(row.id))
    return names.say(task.text, task.english) if task else row.text


async def findings(site: Site, assessment: str, view: View) -> Page:
    """The questions that the text leaves open, with their readings; and what to look at in the data."""
    standing = await shown(site, assessment, view)
    (names, context), marks = await asyncio.gather(about(site, standing, view), marked(site, standing, view))
    states = {each.id: each for each in standing.findings}
    title = site.translate(view.language, "Questions")
    flags = sorted(marks.flags, key=lambda flag: flag.code)
    grouped: list[tuple[str, list[Flag]]] = [
        (code, list(some)) for code, some in groupby(flags, lambda flag: flag.code)
    ]
    more = {"findings": names.findings(), "states": states, "flags": grouped, "flagged": marks.flagged}
    return Page("_findings.html", f"{title} · {context['title']}", context | more, standing.version)


async def timeline(site: Site, assessment: str, step: str, view: View) -> Page:
    """Rank and total of every unit through the year, as known then and as known now."""
    standing = await shown(site, assessment, view)
    (names, context), course = await asyncio.gather(
        about(site, standing, view), site.upstream.timeline(assessment, _until(standing, view), step)
    )
    units = [row.unit for row in standing.units]
    whens = {"now": [point.now for point in course.points], "then": [point.then for point in course.points]}
    drawn = {
        when: [Line(names.unit(unit), [_total(seen, unit) for seen in course_]) for unit in units]
        for when, course_ in whens.items()
    }
    days = [point.as_of for point in course.points]
    title = site.translate(view.language, "Timeline")
    more = {
        "step": course.step,
        "steps": STEPS,
        "units": units,
        "whens": {when: (lines(drawn[when], days), list(zip(days, whens[when], strict=True))) for when in whens},
        "moment": partial(_moment_of, view, standing),
    }
    return Page("_timeline.html", f"{title} · {context['title']}", context | more, standing.version)


def _total(seen: Seen | None, unit: str) -> Fraction | None:
    return next((number(each.exact) for each in seen.units if each.unit == unit), None) if seen else None


def _until(standing: Standing, view: View) -> list[tuple[str, str]]:
    """What a timeline is asked for: all up to the moment shown, by the rules of each day where none were chosen."""
    return view.at(known_at=str(standing.known_at.position)).coordinate


def _moment_of(view: View, standing: Standing, day: str, seen: Seen) -> View:
    """The view of one point: the same day, known then or as the page knows it."""
    return view.at(as_of=date.fromisoformat(day), known_at=str(seen.known_at or standing.known_at.position))


async def entry(site: Site, assessment: str, position: int, view: View) -> Page:
    """One entry: what it says, its stored form, and what it moved."""
    stored, head = await asyncio.gather(site.upstream.entry(assessment, position), site.upstream.board(assessment))
    try:
        decoded = decode_entry(stored)
    except msgspec.DecodeError as error:
        raise Unanswered("intake", f"entry {position} cannot be read: {error}") from error
    names, moved = await asyncio.gather(
        site.names(assessment, head.rules, view.language), _moved_by(site, assessment, position)
    )
    context = {
        "names": names,
        "title": names.title or head.title or assessment,
        "entry": decoded,
        "stored": msgspec.json.format(stored, indent=2).decode("utf-8", "replace"),
        "digest": leaf_hash(stored),
        "moved": moved,
        "head": max(head.position, head.known_at.position),
        "around": partial(around, View(language=view.language, named=view.named)),
    }
    return Page("_entry.html", f"#{position} · {context['title']}", context)


def around(view: View, position: int) -> tuple[View, View]:
    """The views just before an entry and just behind it."""
    return view.at(known_at=str(position - 1)), view.at(known_at=str(position))


async def enter(site: Site, assessment: str, form: Form | None, view: View, **more: Any) -> Page:
    """The office's form for one entry: empty (`kind` and `unit` say which), or as it was sent, with what came of it."""
    standing = await site.upstream.board(assessment)
    names, context = await about(site, standing, view)
    if form is None:
        source = f"/{names.rubric.assessor}" if names.rubric else "/"
        form = blank(more.get("kind", AWARD), more.get("unit", ""), source, datetime.now(UTC), names)
    title = site.translate(view.language, "Enter")
    units = [(each.unit, names.unit(each.unit)) for each in standing.units]
    told = {
        "form": form,
        "choices": choices(form.kind, names),
        "units": units,
        "well": more.get("well"),
        "fault": more.get("fault"),
    }
    return Page("_enter.html", f"{title} · {context['title']}", context | told)


async def _moved_by(site: Site, assessment: str, position: int) -> list[UnitChange]:
    """What an entry changed, as far as ranking can say now."""
    try:
        stretch = await site.upstream.changes(assessment, position - 1)
    except (Unanswered, Declined):
        return []
    for change in stretch.changes:
        if change.position == position:
            return change.data.changes
    return []


async def changes(site: Site, assessment: str, view: View, before: int | None = None) -> Page:
    """Who moved, and because of which entry: the newest first, so many positions a page."""
    standing = await shown(site, assessment, view)
    _, context = await about(site, standing, view)
    last = standing.known_at.position
    top = min(last, before - 1) if before else last
    start = max(top - WINDOW, 0)
    found = [change for change in await _stretch(site, assessment, start, top) if change.data.changes]
    title = site.translate(view.language, "Changes")
    more = {
        "around": partial(around, view),
        "changes": found[::-1],
        "start": start,
        "top": top,
        "last": last,
        "window": WINDOW,
    }
    return Page("_changes.html", f"{title} · {context['title']}", context | more, standing.version)


async def _stretch(site: Site, assessment: str, start: int, top: int) -> list[Change]:
    """The records from after `start` up to `top`."""
    found: list[Change] = []
    for _ in range(MOST_STRETCHES):
        if start >= top:
            break
        answer = await site.upstream.changes(assessment, start)
        found += [change for change in answer.changes if change.position <= top]
        reached = max([answer.next or 0, *(change.position for change in answer.changes)])
        if reached <= start:
            break
        start = reached
    return found
