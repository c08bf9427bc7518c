"""The notifier, wired: it follows the stream of standings and sends webhooks."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from services.notifier.api import router
from services.notifier.handlers import Mailroom
from services.notifier.sender import Sender
from services.notifier.settings import NotifierSettings
from services.notifier.store import DDL, VERSION, Notices
from shared.chassis.service import Service
from shared.chassis.wiring import STANDINGS, Beside, following, own_store


def build(settings: NotifierSettings, ranking: Beside | None = None) -> Service:
    """Build the service. `ranking` gives ranking's store where both run in one process."""

    def clock() -> int:
        return int(time.time())

    @asynccontextmanager
    async def work(service: Service) -> AsyncGenerator[None]:
        async with own_store(service, DDL, VERSION) as store:
            notices = Notices(store)
            mailroom = Mailroom(notices, clock)
            service.app.state.notices, service.app.state.mailroom = notices, mailroom
            sender = Sender(notices, mailroom, settings, clock)
            try:
                async with (
                    following(service, store, STANDINGS, mailroom.handle, mailroom.forget, ranking or settings.ranking),
                    service.keeping("sending", sender.run),
                ):
                    yield
            finally:
                await sender.close()

    return Service("notifier", title="Meritlog notifier", settings=settings, routers=[router], work=work)
