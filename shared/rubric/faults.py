"""What can be wrong with a rubric file: where it is, what it is, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a rubric: the line (from 1), the place in the tree, a sentence, and what to do."""

    line: int
    path: str
    message: str
    advice: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.path or 'the file'}: {self.message}: {self.advice}"


class RubricError(ValueError):
    """The text is no rubric. `faults` holds everything found, in order of lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__("; ".join(str(fault) for fault in self.faults))


class NotPlaced(Exception):
    """No reading of the rubric could count this: `code` is a refusal code of the contract, `reason` one sentence."""

    def __init__(self, code: str, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)
