"""`merit import`: restores a bundle's ledger into intake's database."""

from pathlib import Path
from typing import Annotated

import typer

from cli.key import Data
from cli.options import Json
from cli.verify import Keys


def import_(
    bundle: Annotated[
        str,
        typer.Argument(metavar="BUNDLE", help="An audit bundle, or entries as JSON Lines."),
    ],
    key: Keys = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Restore the ledger of a bundle, or of a file of entries, into an empty assessment of intake's database
    (MERITLOG_DATABASE, else in the folder): the same bytes at the same positions. It is verified first; 1 when it does
    not hold, or the assessment is not empty.
    """
    from tempfile import TemporaryDirectory

    from cli.audit.exporting import from_file
    from cli.audit.opened import is_archive
    from cli.output import print_json
    from cli.sources import Question
    from cli.words import word

    if is_archive(bundle):
        name, entries, written = _restored(bundle, data, key or [])
    else:
        with TemporaryDirectory() as folder:
            made = from_file(bundle, Question(), f"{folder}/bundle.zip", whole=True)
            name, entries, written = _restored(made, data, key or [], gate=False)  # it has just been through it
    if json:
        print_json({"assessment": name, "entries": entries, "written": written})
    else:
        now = "" if written == entries else f", {written} of them now"
        print(f"{name}: {word('entries', 'en', entries)} restored{now}")


def _restored(bundle: str, data: Path | None, key: list[str], *, gate: bool = True) -> tuple[str, int, int]:
    """Verify a bundle and restore it: of which assessment, how many entries it has, and how many were written now."""
    from cli.audit.opened import Bundle, opened
    from cli.audit.restoring import NEEDED, restored
    from cli.audit.verifying import verify
    from cli.key import settings_of
    from cli.progress import bars
    from cli.stop import Stop
    from cli.verify import keys
    from shared.proof.archive import BadBundle
    from shared.proof.bundle import ENTRIES

    settings, pinned = settings_of(data), keys(key)
    try:
        with opened(bundle) as file, bars() as progress:
            found = Bundle(file)
            size = found.members[ENTRIES].size
            bar = progress.add_task("verified", total=size)
            report = verify(found, pinned, gate=gate, told=lambda read: progress.advance(bar, read))
            wrong = [each.name for each in report.checks if each.name in NEEDED and each.faults]
            if wrong:
                raise Stop(f"{bundle} does not hold ({', '.join(wrong)}): merit verify {bundle} says why", 1)
            writing = progress.add_task("restored", total=size)
            written = restored(found, report.tree, settings, lambda read: progress.advance(writing, read))
    except BadBundle as error:
        said = str(error)
        raise Stop(said if said.startswith(bundle) else f"{bundle} cannot be imported: {said.rstrip('.')}") from None
    return found.manifest.assessment, found.manifest.entries, written
