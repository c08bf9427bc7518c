"""The notifier over HTTP: subscriptions, and deliveries to look at and to repeat."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from services.notifier.domain import KINDS, Kind, Subscription, key, secret_of
from services.notifier.handlers import Mailroom
from services.notifier.sender import NotAllowed, checked
from services.notifier.store import Delivery, Notices
from shared.chassis.auth import Caller, Calling
from shared.chassis.problems import Problem
from shared.contracts.times import stamp

router = APIRouter(tags=["notifier"])
Id = Annotated[str, Path(max_length=64)]
JSON = "application/json"
OFFICE = frozenset({"assessor", "auditor"})
SECRET_BYTES = 32


class Wish(BaseModel):
    """What a subscription asks for."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(max_length=2048, description="Where webhooks are sent; http or https.")
    assessment: str | None = Field(None, max_length=128, description="Only this one; without it, every one.")
    units: list[Annotated[str, Field(max_length=128)]] = Field(
        [], max_length=100, description="Only these units; empty means all."
    )
    kinds: list[Kind] = Field([], description=f"Of {', '.join(KINDS)}; empty means all.")
    secret: str | None = Field(None, max_length=128, description="`whsec_…` of your own; without it, one is made.")


async def _notices(request: Request) -> Notices:
    return request.app.state.notices


async def _mailroom(request: Request) -> Mailroom:
    return request.app.state.mailroom


Using = Annotated[Notices, Depends(_notices)]
Telling = Annotated[Mailroom, Depends(_mailroom)]


def _answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=JSON)


def _whose(caller: Caller) -> str | None:
    """Whose subscriptions a caller sees: its own; the office and an open loopback see all."""
    return None if caller.is_open or caller.roles & OFFICE else caller.label


@router.post("/v1/subscriptions", status_code=201, responses={422: {"description": "The wish cannot be met."}})
async def subscribe(request: Request, wish: Wish, caller: Calling, notices: Using) -> Response:
    """Subscribe. The secret is answered this once, to check signatures with."""
    units = _allowed_units(wish, caller)
    secret = wish.secret or secret_of(secrets.token_bytes(SECRET_BYTES))
    try:
        key(secret)
        await checked(wish.url, allow_private=request.app.state.service.settings.allow_private)
    except (ValueError, NotAllowed) as error:
        raise Problem(422, "invalid-request", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    made = Subscription(
        id=f"sub_{secrets.token_hex(12)}",
        url=wish.url,
        secret=secret,
        owner=caller.label,
        sees_all=caller.is_open or bool(caller.roles & OFFICE),
        created=stamp(datetime.now(UTC)),
        assessment=wish.assessment,
        units=units,
        kinds=tuple(dict.fromkeys(wish.kinds)),
    )
    await notices.store.run(notices.keep, made)
    return _answer(_shown(made) | {"secret": secret}, 201)


def _allowed_units(wish: Wish, caller: Caller) -> tuple[str, ...]:
    """A unit's own credential hears of that unit only."""
    wanted = tuple(dict.fromkeys(wish.units))
    own = None if caller.is_open or caller.roles - {"unit"} else caller.unit
    if own is None:
        return wanted
    if wanted not in ((), (own,)):
        raise Problem(403, "forbidden", f"This credential may subscribe to {own} only.")
    return (own,)


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.to_builtins(subscription).items() if name not in {"secret", "sees_all"}
    }


@router.get("/v1/subscriptions")
async def subscriptions(caller: Calling, notices: Using) -> Response:
    """List your subscriptions; the office sees all."""
    found = await notices.store.ask(notices.subscriptions, _whose(caller))
    return _answer({"subscriptions": [_shown(each) for each in found]})


@router.get("/v1/subscriptions/{id}", responses={404: {"description": "None of yours."}})
async def subscription(id: Id, caller: Calling, notices: Using) -> Response:
    """Give one subscription."""
    return _answer(_shown(await _own(notices, id, caller)))


@router.delete("/v1/subscriptions/{id}", status_code=204, responses={404: {"description": "None of yours."}})
async def unsubscribe(id: Id, caller: Calling, notices: Using) -> Response:
    """End a subscription; what was still to be sent is not sent."""
    await _own(notices, id, caller)
    await notices.store.run(notices.drop, id)
    return Response(status_code=204)


async def _own(notices: Notices, id_: str, caller: Caller) -> Subscription:
    found = await notices.store.ask(notices.subscription, id_)
    if found is None or _whose(caller) not in (None, found.owner):
        raise Problem(404, "not-found", "There is no such subscription of yours; /v1/subscriptions lists them.")
    return found


@router.get("/v1/deliveries")
async def deliveries(
    caller: Calling,
    notices: Using,
    subscription: Annotated[str | None, Query(max_length=64, description="Only of this subscription.")] = None,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query(description="Only in this state.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """List deliveries, the latest first."""

    def ask() -> list[Delivery]:
        return notices.deliveries(subscription=subscription, state=state, limit=limit, owner=_whose(caller))

    return _answer({"deliveries": [each.shown() for each in await notices.store.ask(ask)]})


@router.get("/v1/deliveries/{id}", responses={404: {"description": "None of yours."}})
async def delivery(id: Id, caller: Calling, notices: Using) -> Response:
    """Give one delivery, with the body that was or will be sent."""
    found = await _delivery(notices, id, caller)
    return _answer(found.shown() | {"body": msgspec.json.decode(found.body)})


@router.post("/v1/deliveries/{id}/redeliver", status_code=202, responses={404: {"description": "None of yours."}})
async def redeliver(id: Id, caller: Calling, notices: Using, mailroom: Telling) -> Response:
    """Send a delivery once more, under the same webhook-id."""
    found = await _delivery(notices, id, caller)
    await _own(notices, found.subscription, caller)
    await notices.store.run(notices.again, id, mailroom.clock())
    mailroom.arrived.set()
    return _answer((await _delivery(notices, id, caller)).shown(), 202)


async def _delivery(notices: Notices, id_: str, caller: Caller) -> Delivery:
    found = await notices.store.ask(notices.delivery, id_)
    if found is not None:
        if _whose(caller) is not None:
            await _own(notices, found.subscription, caller)
        return found
    raise Problem(404, "not-found", "There is no such delivery of yours; /v1/deliveries lists them.")
