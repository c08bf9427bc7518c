import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.strict_json import DEEPEST, Number, elements, parse

REFUSED = {
    b'{"a":1,"a":2}': "member 'a' is named twice",
    b'{"x":{"a":1,"\\u0061":2}}': "member 'a' is named twice",
    b"\xef\xbb\xbf{}": "byte order mark",
    b"[NaN]": "NaN is not a JSON number",
    b"[-Infinity]": "-Infinity is not a JSON number",
    b'["\\ud800"]': "lone surrogate",
    b'{"\\udc00":1}': "lone surrogate",
    b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1): "nested deeper",
    b"[" * 100_000: "nested deeper",
    b'{"a":' * 100_000: "nested deeper",
    b"{": "not JSON",
    b"": "not JSON",
    b"\xff": "not UTF-8",
    b'"\xed\xa0\x80"': "not UTF-8",
    b"1 2": "not JSON",
    b"01": "not JSON",
    b"+1": "not JSON",
    b'["a\nb"]': "invalid control character at column 4",
    b"['a']": "not JSON",
    b"[1,]": "not JSON",
}


@pytest.mark.parametrize(("raw", "reason"), REFUSED.items(), ids=[raw[:20].hex() for raw in REFUSED])
def test_what_two_readers_could_understand_differently_is_refused(raw, reason):
    """Each in one sentence that says what it is."""
    with pytest.raises(ValueError, match=reason):
        parse(raw)


def test_numbers_keep_their_literal():
    """No digit is lost, and a number is told from a string."""
    values = parse(b'[5.0, -0, 1e400, 123456789012345678901234567890, "5"]')
    assert values == ["5.0", "-0", "1e400", "123456789012345678901234567890", "5"]
    assert [type(value) is Number for value in values] == [True, True, True, True, False]


def test_pairs_of_surrogates_and_deep_nesting_within_bounds_are_read():
    """What is legal stays legal."""
    assert parse(b'["\\ud83d\\ude00"]') == ["😀"]
    assert parse(b"[" * DEEPEST + b"]" * DEEPEST)


JSON = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.booleans())
def test_other_json_reads_as_python_reads_it(value, ascii_only):
    """The strict reader differs only in what it refuses."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert parse(text.encode()) == json.loads(text)


def test_a_batch_is_split_into_the_bytes_of_its_elements():
    """Each element is read on its own, exactly as it was sent."""
    assert elements(b' [ {"a": 1} ,[2],"]" ] ', 10) == [b'{"a": 1}', b"[2]", b'"]"']
    assert elements(b"[]", 10) == elements(b"[ ]", 10) == []


def test_a_bad_element_does_not_spoil_its_neighbours():
    """NaN, 01, broken escapes, bytes that are not UTF-8 and names without quotes stay in their own element."""
    assert elements(b'[{"a":NaN}, {"b":"],[\\""} ,{c:1}]', 10) == [b'{"a":NaN}', b'{"b":"],[\\""}', b"{c:1}"]
    assert elements(b'[{"a":01},{"b":"\xff"},{},tru]', 10) == [b'{"a":01}', b'{"b":"\xff"}', b"{}", b"tru"]


@pytest.mark.parametrize("element", [b"1", b"{}", b"NaN", b""])
def test_of_a_batch_of_millions_no_more_is_taken_than_tells_so(element):
    """Each would take a hundred bytes before anybody counted them."""
    assert len(elements(b"[" + b",".join([element] * 3_000_000) + b"]", 10)) == 11


def test_a_string_without_an_end_is_no_batch():
    """Whatever its length: megabytes of it are looked at once."""
    with pytest.raises(ValueError, match="not a JSON array"):
        elements(b'[NaN, "' + b'\\"' * 4_000_000, 10)


@pytest.mark.parametrize("raw", [b"", b"{}", b"[1", b"1]", b"[1],[2]", b"[1]]", b'["]', b"null"])
def test_what_is_no_array_is_no_batch(raw):
    """One sentence says so."""
    with pytest.raises(ValueError, match="not a JSON array"):
        elements(raw, 10)
