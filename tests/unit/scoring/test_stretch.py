"""Entries in one piece of memory are the sequence of those they were."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain import stretch
from services.scoring.domain.stretch import Stretch, gathered, text_of

BATCHES = st.lists(st.lists(st.binary(max_size=20), max_size=5), max_size=8)


@given(BATCHES, st.integers(1, 60), st.data())
def test_batches_put_together_are_what_they_were(batches, together, data):
    """Given batches of any size, some of them stretches already, when put together, then all entries come in order."""
    given_ = [Stretch.of(batch) if data.draw(st.booleans()) else batch for batch in batches]
    with pytest.MonkeyPatch.context() as few:
        few.setattr(stretch, "TOGETHER", together)
        found = list(gathered(given_))
    assert [state for each in found for state in each] == [state for batch in batches for state in batch]


@given(st.lists(st.binary(max_size=1000), min_size=1, max_size=60))
def test_what_is_put_together_is_bounded_by_its_bytes(batches):
    """Given entries of any length, no more lie together than were asked for, but for the batch that goes beyond."""
    with pytest.MonkeyPatch.context() as few:
        few.setattr(stretch, "TOGETHER", 1500)
        for each in gathered([[state] for state in batches]):
            assert int(each.ends[-1]) - len(each[-1]) < 1500


def test_entries_with_others_between_them_are_a_sequence():
    """Given a text of lines, when a stretch leaves their ends out, then it has the lines, and parts of it too."""
    lines = Stretch(text_of(b"one\ntwo\nthree\n"), *map(np.array, ([0, 4, 8], [3, 7, 13])))
    assert list(lines) == [b"one", b"two", b"three"]
    assert list(lines[1:]) == [b"two", b"three"]
    assert lines[-1] == b"three"
