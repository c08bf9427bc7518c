"""The ledger that the benchmarks measure with is one that intake would have written."""

from benchmarks import synthetic
from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.rubric import load


def test_the_gate_accepts_every_line_and_writes_the_same_bytes():
    replay = Replay(load)
    for line in synthetic.entries(3000):
        outcome = replay.read(line)
        assert isinstance(outcome, Accepted), outcome
        assert outcome.stored == line


def test_events_are_the_entries_before_intake_added_anything():
    replay = Replay(load)
    read = [replay.read(line) for line in synthetic.events(500)]
    assert [outcome.stored for outcome in read] == list(synthetic.entries(500))


def test_the_same_seed_gives_the_same_ledger_and_another_another():
    assert list(synthetic.entries(300, 7)) == list(synthetic.entries(300, 7))
    assert list(synthetic.entries(300, 7)) != list(synthetic.entries(300, 8))
