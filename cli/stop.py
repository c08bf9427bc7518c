"""How a command ends without an answer."""

WRONG_USAGE = 2
NO_ANSWER = 3


class Stop(Exception):
    """One sentence that says what to do, and the exit status: 1 the answer is no, 2 wrong usage, 3 no answer."""

    def __init__(self, reason: str, status: int = NO_ANSWER) -> None:
        super().__init__(reason)
        self.reason, self.status = reason, status
