"""The last checkpoint signed of each ledger, kept beside the key: a database put back to an earlier state has lost it.

One file an assessment, whole or not at all. With it intake signs nothing smaller than it signed before, whatever
became of its database (RFC 6962: a log is append-only).
"""

from pathlib import Path

from services.intake.signing import replace_file
from shared.chassis.store import StoreError
from shared.contracts.shapes import ASSESSMENT
from shared.proof import checkpoint, notes
from shared.proof.checkpoint import Checkpoint
from shared.proof.notes import Note, NoteError

FOLDER = "ledger.signed"


class Marks:
    """A folder of signed notes, by assessment. Blocking."""

    def __init__(self, data: Path) -> None:
        """Keep them in intake's folder."""
        self._folder = data / FOLDER
        self._kept: dict[str, str] = {}

    def assessments(self) -> list[str]:
        """Name the ledgers of which something was signed."""
        if not self._folder.is_dir():
            return []
        return sorted(path.name for path in self._folder.iterdir() if ASSESSMENT.fullmatch(path.name))

    def last(self, assessment: str) -> Checkpoint | None:
        """Give the last checkpoint signed of a ledger.

        :raises StoreError: its file cannot be used
        """
        path = self._folder / assessment
        try:
            return checkpoint.parse(notes.parse(path.read_bytes()).text)
        except FileNotFoundError:
            return None
        except (OSError, NoteError) as error:
            raise StoreError(f"The last checkpoint signed, {path}, cannot be used ({error}); put it back.") from error

    def keep(self, assessment: str, note: Note) -> None:
        """Keep what is about to be given away; what was kept before is a beginning of it.

        :raises StoreError: it cannot be written
        """
        if self._kept.get(assessment) == note.text:
            return
        path = self._folder / assessment
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, str(note), 0o644)
        except OSError as error:
            raise StoreError(f"No checkpoint is signed: it cannot be kept at {path} ({error.strerror}).") from error
        self._kept[assessment] = note.text
