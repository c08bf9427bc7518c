"""What went wrong, as a page: one sentence that says what to do, in the reader's language."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.chassis import problems
from shared.chassis.service import COMMON
from web.hub import Fragment
from web.language import mark as _
from web.site import Site
from web.upstream import Declined, Unanswered
from web.view import View, WrongView, read_view
from web.words import TOLD

NO_PAGE = _("There is no such page.")
NO_ASSESSMENT = _("There is no such assessment, unit or entry.")
SILENT = _("A service behind these pages does not answer. Try again in a moment.")
NOT_ALLOWED = _("The services do not let these pages read. Give them a viewer's credential in MERITLOG_TOKEN.")
TRY_AGAIN = "2"


def install(app: FastAPI, site: Site) -> None:
    """Every error under a page becomes a page; those of the common endpoints stay problems."""

    async def answer(request: Request, error: Exception) -> Response:
        status, message, headers = explained(error)
        if request.url.path in COMMON:
            return problems.answer(status, problems.CODES.get(status, "error"), message, headers=headers)
        view = lenient_view(request)
        text = site.translate(view.language, message)
        page = site.whole(Fragment(text, "", ""), view, None, failure=text, status=status)
        return Response(page, status, {"Cache-Control": "no-store", **headers}, "text/html; charset=utf-8")

    for kind in (WrongView, Declined, Unanswered, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, answer)


def explained(error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, sentence and headers for an error."""
    match error:
        case WrongView():
            return 400, str(error), {}
        case Declined():
            return declined(error)
        case Unanswered():
            return 503, SILENT, {"Retry-After": TRY_AGAIN}
        case HTTPException() if error.status_code != 404:
            return error.status_code, str(error.detail), dict(error.headers or {})
        case RequestValidationError():
            return 404, NO_PAGE, {}
        case _:
            return 404, NO_PAGE, {}


def declined(error: Declined) -> tuple[int, str, dict[str, str]]:
    """What a service declined, told to a reader: its own sentence where there is no other."""
    if error.code in TOLD:
        again = {"Retry-After": error.retry_after or TRY_AGAIN} if error.status == 503 else {}
        return error.status, TOLD[error.code], again
    if error.missing:
        return 404, NO_ASSESSMENT, {}
    if error.status in (401, 403):
        return 503, NOT_ALLOWED, {}
    if 400 <= error.status < 500:
        return error.status, error.detail or NO_PAGE, {}
    return 503, error.detail or SILENT, {"Retry-After": error.retry_after or TRY_AGAIN}


def lenient_view(request: Request) -> View:
    """The view of a request, plain where its words are what is wrong."""
    try:
        return read_view(request.query_params.multi_items(), request.headers.get("accept-language", ""))
    except WrongView:
        language = [("lang", request.query_params.get("lang", ""))]
        try:
            return read_view(language, request.headers.get("accept-language", ""))
        except WrongView:
            return View()
