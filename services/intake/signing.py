"""The ledger's key on the disk: made at the first start, read from then on, and handed over to another when told to."""

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from services.intake.settings import IntakeSettings
from shared.chassis.errors import CannotStart
from shared.chassis.files import replace_file
from shared.proof import succession
from shared.proof.keys import BadKey, SignerKey, key_name
from shared.proof.notes import NoteError
from shared.proof.succession import HandOver, Succession


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """The key that signs, under the host's name, and the hand-overs that led to it."""

    key: SignerKey
    hand_overs: tuple[HandOver, ...] = ()

    def published(self, assessment: str) -> Succession:
        """Give what is published of them for one assessment's log."""
        return Succession(self.key.named(key_name(self.key.name, assessment)).verifier, self.hand_overs)


def ledger_keys(settings: IntakeSettings, *, signed: bool = False) -> LedgerKeys:
    """Give the key and its hand-overs; where checkpoints were `signed` already, no key is made.

    :raises CannotStart: one cannot be read, or the key cannot be made
    """
    path = settings.data / settings.key
    if signed and not path.exists():
        raise CannotStart(
            f"The key that signed this ledger's checkpoints is not at {path}; put it back, or name its file in "
            "MERITLOG_KEY. If it is lost, `merit key create` makes another; tell it to whoever pinned the one before."
        )
    key = ledger_key(settings)
    path = settings.data / settings.hand_overs
    try:
        raw = path.read_bytes() if path.exists() else b""
        kept = succession.parse(f"{key.verifier}\n\n".encode() + raw) if raw else None
    except (OSError, NoteError) as error:
        raise CannotStart(f"The ledger's hand-overs {path} cannot be used ({error}); put the file back.") from error
    return LedgerKeys(key, kept.hand_overs if kept else ())


def rotate(settings: IntakeSettings) -> SignerKey:
    """Hand over to a new key, which signs from the next start on; the key before is gone.

    :raises CannotStart: there is no key yet, or a file cannot be written
    """
    path = settings.data / settings.key
    if not path.exists():
        raise CannotStart(f"There is no key at {path} that could hand over; name its file in MERITLOG_KEY.")
    keys = ledger_keys(settings)
    after = SignerKey(keys.key.name, os.urandom(32))
    note = succession.handed_over(keys.key, after)
    notes = [*(str(each.note) for each in keys.hand_overs), str(note)]
    try:
        # Until the key is there too, a note too many says that somebody might have followed who did not.
        replace_file(settings.data / settings.hand_overs, "\n".join(notes).encode(), 0o644)
        replace_file(path, f"{after.secret}\n".encode(), 0o600)
    except OSError as error:
        raise CannotStart(f"The new key cannot be written ({error.strerror}); the one before still signs.") from error
    return after


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
