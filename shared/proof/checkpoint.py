"""Checkpoints (C2SP tlog-checkpoint): a log's name, size and root, as the text of a signed note."""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from shared.proof import notes
from shared.proof.keys import SignerKey, VerifierKey, unbase64
from shared.proof.merkle import SIZE
from shared.proof.notes import Note, NoteError

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(NoteError):
    """A signed note that is no checkpoint, or another log's; one sentence."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one size: its `origin`, `size` leaves, and the RFC 6962 root over them."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    def signed(self, key: SignerKey) -> Note:
        """The checkpoint as a note signed by its log, whose key bears the origin's name.

        :raises CheckpointError: a key of another name
        """
        if key.name != self.origin:
            raise CheckpointError(f"A checkpoint of {self.origin} is signed by its own key, not by that of {key.name}.")
        return notes.sign(self.text, key)


def parse(text: str) -> Checkpoint:
    """A checkpoint from a note's text; lines after the third are somebody's extensions and passed over.

    :raises CheckpointError: no checkpoint
    """
    origin, size, encoded, *more = text.removesuffix("\n").split("\n") + [""] * 3
    try:
        root = unbase64(encoded)
    except ValueError:
        root = b""
    extensions = more[: len(more) - 3]
    if not origin or not DECIMAL.fullmatch(size) or len(root) != SIZE or "" in extensions:
        raise CheckpointError("The note is no checkpoint: origin, size and root, each on its line.")
    return Checkpoint(origin, int(size), root)


def verified(raw: bytes, origin: str, known: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint in these bytes, if it is this log's and the log's own key, which is among the known, signed it.

    Known witnesses' signatures must hold as well where they stand; how many there must be is the caller's to count
    with `notes.opened`.

    :raises NoteError: no note, another log's, unsigned by the log, or changed
    """
    note = notes.parse(raw)
    held = notes.opened(note, known)
    found = parse(note.text)
    if found.origin != origin:
        raise CheckpointError(f"This is a checkpoint of {found.origin}, not of {origin}.")
    if not any(key.name == origin for key in held):
        raise CheckpointError(f"The checkpoint is not signed by {origin} itself.")
    return found
