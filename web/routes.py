"""The pages' addresses."""

from dataclasses import fields
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from web import comparing, pages, supposing
from web.forms import Form, from_here, read
from web.language import mark as _
from web.serving import Serving, view_of
from web.supposing import Supposition
from web.view import read_first

_html: dict[str, Any] = {"content": {"text/html": {}}}
router = APIRouter(
    tags=["pages"],
    default_response_class=HTMLResponse,
    responses={
        "4XX": {"description": "There is no such page, or it cannot be shown; it says why in one sentence."} | _html,
        503: {"description": "A service behind the pages does not answer."} | _html,
    },
)

FURTHEST = 10**18


FORM = {"type": "object", "properties": {each.name: {"type": "string"} for each in fields(Form)}}

_texts = {each.name: {"type": "string"} for each in fields(Supposition) if each.type == "str"}
SUPPOSED = {"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": _texts}}}}}


async def _serving(request: Request) -> Serving:
    return request.app.state.serving


Using = Annotated[Serving, Depends(_serving)]
Seen = Annotated[str, Query(description="The version that the page shows already.", max_length=64)]
Before = Annotated[int | None, Query(ge=1, le=FURTHEST, description="Only changes before this position.")]
Position = Annotated[int, Path(ge=1, le=FURTHEST)]


@router.get("/")
async def assessments(request: Request, serving: Using) -> Response:
    """All assessments."""
    site, view = serving.site, view_of(request)
    page = await pages.assessments(site, view)
    return serving.html(site.whole(site.fragment(page, view, None), view, None))


@router.get("/assessments/{assessment}")
async def board(request: Request, serving: Using, assessment: str) -> Response:
    """The ranked list."""
    return await serving.whole(request, assessment, (), partial(pages.board, serving.site, assessment))


@router.get("/assessments/{assessment}/stream", include_in_schema=False)
async def board_stream(request: Request, serving: Using, assessment: str, seen: Seen = "") -> Response:
    """The live part of the ranked list, as it changes."""
    return await serving.stream(request, assessment, (), partial(pages.board, serving.site, assessment), seen)


@router.get("/assessments/{assessment}/tasks")
async def tasks(request: Request, serving: Using, assessment: str) -> Response:
    """The task table with its progress."""
    return await serving.whole(request, assessment, ("tasks",), partial(pages.tasks, serving.site, assessment))


@router.get("/assessments/{assessment}/tasks/stream", include_in_schema=False)
async def tasks_stream(request: Request, serving: Using, assessment: str, seen: Seen = "") -> Response:
    """The live part of the task table, as it changes."""
    return await serving.stream(request, assessment, ("tasks",), partial(pages.tasks, serving.site, assessment), seen)


@router.get("/assessments/{assessment}/findings")
async def findings(request: Request, serving: Using, assessment: str) -> Response:
    """The questions that the text leaves open, and marks on the data."""
    return await serving.whole(request, assessment, ("findings",), partial(pages.findings, serving.site, assessment))


@router.get("/assessments/{assessment}/findings/stream", include_in_schema=False)
async def findings_stream(request: Request, serving: Using, assessment: str, seen: Seen = "") -> Response:
    """The live part of the questions, as it changes."""
    return await serving.stream(
        request, assessment, ("findings",), partial(pages.findings, serving.site, assessment), seen
    )


@router.get("/assessments/{assessment}/changes")
async def changes(request: Request, serving: Using, assessment: str, before: Before = None) -> Response:
    """Who moved, and because of which entry."""
    work = partial(pages.changes, serving.site, assessment, before=before)
    return await serving.whole(request, assessment, ("changes",), work, live=before is None)


@router.get("/assessments/{assessment}/changes/stream", include_in_schema=False)
async def changes_stream(request: Request, serving: Using, assessment: str, seen: Seen = "") -> Response:
    """The live part of the changes, as it changes."""
    return await serving.stream(
        request, assessment, ("changes",), partial(pages.changes, serving.site, assessment), seen
    )


@router.get("/assessments/{assessment}/timeline")
async def timeline(
    request: Request,
    serving: Using,
    assessment: str,
    step: Annotated[str, Query(description="How far apart the days lie: `month`, `week` or `day`.")] = "",
) -> Response:
    """Rank and total of every unit through the year."""
    work = partial(pages.timeline, serving.site, assessment, pages.read_step(step))
    return await serving.whole(request, assessment, ("timeline",), work, live=False)


@router.get("/assessments/{assessment}/compare")
async def compare(request: Request, serving: Using, assessment: str) -> Response:
    """What changed from one standing to another, and what caused it; the words of the first begin with `from-`."""
    first = read_first(request.query_params.multi_items(), view_of(request))
    work = partial(comparing.compare, serving.site, assessment, first)
    return await serving.whole(request, assessment, ("compare",), work, live=False)


@router.get("/assessments/{assessment}/what-if")
async def what_if(request: Request, serving: Using, assessment: str) -> Response:
    """A form for what somebody supposes."""
    work = partial(comparing.what_if, serving.site, assessment)
    return await serving.whole(request, assessment, ("what-if",), work, live=False)


@router.post("/assessments/{assessment}/what-if", openapi_extra=SUPPOSED)
async def supposed(request: Request, serving: Using, assessment: str) -> Response:
    """What would be otherwise under other readings, with other entries, by another rubric; nothing is recorded."""
    if not from_here(request):
        raise HTTPException(403, _("This form was not sent from a page of this address."))
    longest = request.app.state.service.settings.max_body
    async with request.form(max_files=2, max_part_size=longest) as sent:
        given = await supposing.read(sent)
    return await serving.suppose(request, assessment, given)


@router.get("/assessments/{assessment}/sensitivity")
async def sensitivity(request: Request, serving: Using, assessment: str) -> Response:
    """The standing under each reading of every open question, side by side."""
    work = partial(comparing.sensitivity, serving.site, assessment)
    return await serving.whole(request, assessment, ("sensitivity",), work, live=False)


@router.get("/assessments/{assessment}/appeals")
async def appeals(request: Request, serving: Using, assessment: str) -> Response:
    """Every appeal with its state, and what followed from it."""
    work = partial(comparing.appeals, serving.site, assessment)
    return await serving.whole(request, assessment, ("appeals",), work, live=False)


@router.get("/assessments/{assessment}/units/{unit}/tipping")
async def tipping(request: Request, serving: Using, assessment: str, unit: str) -> Response:
    """The smallest change of each input of a unit that gives it another rank."""
    work = partial(comparing.tipping, serving.site, assessment, unit)
    return await serving.whole(request, assessment, ("units", unit, "tipping"), work, live=False, section="tipping")


@router.get("/assessments/{assessment}/units/{unit}")
async def unit(request: Request, serving: Using, assessment: str, unit: str) -> Response:
    """One unit with its traces."""
    work = partial(pages.unit, serving.site, assessment, unit)
    return await serving.whole(request, assessment, ("units", unit), work, section="board")


@router.get("/assessments/{assessment}/units/{unit}/stream", include_in_schema=False)
async def unit_stream(request: Request, serving: Using, assessment: str, unit: str, seen: Seen = "") -> Response:
    """The live part of a unit's page, as it changes."""
    work = partial(pages.unit, serving.site, assessment, unit)
    return await serving.stream(request, assessment, ("units", unit), work, seen)


@router.get("/assessments/{assessment}/entries/{position}")
async def entry(request: Request, serving: Using, assessment: str, position: Position) -> Response:
    """One entry as it is stored."""
    work = partial(pages.entry, serving.site, assessment, position)
    return await serving.whole(request, assessment, ("entries", str(position)), work, live=False, section="")


@router.get("/assessments/{assessment}/enter")
async def enter(
    request: Request,
    serving: Using,
    assessment: str,
    kind: Annotated[Literal["award", "deduction", "determination"], Query(description="What to enter.")] = "award",
    unit: Annotated[str, Query(max_length=64, description="The unit chosen already.")] = "",
) -> Response:
    """A form of the office for one entry."""
    work = partial(pages.enter, serving.site, assessment, None, kind=kind, unit=unit)
    return await serving.whole(request, assessment, ("enter",), work, live=False)


@router.post(
    "/assessments/{assessment}/enter",
    responses={303: {"description": "Accepted: on to the entry's page."}},
    openapi_extra={"requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": FORM}}}},
)
async def entered(request: Request, serving: Using, assessment: str) -> Response:
    """Hand the entry in, or only ask whether it would be accepted; on success on to the entry's page."""
    if not from_here(request):
        raise HTTPException(403, _("This form was not sent from a page of this address."))
    sent = await request.form()
    form = read(sent)
    return await serving.hand_in(request, assessment, form, str(sent.get("credential", "")), trial="try" in sent)


@router.get("/static/{name}", include_in_schema=False)
async def static(request: Request, serving: Using, name: str) -> Response:
    """Style, script and icon."""
    answer = serving.site.files.answer(request, name)
    if answer is None:
        raise HTTPException(404)
    return answer


@router.get("/favicon.ico", include_in_schema=False)
async def favicon(request: Request, serving: Using) -> Response:
    """The icon, for those who look in the old place."""
    return await static(request, serving, "icon.svg")
