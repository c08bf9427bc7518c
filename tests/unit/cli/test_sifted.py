"""Long files of entries: answered as short ones are, in little memory."""

import json
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from rich.progress import Progress

from benchmarks import synthetic
from cli.audit import sifted
from cli.audit.sifted import Sifted
from cli.files import load_once
from services.scoring.domain import Book
from shared.contracts.entries import decode_entry
from shared.gate.outcomes import Accepted, Refused
from shared.gate.replay import check_lines


def without_added(line: bytes) -> bytes:
    """The event that a sender would have sent."""
    row = json.loads(line)
    return json.dumps(
        {name: row[name] for name in row if name not in ("position", "acceptedtime", "previous")}
    ).encode()


def bad(random: Random, lines: list[bytes], *, positions: bool) -> list[bytes]:
    """The same lines with some that are refused, known already, blank, or left out."""
    found: list[bytes] = [lines[0]]
    for line in lines[1:]:
        kind = random.random()
        if positions and kind < 0.02:
            continue
        if kind < 0.06:
            found.append(random.choice([b"", b"  ", b"{", line.replace(b'"occurred":"2020', b'"occurred":"2031')]))
        if kind > 0.95:
            found.append(random.choice(found[1:] or [line]))
        found.append(line)
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_file_is_folded_as_its_lines_are_one_by_one(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Given a file of entries or of events, with lines that are refused, known, blank or missing,
    when it is put through the gate and folded, many lines at a time or one by one,
    then the book is that of what the gate accepts, every entry can be read again, and the refused ones are counted.
    """
    random = Random(seed)
    positions = seed % 2 == 0
    lines = list(synthetic.entries(600, seed))
    lines = bad(random, lines if positions else list(map(without_added, lines)), positions=positions)
    file = tmp_path / "entries.jsonl"
    file.write_bytes(b"\n".join(lines))
    monkeypatch.setattr(sifted, "LOOKED_UP_AT_ONCE", random.choice([7, 2048]))
    monkeypatch.setattr(sifted, "LINES_AT_ONCE", random.choice([20, 40_000]))
    monkeypatch.setattr(sifted, "MANY", random.choice([20_000, 1 << 24]))
    monkeypatch.setattr(sifted, "READ_AT_ONCE", random.choice([5_000, 1 << 24]))

    outcomes = [each.outcome for each in check_lines(lines, load_once)]
    stored = [each.stored for each in outcomes if isinstance(each, Accepted)]
    book = Book(load=load_once)
    book.extend(map(decode_entry, stored))
    with Sifted(str(file)) as found:
        other = found.book()
        assert other.standing() == book.standing()
        assert [found.entry(decode_entry(line).position) for line in stored] == list(map(decode_entry, stored))
        assert [line for batch in found.batches() for line in batch] == stored
        assert found.refused == sum(isinstance(each, Refused) for each in outcomes)
        assert bool(found.missing) == (positions and len(stored) < book.head)


def test_a_long_file_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a file of many entries, when it is folded, then none stays in memory: a file may be longer than that."""
    file, count = tmp_path / "entries.jsonl", 12_000
    file.write_bytes(b"\n".join(synthetic.entries(count)))
    monkeypatch.setattr(sifted, "MANY", 400_000)
    monkeypatch.setattr("cli.audit.opened.AT_HAND", 100)
    with Sifted(str(tmp_path / "entries.jsonl")) as warm:
        warm.book()
    tracemalloc.start()
    try:
        with Sifted(str(file)) as found:
            book = found.book()
            kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert book.head == count
    assert kept < 500 * count


def test_long_lines_take_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a file of few entries that are long, when it is folded, then it is bytes that bound what is in memory."""
    file, lines = tmp_path / "entries.jsonl", list(synthetic.entries(400))
    long = [line.replace(b'"value":', b'"note":"' + b"x" * 50_000 + b'","value":') for line in lines[1:]]
    file.write_bytes(b"\n".join([lines[0], *map(without_added, long)]))
    monkeypatch.setattr(sifted, "READ_AT_ONCE", 200_000)
    monkeypatch.setattr(sifted, "MANY", 400_000)
    monkeypatch.setattr("cli.audit.opened.AT_HAND", 10)
    monkeypatch.setattr("services.scoring.domain.stretch.TOGETHER", 200_000)
    with Sifted(str(file)) as warm:  # loads what is compiled
        warm.book()
    tracemalloc.start()
    try:
        with Sifted(str(file)) as found:
            assert found.book().head > 300
            _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < file.stat().st_size / 2


def test_a_long_file_shows_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a file that takes long, when it is read, then a bar goes from nothing to all of its bytes."""
    file = tmp_path / "entries.jsonl"
    file.write_bytes(b"\n".join(synthetic.entries(100)) + b"\n\n")
    monkeypatch.setattr(sifted, "LONG", 0)
    monkeypatch.setattr(sifted, "LOOKED_UP_AT_ONCE", 30)
    shown = Progress(disable=True)
    monkeypatch.setattr("cli.progress.bars", lambda: shown)
    with Sifted(str(file)) as found:
        found.book()
    (bar,) = shown.tasks
    assert (bar.completed, bar.total) == (file.stat().st_size, file.stat().st_size)
