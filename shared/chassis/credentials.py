"""The file of credentials that `merit credential` keeps: tokens hashed, roles beside them."""

import fcntl
import hashlib
import secrets
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import msgspec

from shared.chassis.files import replace_file

Role = Literal["provider", "assessor", "unit", "auditor", "viewer"]
ROLES: tuple[Role, ...] = ("provider", "assessor", "unit", "auditor", "viewer")


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the credentials file. `hash` is the SHA-256 of the whole token: 256 random bits need no slow hash."""

    id: str
    label: str
    hash: str
    roles: tuple[Role, ...]
    created: str
    provider: str | None = None
    unit: str | None = None
    source: str | None = None
    revoked: str | None = None


class CredentialsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: `{"credentials": […]}`."""

    credentials: tuple[Credential, ...] = ()


class BadCredentials(Exception):
    """The credentials file cannot be read, or what was asked of it cannot be done; one sentence."""


class WrongCredential(BadCredentials):
    """What was asked of the file makes no sense, or names a credential it has not; one sentence."""


def token_hash(token: str) -> str:
    """What the file keeps of a token."""
    return "sha256:" + hashlib.sha256(token.encode()).hexdigest()


def credentials(path: Path) -> tuple[Credential, ...]:
    """Every credential of the file, the revoked ones too; a missing file has none.

    :raises BadCredentials: unreadable, not JSON, or not of this form
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=CredentialsFile).credentials
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BadCredentials(f"The credentials file {path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadCredentials(f"The credentials file {path} is damaged: {error}.") from error


def create(
    path: Path,
    *,
    label: str,
    roles: Sequence[Role],
    created: str,
    provider: str | None = None,
    unit: str | None = None,
    source: str | None = None,
) -> str:
    """Add a credential and return its token `merit_<id>_<secret>`, which is shown this once and kept nowhere.

    :raises WrongCredential: no label or roles, a provider credential without its provider, a unit's without its unit
    """
    unknown = [role for role in roles if role not in ROLES]
    if not roles or unknown:
        raise WrongCredential(f"Name at least one of the roles {', '.join(ROLES)}.")
    if not label.strip():
        raise WrongCredential("Give the credential a label, such as the account's name.")
    if "provider" in roles and not provider:
        raise WrongCredential("A provider's credential needs the provider it speaks for.")
    if "unit" in roles and not unit:
        raise WrongCredential("A unit's credential needs the unit it belongs to.")
    id_ = secrets.token_hex(6)
    token = f"merit_{id_}_{secrets.token_hex(32)}"
    added = Credential(id_, label, token_hash(token), tuple(roles), created, provider, unit, source)
    with changing(path) as held:
        write(path, (*held, added))
    return token


def revoke(path: Path, id_: str, *, revoked: str) -> Credential:
    """Mark a credential as revoked at this time; it stays listed, and servers refuse it from their next request on.

    :raises WrongCredential: no such credential
    """
    with changing(path) as held:
        found = next((credential for credential in held if credential.id == id_), None)
        if found is None:
            raise WrongCredential(f"There is no credential {id_} in {path}; `merit credential list` shows them.")
        now_revoked = msgspec.structs.replace(found, revoked=found.revoked or revoked)
        write(path, tuple(now_revoked if credential is found else credential for credential in held))
    return now_revoked


@contextmanager
def changing(path: Path) -> Generator[tuple[Credential, ...]]:
    """The file's credentials, while nobody else changes them."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield credentials(path)
    except OSError as error:
        raise BadCredentials(f"The credentials file {path} cannot be written: {error.strerror}.") from error


def write(path: Path, held: tuple[Credential, ...]) -> None:
    """Replace the file whole: a server that reads meanwhile sees the old one or the new one.

    Only the owner may read it; an existing file's mode is kept, so that a group may be let in (0440).
    """
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    replace_file(path, msgspec.json.format(msgspec.json.encode(CredentialsFile(held)), indent=1) + b"\n", mode)
