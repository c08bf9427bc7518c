"""Events in binary mode, put together from headers and body as CloudEvents asks."""

import json

import pytest

from services.intake.receiving import read, structured_of
from shared.contracts.events import Event, Malformed
from tests.builders import submitted


def in_binary(**over):
    """What arrives of a figure: its attributes as headers, some of them `over`, and its data as the body."""
    members = submitted(id="1") | over
    headers = [("content-type", "application/json"), ("accept", "*/*")]
    headers += [(f"ce-{name}", value) for name, value in members.items() if name != "data"]
    return headers, json.dumps(members["data"]).encode()


def taken(headers, body):
    return read(structured_of(headers, body))


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("%E5%8C%BA 1", "区 1"),
        ("100%25", "100%"),
        ("50%zz", "50%zz"),
        ('"quoted"', "quoted"),
        (r'"a \"b\" \\"', 'a "b" \\'),
        ('"%E5%8C%BA"', "区"),
        ('"', '"'),
        ('a"b', 'a"b'),
    ],
)
def test_values_are_unquoted_and_percent_decoded(value, means):
    """CloudEvents HTTP binding, section 3.1.3.2: first quotes, then one round of percent-decoding."""
    event = taken(*in_binary(id=value))

    assert isinstance(event, Event)
    assert event.id == means


@pytest.mark.parametrize("value", ["%FF", "%ED%A0%80", "a%00b", ""])
def test_values_that_are_no_text_are_malformed(value):
    """Bytes that are no UTF-8 are not replaced: two ids would become one."""
    assert isinstance(taken(*in_binary(id=value)), Malformed)


def test_a_header_that_comes_twice_is_a_member_named_twice():
    """Neither of the two is chosen."""
    headers, body = in_binary()

    event = taken([*headers, ("ce-id", "2")], body)

    assert isinstance(event, Malformed)
    assert "named twice" in event.reason


def test_the_content_type_is_that_of_the_data():
    """It stands for `datacontenttype`, which is no header of its own."""
    headers, body = in_binary()

    event = taken([*headers, ("ce-datacontenttype", "text/xml")], body)

    assert isinstance(event, Event)
    assert event.attributes["datacontenttype"] == "application/json"
