"""What is read from stored bytes by compiled loops is what decoding them gives."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scoring.domain.columns import ASIDE, Kind, scaled
from services.scoring.domain.compiled import digest_of
from services.scoring.domain.compiled import scan as compiled
from services.scoring.domain.compiled.scan import (
    FIGURE_CORRECTED,
    LINE_CORRECTED,
    OTHER,
    WITHDRAWAL,
    identities,
    none_met,
    with_room,
)
from services.scoring.domain.compiled.siphash import siphash
from services.scoring.domain.ledger import ROWS
from services.scoring.domain.stretch import Stretch, text_of
from shared.contracts import kinds
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
    return compiled.scan(Stretch.of(states), key, with_room(none_met(), len(states)))


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
    ours = [siphash(text_of(bytes(range(length))), 0, length, key) for length in range(1, 200)]
    assert np.array(ours, np.uint64).view(np.int64).tolist() == json.loads(asked.stdout)


@pytest.mark.parametrize("seed", range(10))
def test_entries_are_read_as_they_decode(seed):
    """Given a random log, its entries' parts are those of their JSON; a number is of one series."""
    log = generate.ledger(Random(seed), 200)
    states = [generate.stored(entry) for entry in log]
    names = {}
    for found, entry, state in zip(scan(states, KEY), log, states, strict=True):
        assert not found["odd"]
        assert found["position"] == entry["position"]
        assert found["identity"] == identities([(entry["source"], entry["id"])], KEY)[0]
        assert kind_of(entry) == found["kind"]
        if found["kind"] > OTHER:
            target = entry["data"]["entry"]
            assert found["target"] == identities([(target["source"], target["id"])], KEY)[0]
        if found["kind"] in (OTHER, WITHDRAWAL):
            continue
        data = entry["data"].get("data", entry["data"])
        value = data.get("value" if found["kind"] in (Kind.FIGURE, FIGURE_CORRECTED) else "points")
        assert date.fromordinal(found["occurred"]).isoformat() == data["occurred"]
        assert (found["value"], found["scale"]) == scaled(value)
        assert found["evidence"] == ("evidence" in data)
        if found["kind"] < OTHER:
            for name, text in (("text", value), ("tier", data.get("tier"))):
                assert state[slice(*found[name])].decode() == (text or "")
        names.setdefault(int(found["series"]), set()).add(shared_by_rows(entry, found["kind"]))
    assert all(len(shared) == 1 for shared in names.values())
    assert len({name for shared in names.values() for name in shared}) == len(names)
    assert sorted(names) == list(range(len(names)))


def kind_of(entry):
    """What an entry is, by its members."""
    if entry["type"] == kinds.ENTRY_WITHDRAWN:
        return WITHDRAWAL
    if entry["type"] != kinds.ENTRY_CORRECTED:
        return ROWS.get(entry["type"], OTHER)
    data = entry["data"]["data"]
    figure = "value" in data
    plain = not {"tier", "evidence"} & data.keys() and scaled(data.get("value", data.get("points")))[1] != ASIDE
    if plain and "occurred" in data and ("measure" if figure else "line") in data:
        return FIGURE_CORRECTED if figure else LINE_CORRECTED
    return OTHER


def shared_by_rows(entry, kind):
    data = entry["data"].get("data", entry["data"])
    parts = [data.get(part) for part in ("indicator", "measure", "line", "occasion", "incident")]
    provider = entry.get("provider") if kind == Kind.FIGURE else None
    return int(kind), None if kind > OTHER else entry["subject"], provider, *parts


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


WHOLE = [
    with_data(reason="无", note=""),
    with_data(tier="good", other={"a": ["\\", "]"]}),
    generate.stored(
        FIGURE
        | {
            "type": kinds.ENTRY_CORRECTED,
            "data": {"data": FIGURE["data"], "entry": {"id": "e0", "source": "/x"}, "reason": "b"},
        }
    ),
    generate.stored(
        FIGURE | {"type": kinds.ENTRY_WITHDRAWN, "data": {"entry": {"id": "e0", "source": "/x"}, "reason": "c"}}
    ),
]


@given(st.data())
@settings(max_examples=1000)
def test_what_is_damaged_is_odd_or_read_as_it_decodes(data):
    """Given an entry with any bytes put in anywhere, then it is odd, or what is read of it is what decoding gives."""
    state = data.draw(st.sampled_from(WHOLE))
    at = data.draw(st.integers(0, len(state)))
    put = data.draw(
        st.one_of(st.binary(max_size=3), st.sampled_from([b'"', b"\\", b"0", b"}", b",", b"{", b'","a":"', b'":"']))
    )
    damaged = state[:at] + put + state[at + data.draw(st.integers(0, 3)) :]
    (before, found, behind) = scan([state, damaged, state], KEY)
    assert not before["odd"]
    assert not behind["odd"]
    try:
        entry = json.loads(damaged)
    except ValueError:
        return  # such entries are in no ledger; the bytes around them are read all the same
    if found["odd"]:
        return
    assert found["position"] == entry["position"]
    assert found["identity"] == identities([(entry["source"], entry["id"])], KEY)[0]
    if found["kind"] > OTHER:
        named = entry["data"]["entry"]
        assert found["target"] == identities([(named["source"], named["id"])], KEY)[0]
    if found["kind"] not in (OTHER, WITHDRAWAL):
        told = entry["data"] if found["kind"] < OTHER else entry["data"]["data"]
        assert date.fromordinal(found["occurred"]).isoformat() == told["occurred"]
        value = told.get("value" if found["kind"] in (Kind.FIGURE, FIGURE_CORRECTED) else "points")
        assert (found["value"], found["scale"]) == scaled(value)


def test_series_are_numbered_on_when_there_is_no_room_left():
    """Given more series than there was room for at first, in batches, then each has one number, the next free one."""
    met = none_met(4)
    states = [with_data(measure=f"m{number}") for number in range(1000)]
    for first in range(0, 1000, 100):
        met = with_room(met, 200)
        found = compiled.scan(Stretch.of(states[first : first + 100] + states[:100]), KEY, met)
        assert found["series"].tolist() == [*range(first, first + 100), *range(100)]
    assert int(met.many[0]) == 1000


def test_what_is_compiled_is_kept_by_all_sources(tmp_path):
    """Given sources of which one calls another, when either changes, or one is added, then they are kept elsewhere."""
    (tmp_path / "calling.py").write_text("from called import f")
    (tmp_path / "called.py").write_text("def f(): return 1")
    names = [digest_of(tmp_path)]
    (tmp_path / "called.py").write_text("def f(): return 2")
    names.append(digest_of(tmp_path))
    (tmp_path / "more.py").write_text("")
    names.append(digest_of(tmp_path))
    assert len(set(names)) == 3
    assert digest_of(tmp_path) == names[-1]
