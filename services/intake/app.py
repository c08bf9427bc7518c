"""Intake, wired: the store, the desk that decides in groups, and the HTTP around them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx

from services.intake import api, sending
from services.intake.adopting import adopt
from services.intake.desk import Desk, utc_now
from services.intake.handlers import inbox
from services.intake.ledgers import Ledgers
from services.intake.marks import Marks
from services.intake.proofs import Prover
from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_keys
from services.intake.store import DDL, REJECTED, VERSION, LedgerStore
from services.intake.witnessing import ANSWER_SECONDS, Witnessing, read_witnesses
from shared.chassis.service import Service
from shared.chassis.wiring import ENTRIES, own_store, publishing

PUBLISHED = {ENTRIES.kind: ENTRIES.topic, REJECTED: "meritlog.rejected"}


def build(settings: IntakeSettings) -> Service:
    """Build the service; its store is there for scoring to read while it runs."""

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        async with own_store(service, DDL, VERSION) as store:
            ledger = LedgerStore(store)
            desk = Desk(ledger, utc_now, sample_clock=settings.sample_clock)
            marks = Marks(settings.data)
            signed = bool(marks.assessments()) or await store.ask(ledger.signed)
            prover = Prover(ledger, ledger_keys(settings, signed=signed), marks)
            ledgers = Ledgers(ledger, desk, prover, settings)
            service.app.state.ledgers = ledgers
            await adopt(service, ledgers)
            departed = await service.reach("what it signed", ledgers.departed)
            ledgers.stopped |= departed
            for assessment, reason in (await ledgers.unreadable() | departed).items():
                service.health.park(assessment, str(reason))
                service.log.error("parked", assessment=assessment, reason=str(reason))
            try:
                async with (
                    publishing(service, store, PUBLISHED, withheld=ledgers.stopped),
                    inbox(service, ledgers),
                    witnessing(service, ledgers, settings),
                ):
                    yield
            finally:
                await ledgers.committer.drain()

    routers = [sending.router, api.router]
    return Service("intake", title="Meritlog intake", settings=settings, routers=routers, work=work)


@asynccontextmanager
async def witnessing(service: Service, ledgers: Ledgers, settings: IntakeSettings) -> AsyncGenerator[None]:
    """Have witnesses sign while the block lasts, where there are any.

    :raises CannotStart: their file cannot be used
    """
    if settings.witnesses is None:
        yield
        return
    witnesses = read_witnesses(settings.witnesses)
    async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False) as client:
        asking = Witnessing(ledgers, witnesses, client)
        async with service.keeping("asking witnesses", lambda: asking.run(settings.witness_seconds)):
            yield
