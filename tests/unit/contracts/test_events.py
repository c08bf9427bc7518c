import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.events import GROWTH, LARGEST, LARGEST_WITH_RUBRIC, ROOM, Malformed, parse_event
from shared.contracts.refusals import Refusal
from shared.contracts.strict_json import Number, parse
from tests.builders import event, opened, raw, submitted


def refused(sent, **more):
    with pytest.raises(Malformed) as caught:
        parse_event(sent if isinstance(sent, bytes) else raw(sent), **more)
    return caught.value


def test_an_event_is_read_with_its_numbers_in_plain_decimals():
    """Envelope apart, data decoded, numbers told from strings."""
    read = parse_event(raw(submitted(5605.0, id="1", source="/m")))
    assert (read.source, read.id, read.subject, read.provider) == ("/m", "1", "market", "market")
    assert read.data["value"] == "5605"
    assert type(read.data["value"]) is Number
    assert type(read.data["indicator"]) is str
    assert read.fault is None


SPACED = {"separators": (", ", ": ")}
PLAIN = {"separators": (",", ":")}


@pytest.mark.parametrize("style", [SPACED, PLAIN, SPACED | {"ensure_ascii": False}, PLAIN | {"ensure_ascii": False}])
def test_the_same_event_written_in_other_ways_has_the_same_content(style):
    """White space, escapes and the order of members are no difference."""
    members = submitted(5605, over={"note": "按月", "more": [1, 2.5, {"deep": -3}]}, id="1")
    other = dict(reversed(list(members.items())))
    expected = parse_event(parse(raw(members)))
    read = parse_event(json.dumps(other, **style).encode())
    assert read.content == expected.content
    assert read.canonical == expected.canonical


def test_a_string_and_a_number_of_the_same_value_may_be_the_same_content():
    """`5` and `5.0` are written alike and so is `"5"`; `"5.0"` stays as sent."""
    same = {parse_event(raw(submitted(value, id="1"))).content for value in (5, 5.0, "5")}
    assert len(same) == 1
    assert parse_event(raw(submitted("5.0", id="1"))).content not in same


@pytest.mark.parametrize("name", ["time", "type", "subject", "provider", "assessment", "id", "source"])
def test_content_covers_the_attributes_of_the_contract(name):
    """A change in any of them is other content."""
    members = submitted(id="1")
    value = "2020-07-01T01:00:00Z" if name == "time" else "other"
    assert parse_event(raw(members)).content != parse_event(raw(members | {name: value})).content


def test_extensions_are_kept_and_not_compared():
    """Unknown attributes, also those of other specifications, go through."""
    more = {"traceparent": "00-abc", "sampled": True, "partition": 7, "datacontenttype": "application/json"}
    members = submitted(id="1")
    read = parse_event(raw(members | more))
    assert {name: read.attributes[name] for name in more} == more
    assert read.content == parse_event(raw(members)).content


def test_what_intake_adds_is_dropped_when_a_sender_sets_it():
    """Whatever it holds; only files look at it again."""
    more = {"position": {"a": 1}, "acceptedtime": 5, "previous": [], "authtype": "system", "authid": "root"}
    read = parse_event(raw(submitted(id="1") | more))
    assert not read.attributes.keys() & more.keys()
    assert read.added.keys() == more.keys()


def test_null_attributes_count_as_absent():
    """Optional ones are gone, required ones are missing."""
    assert "provider" not in parse_event(raw(submitted() | {"provider": None, "x": None})).attributes
    assert "time is missing" in refused(submitted() | {"time": None}).reason


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "assessment"])
def test_required_attributes_are_required(name):
    """Missing, empty or of another type is malformed; source and id are told where they can be read."""
    members = submitted(id="1", source="/m")
    for wrong in ({}, {name: ""}, {name: 5}, {name: True}, {name: ["x"]}):
        fault = refused({key: value for key, value in members.items() if key != name} | wrong)
        assert fault.code == Refusal.MALFORMED
        assert name in fault.reason
        assert fault.id == (None if name == "id" else "1")
        assert fault.source == (None if name == "source" else "/m")


WRONG = {
    "specversion": ["0.3", "1.1"],
    "subject": [5, "", {}],
    "provider": [5, "", []],
    "time": ["2020-07-01", "2020-07-01T09:00:00", "2020-07-01 09:00:00Z", "2020-02-30T09:00:00Z", "20200701T090000Z",
             "2020-07-01T09:00:00+0800", "2020-07-01T24:00:00Z", "0001-01-01T00:00:00+08:00",
             "9999-12-31T23:00:00-08:00"],
    "id": ["a\u0000b", "a\nb", "\ufffe", "\ufdd0"],
    "source": ["/a\u0085"],
    "extension": [1.5, 2**53, -(2**53), {}, [], "a\tb"],
    "名": ["x", None],
    "data_base64": ["eA=="],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_ill_typed_attributes_are_malformed(name, value):
    """CloudEvents says what an attribute may be."""
    assert refused(submitted() | {name: value}).code == Refusal.MALFORMED


@pytest.mark.parametrize(
    "time",
    [
        "2020-07-01T09:00:00Z",
        "2020-07-01t09:00:00z",
        "2020-07-01T09:00:00.123456789-23:59",
        "2020-02-29T00:00:00+00:00",
    ],
)
def test_every_rfc_3339_time_is_read(time):
    """And kept as sent."""
    assert parse_event(raw(submitted(time=time))).time == time


def test_whole_numbers_in_extensions_are_written_as_such():
    """`7.0` and `-0` are whole."""
    read = parse_event(b'{"a":7.0,"b":-0,"c":9007199254740991,"d":1e2,' + raw(submitted())[1:])
    assert [read.attributes[name] for name in "abcd"] == [7, 0, 2**53 - 1, 100]


@pytest.mark.parametrize(
    "data",
    [
        None,
        5,
        "x",
        [],
        {"名": 1},
        {"deep": {"名": 1}},
        {"deep": [[{"名": 1}]]},
        {"n": "@1e4001"},
        {"n": "@" + "1" * 8193},
    ],
)
def test_data_that_cannot_be_taken_leaves_the_envelope_readable(data):
    """Identity is looked up before data is judged, so the fault is told beside it."""
    text = raw(submitted(id="1") | {"data": data})
    read = parse_event(text.replace(b'"@', b"").replace(b'"}}', b"}}") if b'"@' in text else text)
    assert read.fault
    assert read.id == "1"
    assert read.content != parse_event(raw(submitted(id="1") | {"data": {}})).content


def test_an_entry_is_a_json_object():
    """Nothing else is an event."""
    for text in (b"[]", b"5", b'"x"', b"null", b"{", b"", b"\xff", b'{"a":NaN}', b'{"a":1,"a":1}'):
        fault = refused(text)
        assert (fault.code, fault.source, fault.id) == (Refusal.MALFORMED, None, None)


def padded(members, size):
    text = raw(members | {"data": members["data"] | {"note": ""}})
    return text.replace(b'"note":""', b'"note":"' + b"x" * (size - len(text)) + b'"')


def test_size_is_looked_at_before_anything_else():
    """256 KiB to the byte, whatever the bytes say."""
    assert parse_event(padded(submitted(), LARGEST))
    assert refused(padded(submitted(id="1"), LARGEST + 1)).code == Refusal.TOO_LARGE
    assert refused(b"x" * (LARGEST + 1)).code == Refusal.TOO_LARGE
    assert refused(b"x" * 50_000_000).code == Refusal.TOO_LARGE


def test_an_entry_with_a_rubric_may_be_twice_as_large():
    """512 KiB to the byte, and only these types."""
    assert parse_event(padded(opened(), LARGEST_WITH_RUBRIC))
    assert refused(padded(opened(), LARGEST_WITH_RUBRIC + 1)).code == Refusal.TOO_LARGE
    fault = refused(padded(submitted(id="1", source="/m"), LARGEST_WITH_RUBRIC))
    assert (fault.code, fault.source, fault.id) == (Refusal.TOO_LARGE, "/m", "1")


def test_numbers_may_not_grow_without_bound():
    """A kilobyte of exponents is not written out to a megabyte."""
    text = raw(submitted(id="1")).replace(b"5605", b"[" + b",".join([b"1e4000"] * 200) + b"]")
    assert refused(text).code == Refusal.TOO_LARGE


def test_a_stored_form_may_have_grown():
    """What a ledger wrote can always be read again."""
    assert GROWTH < ROOM
    assert parse_event(padded(submitted(), LARGEST + GROWTH), stored=True)
    assert refused(padded(submitted(), LARGEST + ROOM + 1), stored=True).code == Refusal.TOO_LARGE


VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=4))
def test_the_quick_reader_agrees_with_the_strict_one(data):
    """Lines that come back byte for byte take a shorter way to the same event."""
    members = event("SubmissionReceived", data, id="1")
    quick, strict = parse_event(raw(members)), parse_event(parse(raw(members)))
    assert quick == strict
    assert quick.content == strict.content
