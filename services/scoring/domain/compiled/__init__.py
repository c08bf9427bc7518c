"""Loops that are compiled on first use, by numba: seconds once, then kept beside the code where it may be written.

Import from here only where there is much to do: numba takes a second to load, and 150 MB.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function for the machine it runs on; it works on numpy arrays and lets other threads run."""
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # nowhere to keep it: a read-only file system
        return cast("F", numba.njit(nogil=True)(function))
