"""A service's own store; see `EventStore`."""

from shared.chassis.store.errors import Conflict, StoreError, StoreFull, Unavailable, WrongStore
from shared.chassis.store.event_store import EventStore, Published, Stream
from shared.chassis.store.signal import Bell, Signal
from shared.chassis.store.transaction import Advance, Append, Head, Statement, Transaction

__all__ = [
    "Advance",
    "Append",
    "Bell",
    "Conflict",
    "EventStore",
    "Head",
    "Published",
    "Signal",
    "Statement",
    "StoreError",
    "StoreFull",
    "Stream",
    "Transaction",
    "Unavailable",
    "WrongStore",
]
