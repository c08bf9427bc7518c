"""The last checkpoint signed of each ledger, kept beside the key: a database put back to an earlier state has lost it.

One file an assessment, whole or not at all. With it intake signs nothing smaller than it signed before, whatever
became of its database (RFC 6962: a log is append-only).
"""

import fcntl
from pathlib import Path
from typing import TextIO

import stamina

from shared.chassis.errors import CannotStart
from shared.chassis.files import replace_file
from shared.chassis.store import StoreError
from shared.contracts.shapes import ASSESSMENT
from shared.proof import checkpoint, notes
from shared.proof.checkpoint import Checkpoint
from shared.proof.notes import Note, NoteError

FOLDER = "ledger.signed"
TRIES, PAUSE = 20, 0.05


class Unmarked(StoreError):
    """What was signed last of a ledger cannot be read: one sentence."""


class Marks:
    """A folder of signed notes, by assessment; replicas may share it. Blocking."""

    def __init__(self, data: Path) -> None:
        """Keep them in intake's folder."""
        self._folder = data / FOLDER

    def path(self, assessment: str) -> Path:
        """Give where the last checkpoint signed of a ledger is kept."""
        return self._folder / assessment

    def assessments(self) -> list[str]:
        """Name the ledgers of which something was signed.

        :raises CannotStart: the folder cannot be read
        """
        try:
            return sorted(path.name for path in self._folder.iterdir() if ASSESSMENT.fullmatch(path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CannotStart(
                f"The checkpoints signed last, {self._folder}, cannot be read ({error.strerror}); make the folder "
                "readable to this service."
            ) from error

    def last(self, assessment: str) -> Checkpoint | None:
        """Give the last checkpoint signed of a ledger.

        :raises Unmarked: its file cannot be used
        """
        path = self.path(assessment)
        try:
            return checkpoint.parse(notes.parse(path.read_bytes()).text)
        except FileNotFoundError:
            return None
        except (OSError, NoteError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error).rstrip(".")
            raise Unmarked(
                f"The last checkpoint signed, {path}, cannot be used ({why}); put one that somebody kept in its place, "
                "or move it away and lose what only it knew."
            ) from error

    def keep(self, assessment: str, note: Note) -> None:
        """Keep what is about to be given away, unless a replica has signed more meanwhile.

        :raises StoreError: it cannot be written, or another of this size was signed
        """
        said, path = checkpoint.parse(note.text), self.path(assessment)
        if self.last(assessment) == said:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / ".lock").open("w") as lock:
                _hold(lock)
                last = self.last(assessment)
                if last is not None and last.size == said.size and last.root != said.root:
                    raise StoreError(f"No checkpoint is signed: {path} has another of this size.")
                if last is None or last.size < said.size:
                    replace_file(path, bytes(note), 0o644)
        except OSError as error:
            raise StoreError(f"No checkpoint is signed: it cannot be kept at {path} ({error.strerror}).") from error


def _hold(lock: TextIO) -> None:
    """Take the lock, for which another replica holds it a moment: not for ever, since all of intake would wait."""
    for trial in stamina.retry_context(
        on=BlockingIOError, attempts=TRIES, timeout=None, wait_initial=PAUSE, wait_max=PAUSE, wait_jitter=0
    ):
        with trial:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
