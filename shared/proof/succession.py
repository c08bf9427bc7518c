"""Which keys a ledger has signed with, one after the other: how who pinned an earlier one comes to believe a later one.

Each hand-over is a signed note under the host's name: four lines (the host, what the note is, the key before, the key
after), signed by both. The published text of a ledger's keys is its key now, then the hand-overs, oldest first, with a
blank line between.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.proof import notes
from shared.proof.keys import BadKey, SignerKey, VerifierKey
from shared.proof.notes import Note, NoteError

HAND_OVER = "meritlog hand-over v1"


def host_of(origin: str) -> str:
    """Give the host of an origin, `<host>/<assessment>`."""
    return origin.rpartition("/")[0]


def handed_over(before: SignerKey, after: SignerKey) -> Note:
    """Give the note by which one key hands over to another of the same name, the host's.

    :raises BadKey: they are of two names, or the same key
    """
    if before.name != after.name or before.seed == after.seed:
        raise BadKey("A key hands over to another one of the same name.")
    text = f"{before.name}\n{HAND_OVER}\n{before.verifier}\n{after.verifier}\n"
    return notes.sign(text, before, after)


@dataclass(frozen=True, slots=True)
class HandOver:
    """A hand-over as it is read: nothing of it is to be believed before its signatures hold."""

    before: VerifierKey
    after: VerifierKey
    note: Note

    @property
    def holds(self) -> bool:
        """Whether both keys signed it."""
        try:
            return len(notes.opened(self.note, [self.before, self.after])) == 2
        except NoteError:
            return False


def read_hand_over(raw: bytes) -> HandOver:
    """Read a hand-over.

    :raises NoteError: it is none
    """
    note = notes.parse(raw)
    try:
        host, what, *keys = note.text.removesuffix("\n").split("\n")
        before, after = (VerifierKey.parse(key) for key in keys)
    except ValueError as error:
        raise NoteError("This is no hand-over from one key to another.") from error
    if what != HAND_OVER or before.name != host or after.name != host:
        raise NoteError("This is no hand-over from one key to another.")
    return HandOver(before, after, note)


@dataclass(frozen=True, slots=True)
class Succession:
    """The key that a ledger signs with now, and how it came to it."""

    now: VerifierKey
    hand_overs: tuple[HandOver, ...] = ()

    def __bytes__(self) -> bytes:
        return "\n".join([f"{self.now}\n", *(str(each.note) for each in self.hand_overs)]).encode()

    def believed(self, pinned: Sequence[VerifierKey]) -> list[VerifierKey]:
        """Give the pinned keys, and after them those that they handed over to, under the name of the log."""
        believed = list(pinned)
        for each in self.hand_overs:
            publics = {key.public for key in believed if key.name == self.now.name}
            if each.before.name == host_of(self.now.name) and each.before.public in publics and each.holds:
                believed.append(VerifierKey(self.now.name, each.after.public))
        return believed


def parse(raw: bytes) -> Succession:
    """Read the published text of a ledger's keys.

    :raises NoteError: it is none
    """
    try:
        first, *rest = raw.decode().removesuffix("\n").split("\n\n")
        now = VerifierKey.parse(first)
    except (UnicodeDecodeError, BadKey) as error:
        raise NoteError(f"This names no key of a ledger ({error}).") from error
    if len(rest) % 2:
        raise NoteError("A hand-over of the keys was cut short.")
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return Succession(now, tuple(read_hand_over(f"{text}\n\n{signed}\n".encode()) for text, signed in pairs))
