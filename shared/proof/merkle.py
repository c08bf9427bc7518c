"""The Merkle tree of RFC 6962, section 2.1 (SHA-256): roots, inclusion and consistency, made and verified.

Leaves are numbered from 0; a ledger's position is its leaf's index plus one. Hashes are 32 raw bytes.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

SIZE = 32
EMPTY = sha256(b"").digest()


class ProofError(ValueError):
    """A proof that does not prove what it should, or is none; the message says which."""


def leaf_hash(stored: bytes) -> bytes:
    """The hash of a leaf: SHA-256 over 0x00 and its exact bytes."""
    return sha256(b"\x00" + stored).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: SHA-256 over 0x01 and its two children."""
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (MTH); of none, the hash of nothing."""
    level = list(hashes)
    if not level:
        return EMPTY
    while len(level) > 1:
        # A last node without a neighbour stands for itself one level up: where RFC 6962's uneven split puts it.
        odd = level[-1:] if len(level) % 2 else []
        level = paired(level) + odd
    return level[0]


def paired(level: Sequence[bytes]) -> list[bytes]:
    """The nodes above: each of two neighbours; a last one without a neighbour is left out."""
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]


def split(size: int) -> int:
    """Where a tree of `size` leaves (2 or more) is divided: the largest power of two smaller than it."""
    return 1 << ((size - 1).bit_length() - 1)


class Tree:
    """A tree that grows at its right edge and proves from the nodes it keeps.

    Kept are the hash of every full block of `2 ** height` leaves and all nodes above; what lies inside a block is
    recomputed from `leaves(begin, end)`, the leaf hashes from wherever the leaves are stored. With height 8 that is a
    quarter of a byte a leaf in memory and at most 256 leaves read for a proof; with height 0 everything is kept and
    nothing read. `blocks` and the leaves after the last full block restore it without reading the others.
    """

    def __init__(
        self, leaves: Callable[[int, int], Sequence[bytes]] | None = None, *, height: int = 8, blocks: bytes = b""
    ) -> None:
        if leaves is None and height:
            raise ValueError("a tree of blocks needs a way to read its leaves again")
        self.leaves = leaves
        self.height = height
        self.levels: list[bytearray] = [bytearray()]
        self.tail: list[bytes] = []
        for at in range(0, len(blocks), SIZE):
            self.push(0, blocks[at : at + SIZE])

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return (len(self.levels[0]) // SIZE << self.height) + len(self.tail)

    @property
    def blocks(self) -> bytes:
        """The hashes of the full blocks, in order: all that must be kept to restore the tree."""
        return bytes(self.levels[0])

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Append leaves by their hashes."""
        full = 1 << self.height
        at = 0
        while at < len(hashes):
            part = hashes[at : at + full - len(self.tail)]
            at += len(part)
            self.tail += part
            if len(self.tail) == full:
                self.push(0, root(self.tail))
                self.tail = []

    def push(self, level: int, digest: bytes) -> None:
        """Keep one more node, and every node above that it completes."""
        while True:
            if level == len(self.levels):
                self.levels.append(bytearray())
            nodes = self.levels[level]
            nodes += digest
            if len(nodes) // SIZE % 2:
                return
            digest = node_hash(bytes(nodes[-2 * SIZE : -SIZE]), digest)
            level += 1

    def root(self, size: int | None = None) -> bytes:
        """The root now, or when the tree had `size` leaves."""
        size = self.bounded(size)
        return self.range_hash(0, size) if size else EMPTY

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]), RFC 6962 2.1.1: from the leaf's sibling up to the root's child.

        :raises ProofError: no such leaf in a tree of that size
        """
        size = self.bounded(size)
        if not 0 <= index < size:
            raise ProofError(f"A tree of {size} leaves has no leaf {index}.")
        begin, end = 0, size
        path: list[bytes] = []
        while end - begin > 1:
            middle = begin + split(end - begin)
            if index < middle:
                path.append(self.range_hash(middle, end))
                end = middle
            else:
                path.append(self.range_hash(begin, middle))
                begin = middle
        return path[::-1]

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """PROOF(first, D[second]), RFC 6962 2.1.2; empty from nothing and between equal sizes.

        :raises ProofError: first beyond second, or second beyond the tree
        """
        second = self.bounded(second)
        if not 0 <= first <= second:
            raise ProofError(f"A tree of {first} leaves does not come before one of {second}.")
        if first in (0, second):
            return []
        begin, end = 0, second
        path: list[bytes] = []
        while first != end:
            middle = begin + split(end - begin)
            if first <= middle:
                path.append(self.range_hash(middle, end))
                end = middle
            else:
                path.append(self.range_hash(begin, middle))
                begin = middle
        # Where the first tree is a whole left part of the second, the verifier has its root already.
        if begin:
            path.append(self.range_hash(begin, end))
        return path[::-1]

    def bounded(self, size: int | None) -> int:
        """A size this tree has or had."""
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ProofError(f"The tree has {self.size} leaves, not {size}.")
        return size

    def range_hash(self, begin: int, end: int) -> bytes:
        """The subtree over leaves begin to end (not included), where begin is a multiple of its width."""
        width = end - begin
        if width & (width - 1) == 0:
            return self.node(width.bit_length() - 1, begin)
        middle = begin + split(width)
        return node_hash(self.range_hash(begin, middle), self.range_hash(middle, end))

    def node(self, level: int, begin: int) -> bytes:
        """The full subtree of `2 ** level` leaves that begins here."""
        if level >= self.height:
            at = (begin >> level) * SIZE
            return bytes(self.levels[level - self.height][at : at + SIZE])
        return root(self.hashes(begin, begin + (1 << level)))

    def hashes(self, begin: int, end: int) -> Sequence[bytes]:
        """Leaf hashes inside one block: from the tail, else read again."""
        tail_begin = self.size - len(self.tail)
        if begin >= tail_begin:
            return self.tail[begin - tail_begin : end - tail_begin]
        if self.leaves is None:
            raise AssertionError
        return self.leaves(begin, end)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Whether the leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2).

    :raises ProofError: it does not, or the proof is not of the right length
    """
    if not 0 <= index < size:
        raise ProofError(f"A tree of {size} leaves has no leaf {index}.")
    found = leaf
    for step, to_the_left in zip(proof, climb(index, size - 1, proof), strict=True):
        found = node_hash(step, found) if to_the_left else node_hash(found, step)
    if found != expected_root:
        raise ProofError("The inclusion proof leads to another root.")


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """Whether the first tree is the beginning of the second (RFC 9162, 2.1.4.2).

    :raises ProofError: it is not, or the proof is not of the right length
    """
    if not 0 <= first <= second:
        raise ProofError(f"A tree of {first} leaves does not come before one of {second}.")
    if (first == 0 and first_root != EMPTY) or (second == 0 and second_root != EMPTY):
        raise ProofError("A tree without leaves has another root.")
    if first in (0, second):
        if proof:
            raise ProofError("The proof is too long.")
        if first == second and first_root != second_root:
            raise ProofError("Two trees of one size have different roots.")
        return
    # The largest full subtree at the first tree's right edge: where it is the whole first tree, its root is known.
    level = (first & -first).bit_length() - 1
    start, *steps = [first_root, *proof] if first == 1 << level else proof or [b""]
    old = new = start
    for step, to_the_left in zip(steps, climb((first - 1) >> level, (second - 1) >> level, steps), strict=True):
        old = node_hash(step, old) if to_the_left else old
        new = node_hash(step, new) if to_the_left else node_hash(new, step)
    if old != first_root:
        raise ProofError("The consistency proof leads to another first root.")
    if new != second_root:
        raise ProofError("The consistency proof leads to another second root.")


def climb(at: int, last: int, proof: Sequence[bytes]) -> list[bool]:
    """The way up from node `at` of a level whose last node is `last`: for each step, whether it stands to the left.

    :raises ProofError: more or fewer steps than lead to the root, or one that is no hash
    """
    if any(len(step) != SIZE for step in proof):
        raise ProofError(f"A step of the proof is not {SIZE} bytes.")
    turns: list[bool] = []
    while last:
        to_the_left = at % 2 == 1 or at == last
        turns.append(to_the_left)
        if to_the_left:
            # A last node without a neighbour goes up as it is until it is somebody's right child.
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if len(turns) != len(proof):
        raise ProofError(f"The proof is too {'long' if len(proof) > len(turns) else 'short'}.")
    return turns
