"""Signed notes (C2SP signed-note): a text, a blank line, and a line for each signature."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from shared.proof.keys import SignerKey, VerifierKey, unbase64, well_named

MAX_BYTES = 1_000_000
MAX_SIGNATURES = 100


class NoteError(ValueError):
    """No note, or none that a known key signed; one sentence."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    raw: bytes

    def __str__(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.raw).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it is written; nothing of it is to be believed before `opened`. The text ends in a new line."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def __bytes__(self) -> bytes:
        return str(self).encode()


def sign(text: str, *keys: SignerKey, time: int | None = None) -> Note:
    """The text signed by these keys; `time` is for witnesses' keys.

    :raises NoteError: a text that no note can carry
    """
    if not text.endswith("\n") or not printable(text):
        raise NoteError("A note's text ends in a new line and has no control characters.")
    if not keys:
        raise NoteError("A note needs a signature.")
    return Note(text, tuple(signed_by(text, key, time) for key in keys))


def add(note: Note, key: SignerKey, *, time: int | None = None) -> Note:
    """The note with one more signature, such as a witness's."""
    return Note(note.text, (*note.signatures, signed_by(note.text, key, time)))


def signed_by(text: str, key: SignerKey, time: int | None) -> Signature:
    """One key's signature over a text."""
    return Signature(key.name, key.verifier.id, key.sign(text.encode(), time=time))


def parse(raw: bytes) -> Note:
    """A note from its bytes, nothing verified.

    :raises NoteError: not of this form
    """
    if len(raw) > MAX_BYTES:
        raise NoteError(f"The note is larger than {MAX_BYTES} bytes.")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise NoteError("The note is not UTF-8.") from error
    if not printable(whole):
        raise NoteError("The note has control characters.")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("The note has no signatures after a blank line.")
    signatures = tuple(signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"The note has more than {MAX_SIGNATURES} signatures.")
    return Note(f"{text}\n", signatures)


def signature(line: str) -> Signature:
    """One signature line."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        raw = unbase64(encoded)
    except ValueError:
        raw = b""
    if dash != "—" or not well_named(name) or len(raw) < 5:
        raise NoteError("A signature line of the note is not “— <name> <base64>”.")
    return Signature(name, raw[:4], raw[4:])


def opened(note: Note, known: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
    """The known keys that signed the note, in the order of its lines. Lines of unknown keys are passed over.

    :raises NoteError: a line of a known key does not hold, or no known key signed
    """
    held: list[VerifierKey] = []
    for line in note.signatures:
        key = next((key for key in known if key.name == line.name and key.id == line.key_id), None)
        if key is None or key in held:
            continue
        if not key.holds(note.text.encode(), line.raw):
            raise NoteError(f"The signature of {key.name} does not hold: the note or the signature was changed.")
        held.append(key)
    if not held:
        names = ", ".join(key.name for key in known) or "any known key"
        raise NoteError(f"The note is not signed by {names}.")
    return tuple(held)


def printable(text: str) -> bool:
    """Whether there are no ASCII control characters but new lines."""
    return not any(ord(sign) < 0x20 and sign != "\n" for sign in text)
