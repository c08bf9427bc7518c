"""What is read from stored bytes by compiled loops is what decoding them gives."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain.columns import Kind, scaled
from services.scoring.domain.compiled.forms import MOST, no_forms
from services.scoring.domain.compiled.scan import OTHER, identities, scan_text
from services.scoring.domain.compiled.siphash import siphash
from services.scoring.domain.compiled.text import joined, text_of
from services.scoring.domain.ledger import ROWS
from tests.oracle import generate

FIGURE = {
    "acceptedtime": "2020-07-01T00:00:00Z",
    "assessment": "binjiang-2020",
    "data": {"indicator": "M1", "measure": "new_firms", "occurred": "2020-06-30", "value": "7"},
    "id": "e1",
    "position": 1,
    "provider": "market",
    "source": "/x",
    "specversion": "1.0",
    "subject": "market",
    "time": "2020-07-01T00:00:00Z",
    "type": "meritlog.SubmissionReceived.v1",
}

KEY = np.array([1, 2], np.uint64)


def with_data(**data):
    return generate.stored(FIGURE | {"data": FIGURE["data"] | data})


def scan(states, key):
    """What is read of entries, spans counted from the beginning of each."""
    return scan_text(*joined(states), key)


def spelt(one, other):
    """A figure with a tier, spelt otherwise in one place."""
    whole = with_data(tier="high")
    assert whole.count(one) == 1
    return whole.replace(one, other)


@pytest.mark.skipif(sys.hash_info.algorithm != "siphash13", reason="the interpreter was built with another hash")
def test_siphash_is_the_interpreters_own() -> None:
    """Given texts of every length, under a key of zeros, as the interpreter has it with PYTHONHASHSEED=0."""
    script = "print([hash(bytes(range(length))) for length in range(1, 200)])"
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    asked = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    key = np.zeros(2, np.uint64)
    ours = [siphash(text_of([bytes(range(length))]), 0, length, key) for length in range(1, 200)]
    assert np.array(ours, np.uint64).view(np.int64).tolist() == json.loads(asked.stdout)


@pytest.mark.parametrize("seed", range(10))
def test_entries_are_read_as_they_decode(seed):
    """Given a random log, its entries' parts are those of their JSON; a hash is of one series."""
    log = generate.ledger(Random(seed), 200)
    states = [generate.stored(entry) for entry in log]
    names = {}
    for found, entry, state in zip(scan(states, KEY), log, states, strict=True):
        data, kind = entry["data"], found["kind"]
        assert not found["odd"]
        assert found["position"] == entry["position"]
        assert found["identity"] == identities([(entry["source"], entry["id"])], KEY)[0]
        assert (kind == OTHER) == (entry["type"] not in ROWS)
        if kind == OTHER:
            continue
        value = data.get("value" if kind == Kind.FIGURE else "points")
        assert date.fromordinal(found["occurred"]).isoformat() == data["occurred"]
        assert (found["value"], found["scale"]) == scaled(value)
        assert found["evidence"] == ("evidence" in data)
        for name, text in (("text", value), ("tier", data.get("tier"))):
            assert state[slice(*found[name])].decode() == (text or "")
        provider = entry.get("provider") if kind == Kind.FIGURE else None
        parts = [data.get(part) for part in ("indicator", "measure", "line", "occasion", "incident")]
        names.setdefault(found["series"].item(), set()).add((int(kind), entry["subject"], provider, *parts))
    assert all(len(shared) == 1 for shared in names.values())
    assert len({name for shared in names.values() for name in shared}) == len(names)


@given(
    st.one_of(
        st.from_regex(r"-?[0-9]{1,10}(\.[0-9]{1,10})?", fullmatch=True),
        st.sampled_from(["", "-", ".", "-.5", "5.", "1.2.3", "true", "1e3", "+1", "-0", "-0.0", "0" * 18, "9" * 19]),
        st.text(max_size=20),
    )
)
def test_values_are_scaled_as_one_by_one(value):
    """Given any text for a value, it is the number and scale that it is one by one, or the entry is odd."""
    (found,) = scan([with_data(value=value)], KEY)
    if not found["odd"]:
        assert (found["value"], found["scale"]) == scaled(value)
    else:
        assert "\\" in json.dumps(value, ensure_ascii=False)


def test_every_day_of_eight_centuries_is_its_ordinal():
    """Given every date there is, leap days among them, when it is read, then it is the day that the library counts."""
    first = date(1600, 1, 1)
    days = [first + timedelta(days=number) for number in range(0, 292_194, 1)]
    found = scan([with_data(occurred=day.isoformat()) for day in days], KEY)
    assert found["occurred"].tolist() == [day.toordinal() for day in days]


@pytest.mark.parametrize(
    "day",
    [
        "2019-02-29",
        "2020-02-30",
        "2020-04-31",
        "2020-13-01",
        "2020-00-01",
        "2020-01-00",
        "0000-01-01",
        "2020-1-01",
        "2020-06-3a",
        "2020/06/30",
    ],
)
def test_what_is_no_date_is_odd(day):
    """Given a text that is no date, the entry is left to the slow way."""
    assert scan([with_data(occurred=day)], KEY)["odd"].tolist() == [True]


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(with_data(occurred=None), id="no text"),
        pytest.param(with_data(measure=7), id="a number for a name"),
        pytest.param(with_data(measure='a "name"'), id="an escape in a name"),
        pytest.param(with_data(measure="x" * 5000), id="a name too long to put together"),
        pytest.param(generate.stored(FIGURE | {"id": "a\tb"}), id="an escape in an id"),
        pytest.param(generate.stored(FIGURE | {"position": -1}), id="no position"),
        pytest.param(generate.stored(FIGURE | {"data": []}), id="a list for data"),
        pytest.param(json.dumps(FIGURE).encode(), id="spaces"),
        pytest.param(spelt(b',"value"', b', "value"'), id="a space in data alone"),
        pytest.param(spelt(b'"tier"', b'"t\\u0069er"'), id="an escape in the name of a member of data"),
        pytest.param(spelt(b'"value":', b'"value":"8","value":'), id="a member of data twice"),
        pytest.param(spelt(b'"id":', b'"data":{"indicator":"M2"},"id":'), id="data twice"),
        pytest.param(spelt(b'"position":1', b'"position":"1"'), id="a text for a position"),
        pytest.param(spelt(b'"position":1', b'"position":01'), id="a position that begins with 0"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(b'{"id":', id="cut off behind a colon"),
    ],
)
def test_what_is_written_otherwise_is_odd(state):
    """Given bytes that are no canonical entry, they are odd, and the entries around them are not."""
    whole = generate.stored(FIGURE)
    assert scan([whole, state, whole], KEY)["odd"].tolist() == [False, True, False]


def test_an_entry_that_is_cut_off_anywhere_is_odd():
    """Given an entry cut behind any byte, it is odd, whatever stands behind it."""
    whole = with_data(note='a "quoted" \\ text', other={"list": [1, {"deep": "}"}]})
    states = [whole[:length] for length in range(len(whole))]
    assert scan(states, KEY)["odd"].all()
    assert not scan([whole], KEY)["odd"][0]


def test_members_that_nobody_asks_for_are_passed_over():
    """Given extensions and members of any type and depth around what is read, the rest is read as without them."""
    plain = scan([generate.stored(FIGURE)], KEY)[0]
    odd_ones = {"a": 1, "authid": "x\\y", "zz": True, "sequence": -5, "t": "type", "datasomething": "1"}
    more = {"zzz": {"value": "9", "list": ["]", {"measure": "m"}]}, "none": None, "notes": '"value":"3"'}
    found = scan([generate.stored(FIGURE | odd_ones | {"data": FIGURE["data"] | more})], KEY)[0]
    for name in ("identity", "series", "position", "value", "scale", "occurred", "kind", "odd"):
        assert found[name] == plain[name]


def apart(states):
    """Each taken apart as if none had been met before."""
    return np.concatenate([scan([state], KEY) for state in states])


@pytest.mark.parametrize("seed", range(5))
def test_what_fits_a_form_is_read_as_if_it_were_taken_apart(seed):
    """Given a random log, read twice, when its entries fit forms, then they are what they are without any."""
    states = [generate.stored(entry) for entry in generate.ledger(Random(seed), 300)]
    forms = no_forms()
    for _ in range(2):
        assert (scan_text(*joined(states), KEY, forms) == apart(states)).all()
    assert 0 < forms.used[1] < len(states)


@given(st.data())
def test_what_nearly_fits_a_form_is_read_for_what_it_is(data):
    """Given entries that are forms, and one of them damaged in any byte, then it is read as if there were no forms."""
    more = data.draw(st.sampled_from([{}, {"reason": "无"}, {"note": "", "reason": "a"}, {"tier": "good"}]))
    states = [with_data(**more), generate.stored(FIGURE | {"id": "e2", "position": 2, "authid": "x"})]
    forms = no_forms()
    scan_text(*joined(states * 2), KEY, forms)
    state = data.draw(st.sampled_from(states))
    at = data.draw(st.integers(0, len(state)))
    put = data.draw(
        st.one_of(st.binary(max_size=3), st.sampled_from([b'"', b"\\", b"0", b"}", b",", b"{", b'","a":"']))
    )
    damaged = state[:at] + put + state[at + data.draw(st.integers(0, 3)) :]
    if damaged:
        assert scan_text(*joined([states[0], damaged, states[1]]), KEY, forms)[1] == scan([damaged], KEY)[0]


def test_forms_come_to_an_end():
    """Given entries that are all of other forms, more than are kept, then all are read right, and again."""
    states = [with_data(measure=f"m{number}", unheard="of" * (number % 7)) for number in range(MOST + 500)]
    forms = no_forms()
    for _ in range(2):
        assert (scan_text(*joined(states), KEY, forms) == apart(states)).all()
    assert forms.used[1] <= MOST
