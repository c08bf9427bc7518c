import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.proof import merkle
from shared.proof.merkle import EMPTY, ProofError, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion

# The vectors of the reference implementations of RFC 6962 (certificate-transparency, transparency-dev/merkle).
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 7): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
HASHES = [leaf_hash(str(number).encode()) for number in range(600)]
heights = st.integers(0, 4)
sizes = st.integers(0, 600)


def tree_of(hashes: list[bytes], height: int = 0, *, at_once: int = 7) -> Tree:
    tree = Tree(lambda begin, end: hashes[begin:end], height=height)
    for at in range(0, len(hashes), at_once):
        tree.extend(hashes[at : at + at_once])
    return tree


def slow_root(hashes: list[bytes]) -> bytes:
    """MTH as RFC 6962, 2.1 writes it down."""
    if not hashes:
        return EMPTY
    if len(hashes) == 1:
        return hashes[0]
    middle = merkle.split(len(hashes))
    return node_hash(slow_root(hashes[:middle]), slow_root(hashes[middle:]))


def slow_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """PATH as RFC 6962, 2.1.1 writes it down."""
    if len(hashes) == 1:
        return []
    middle = merkle.split(len(hashes))
    if index < middle:
        return [*slow_path(index, hashes[:middle]), slow_root(hashes[middle:])]
    return [*slow_path(index - middle, hashes[middle:]), slow_root(hashes[:middle])]


def slow_proof(first: int, hashes: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF as RFC 6962, 2.1.2 writes it down."""
    if first == len(hashes):
        return [] if whole else [slow_root(hashes)]
    middle = merkle.split(len(hashes))
    if first <= middle:
        return [*slow_proof(first, hashes[:middle], whole=whole), slow_root(hashes[middle:])]
    return [*slow_proof(first - middle, hashes[middle:], whole=False), slow_root(hashes[:middle])]


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_published_vectors(size):
    """The roots of the first leaves are the published ones, from a list as from a growing tree."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES[:size]]

    assert merkle.root(hashes) == tree_of(hashes).root() == tree_of(hashes, 1).root() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_of_the_published_vectors(index, size):
    """The inclusion proofs are the published ones, and hold."""
    tree = tree_of([leaf_hash(leaf) for leaf in LEAVES])

    proof = tree.inclusion_proof(index, size)

    assert [step.hex() for step in proof] == INCLUSION[index, size]
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_consistency_of_the_published_vectors(first, second):
    """The consistency proofs are the published ones, and hold."""
    tree = tree_of([leaf_hash(leaf) for leaf in LEAVES])

    proof = tree.consistency_proof(first, second)

    assert [step.hex() for step in proof] == CONSISTENCY[first, second]
    verify_consistency(first, second, ROOTS[first], ROOTS[second], proof)


@given(sizes, heights)
def test_a_tree_has_the_root_that_the_definition_gives(size, height):
    """Whatever the size and however little is kept, the root is the RFC's recursive one, now and for earlier sizes."""
    tree = tree_of(HASHES[:size], height)

    assert tree.size == size
    assert tree.root() == merkle.root(HASHES[:size]) == slow_root(HASHES[:size])
    assert tree.root(size // 3) == slow_root(HASHES[: size // 3])


@given(st.data(), st.integers(1, 600), heights)
def test_any_leaf_is_proved_in_any_tree(data, size, height):
    """Any leaf, any size: the proof is the RFC's, holds, and holds for no other leaf, place, size or root."""
    index = data.draw(st.integers(0, size - 1))
    tree = tree_of(HASHES, height)

    proof = tree.inclusion_proof(index, size)

    assert proof == slow_path(index, HASHES[:size])
    verify_inclusion(HASHES[index], index, size, proof, tree.root(size))
    other = data.draw(st.integers(0, 599).filter(lambda number: number != index))
    for leaf, at, of, root in (
        (HASHES[other], index, size, tree.root(size)),
        (HASHES[index], other, size, tree.root(size)),
        (HASHES[index], index, size, HASHES[0] if size > 1 else HASHES[1]),
    ):
        with pytest.raises(ProofError):
            verify_inclusion(leaf, at, of, proof, root)


@given(st.data(), sizes, heights)
def test_any_earlier_tree_is_the_beginning_of_any_later_one(data, second, height):
    """Any pair of sizes: the proof is the RFC's, holds, and holds for no other roots."""
    first = data.draw(st.integers(0, second))
    tree = tree_of(HASHES, height)

    proof = tree.consistency_proof(first, second)

    assert proof == (slow_proof(first, HASHES[:second]) if 0 < first < second else [])
    verify_consistency(first, second, tree.root(first), tree.root(second), proof)
    if first:
        forged = tree_of([leaf_hash(b"forged"), *HASHES[1:]], height)
        with pytest.raises(ProofError):
            verify_consistency(first, second, forged.root(first), tree.root(second), proof)
        with pytest.raises(ProofError):
            verify_consistency(first, second, tree.root(first), forged.root(second), proof)


@given(st.data(), st.integers(2, 600))
def test_a_changed_proof_does_not_hold(data, size):
    """A step flipped, dropped, added or doubled, at any place: refused."""
    tree = tree_of(HASHES)
    first = data.draw(st.integers(1, size - 1))
    index = data.draw(st.integers(0, size - 1))
    for proof, verify in (
        (tree.inclusion_proof(index, size), lambda p: verify_inclusion(HASHES[index], index, size, p, tree.root(size))),
        (
            tree.consistency_proof(first, size),
            lambda p: verify_consistency(first, size, tree.root(first), tree.root(size), p),
        ),
    ):
        at = data.draw(st.integers(0, len(proof) - 1))
        flipped = bytes([proof[at][0] ^ 8]) + proof[at][1:]
        for changed in (
            [*proof[:at], flipped, *proof[at + 1 :]],
            [*proof[:at], *proof[at + 1 :]],
            [*proof[:at], proof[at], *proof[at:]],
            [*proof, tree.root(size)],
            [tree.root(size), *proof],
            [*proof, b""],
            [*proof[:at], proof[at][:-1], *proof[at + 1 :]],
            [],
        ):
            with pytest.raises(ProofError):
                verify(changed)


@pytest.mark.parametrize(
    ("first", "second", "first_root", "second_root", "proof"),
    [
        (0, 0, EMPTY, HASHES[0], []),
        (0, 1, HASHES[0], HASHES[0], []),
        (0, 1, EMPTY, HASHES[0], [HASHES[1]]),
        (1, 1, HASHES[0], HASHES[1], []),
        (1, 1, HASHES[0], HASHES[0], [HASHES[1]]),
        (2, 1, HASHES[0], HASHES[0], []),
        (1, 2, HASHES[0], HASHES[1], []),
        (3, 4, HASHES[0], HASHES[1], []),
        (-1, 4, HASHES[0], HASHES[1], []),
    ],
)
def test_trees_that_cannot_be_consistent(first, second, first_root, second_root, proof):
    """Edges of the algorithm: empty trees, equal sizes, a later tree before an earlier one."""
    with pytest.raises(ProofError):
        verify_consistency(first, second, first_root, second_root, proof)


@given(sizes, st.integers(1, 4), st.integers(0, 600))
def test_a_tree_is_restored_from_its_blocks_without_reading_their_leaves(size, height, more):
    """Blocks and the leaves after the last full one give the same tree, which grows on as the first would have."""
    tree = tree_of(HASHES[:size], height)

    restored = Tree(lambda _begin, _end: pytest.fail("read a leaf"), height=height, blocks=tree.blocks)
    restored.extend(HASHES[restored.size : size])
    restored.extend(HASHES[size:more])

    assert restored.size == max(size, more)
    assert restored.root() == merkle.root(HASHES[: restored.size])


def test_proofs_read_no_more_than_two_blocks():
    """A proof in a tree of half a million leaves keeps 1/256 of the hashes and reads two blocks of leaves at most."""
    read: list[tuple[int, int]] = []
    hashes = [number.to_bytes(32, "big") for number in range(500_000)]

    def leaves(begin: int, end: int) -> list[bytes]:
        read.append((begin, end))
        return hashes[begin:end]

    tree = Tree(leaves, height=8)
    tree.extend(hashes)
    root = tree.root()
    assert read == []

    proof = tree.inclusion_proof(123_456)

    verify_inclusion(hashes[123_456], 123_456, 500_000, proof, root)
    assert sum(end - begin for begin, end in read) <= 512
    assert len(tree.blocks) == 500_000 // 256 * 32
    earlier = tree.consistency_proof(123_456, 400_001)
    verify_consistency(123_456, 400_001, tree.root(123_456), tree.root(400_001), earlier)


def test_what_a_tree_has_not_is_refused():
    """No such leaf, a size it never had, an order that cannot be: one sentence each."""
    tree = tree_of(HASHES[:5])

    for ask in (
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.inclusion_proof(-1),
        lambda: tree.root(6),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(1, 6),
    ):
        with pytest.raises(ProofError, match="leaves"):
            ask()
    with pytest.raises(ValueError, match="read its leaves"):
        Tree()
