"""How a server is asked: with which credential."""

import pytest

from cli.client import Client
from cli.stop import Stop


@pytest.fixture
def asks_with(monkeypatch, tmp_path):
    """What a client sends, given variables; `{}` in one stands for a folder."""

    def asked(token: str | None, **variables: str) -> str | None:
        for name in ("MERIT_TOKEN", "MERIT_TOKEN_FILE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value.format(tmp_path))
        with Client(None, token) as client:
            return client._http.headers.get("Authorization")

    return asked


def test_the_nearest_credential_is_sent(asks_with, tmp_path):
    """Given one as an option, in a variable and in a file, then the first of these that there is."""
    (tmp_path / "token").write_text("mlg_file\n")
    kept = {"MERIT_TOKEN_FILE": "{}/token"}
    assert asks_with("mlg_option", MERIT_TOKEN="mlg_variable", **kept) == "Bearer mlg_option"
    assert asks_with(None, MERIT_TOKEN="mlg_variable", **kept) == "Bearer mlg_variable"
    assert asks_with(None, **kept) == "Bearer mlg_file"
    assert asks_with(None) is None


def test_a_file_of_a_credential_that_cannot_be_read_is_said(asks_with):
    """Given a file that is not there, then one sentence names it, and nothing is asked without a credential."""
    with pytest.raises(Stop, match=r"names .*/nothing, which cannot be read \(No such file or directory\)") as stop:
        asks_with(None, MERIT_TOKEN_FILE="{}/nothing")
    assert stop.value.status == 2
