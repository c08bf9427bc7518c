"""`merit credential`: made, listed, revoked; exit status."""

import json

import pytest

from cli.main import run
from shared.chassis.credentials import credentials, token_hash


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "credentials.json"
    monkeypatch.setenv("MERITLOG_CREDENTIALS", str(path))
    return path


def test_a_credential_is_made_listed_and_revoked(file, capsys):
    """The token stands alone on stdout, once; the list shows neither it nor its hash; revoked it stays listed."""
    made = run(["credential", "create", "--label", "market", "--role", "provider", "--provider", "market"])
    token = capsys.readouterr().out.strip()

    (kept,) = credentials(file)
    assert made == 0
    assert kept.hash == token_hash(token)

    assert run(["credential", "revoke", kept.id]) == 0
    assert run(["credential", "list"]) == 0
    shown = capsys.readouterr().out
    assert "market" in shown
    assert kept.hash not in shown
    assert token not in shown
    assert credentials(file)[0].revoked


def test_answers_as_json(file, capsys):
    """Each command takes --json."""
    run(["credential", "create", "--label", "a", "--role", "auditor", "--role", "viewer", "--json"])
    made = json.loads(capsys.readouterr().out)
    run(["credential", "list", "--json"])
    (listed,) = json.loads(capsys.readouterr().out)
    run(["credential", "revoke", made["id"], "--json"])
    revoked = json.loads(capsys.readouterr().out)

    assert set(made) == {"id", "token", "file"}
    assert (listed["id"], listed["roles"], listed["revoked"]) == (made["id"], ["auditor", "viewer"], None)
    assert revoked["id"] == made["id"]
    assert "hash" not in listed


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["create", "--label", "a", "--role", "king"], 2, "at least one of the roles"),
        (["create", "--label", "a"], 2, "--role"),
        (["create", "--label", "a", "--role", "provider"], 2, "needs the provider"),
        (["revoke", "nobody"], 2, "no credential nobody"),
        (["list", "--file", "/proc/self/mem/x"], 3, "cannot be read"),
        (["create", "--label", "a", "--role", "viewer", "--file", "/proc/nowhere/x.json"], 3, "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(file, capsys, arguments, status, said):
    """Wrong usage is 2, a file that cannot be read or written 3."""
    assert run(["credential", *arguments]) == status

    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
