import hashlib

from shared.contracts import kinds
from shared.contracts.problems import problem
from shared.contracts.records import decode_record, record_id, scores_changed, standing_changed
from shared.contracts.refusals import Refusal, http_status, title
from shared.contracts.standing import digest

TIME = "2020-07-01T01:00:03Z"


def test_a_record_names_its_place_in_its_stream():
    """Id, generation, position and the digest before, under the time of the entry that caused it."""
    body = scores_changed("a-1", 2, 17, time=TIME, previous="sha256:00", data={"changes": []})
    record = decode_record(body)
    assert record.id == record_id("a-1", 2, 17) == "a-1/2/17"
    assert (record.type, record.source, record.time) == (kinds.SCORES_CHANGED, "/meritlog/scoring", TIME)
    assert (record.generation, record.position, record.previous) == (2, 17, "sha256:00")
    assert body == scores_changed("a-1", 2, 17, time=TIME, previous="sha256:00", data={"changes": []})


def test_the_first_record_of_a_generation_has_no_previous():
    """The member is absent, not null."""
    body = standing_changed("a-1", 1, 1, time=TIME, previous=None, data={})
    assert b"previous" not in body
    assert decode_record(body).type == kinds.STANDING_CHANGED


STANDING = {
    "assessment": "binjiang-2020",
    "as_of": "2020-12-31",
    "known_at": {"position": 61, "accepted": "2020-12-31T09:00:00Z"},
    "rules": {"rubric": "binjiang-2020", "version": 1, "digest": "sha256:00", "readings": {"A01": "50"}},
    "state": "open",
    "units": [{"unit": "market", "name": "区市监局", "total": "73.50"}],
    "findings": [],
    "flags": [],
}


def test_a_standing_s_digest_covers_what_was_scored():
    """SHA-256 of the JCS of assessment, as-of, position, rules and units."""
    covered = (
        b'{"as_of":"2020-12-31","assessment":"binjiang-2020","known_at":{"position":61},'
        b'"rules":{"digest":"sha256:00","readings":{"A01":"50"},"rubric":"binjiang-2020","version":1},'
        b'"units":[{"total":"73.50","unit":"market"}]}'
    )

    assert digest(STANDING) == "sha256:" + hashlib.sha256(covered).hexdigest()


def test_a_standing_s_digest_leaves_out_what_may_differ():
    """Names, state, findings, flags and the moment of acceptance."""
    other = STANDING | {"state": "closed", "flags": [{}], "known_at": {"position": 61}}
    other["units"] = [STANDING["units"][0] | {"name": "Market"}]
    assert digest(other) == digest(STANDING)
    assert digest(STANDING | {"as_of": "2020-12-30"}) != digest(STANDING)


CODES = """malformed too-large unknown-type unknown-assessment assessment-mismatch unknown-unit unknown-indicator
unknown-measure unknown-line not-this-unit not-your-measure not-your-entry forbidden out-of-range outside-period
in-the-future reason-missing tier-mismatch unknown-entry entry-superseded unknown-finding unknown-reading id-conflict
closed"""


def test_the_codes_stand_in_the_contract_s_order():
    """The first that applies is given, so their order is part of the contract."""
    assert [str(code) for code in sorted(Refusal, key=lambda code: code.order)] == CODES.split()


def test_a_refusal_is_a_problem():
    """RFC 9457, with the code beside the type."""
    assert problem(Refusal.CLOSED, "it is closed", position=5) == {
        "type": "/problems/closed",
        "title": title(Refusal.CLOSED),
        "status": 409,
        "detail": "it is closed",
        "code": "closed",
        "position": 5,
    }
    assert {http_status(code) for code in Refusal} == {409, 413, 422}
    assert problem(Refusal.FORBIDDEN, "no", status=403)["status"] == 403
