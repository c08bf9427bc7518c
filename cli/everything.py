"""All services wired into one process: each reads the one before it straight from its store."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from services.intake.app import build as intake
from services.intake.settings import IntakeSettings
from services.notifier.app import build as notifier
from services.notifier.settings import NotifierSettings
from services.ranking.app import build as ranking
from services.ranking.settings import RankingSettings
from services.scoring.app import build as scoring
from services.scoring.settings import ScoringSettings
from shared.chassis import logs
from shared.chassis.serve import OnePort, complain
from shared.chassis.serve import run as serve
from shared.chassis.service import Service
from shared.chassis.settings import ServiceSettings, WrongSettings, load
from shared.chassis.wiring import store_of
from web.app import build as pages
from web.in_process import InProcess
from web.settings import WebSettings

WRONG_USAGE = 2


def run(given: Mapping[str, Any], *, told: Callable[[str], None] | None = None) -> int:
    """Serve all services with these settings over those of the environment; the exit status."""
    try:
        settings = load(ServiceSettings, **given)
        logs.configure(settings.log_format, settings.log_level)
        return serve(lambda: services(given), settings, told=told)
    except WrongSettings as error:
        return complain(error, WRONG_USAGE)


def services(given: Mapping[str, Any]) -> Sequence[Service]:
    """Build the services in the order of the flow, and the pages in front of them."""
    first = intake(load(IntakeSettings, **given))
    second = scoring(load(ScoringSettings, **given), store_of(first), first.app)
    third = ranking(load(RankingSettings, **given), store_of(second))
    last = notifier(load(NotifierSettings, **given), store_of(third))
    flow = [first, second, third, last]
    return [*flow, pages(load(WebSettings, **given), transport=InProcess(OnePort(flow)))]
