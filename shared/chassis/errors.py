"""The errors that end a process, and those that end a request."""

from typing import ClassVar


class CannotStart(Exception):
    """Nothing to wait for: a port in use, a store of a newer version, credentials missing.

    The message is one sentence that says what to do; the process prints it and ends with exit status 3.
    """


class CannotAnswer(Exception):
    """What a request needs does not do it now: its message, one sentence that says what to do, becomes the answer."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "unavailable"
    retry_after: ClassVar[int] = 2
    """Seconds after which it is worth asking again."""
