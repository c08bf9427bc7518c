"""Scoring, wired: it follows the ledger and answers standings."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.scoring.api import router
from services.scoring.handlers import Books
from services.scoring.settings import ScoringSettings
from services.scoring.store import DDL, VERSION
from shared.chassis.service import Service
from shared.chassis.wiring import ENTRIES, SCORES, Beside, following, own_store, publishing


def build(settings: ScoringSettings, intake: Beside | None = None) -> Service:
    """Build the service. `intake` gives intake's store where both run in one process."""

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        async with own_store(service, DDL, VERSION) as store:
            books = Books(store)
            service.app.state.books = books
            reading = following(service, store, ENTRIES, books.handle, books.forget, intake or settings.intake)
            async with reading, publishing(service, store, {SCORES.kind: SCORES.topic}):
                yield

    return Service("scoring", title="Meritlog scoring", settings=settings, routers=[router], work=work)
