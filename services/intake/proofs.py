"""Proofs of what stands in a ledger: signed checkpoints, receipts, consistency (RFC 6962, C2SP tlog notes).

The tree stands on the stored bytes, its leaf of index position - 1. Trees are grown when a proof is asked for, never
while entries are being accepted.
"""

from base64 import b64encode
from typing import Any

from services.intake.marks import Marks, Unmarked
from services.intake.signing import LedgerKeys
from services.intake.store import LedgerStore, entries
from shared.chassis.problems import Problem
from shared.chassis.store import Statement
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import key_name
from shared.proof.merkle import SIZE, Tree, leaf_hash
from shared.proof.notes import Note, Signature
from shared.proof.tlog_proof import TlogProof

READ_AT_ONCE = 4096
KEEP_BLOCK = "INSERT INTO blocks VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
SIGNED = """INSERT INTO checkpoints VALUES (?, ?, ?) ON CONFLICT (assessment) DO UPDATE
    SET size = excluded.size, root = excluded.root
    WHERE checkpoints.size < excluded.size OR (checkpoints.size = excluded.size AND checkpoints.root = excluded.root)"""


def signed_to(assessment: str, size: int, root: bytes) -> Statement:
    """Give the statement by which nothing smaller than this is signed from now on."""
    return Statement(SIGNED, [(assessment, size, root)], touches=1)


def unsigned(assessment: str) -> Statement:
    """Give the statement by which nothing of a ledger counts as signed: none of it was, it was only being restored."""
    return Statement("DELETE FROM checkpoints WHERE assessment = ?", [(assessment,)])


def keep_blocks(assessment: str, blocks: bytes | bytearray, first: int = 0) -> Statement:
    """Give the statement that keeps the hashes of a tree's blocks, from a number on."""
    rows = [
        (assessment, number, bytes(blocks[number * SIZE : (number + 1) * SIZE]))
        for number in range(first, len(blocks) // SIZE)
    ]
    return Statement(KEEP_BLOCK, rows)


class Prover:
    """Grows one tree for each assessment. Blocking; only ever called on the store's writing thread."""

    def __init__(self, store: LedgerStore, keys: LedgerKeys, marks: Marks) -> None:
        """Prove over this store, signing with the key of these under `<its name>/<assessment>`, keeping marks of it."""
        self.store = store
        self.marks = marks
        self.keys = keys
        self.key = keys.key
        self._trees: dict[str, Tree] = {}
        self._witnessed: dict[str, tuple[str, tuple[Signature, ...]]] = {}

    def checkpoint(self, assessment: str) -> bytes:
        """Give a signed checkpoint of the ledger at its head.

        :raises Problem: 409 where the ledger is not an extension of what was signed before
        :raises StoreError: it cannot be kept beside the key
        """
        tree = self._grown(assessment)
        forked = self.departs(assessment)
        if forked is not None:
            raise Problem(409, "fork", forked)
        signed = Checkpoint(key_name(self.key.name, assessment), tree.size, tree.root())
        note = signed.signed(self.key.named(signed.origin))
        text, lines = self._witnessed.get(assessment, ("", ()))
        if text == note.text:
            note = Note(text, (*note.signatures, *lines))
        self.store.store.commit(execute=[signed_to(assessment, signed.size, signed.root)])
        self.marks.keep(assessment, note)
        return bytes(note)

    def witnessed(self, assessment: str, text: str, line: Signature) -> None:
        """Let a witness's signature of a checkpoint's text stand below ours, for as long as that is the head."""
        kept, lines = self._witnessed.get(assessment, ("", ()))
        self._witnessed[assessment] = text, (*(lines if kept == text else ()), line)

    def steps(self, assessment: str, first: int, second: int) -> list[bytes]:
        """Give the steps of the proof that the tree of `first` leaves is the beginning of that of `second`."""
        return self._grown(assessment).consistency_proof(first, second)

    def grow(self, assessment: str, size: int | None = None) -> bool:
        """Take some more entries into the tree, to its head or at least to a size; whether there may be more still.

        So what is being accepted need not wait until a tree has grown to its head.
        """
        tree = self._tree(assessment)
        return (size is None or tree.size < size) and self._more(assessment, tree) == READ_AT_ONCE

    def receipt(self, assessment: str, position: int) -> bytes:
        """Give the receipt of the entry at a position: its path to a checkpoint signed now.

        :raises Problem: 404 where there is no such entry; 409 as `checkpoint`
        """
        note = self.checkpoint(assessment)
        tree = self._trees[assessment]
        if not 1 <= position <= tree.size:
            raise Problem(404, "not-found", f"{assessment} has no entry {position}; its head is at {tree.size}.")
        return bytes(TlogProof(position - 1, tuple(tree.inclusion_proof(position - 1)), note))

    def consistency(self, assessment: str, first: int, second: int) -> dict[str, Any]:
        """Give the proof that the tree of `first` leaves is the beginning of that of `second`.

        :raises Problem: 422 where the sizes are none of this ledger
        """
        tree = self._grown(assessment)
        if not 0 <= first <= second <= tree.size:
            detail = f"Give sizes from 0 to {tree.size}, the first not above the second."
            raise Problem(422, "invalid-request", detail)
        return {
            "origin": key_name(self.key.name, assessment),
            "from": {"size": first, "root": b64encode(tree.root(first)).decode()},
            "to": {"size": second, "root": b64encode(tree.root(second)).decode()},
            "proof": [b64encode(step).decode() for step in tree.consistency_proof(first, second)],
        }

    def verifier(self, assessment: str) -> str:
        """Give the public key to pin for an assessment: `<origin>+<id>+<base64>`."""
        return str(self.key.named(key_name(self.key.name, assessment)).verifier)

    def departs(self, assessment: str) -> str | None:
        """Say how a ledger, grown to what was signed of it, departs from that; None where it is an extension of it.

        A restored database, or a changed one.

        :raises Unmarked: what was signed last cannot be read
        """
        tree = self._tree(assessment)
        for size, root in self.signed(assessment):
            if size > tree.size:
                said = f"{assessment} was signed here at {size} entries and the database holds {tree.size}"
            elif tree.root(size) != root:
                said = f"{assessment} is another ledger here than was signed at {size} entries"
            else:
                continue
            return (
                f"Fork: {said}; restore the database that was signed, finish the import of it, or begin with an empty "
                "database in another folder."
            )
        return None

    def signed(self, assessment: str) -> list[tuple[int, bytes]]:
        """Give the size and the root of what was signed last, as the database knows it and as it is marked beside.

        :raises Unmarked: what was signed last cannot be read
        """
        last = self.marks.last(assessment)
        if last is None:
            return self.store.signed_to(assessment)
        if last.origin != key_name(self.key.name, assessment):
            path = self.marks.path(assessment)
            raise Unmarked(f"The last checkpoint signed of {assessment} is one of {last.origin}: move {path} away.")
        return [*self.store.signed_to(assessment), (last.size, last.root)]

    def _tree(self, assessment: str) -> Tree:
        tree = self._trees.get(assessment)
        if tree is None:
            tree = self._trees[assessment] = self._restored(assessment)
        return tree

    def _grown(self, assessment: str) -> Tree:
        """Bring the tree to the head."""
        tree = self._tree(assessment)
        while self._more(assessment, tree):
            pass
        return tree

    def _more(self, assessment: str, tree: Tree) -> int:
        """Take some entries into the tree, and keep the hashes of the blocks that became full; how many there were."""
        full = len(tree.blocks) // SIZE
        states = self.store.store.stream(entries(assessment)).read(tree.size, READ_AT_ONCE)
        tree.extend([leaf_hash(state) for state in states])
        blocks = tree.blocks
        if len(blocks) // SIZE > full:
            self.store.store.commit(execute=[keep_blocks(assessment, blocks, full)])
        return len(states)

    def _restored(self, assessment: str) -> Tree:
        sql = "SELECT digest FROM blocks WHERE assessment = ? ORDER BY number"
        kept = b"".join(bytes(row[0]) for row in self.store.store.query(sql, (assessment,)))
        stream = self.store.store.stream(entries(assessment))

        def leaves(begin: int, end: int) -> list[bytes]:
            return [leaf_hash(state) for state in stream.read(begin, end - begin)]

        return Tree(leaves, blocks=kept)
