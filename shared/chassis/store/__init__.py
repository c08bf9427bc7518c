"""A service's own store; see `EventStore`."""

from shared.chassis.store.errors import (
    Conflict,
    NoStore,
    StoreError,
    StoreFull,
    TakenOver,
    Unavailable,
    Unfinished,
    WrongStore,
)
from shared.chassis.store.event_store import EventStore, Published
from shared.chassis.store.group import GroupCommitter
from shared.chassis.store.signal import Bell, Signal
from shared.chassis.store.streams import Stream
from shared.chassis.store.transaction import Advance, Append, Head, Statement, Transaction

__all__ = [
    "Advance",
    "Append",
    "Bell",
    "Conflict",
    "EventStore",
    "GroupCommitter",
    "Head",
    "NoStore",
    "Published",
    "Signal",
    "Statement",
    "StoreError",
    "StoreFull",
    "Stream",
    "TakenOver",
    "Transaction",
    "Unavailable",
    "Unfinished",
    "WrongStore",
]
