"""Intake, wired: the store, the desk that decides in groups, and the HTTP around them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.intake.api import router
from services.intake.desk import Desk, utc_now
from services.intake.ledgers import Ledgers
from services.intake.settings import IntakeSettings
from services.intake.store import DDL, VERSION, LedgerStore
from shared.chassis.service import Service
from shared.chassis.store import EventStore


def build(settings: IntakeSettings) -> Service:
    """Build the service; `service.app.state.store` is its store once it runs."""

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        url = settings.database_url or f"sqlite:///{settings.data / 'intake.sqlite'}"
        store = await EventStore.opened(url, "intake", DDL, VERSION)
        ledger_store = LedgerStore(store)
        desk = Desk(ledger_store, utc_now, sample_clock=settings.sample_clock)
        ledgers = Ledgers(ledger_store, desk, settings)
        service.app.state.store = store
        service.app.state.ledgers = ledgers
        try:
            yield
        finally:
            await ledgers.committer.drain()
            store.close()

    return Service("intake", title="Meritlog intake", settings=settings, routers=[router], work=work)
