import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.canonical import jcs_of_ours
from shared.contracts.entries import decode_entry, identity, instant, jcs, leaf_hash, parse_event, stamp, stored_form
from tests.builders import raw, submitted

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | TEXT | st.integers(-(2**53) + 1, 2**53 - 1)
ASCII = st.text(st.characters(max_codepoint=127), max_size=4)


def nested(leaves, names):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=20,
    )


SIMPLE = nested(LEAVES, ASCII)
VALUES = nested(LEAVES | st.floats(allow_nan=False, allow_infinity=False), TEXT)


@given(VALUES | SIMPLE)
def test_canonical_json_is_that_of_rfc_8785(value):
    """Whichever way is taken, the bytes are those of a library that is not ours."""
    assert jcs(value) == rfc8785.dumps(value)


@given(nested(LEAVES, TEXT))
def test_records_of_ours_are_canonical_too(value):
    """The shorter way for what holds no floats, with names of any kind."""
    assert jcs_of_ours(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\ud800": 1}])
def test_what_has_no_canonical_form_is_refused(value):
    """Numbers that readers differ on, and text without a UTF-8 form."""
    with pytest.raises(ValueError):  # noqa: PT011  several kinds of it, all ValueErrors
        jcs({"a": value})


def test_names_sort_by_utf_16_units():
    """RFC 8785, 3.2.3: an emoji sorts before a private-use character."""
    assert jcs({"\ue000": 1, "😀": 2}) == '{"😀":2,"\ue000":1}'.encode()


def test_a_leaf_is_hashed_as_rfc_6962_says():
    """SHA-256 over 0x00 and the bytes."""
    assert leaf_hash(b"") == "sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"x") == "sha256:" + hashlib.sha256(b"\x00x").hexdigest()


ADDED = {"position": 17, "acceptedtime": "2020-07-01T01:00:03Z", "previous": leaf_hash(b"")}


def test_the_stored_form_is_the_canonical_event_with_what_intake_added():
    """Numbers of data are strings, extensions stay, and the sender's own additions are gone."""
    members = submitted(5605.50, id="1", over={"note": "按月"}) | {"sampled": True, "hop": 3, "position": 9, "x": None}
    stored = stored_form(parse_event(raw(members)), **ADDED, authtype="api_key", authid="market-1")
    expected = members | ADDED | {"authtype": "api_key", "authid": "market-1"}
    expected["data"] = members["data"] | {"value": "5605.5"}
    del expected["x"]
    assert stored == rfc8785.dumps(expected)


def test_a_stored_form_is_stored_the_same_again():
    """An exported line comes back byte for byte."""
    stored = stored_form(parse_event(raw(submitted(1e-3, over={"x": [1, None, True, {"y": -0.0}]}))), **ADDED)
    assert stored_form(parse_event(stored), **ADDED) == stored


def test_an_entry_is_decoded_from_its_stored_form():
    """What scoring reads; the first entry has no previous."""
    event = parse_event(raw(submitted(5605, id="1", source="/m") | {"extra": "x"}))
    entry = decode_entry(stored_form(event, **(ADDED | {"previous": None})))
    assert (entry.source, entry.id, entry.position, entry.subject) == ("/m", "1", 17, "market")
    assert entry.data["value"] == "5605"
    assert entry.previous is None


@given(st.dictionaries(ASCII, SIMPLE, max_size=4))
def test_stored_forms_of_any_data_are_canonical(data):
    """Also for members nobody knows."""
    event = parse_event(raw(submitted() | {"data": data}))
    stored = stored_form(event, **ADDED)
    assert stored == rfc8785.dumps(json.loads(stored))
    assert stored_form(parse_event(stored), **ADDED) == stored


def test_identities_of_any_length_have_a_key_of_32_bytes():
    """And what is moved from one part to the other is another identity."""
    assert len(identity("/a", "x" * 10_000)) == 32
    assert len({identity("ab", "c"), identity("a", "bc"), identity("1:a", "bc"), identity("", "abc")}) == 4


def test_acceptance_is_written_in_utc():
    """Whole seconds without a fraction, all else with six digits."""
    moment = datetime(2020, 7, 1, 9, 0, 3, tzinfo=timezone(timedelta(hours=8)))
    assert stamp(moment) == "2020-07-01T01:00:03Z"
    assert stamp(moment.replace(microsecond=5000)) == "2020-07-01T01:00:03.005000Z"
    assert instant(stamp(moment)) == moment
    assert instant("2020-07-01T01:00:03Z").tzinfo is UTC
