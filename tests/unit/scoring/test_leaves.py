"""Leaf hashes made side by side are those that `hashlib` makes one by one; a chain that is none is found."""

from hashlib import sha256
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain import Book
from services.scoring.domain.compiled.leaves import LANES, leaves, named
from services.scoring.domain.compiled.scan import none_met, scan, with_room
from services.scoring.domain.identities import Identities
from services.scoring.domain.scanned import Links, Scanner, Unlinked
from services.scoring.domain.stretch import Stretch
from services.scoring.keeping import fold_beside
from shared.contracts.entries import decode_entry, leaf_hash
from tests.oracle import generate


def hashed(states):
    return [row.tobytes() for row in leaves(Stretch.of(states))]


def one_by_one(states):
    return [sha256(b"\0" + state).digest() for state in states]


@given(st.lists(st.binary(max_size=300), max_size=3 * LANES))
def test_leaves_are_what_hashlib_makes(states):
    """Given any bytes, however many and however long, their hashes are those of SHA-256 with a zero byte before."""
    assert hashed(states) == one_by_one(states)


def test_every_length_around_a_block_is_hashed():
    """Given lengths at which padding takes another block, also beside one of many blocks, hashes are the same."""
    states = [bytes([length % 251]) * length for length in [*range(260), 100_000]]
    assert hashed(states) == one_by_one(states)


def chained(log, *, first=1, previous=None):
    """Entries in their stored form, each naming the one before it."""
    states = []
    for position, entry in enumerate(log, first):
        link = {"previous": previous} if previous else {}
        states.append(generate.stored(entry | {"position": position} | link))
        previous = leaf_hash(states[-1])
    return states


def read(batches, last=None, first=1):
    scanner = Scanner(Identities.OWN)
    return list(scanner.scanned(batches, first, Links(last)))


@pytest.mark.parametrize("seed", range(5))
def test_a_chain_is_read_whole_in_any_batches(seed):
    """Given a chained log, some of its entries odd, cut anywhere, then it is read; also from its middle on."""
    random = Random(seed)
    log = generate.ledger(random, 120)
    for entry in random.sample(log, 5):
        entry["id"] += '"'  # is written with a backslash
    states = chained(log)
    cut = random.randrange(1, 120)
    read([states[:cut], [], states[cut:]])
    read([states[cut:]], states[cut - 1], cut + 1)
    stretch = Stretch.of(states)
    read_ = scan(stretch, Identities.OWN, with_room(none_met(), len(states)))
    found = [row.tobytes().hex() for row in named(stretch, read_["previous"])]
    names = [decode_entry(state).previous for state in states]
    odd = read_["odd"]
    assert all(odd[at] or f"sha256:{found[at]}" == names[at] for at in range(1, len(states)))


def changed(state, **members):
    return generate.stored({**msgspec.json.decode(state), **members})


@pytest.mark.parametrize(
    ("what", "at"),
    [
        (lambda states: [*states[:50], changed(states[50], time="2021-01-01T00:00:00Z"), *states[51:]], 52),
        (lambda states: [*states[:50], *states[51:]], 51),
        (lambda states: [*states[:50], states[51], states[50], *states[52:]], 51),
        (lambda states: [*states[:50], states[49], *states[50:]], 51),
        (lambda states: [*states[:50], changed(states[50], previous="sha256:" + "0" * 64), *states[51:]], 51),
        (lambda states: [*states[:50], changed(states[50], previous=leaf_hash(states[49]).upper()), *states[51:]], 51),
        (lambda states: [*states[:50], changed(states[50], id='a "b"', previous="sha256:00"), *states[51:]], 51),
        (lambda states: [changed(states[0], previous=leaf_hash(b"")), *states[1:]], 1),
        (lambda states: [*states[:-1], changed(states[-1], previous=leaf_hash(b""))], 100),
    ],
    ids=["changed", "dropped", "swapped", "doubled", "zeros", "capitals", "odd", "before the first", "last"],
)
def test_a_chain_that_is_none_is_told_where_it_breaks(what, at):
    """Given a chained log with one thing planted, when it is read, then the entry that does not fit is named."""
    states = what(chained(generate.ledger(Random(1), 100)))
    for cut in (1, 37, 50, 51, 99):
        with pytest.raises(Unlinked) as caught:
            read([states[:cut], states[cut:]])
        assert caught.value.position == at


def test_what_is_folded_beside_is_folded_as_one_by_one():
    """Given a chained log in batches, folded by several threads, then the book is that of its entries one by one."""
    states = chained(generate.ledger(Random(3), 300))
    entries = [decode_entry(state) for state in states]
    one, other = (Book(lambda position: entries[position - 1]) for _ in range(2))
    one.extend(entries)
    fold_beside(other, [states[:100], states[100:250]], chained=True)
    fold_beside(other, [states[250:]], chained=True, last=states[249])
    assert other.standing() == one.standing()
    with pytest.raises(Unlinked, match=f"entry {len(states) + 1} does not name the one before it"):
        fold_beside(other, [states[:1]], chained=True, last=states[-1])
