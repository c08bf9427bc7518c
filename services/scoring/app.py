"""Scoring, wired: it follows the ledger and answers standings."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from starlette.types import ASGIApp

from services.scoring import api, bundles
from services.scoring.checkpoints import Checkpoints
from services.scoring.handlers import Books
from services.scoring.settings import ScoringSettings
from services.scoring.store import DDL, VERSION
from shared.chassis.service import Service
from shared.chassis.wiring import ENTRIES, SCORES, Beside, asking, following, own_store, publishing
from shared.proof.keys import VerifierKey


def build(settings: ScoringSettings, intake: Beside | None = None, intake_http: ASGIApp | None = None) -> Service:
    """Build the service. `intake` gives intake's store, and `intake_http` answers its HTTP, where both run in one
    process.
    """
    pinned = VerifierKey.parse(settings.ledger_key) if settings.ledger_key else None

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        async with own_store(service, DDL, VERSION) as store:
            books = Books(store)
            service.app.state.books = books
            reading = following(service, store, ENTRIES, books.handle, books.forget, intake or settings.intake)
            asked = asking(service, intake_http or settings.intake)
            async with asked as client, reading as follower, publishing(service, store, {SCORES.kind: SCORES.topic}):
                service.app.state.checkpoints = checkpoints = Checkpoints(store, client, pinned)
                # Without anybody to ask, which only a test is, there is nothing to look after.
                seconds = settings.checkpoint_seconds if intake_http or settings.intake else 0
                async with watching(service, checkpoints, seconds, follower.stop):
                    yield

    routers = [api.router, bundles.router]
    return Service("scoring", title="Meritlog scoring", settings=settings, routers=routers, work=work)


@asynccontextmanager
async def watching(
    service: Service, checkpoints: Checkpoints, seconds: float, stop: Callable[[str, str], None]
) -> AsyncGenerator[None]:
    """Look after checkpoints while the block lasts, unless that is switched off."""
    if not seconds:
        yield
        return
    async with service.keeping("looking after checkpoints", lambda: checkpoints.watch(seconds, stop)):
        yield
