"""Who calls: bearer tokens against the file of credentials."""

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from stat import S_IWOTH
from typing import Annotated

import msgspec
import structlog
from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from shared.chassis.credentials import ROLES, BadCredentials, Credential, Role, credentials, token_hash
from shared.chassis.errors import CannotStart
from shared.chassis.problems import Problem


class Caller(msgspec.Struct, frozen=True):
    """Who a request comes from. `provider`, `unit` and `source_prefix` bound what it may send; None bounds nothing."""

    label: str
    roles: frozenset[str]
    provider: str | None = None
    unit: str | None = None
    source_prefix: str | None = None
    is_open: bool = False

    @classmethod
    def open(cls) -> "Caller":
        """Anybody on an open loopback: every role; the event's own `provider` decides who speaks."""
        return cls("", frozenset(ROLES), is_open=True)

    @classmethod
    def of(cls, held: Credential) -> "Caller":
        """What a request with this credential may be."""
        return cls(held.label, frozenset(held.roles), held.provider, held.unit, held.source)

    @property
    def authtype(self) -> str:
        """CloudEvents Auth Context: a credential is an `api_key`; on open loopback `unauthenticated`."""
        return "unauthenticated" if self.is_open else "api_key"

    @property
    def authid(self) -> str | None:
        """The account label that goes into the ledger; a label, never a person or a token."""
        return None if self.is_open else self.label

    def may_send_from(self, source: str) -> bool:
        """Whether this `source` is the credential's own: its prefix, or below it."""
        prefix = self.source_prefix
        return prefix is None or source == prefix or source.startswith(prefix.rstrip("/") + "/")


ANYBODY = Caller.open()
SCHEME = "bearer"
SECURITY = [{SCHEME: list[str]()}]
"""What an OpenAPI document says of an operation that takes a credential."""


class Authority:
    """Tells callers apart. With a path: by its credentials, read again when the file changes; without: open.

    A file that turns bad while serving is reported and the last good one holds, so a slip of an editor neither locks
    everybody out nor lets anybody in.
    """

    def __init__(self, path: Path | None, *, log: structlog.typing.FilteringBoundLogger) -> None:
        self.path = path
        self.log = log
        self.by_id: dict[str, Credential] = {}
        self.seen: tuple[int, int, int] | None = None
        self.trouble: str | None = None
        self.started = False
        if path is not None:
            self.reload(path)
            if self.trouble:
                raise CannotStart(self.trouble)
        self.started = True

    @property
    def is_open(self) -> bool:
        """Whether anybody may do anything: right on loopback only."""
        return self.path is None

    def reload(self, path: Path) -> None:
        """Read the file again if it is another one than last time."""
        try:
            stat = path.stat()
            signature = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        except OSError as error:
            self.complain(
                f"The credentials file {self.path} cannot be read: {error.strerror}; `merit credential` makes one."
            )
            return
        if stat.st_mode & S_IWOTH:
            self.complain(f"The credentials file {path} can be changed by anybody here; chmod o-w {path} ends that.")
            return
        if signature == self.seen:
            return
        self.seen = signature
        try:
            self.by_id = {credential.id: credential for credential in credentials(path)}
        except BadCredentials as error:
            self.complain(str(error))
            return
        self.trouble = None

    def complain(self, trouble: str) -> None:
        """Say it once; at the start, whoever starts the service says it."""
        if trouble != self.trouble and self.started:
            self.log.error("credentials cannot be read; the last good ones hold", reason=trouble)
        self.trouble = trouble

    def caller(self, token: str | None) -> Caller:
        """Whose token this is.

        :raises Problem: 401 `unauthenticated`
        """
        if self.path is None:
            return ANYBODY
        if token is None:
            raise unauthenticated("Send a credential as `Authorization: Bearer merit_…`.")
        self.reload(self.path)
        id_ = token.split("_")[1] if token.count("_") == 2 else ""
        held = self.by_id.get(id_)
        # Compared also where there is none, so that the time taken does not tell which ids exist.
        if not hmac.compare_digest(held.hash if held else "", token_hash(token)) or held is None:
            self.log.warning("a credential was refused", credential=id_[:16] if held else None, reason="unknown")
            raise unauthenticated("This credential is not known here.")
        if held.revoked:
            self.log.warning("a credential was refused", credential=held.id, reason="revoked")
            raise unauthenticated("This credential has been revoked.")
        return Caller.of(held)


def unauthenticated(detail: str) -> Problem:
    """401, naming the scheme (RFC 6750)."""
    return Problem(401, "unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="meritlog"'})


def bearer(request: Request) -> str | None:
    """The token of an `Authorization: Bearer` header, or None where there is no such header.

    :raises Problem: 401 for another scheme
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("Send a credential as `Authorization: Bearer merit_…`.")
    return token.strip()


def calling(request: Request) -> Caller:
    """Who calls, for a handler that takes the request as it is and names `SECURITY` in its document.

    :raises Problem: 401
    """
    authority: Authority = request.app.state.authority
    return ANYBODY if authority.is_open else authority.caller(bearer(request))


class Bearer(SecurityBase):
    """Dependency: who calls. One call and not two (reading, then judging): it stands before every request."""

    def __init__(self, *, visitors: bool = False) -> None:
        self.visitors = visitors
        self.scheme_name = SCHEME
        self.model = HTTPBearer(description="`merit_<id>_<secret>`, made by `merit credential create`.")

    async def __call__(self, request: Request) -> Caller | None:
        """Who calls; None for a visitor without a credential where those are let in; else 401."""
        authority: Authority = request.app.state.authority
        if self.visitors and not authority.is_open and bearer(request) is None:
            return None
        return calling(request)


Calling = Annotated[Caller, Depends(Bearer())]
"""Who calls; 401 without a credential that holds. On open loopback everybody may do everything."""
Visiting = Annotated[Caller | None, Depends(Bearer(visitors=True))]
"""For what anybody may see: who calls, or None without a credential; a wrong one is still a 401."""


def holding(*roles: Role) -> Callable[[Request, Caller], Awaitable[Caller]]:
    """Dependency: who calls, if it holds one of these roles; else 403 `forbidden`, logged and not kept.

    `caller: Annotated[Caller, Depends(holding("assessor", "auditor"))]`
    """

    async def check(request: Request, caller: Calling) -> Caller:
        if not caller.roles & set(roles):
            authority: Authority = request.app.state.authority
            authority.log.warning("a caller was refused", account=caller.label, wants=roles, path=request.url.path)
            raise Problem(403, "forbidden", f"This takes a credential with the role {' or '.join(roles)}.")
        return caller

    return check
