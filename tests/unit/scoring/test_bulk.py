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
from shared.contracts import kinds, standing
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


@pytest.mark.parametrize("seed", range(10))
def test_batches_behind_entries_one_by_one(seed: int) -> None:
    """Given a book begun entry by entry, when the rest comes in batches that dispute both, then it is the same."""
    random = Random(seed)
    states = [generate.stored(entry) for entry in generate.ledger(random, 200)]
    states = [*states, *changed_positions(list(synthetic.entries(300, seed))[1:], len(states))]
    entries = {entry.position: entry for entry in map(decode_entry, states)}
    single, bulk = Book(entries.__getitem__, load=read_once), Book(entries.__getitem__, load=read_once)
    single.extend(entries.values())
    first = random.randint(1, len(states))
    bulk.extend(list(entries.values())[:first])
    bulk.extend_stored(batches(states[first:], random))
    assert_same(single, bulk, states)


def changed_positions(states: Sequence[bytes], after: int) -> list[bytes]:
    """Entries as they would stand behind others."""
    return [generate.stored(json.loads(state) | {"position": after + at}) for at, state in enumerate(states, 1)]


def disputes(*data: dict[str, Any]) -> list[bytes]:
    """A synthetic log of 30 entries, and corrections and withdrawals of its own behind it."""
    states = list(synthetic.entries(30))
    kinds_of = {True: kinds.ENTRY_CORRECTED, False: kinds.ENTRY_WITHDRAWN}
    for position, said in enumerate(data, len(states) + 1):
        member = {"id": f"d{position}", "position": position, "type": kinds_of["data" in said], "data": said}
        states.append(generate.stored(json.loads(states[-1]) | member))
    return states


def figure(**more: Any) -> dict[str, Any]:
    return {"indicator": "M1", "measure": "new_firms", "occurred": "2020-06-01", "value": "7", **more}


def entry_named(number: int | str, source: str | None = None) -> dict[str, Any]:
    """What names an entry of the synthetic log, or one of the disputes behind it."""
    named = json.loads(list(synthetic.entries(30))[number - 1]) if isinstance(number, int) else {"id": number}
    return {"id": named["id"], "source": source or named.get("source", "/binjiang/market")}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([{"entry": entry_named(2), "data": figure(tier="good")}], id="a tier"),
        pytest.param([{"entry": entry_named(2), "data": figure(value="pass")}], id="a word"),
        pytest.param([{"entry": entry_named(2), "data": figure(value="9" * 40)}], id="a wide number"),
        pytest.param([{"entry": entry_named(2), "data": figure(points="3", line="x")}], id="members of a line too"),
        pytest.param([{"entry": entry_named(2), "data": figure(entry=7, data={"value": "8"})}], id="stray members"),
        pytest.param([{"entry": entry_named(2), "data": figure(), "data2": 1, "value": "9"}], id="strays outside"),
        pytest.param(
            [{"entry": entry_named(2, "/nobody"), "data": figure()}, {"entry": entry_named(3)}], id="nobody's"
        ),
        pytest.param(
            [{"entry": entry_named(2), "data": figure()}, {"entry": entry_named(2), "data": figure(value="8")}],
            id="twice the same entry",
        ),
        pytest.param([{"entry": entry_named(1)}, {"entry": entry_named(2)}], id="of the opening, which is no row"),
        pytest.param(
            [{"entry": entry_named("d32"), "data": figure()}, {"entry": entry_named(2), "data": figure(value="8")}],
            id="of one that comes later",
        ),
        pytest.param(
            [{"entry": entry_named("d32")}, {"entry": entry_named(2), "data": figure(value="8")}],
            id="withdrawn before it came",
        ),
    ],
)
@pytest.mark.parametrize("cut", [30, 31])
def test_disputes_of_every_shape(said: list[dict[str, Any]], cut: int) -> None:
    """Given corrections and withdrawals of any shape, in the batch of what they name and behind it, books agree."""
    states = disputes(*said)
    assert_same(*both(states, [states[:cut], states[cut:]]), states)


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
