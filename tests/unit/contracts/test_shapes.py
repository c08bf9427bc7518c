"""The gate's fast checks and the models of the documents say the same."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.contracts import kinds
from shared.contracts.data import MODELS
from shared.contracts.entries import parse_event
from shared.contracts.outward import OUTWARD_MODELS
from shared.contracts.schemas import schemas
from shared.contracts.shapes import ABOUT_A_UNIT, EXPLAINED, MEMBERS, REPORTED, ends, shape_fault
from tests.builders import (
    SMALL_RUBRIC,
    adopted,
    appealed,
    awarded,
    closed,
    confirmed,
    corrected,
    decided,
    deducted,
    determined,
    frozen,
    judged,
    opened,
    period_reported,
    raw,
    recused,
    restated,
    ruled,
    submitted,
    withdrawn,
)

FIGURE = submitted()
VALID = {
    sent["type"]: sent["data"]
    for sent in (
        opened(), judged(over={"evidence": [{"digest": "sha256:00", "name": "a"}], "note": "x", "occasion": "list"}),
        deducted(), awarded(), determined(), confirmed(FIGURE), withdrawn(FIGURE), corrected(FIGURE, {"value": 1}),
        ruled(), adopted(SMALL_RUBRIC), period_reported(), recused(), appealed({"entry": {"source": "a", "id": "b"}}),
        decided(FIGURE), frozen(), closed(), restated(3),
    )
}  # fmt: skip

ODD = [
    None, "", " ", "\u3000", "x", "points", "not-applicable", "pass", 0, 5, -1, 1.5, 5.0, -0.0, 1e3, "0", "5",
    "5.0", "-3", "+5", "1e3", "٣", "5.", True, False, [], ["x"], [" "], [5], [[]], [{}],
    [{"digest": "x"}], [{"digest": 5}],
    [{"digest": "x", "name": 5}], [{"digest": "x", "href": None}], {}, {"x": "y"}, {"x": 5}, {"x": []},
    {"source": "a", "id": "b"}, {"source": "a"}, {"source": "a", "id": 5}, {"source": " ", "id": "b"},
    "2020-06-30", "2020-02-30", "2020-6-1", "20200630", "2020-06-30T00:00:00Z", "2020-06", "2020-13", "0000-06",
    "2020-06-01/2020-06-30", "2020-06-30/2020-06-01", "2020-06-01/", "sha256:" + "0" * 64, "sha256:" + "G" * 64,
    {"from": "2020-01-01", "to": "2020-12-31"}, {"from": "2020-12-31", "to": "2020-01-01"}, {"from": "2020-01-01"},
    {"id": "x", "version": 1, "digest": "sha256:" + "0" * 64, "content": "y"},
    {"id": "x", "version": "1.5", "digest": "sha256:" + "0" * 64, "content": "y"}, "1" * 8192, "1" * 8193, "w" * 8193,
]  # fmt: skip


def agree(kind, data):
    event = parse_event(raw(submitted() | {"data": data}))
    fast = shape_fault(kind, event.data)
    try:
        MODELS[kind].model_validate(json.loads(json.dumps(data)))
    except ValidationError as error:
        return fast is not None, fast or str(error)
    return fast is None, fast


@pytest.mark.parametrize("kind", kinds.ALL)
def test_fast_checks_and_models_agree_on_every_member(kind):
    """Each member missing, and with every odd value in its place."""
    assert agree(kind, VALID[kind]) == (True, None)
    for member in MEMBERS[kind]:
        same, why = agree(kind, {name: value for name, value in VALID[kind].items() if name != member.name})
        assert same, (member.name, why)
        for odd in ODD:
            same, why = agree(kind, VALID[kind] | {member.name: odd})
            assert same, (member.name, odd, why)


@given(st.sampled_from(kinds.ALL), st.data())
def test_fast_checks_and_models_agree_on_mixtures(kind, data):
    """Several members at once, and members of other types."""
    names = [member.name for members in MEMBERS.values() for member in members]
    over = data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(ODD), max_size=3))
    same, why = agree(kind, VALID[kind] | over)
    assert same, (over, why)


def test_every_type_has_its_members_model_and_schema():
    """None is forgotten."""
    assert set(MEMBERS) == set(MODELS) == set(kinds.ALL)
    assert set(OUTWARD_MODELS) == set(kinds.OUTWARD)
    assert set(schemas()) == {*kinds.ALL, *kinds.OUTWARD}
    assert {*EXPLAINED, *ABOUT_A_UNIT, *REPORTED} <= set(kinds.ALL)


@pytest.mark.parametrize("kind", kinds.ALL)
def test_models_name_the_members_that_are_checked(kind):
    """And mark the same ones required."""
    schema = MODELS[kind].model_json_schema()
    assert schema["properties"].keys() == {member.name for member in MEMBERS[kind]}
    assert set(schema.get("required", [])) == {member.name for member in MEMBERS[kind] if member.required}


def test_a_period_ends_on_its_last_day():
    """Also in a leap year."""
    assert [str(end) for end in ends("2020-02")] == ["2020-02-01", "2020-02-29"]
    assert [str(end) for end in ends("2020-04-01/2020-06-30")] == ["2020-04-01", "2020-06-30"]
