"""What the gate answers: accepted, known already, or refused."""

from datetime import datetime

import msgspec

from shared.contracts.events import Event
from shared.contracts.refusals import Refusal
from shared.rubric.rubric import Rubric

Identity = tuple[str, str]
"""(source, id)."""


class Found(msgspec.Struct, frozen=True, gc=False):
    """What the ledger knows under one identity; a row of the store's table of identities."""

    position: int
    content: bytes
    """`Event.content` of the entry: the same again has the same."""
    type: str
    """The entry's type; for a correction, that of what it corrects in the end."""
    subject: str | None
    provider: str | None
    """Who reported it, None for the assessor; for a correction, the first entry's reporter; for an appeal, the unit."""
    in_force: bool = True
    """False once it is corrected or withdrawn."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """The entry has the next position; nothing is stored yet."""

    event: Event
    position: int
    stored: bytes
    digest: str
    """Of `stored`: the `previous` of the next entry."""
    accepted: datetime
    acceptedtime: str
    found: Found
    """The row to keep under the entry's identity."""
    replaces: Identity | None = None
    """The entry that is no longer in force because of this one."""
    rubric: Rubric | None = None
    """The rubric that is in force from here on, where the entry carries one."""


class Known(msgspec.Struct, frozen=True, gc=False):
    """The same entry is in the ledger already, at this position."""

    position: int


class Refused(msgspec.Struct, frozen=True, gc=False):
    """The entry is refused; its identity stays free."""

    code: Refusal
    reason: str
    source: str | None
    id: str | None
    by_credential: bool = False
    """The caller may not do this at all: to be answered 403 and logged, not kept."""


Outcome = Accepted | Known | Refused
