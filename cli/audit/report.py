"""What a verification found: for each thing that was checked whether it holds, and every fault by its code."""

from dataclasses import dataclass, field
from typing import Any

from shared.proof.merkle import Tree

MOST = 20
"""Faults of one check that are told one by one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that does not hold: a code, and what is to be named with it."""

    code: str
    named: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Check:
    """One thing that is checked. `left_out` is the code of why it was not, where it could not be or need not be."""

    name: str
    faults: list[Fault] = field(default_factory=list[Fault])
    more: int = 0
    """Faults beyond those told."""
    said: dict[str, Any] = field(default_factory=dict[str, Any])
    """What is to be named where it holds."""
    remarks: list[str] = field(default_factory=list[str])
    """Codes of what must be said plainly though it holds."""
    left_out: str | None = None

    @property
    def holds(self) -> bool | None:
        """Whether it holds; None where it was not checked."""
        return False if self.faults else None if self.left_out else True

    def fault(self, code: str, **named: Any) -> None:
        """Note something that does not hold."""
        if len(self.faults) < MOST:
            self.faults.append(Fault(code, named))
        else:
            self.more += 1


@dataclass(frozen=True, slots=True)
class Report:
    """All checks of one bundle. What could not be checked for want of something sound does not hold."""

    manifest: dict[str, Any]
    checks: list[Check]
    tree: Tree
    """Over all entries, as they are."""

    @property
    def holds(self) -> bool:
        """Whether everything that was asked for holds."""
        return all(check.left_out in MAY_BE_LEFT_OUT if check.holds is None else check.holds for check in self.checks)


NOT_ASKED = "not-asked"
UNSIGNED = "unsigned"
MAY_BE_LEFT_OUT = frozenset({NOT_ASKED, UNSIGNED})
UNSOUND = "unsound"
