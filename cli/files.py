"""Reads what is named on the command line: entries as JSON Lines, and rubrics; `-` is standard input."""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from cli.stop import Stop
from shared.rubric.faults import RubricError
from shared.rubric.loading import load
from shared.rubric.rubric import Rubric

load_once = cache(load)
"""`load`, once for each text: a ledger's rubric is asked for by the gate and by scoring."""


def lines(name: str) -> Iterator[bytes]:
    """Give the lines of a file.

    Raises:
        Stop: It cannot be read.

    """
    try:
        if name == "-":
            yield from sys.stdin.buffer
            return
        with Path(name).open("rb") as file:
            yield from file
    except (OSError, ValueError) as fault:
        raise _unreadable(name, fault) from None


def text(name: str) -> str:
    """Give a file's text, as it is.

    Raises:
        Stop: It cannot be read, or is not UTF-8.

    """
    try:
        raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return raw.decode()
    except UnicodeDecodeError:
        raise Stop(f"{name} is not UTF-8: save it as UTF-8") from None
    except (OSError, ValueError) as fault:
        raise _unreadable(name, fault) from None


def rubric(name: str) -> Rubric:
    """Load a rubric.

    Raises:
        Stop: It cannot be read, or has faults.

    """
    try:
        return load_once(text(name))
    except RubricError as error:
        first, *others = error.faults
        many = f"{len(others) + 1} faults, the first in" if others else "a fault in"
        raise Stop(f"{name} has {many} {first}; see merit rubric check {name}") from None


def _unreadable(name: str, fault: Exception) -> Stop:
    why = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
    return Stop(f"cannot read {name} ({why}): name a file, or - for standard input")
