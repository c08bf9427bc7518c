"""What a store can answer instead of doing it."""

from shared.chassis.errors import CannotAnswer, CannotStart


class StoreError(CannotAnswer):
    """The store did not do it. The message is one sentence that says what to do."""


class Conflict(StoreError):
    """Somebody else wrote first, or our own commit went through unheard: read again, then decide again."""

    code = "busy"
    retry_after = 1


class Unavailable(StoreError):
    """The database does not answer, or is busy: nothing is known of a commit in hand; wait and ask again."""


class StoreFull(StoreError):
    """The disk is full: nothing of this transaction was written, and everything before it is safe."""

    status = 507
    code = "disk-full"
    retry_after = 60


class WrongStore(StoreError, CannotStart):
    """Nothing to wait for: an unwritable folder, a database of a newer version or of another service."""
