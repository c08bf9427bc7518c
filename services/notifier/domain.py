"""Who wants to know what, what they are sent, and when it is tried again. Standard Webhooks 1.0.0.

Pure: time comes in as seconds since the epoch, and nothing here knows the network.
"""

import base64
import hashlib
import hmac
import ipaddress
from typing import Any, Literal

import msgspec

from shared.contracts.canonical import jcs

Json = dict[str, Any]
Kind = Literal["rank", "total", "standing"]
KINDS: tuple[Kind, ...] = ("rank", "total", "standing")
"""`rank`: a unit's rank moved; `total`: its total; `standing`: a freeze, closing or restatement fixed a standing."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret
PAUSES = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds between attempts, as Standard Webhooks recommends: nine retries over 75 hours and 35 minutes."""

GONE = 410

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All that the public internet routes of IPv6; the rest is local, or stands for an IPv4 address."""


class Subscription(msgspec.Struct, frozen=True):
    """Somebody's wish to hear of changes. Empty `units` or `kinds` mean all; no `assessment` means every one."""

    id: str
    url: str
    secret: str
    owner: str
    """Label of the credential that made it; empty on an open loopback."""
    sees_all: bool
    """Whether the owner may hear how the live standing moves while the public is shown a fixed one."""
    created: str
    assessment: str | None = None
    units: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    active: bool = True


def notice(subscription: Subscription, record: Json) -> Json | None:
    """Give the `StandingChanged` as this subscription is to see it, or None where nothing in it concerns it."""
    if not subscription.active or subscription.assessment not in (None, record["assessment"]):
        return None
    data: Json = dict(record["data"])
    kinds = subscription.kinds or KINDS
    fixed = data["state"] != "open" and not subscription.sees_all
    data["changes"] = [] if fixed else [each for each in data["changes"] if _concerns(each, subscription.units, kinds)]
    tells = "standing" in data and "standing" in kinds
    if not tells:
        data.pop("standing", None)
        data.pop("supersedes", None)
    return {**record, "data": data} if tells or data["changes"] else None


def _concerns(change: Json, units: tuple[str, ...], kinds: tuple[Kind, ...]) -> bool:
    if units and change["unit"] not in units:
        return False
    return any(name in kinds and change[name]["before"] != change[name]["after"] for name in ("rank", "total"))


def body(event: Json) -> bytes:
    """Give the bytes of a webhook: the event's JCS form, so that the same notice is the same bytes for ever."""
    return jcs(event)


def webhook_id(subscription: str, record: str) -> str:
    """Name a notice: the same over retries, restarts and recovery, so that a receiver can drop what it has seen."""
    return "msg_" + hashlib.sha256(f"{subscription} {record}".encode()).hexdigest()[:32]


def signature(secret: str, webhook: str, seconds: int, content: bytes) -> str:
    """Sign a webhook: `v1,` and the base64 of HMAC-SHA256 over `<id>.<timestamp>.<body>`.

    Raises:
        ValueError: The secret is none.

    """
    signed = f"{webhook}.{seconds}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key(secret), signed, hashlib.sha256).digest()).decode()


def key(secret: str) -> bytes:
    """Give the bytes of a secret, `whsec_` and base64 of 24 to 64 bytes.

    Raises:
        ValueError: It is none.

    """
    try:
        found = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:
        found = b""
    if not 24 <= len(found) <= 64:
        message = "a secret is whsec_ and the base64 of 24 to 64 bytes"
        raise ValueError(message)
    return found


def secret_of(random: bytes) -> str:
    """Write random bytes as a secret."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def next_try(attempts: int, now: int, jitter: float) -> int | None:
    """Tell when to try again after so many failed attempts; None when it is given up. `jitter` lies in 0 to 1."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1]
    return now + pause + int(pause * 0.1 * jitter)


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet: not private, loopback, link-local or reserved.

    An IPv6 address that only wraps an IPv4 address (NAT64, 6to4 and their kin) is none: it may lead anywhere.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if found not in GLOBAL_UNICAST or found.sixtofour is not None:
            return False
    return found.is_global and not found.is_multicast
