"""Writes a bundle to a file, whole or not at all, where there is none yet."""

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import mkstemp
from typing import Any, cast

import msgspec

from cli.audit.opened import Bundle
from cli.stop import WRONG_USAGE, Stop
from shared.proof.archive import BadBundle


def written(out: str | None, pieces: Iterable[bytes]) -> str:
    """Write a bundle, and give where: as asked, else named after the assessment and the position in this folder.

    Raises:
        Stop: There is such a file already, it cannot be written, or what came is no bundle.

    """
    folder = Path(out or ".").parent
    _check_free(out)
    try:
        handle, temporary = mkstemp(dir=folder, prefix=".bundle.")
        try:
            with os.fdopen(handle, "w+b") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                manifest = Bundle(file).manifest
            name = out or f"{manifest.assessment}-{manifest.coordinate.known_at}.zip"
            _check_free(name)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(name)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except BadBundle as error:
        raise Stop(f"what came is no bundle: {str(error).rstrip('.')}") from None
    except OSError as fault:
        raise Stop(f"{out or folder} cannot be written ({fault.strerror or fault}): name a file elsewhere") from None
    return name


def _check_free(name: str | None) -> None:
    if name is not None and Path(name).exists():
        raise Stop(f"{name} is there already: name another file", WRONG_USAGE)


def manifest_of(name: str) -> dict[str, Any]:
    """Give the manifest of a bundle that was written."""
    with Path(name).open("rb") as file:
        return cast("dict[str, Any]", msgspec.to_builtins(Bundle(file).manifest))
