"""Entries folded batch by batch, or laid down from what was kept of them, leave the book that they leave one by one."""

import functools
import json
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from benchmarks import synthetic
from services.scoring.domain import Book
from services.scoring.domain.block import block_of, decode, encode
from services.scoring.domain.ledger import Ledger
from shared.contracts import standing
from shared.contracts.entries import decode_entry
from shared.rubric import loading
from tests.oracle import generate

read_once = functools.cache(loading.load)


def batches(states: Sequence[bytes], random: Random) -> list[Sequence[bytes]]:
    """Cut a log at random, some cuts leaving nothing between them."""
    cuts = sorted(random.randint(0, len(states)) for _ in range(random.randint(0, 6)))
    return [states[first:last] for first, last in zip([0, *cuts], [*cuts, len(states)], strict=True)]


def both(states: Sequence[bytes], cut: Sequence[Sequence[bytes]]) -> tuple[Book, Book]:
    """The book folded one by one, and the book folded in batches."""
    entries = {entry.position: entry for entry in map(decode_entry, states)}
    single, bulk = Book(entries.__getitem__, load=read_once), Book(entries.__getitem__, load=read_once)
    single.extend(entries.values())
    hashes: list[Any] = []
    bulk.extend_stored(cut, hashes.append)
    laid = Book(entries.__getitem__, load=read_once)
    for each in hashes:
        kept = block_of(bulk.ledger, laid.head + 1, each, lambda position: states[position - 1])
        laid.lay(decode(encode(kept)))
    assert_same(bulk, laid, states[: bulk.head])
    return single, bulk


def at(ledger: Ledger, position: int) -> tuple[Any, ...]:
    """What a ledger holds of the entry at a position."""
    found, said = ledger.row_at(position), ledger.statement_at(position)
    if found is None:
        return (said,)
    rows, row = found
    what = rows.unit, rows.indicator, rows.series_of(row), rows.text(row), rows.tier_of(row), rows.day(row)
    return *what, int(rows.position[row]), int(rows.until[row])


def assert_same(single: Book, bulk: Book, states: Sequence[bytes]) -> None:
    one, many = single.ledger, bulk.ledger
    for state in states:
        entry = decode_entry(state)
        named = {"source": entry.source, "id": entry.id}
        assert at(many, entry.position) == at(one, entry.position)
        assert many.find(named) == one.find(named) == entry.position
    for pair, rows in one.rows.items():
        positions = many.rows[pair].position[: many.rows[pair].count]
        assert positions.tolist() == rows.position[: rows.count].tolist()
    assert many.rows.keys() == one.rows.keys()
    for name in ("assessment", "head", "count", "period", "zone", "closings", "evidence"):
        assert getattr(many, name) == getattr(one, name), name
    assert [(each.position, each.rubric.digest) for each in many.editions] == [
        (each.position, each.rubric.digest) for each in one.editions
    ]
    for kind in one.statements | many.statements:
        assert many.statements[kind] == one.statements[kind]
    assert standing.digest(bulk.standing()) == standing.digest(single.standing())


@pytest.mark.parametrize("seed", range(40))
def test_random_logs(seed: int) -> None:
    """Given a valid random log with corrections, withdrawals, appeals and rulings, however it is cut."""
    random = Random(seed)
    states = [generate.stored(entry) for entry in generate.ledger(random, random.randint(1, 200))]
    assert_same(*both(states, batches(states, random)), states)


@pytest.mark.parametrize("seed", range(3))
def test_a_long_log_with_disputes(seed: int) -> None:
    """Given a synthetic log in which corrections name entries of the same batch and of earlier ones."""
    states = list(synthetic.entries(3000, seed))
    assert_same(*both(states, batches(states, Random(seed))), states)


def test_entries_go_on_one_by_one_behind_a_batch() -> None:
    """Given a book that was started in one batch, when the rest comes entry by entry, then it is the same book."""
    states = list(synthetic.entries(600))
    single, bulk = both(states, [states[:400]])
    for state in states[400:]:
        bulk.apply(decode_entry(state))
    assert_same(single, bulk, states)


def test_members_of_any_type_are_folded_all_the_same() -> None:
    """Given an entry whose data has a member that columns would take for theirs, then its batch goes in one by one."""
    said = {"line": 7, "note": "合成"}
    states = list(synthetic.entries(20))
    odd = json.loads(states[-1])
    odd["data"] |= said
    states[-1] = json.dumps(odd, ensure_ascii=False).encode()
    assert_same(*both(states, [states]), states)


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_a_batch_out_of_order_is_not_taken(wrong: int) -> None:
    """Given a batch that leaves a position out or goes back, then it is refused."""
    states = list(synthetic.entries(8))
    book = Book(lambda _: decode_entry(states[0]), load=read_once)
    book.extend_stored([states[:4]])
    with pytest.raises(ValueError, match="cannot follow 4"):
        book.extend_stored([[states[wrong], *states[4:]]])
