"""Loops that are compiled on first use, by numba: seconds once, then kept beside the code where it may be written.

Import from here only where there is much to do: numba takes a second to load, and 150 MB.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def digest_of(folder: Path) -> str:
    """Give a digest of all sources in a folder."""
    return sha256(b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*.py")))).hexdigest()[:16]


# numba looks whether a function's own file has changed, not whether that of one it calls has: what is kept is kept by
# the digest of them all. Where nothing may be written there, it finds another place.
_DOMAIN = Path(__file__).parents[1]
_config = cast("Any", numba).config
_config.CACHE_DIR = str(Path(_config.CACHE_DIR or _DOMAIN / "__pycache__") / f"compiled-{digest_of(_DOMAIN)}")


def compiled(function: F) -> F:
    """Compile a function for the machine it runs on; it works on numpy arrays and lets other threads run."""
    try:
        return cast("F", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # nowhere to keep it: a read-only file system
        return cast("F", numba.njit(nogil=True)(function))
