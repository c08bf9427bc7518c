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


class Unfinished(Unavailable):
    """It is still being built beside another one: whoever is to run on it waits."""

    def __init__(self, service: str) -> None:
        super().__init__(
            f"This store of {service} is still being built; `merit rebuild --beside --take-over` ends that."
        )


class NoStore(WrongStore):
    """Nobody has made one there."""

    def __init__(self, service: str) -> None:
        super().__init__(f"There is no store of {service} there; name the one that it runs on.")


class TakenOver(WrongStore):
    """Another store, `by`, has taken its place."""

    def __init__(self, by: str) -> None:
        super().__init__(f"This store was taken over by {by}; set MERITLOG_DATABASE to that one.")
        self.by = by
