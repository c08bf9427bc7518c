"""The file that `merit credential` keeps."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.chassis.credentials import BadCredentials, create, credentials, revoke, token_hash

NOW = "2020-07-01T01:00:03Z"


def test_a_token_is_shown_once_and_kept_hashed(tmp_path):
    """The file has the token's hash and never the token; only its owner may read it."""
    path = tmp_path / "credentials.json"

    token = create(path, label="market", roles=["provider"], provider="market", source="/binjiang/market", created=NOW)

    (kept,) = credentials(path)
    assert token.startswith(f"merit_{kept.id}_")
    assert len(token.split("_")[2]) == 64
    assert kept.hash == token_hash(token)
    assert token.split("_")[2] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_group_that_was_let_in_stays_in(tmp_path):
    """The mode of an existing file is kept when it changes."""
    path = tmp_path / "credentials.json"
    create(path, label="a", roles=["viewer"], created=NOW)
    path.chmod(0o640)

    create(path, label="b", roles=["viewer"], created=NOW)

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [kept.label for kept in credentials(path)] == ["a", "b"]


def test_a_revoked_credential_stays_listed(tmp_path):
    """Revoking marks it with the time; again changes nothing; an unknown one is an error."""
    path = tmp_path / "credentials.json"
    create(path, label="a", roles=["viewer"], created=NOW)
    (kept,) = credentials(path)

    assert revoke(path, kept.id, revoked=NOW).revoked == NOW
    assert revoke(path, kept.id, revoked="2021-01-01T00:00:00Z").revoked == NOW
    assert credentials(path)[0].revoked == NOW
    with pytest.raises(BadCredentials, match="no credential nobody"):
        revoke(path, "nobody", revoked=NOW)


def test_credentials_made_at_once_are_all_kept(tmp_path):
    """Twenty at a time: none is lost to another's write."""
    path = tmp_path / "credentials.json"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: create(path, label=f"label {n}", roles=["viewer"], created=NOW), range(20)))

    assert sorted(kept.label for kept in credentials(path)) == sorted(f"label {n}" for n in range(20))


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": []},
        {"roles": ["king"]},
        {"label": " "},
        {"roles": ["provider"]},
        {"roles": ["unit"]},
    ],
)
def test_a_credential_that_makes_no_sense_is_not_made(tmp_path, wrong):
    """No role, an unknown one, no label, a provider's without provider, a unit's without unit: nothing is written."""
    path = tmp_path / "credentials.json"

    with pytest.raises(BadCredentials):
        create(path, **({"label": "a", "roles": ["viewer"], "created": NOW} | wrong))

    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"credentials": [{}]}', '{"credentials": [], "more": 1}', "\xff"])
def test_a_damaged_file_is_said_to_be_so(tmp_path, text):
    """One sentence naming the file; a file that is not there has no credentials."""
    path = tmp_path / "credentials.json"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(BadCredentials, match=r"credentials\.json is damaged"):
        credentials(path)

    assert credentials(tmp_path / "none.json") == ()


def test_a_file_made_by_hand_is_read(tmp_path):
    """The documented form, with what may be left out left out."""
    path = tmp_path / "credentials.json"
    one = {"id": "a1", "label": "x", "hash": token_hash("merit_a1_b"), "roles": ["auditor"], "created": NOW}
    path.write_text(json.dumps({"credentials": [one]}))

    (kept,) = credentials(path)

    assert (kept.label, kept.roles, kept.provider, kept.revoked) == ("x", ("auditor",), None, None)
