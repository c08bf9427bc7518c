"""Files that others read while they are written."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Put a file in the place of another, whole or not at all, and on the disk when this returns.

    :raises OSError: it cannot be written; what was there stays
    """
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink()
            raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # the name too is on the disk, where a file system can say so of a folder
            os.fsync(folder)
    finally:
        os.close(folder)
