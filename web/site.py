"""What every page needs: the services, the rubrics by name, the templates, and the addresses of pages."""

import asyncio
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import structlog
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from shared.contracts.entries import decode_entry
from shared.contracts.numbers import Fraction
from shared.rubric import Rubric, RubricError, load
from web import words
from web.answers import RulesNamed
from web.charts import progress
from web.files import Files
from web.hub import Fragment, Hub
from web.language import LANGUAGES, catalog
from web.names import Names
from web.upstream import Declined, Unanswered, Upstream
from web.view import FROM, View

HERE = Path(__file__).parent
MOST_RUBRICS = 64
MOST_NOTES = 1024
_ENTRY = re.compile(r"(记录|entry) ([0-9]+)(?=[，,）)])")


@dataclass(frozen=True, slots=True)
class Page:
    """A page worked out: the template of its live part, what goes into it, and the state it shows."""

    template: str
    title: str
    context: Mapping[str, Any] = field(default_factory=dict[str, Any])
    version: str = ""


class Site:
    """The pages' surroundings; one for a process."""

    def __init__(self, upstream: Upstream, hub: Hub, log: structlog.typing.FilteringBoundLogger) -> None:
        self.upstream = upstream
        self.hub = hub
        self.log = log
        self.files = files()
        self._rubrics: dict[tuple[str, int, str | None], Rubric | None] = {}
        self._notes: dict[str, str] = {}

    async def names(self, assessment: str, rules: RulesNamed, language: str) -> Names:
        """The names of a standing's rubric; ids where its text cannot be had or read."""
        if rules.version is None:
            return Names(None, language)
        key = assessment, rules.version, rules.digest
        if key not in self._rubrics:
            try:
                text = await self.upstream.rubric(assessment, rules.version)
                rubric = await asyncio.to_thread(load, text)
            except (Unanswered, Declined) as error:
                self.log.warning("rubric not had", assessment=assessment, reason=str(error))
                return Names(None, language)
            except RubricError as error:
                self.log.warning("rubric not read", assessment=assessment, reason=str(error)[:300])
                rubric = None
            while len(self._rubrics) >= MOST_RUBRICS:
                self._rubrics.pop(next(iter(self._rubrics)))
            self._rubrics[key] = rubric
        return Names(self._rubrics[key], language)

    async def note(self, assessment: str) -> str:
        """What was noted at an assessment's opening, such as that all is invented; nothing where it cannot be had."""
        if assessment not in self._notes:
            try:
                said = decode_entry(await self.upstream.entry(assessment, 1)).data.get("note")
            except (Unanswered, Declined, msgspec.DecodeError) as error:
                self.log.warning("opening not had", assessment=assessment, reason=str(error))
                return ""
            while len(self._notes) >= MOST_NOTES:
                self._notes.pop(next(iter(self._notes)))
            self._notes[assessment] = said if isinstance(said, str) else ""
        return self._notes[assessment]

    def translate(self, language: str, message: str) -> str:
        """A message in a language."""
        return catalog(language).gettext(message)

    def fragment(self, page: Page, view: View, assessment: str | None) -> Fragment:
        """The live part of a page as HTML."""
        context = {"view": view, "link": Links(assessment, view), "assessment": assessment, **page.context}
        html = environment(view.language).get_template(page.template).render(context)
        return Fragment(page.title, html, page.version)

    def whole(self, fragment: Fragment, view: View, assessment: str | None, **more: Any) -> str:
        """A whole page around its live part."""
        template = environment(view.language).get_template("page.html")
        return template.render(
            {"fragment": fragment, "view": view, "link": Links(assessment, view), "assessment": assessment}
            | {"stream": None, "section": "", "path": "/", "own": [], "tag": LANGUAGES[view.language]}
            | more
        )


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of pages, each keeping the view: `link("units", "market")`."""

    assessment: str | None
    view: View

    def __call__(self, *steps: object, view: View | None = None, **more: str) -> str:
        """A page of this assessment; `more` are words of its own query."""
        path = [str(self.assessment), *map(str, steps)] if self.assessment else []
        query = (view or self.view).query
        return page_path(*path) + with_words(query, list(more.items()))

    def compared(self, one: View, other: View) -> str:
        """The page of what lies between two views."""
        path = page_path(str(self.assessment), "compare")
        return path + with_words(other.query, [(f"{FROM}{name}", value) for name, value in one.coordinate])

    def entry(self, position: object) -> str:
        """The page of an entry: it is the same at every coordinate."""
        return self("entries", position, view=View(language=self.view.language, named=self.view.named))


def page_path(*steps: str) -> str:
    """The path of a page: `/`, `/assessments/{a}`, `/assessments/{a}/units/{unit}`."""
    return "/".join(["/assessments", *(quote(step, safe="") for step in steps)]) if steps else "/"


def with_words(query: str, words: Sequence[tuple[str, str]]) -> str:
    """A query string with a page's own words behind those of the view."""
    return query + (f"{'&' if query else '?'}{urlencode(words)}" if words else "")


def web_address(text: object) -> bool:
    """Whether something that was handed in may stand in a link: other schemes could run as script."""
    return isinstance(text, str) and text.startswith(("https://", "http://"))


def percent(ratio: Fraction) -> str:
    """A ratio in percent to one place, rounded down: what is not reached does not show as 100."""
    tenths = math.floor(ratio * 1000)
    return f"{tenths // 10}.{tenths % 10}"


def linked(text: str, address: Callable[[str], str]) -> Markup:
    """A sentence of scoring with its entries as links; all else in it is escaped."""
    pieces = _ENTRY.split(text)
    link = Markup('<a href="{}">{} {}</a>')
    named = zip(pieces[1::3], pieces[2::3], strict=True)
    links = [link.format(address(position), word, position) for word, position in named]
    told = zip(pieces[::3], [*links, Markup("")], strict=True)
    return Markup("").join(escape(piece) for pair in told for piece in pair)


@cache
def files() -> Files:
    """Our few files."""
    return Files(HERE / "static")


@cache
def environment(language: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols"],
    )
    made.install_gettext_translations(catalog(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters.update(words.filters(catalog(language)))
    made.filters["web_address"] = web_address
    known: dict[str, Any] = made.globals  # type: ignore[assignment]  (the library types only its own)
    known |= {
        "static": files().url,
        "progress": progress,
        "percent": percent,
        "with_words": with_words,
        "linked": linked,
    }
    return made
