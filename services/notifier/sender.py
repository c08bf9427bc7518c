"""Sends what is due: signed, to public addresses only, and again with growing pauses when it is not taken."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import httpx
import msgspec
import structlog

from services.notifier.domain import GONE, Subscription, is_public, next_try, signature
from services.notifier.handlers import Mailroom
from services.notifier.settings import NotifierSettings
from services.notifier.store import DELIVERED, FAILED, PENDING, Delivery, Notices
from shared.chassis.store import Conflict

AT_ONCE, AT_ONCE_EACH = 20, 4
LONGEST_NAP = 5.0
ANSWER_KEPT = 500
LAST_PORT = 65535


class NotAllowed(Exception):
    """The receiver's address may not be sent to; the message says why."""


class Receiver(NamedTuple):
    """Where a webhook goes: `url` has the address in place of the host; a certificate is held against `name`."""

    url: httpx.URL
    host: str
    name: str


class Sender:
    """Works off due deliveries until cancelled."""

    def __init__(
        self, notices: Notices, mailroom: Mailroom, settings: NotifierSettings, clock: Callable[[], int]
    ) -> None:
        """Send what this store holds."""
        self.notices = notices
        self.mailroom = mailroom
        self.settings = settings
        self.clock = clock
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service="notifier")
        self._http = httpx.AsyncClient(timeout=settings.webhook_seconds, follow_redirects=False, trust_env=False)

    async def run(self) -> None:
        """Send whatever is due; sleep until something is, or a new notice arrives.

        Only a few attempts at a time go to any one subscription, so that a slow receiver holds up no other.
        """
        under_way: dict[asyncio.Task[None], str] = {}
        try:
            while True:
                self.mailroom.arrived.clear()
                for task in [each for each in under_way if each.done()]:
                    del under_way[task]
                    task.result()
                if not await self._start(under_way):
                    await self._wait(under_way)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _start(self, under_way: dict[asyncio.Task[None], str]) -> bool:
        """Begin attempts at what is due, as far as there is room; whether any was begun."""
        counts, began = Counter(under_way.values()), False
        for each in await self.notices.store.ask(self.notices.due, self.clock(), AT_ONCE, _full(under_way)):
            if len(under_way) < AT_ONCE and counts[each.subscription] < AT_ONCE_EACH and await self._claim(each):
                under_way[asyncio.create_task(self.deliver(each))] = each.subscription
                counts[each.subscription] += 1
                began = True
        return began

    async def _claim(self, delivery: Delivery) -> bool:
        # In hand for as long as an attempt may take: after a crash it is due again then.
        lease = self.clock() + int(2 * self.settings.webhook_seconds) + 1
        try:
            await self.notices.store.run(self.notices.claim, delivery, lease)
        except Conflict:
            return False
        return True

    async def _wait(self, under_way: dict[asyncio.Task[None], str]) -> None:
        """Until an attempt has ended, something is due, or a notice arrives."""
        following = await self.notices.store.ask(self.notices.next_due, _full(under_way))
        nap = LONGEST_NAP if following is None else min(LONGEST_NAP, max(0.05, following - self.clock()))
        arrived = asyncio.create_task(self.mailroom.arrived.wait())
        try:
            await asyncio.wait({arrived, *under_way}, timeout=nap, return_when=asyncio.FIRST_COMPLETED)
        finally:
            arrived.cancel()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def deliver(self, delivery: Delivery) -> None:
        """Make one attempt at what was claimed, and store how it ended."""
        store = self.notices.store
        attempts = delivery.attempts + 1
        subscription = await store.ask(self.notices.subscription, delivery.subscription)
        if subscription is None or not subscription.active:
            await self._end(delivery, FAILED, None, "the subscription has ended")
            return
        status, answer = await self._attempt(subscription, delivery)
        if status is not None and 200 <= status < 300:
            await self._end(delivery, DELIVERED, status, answer)
            return
        if status == GONE:
            await store.run(self.notices.keep, msgspec.structs.replace(subscription, active=False))
            await self._end(delivery, FAILED, status, "the receiver is gone; its subscription was ended")
            return
        due = next_try(attempts, self.clock(), random.random())  # noqa: S311 - spreads retries
        self.log.info("not delivered", delivery=delivery.id, status=status, attempts=attempts, given_up=due is None)
        if due is None:
            await self._end(delivery, FAILED, status, answer)
        else:
            await store.run(
                self.notices.settle, delivery.id, PENDING, due=due, status=status, answer=answer, ended=None
            )

    async def _end(self, delivery: Delivery, state: str, status: int | None, answer: str | None) -> None:
        now = self.clock()
        await self.notices.store.run(
            self.notices.settle, delivery.id, state, due=now, status=status, answer=answer, ended=now
        )

    async def _attempt(self, subscription: Subscription, delivery: Delivery) -> tuple[int | None, str | None]:
        """Post once: the status and the beginning of the answer, or no status and why."""
        seconds = self.settings.webhook_seconds
        try:
            async with asyncio.timeout(seconds):  # for the whole of it: a receiver may also drip
                receiver = await checked(subscription.url, allow_private=self.settings.allow_private)
                return await self._post(receiver, subscription.secret, delivery)
        except (TimeoutError, httpx.TimeoutException):
            return None, f"no whole answer within {seconds:g} s"
        except (httpx.HTTPError, NotAllowed, OSError) as error:
            return None, f"{type(error).__name__}: {error}"[:ANSWER_KEPT]

    async def _post(self, receiver: Receiver, secret: str, delivery: Delivery) -> tuple[int, str]:
        now = self.clock()
        headers = {
            "host": receiver.host,
            "content-type": "application/cloudevents+json",
            "accept-encoding": "identity",
            "user-agent": "Meritlog-Webhooks/1",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(secret, delivery.id, now, delivery.body),
        }
        request = self._http.build_request(
            "POST", receiver.url, content=delivery.body, headers=headers, extensions={"sni_hostname": receiver.name}
        )
        answer = await self._http.send(request, stream=True)
        try:
            return answer.status_code, await _beginning(answer)
        finally:
            await answer.aclose()


def _full(under_way: dict[asyncio.Task[None], str]) -> list[str]:
    """Name the subscriptions that may have no more attempts under way."""
    return [name for name, count in Counter(under_way.values()).items() if count >= AT_ONCE_EACH]


async def _beginning(answer: httpx.Response) -> str:
    said = b""
    async for chunk in answer.aiter_raw():  # as it comes: what is packed may unpack to gigabytes
        said += chunk
        if len(said) >= ANSWER_KEPT:
            break
    return said[:ANSWER_KEPT].decode("utf-8", "replace").replace("\x00", "")


async def checked(url: str, *, allow_private: bool) -> Receiver:
    """Resolve a receiver's host once and give where to connect.

    The connection goes to the address that was looked at, so that a name cannot point elsewhere a moment later.

    :raises NotAllowed: no http(s) URL, unknown host, or (unless allowed) an address that is not public
    """
    parts = _parts(url)
    name = parts.raw_host.decode()
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(name, parts.port or parts.scheme, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed(f"{name} cannot be resolved") from error
    addresses = [str(each[4][0]) for each in found]
    if not allow_private:
        hidden = [address for address in addresses if not is_public(address)]
        if hidden:
            raise NotAllowed(
                f"{name} is at {hidden[0]}, which is not a public address; MERITLOG_ALLOW_PRIVATE allows it"
            )
    return Receiver(parts.copy_with(host=addresses[0]), parts.netloc.decode(), name)


def _parts(url: str) -> httpx.URL:
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotAllowed("a webhook's URL cannot be read") from error
    port = 1 if parts.port is None else parts.port
    if parts.scheme not in ("http", "https") or not parts.host or not 0 < port <= LAST_PORT:
        raise NotAllowed("a webhook's URL is http:// or https:// and names a host")
    if parts.userinfo:
        raise NotAllowed("a webhook's URL names no user and no password; its signature tells who sent it")
    return parts
