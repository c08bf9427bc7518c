"""Receipts (C2SP tlog-proof): an inclusion proof and the signed checkpoint it leads to, checked offline."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from shared.proof import checkpoint, merkle
from shared.proof.checkpoint import DECIMAL, Checkpoint
from shared.proof.keys import VerifierKey, unbase64
from shared.proof.merkle import SIZE, ProofError

HEAD = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A receipt: the leaf's index (position - 1), its path to the root, and the checkpoint's bytes as signed.

    `extra` is whatever the issuer adds; nothing vouches for it.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {b64encode(self.extra).decode()}"]
        hashes = [b64encode(step).decode() for step in self.path]
        return "\n".join([HEAD, *extra, f"index {self.index}", *hashes, "", self.checkpoint.decode()])

    def __bytes__(self) -> bytes:
        return str(self).encode()


def parse(raw: bytes) -> TlogProof:
    """A receipt from its bytes, nothing verified.

    :raises ProofError: not of this form
    """
    try:
        head, blank, signed = raw.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise ProofError("The receipt is not UTF-8.") from error
    first, *lines = head.split("\n")
    if first != HEAD or not blank:
        raise ProofError(f"This is no receipt: it begins with {HEAD} and has a checkpoint after a blank line.")
    try:
        extra = unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        word, _, index = lines.pop(0).partition(" ") if lines else ("", "", "")
        path = tuple(map(unbase64, lines))
    except ValueError as error:
        raise ProofError("A line of the receipt is not Base64.") from error
    if word != "index" or not DECIMAL.fullmatch(index):
        raise ProofError("The receipt does not say which entry it is for.")
    if len(path) > 63 or any(len(step) != SIZE for step in path):
        raise ProofError("The receipt's path is no list of at most 63 hashes.")
    return TlogProof(int(index), path, signed.encode(), extra)


def verified(proof: TlogProof, leaf: bytes, origin: str, known: Sequence[VerifierKey]) -> Checkpoint:
    """The checkpoint that vouches for the leaf hash, if the receipt proves that it stands in this log.

    :raises NoteError: the checkpoint is changed, unsigned or another log's
    :raises ProofError: the path does not lead from this leaf to the checkpoint's root
    """
    head = checkpoint.verified(proof.checkpoint, origin, known)
    merkle.verify_inclusion(leaf, proof.index, head.size, proof.path, head.root)
    return head
