"""The ledger's key on the disk: made at the first start, read from then on."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from services.intake.settings import IntakeSettings
from shared.chassis.errors import CannotStart
from shared.proof.keys import BadKey, SignerKey


def ledger_key(settings: IntakeSettings) -> SignerKey:
    """Give the key, under the host name of the settings' origin.

    :raises CannotStart: it cannot be read, cannot be made, or belongs to another origin
    """
    path = settings.data / settings.key
    if not path.exists():
        return _made(path, settings.origin)
    try:
        key = SignerKey.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, BadKey) as error:
        raise CannotStart(
            f"The ledger's key {path} cannot be used ({error}); put the one back that signed so far."
        ) from error
    if key.name != settings.origin:
        raise CannotStart(
            f"The ledger's key {path} is that of {key.name}, and MERITLOG_ORIGIN says {settings.origin}; "
            "checkpoints keep their origin for ever."
        )
    return key


def _made(path: Path, origin: str) -> SignerKey:
    """Make a key where there is none, whole or not at all; of two that start at once, one makes it."""
    try:
        key = SignerKey(origin, os.urandom(32))
    except BadKey as error:
        raise CannotStart(f"MERITLOG_ORIGIN cannot name a key: {error}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.") as file:
            file.write(key.secret + "\n")
            file.flush()
            os.fsync(file.fileno())
            os.link(file.name, path)
    except OSError as error:
        raise CannotStart(
            f"The ledger's key cannot be made at {path} ({error.strerror}); name its file in MERITLOG_KEY."
        ) from error
    return key
