"""The errors a process ends with."""


class CannotStart(Exception):
    """Nothing to wait for: a port in use, a store of a newer version, credentials missing.

    The message is one sentence that says what to do; the process prints it and ends with exit status 3.
    """
