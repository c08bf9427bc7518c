"""Ranking, wired: it follows the stream of scores and answers what is shown."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.ranking.api import router
from services.ranking.handlers import Boards
from services.ranking.settings import RankingSettings
from services.ranking.store import DDL, VERSION
from shared.chassis.service import Service
from shared.chassis.wiring import SCORES, STANDINGS, Beside, following, own_store, publishing


def build(settings: RankingSettings, scoring: Beside | None = None) -> Service:
    """Build the service. `scoring` gives scoring's store where both run in one process."""

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        async with own_store(service, DDL, VERSION) as store:
            boards = Boards(store)
            service.app.state.boards = boards
            reading = following(service, store, SCORES, boards.handle, boards.forget, scoring or settings.scoring)
            async with reading, publishing(service, store, {STANDINGS.kind: STANDINGS.topic}):
                yield

    return Service("ranking", title="Meritlog ranking", settings=settings, routers=[router], work=work)
