"""Who calls, and what it may."""

import os
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends

from shared.chassis import credentials
from shared.chassis.auth import Caller, Calling, Visiting, holding
from shared.chassis.errors import CannotStart
from tests.services import a_service, calling

NOW = "2020-07-01T01:00:03Z"
router = APIRouter()


@router.get("/v1/me")
async def me(caller: Calling) -> dict[str, object]:
    return {"label": caller.label, "provider": caller.provider, "roles": sorted(caller.roles), "authid": caller.authid}


@router.get("/v1/board")
async def board(caller: Visiting) -> str:
    return caller.label if caller else "anybody"


@router.get("/v1/rulings")
async def rulings(caller: Annotated[Caller, Depends(holding("assessor"))]) -> str:
    return caller.label


def made(path, label="market", roles=("provider",), provider="market", **more):
    return credentials.create(path, label=label, roles=roles, provider=provider, created=NOW, **more)


def bearing(token):
    return {"Authorization": f"Bearer {token}"}


async def test_a_token_says_who_calls(tmp_path):
    """A credential's label, roles and provider are its caller's; the label is what the ledger may keep."""
    token = made(tmp_path / "c.json")

    async with calling(a_service(router, credentials=tmp_path / "c.json")) as client:
        answer = await client.get("/v1/me", headers=bearing(token))

    assert answer.json() == {"label": "market", "provider": "market", "roles": ["provider"], "authid": "market"}


async def test_no_token_or_a_wrong_one_is_401(tmp_path):
    """Missing, of another scheme, of another secret, garbled, empty, beyond ASCII: 401 naming the scheme, no detail."""
    token = made(tmp_path / "c.json")
    wrong = [
        {},
        {"Authorization": f"Basic {token}"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        bearing(token[:-1] + ("0" if token[-1] != "0" else "1")),
        bearing(token.replace("merit_", "merit_x")),
        bearing("merit__"),
        bearing("x" * 100_000),
        {"Authorization": "Bearer \xff\xfe".encode("latin-1")},
    ]

    async with calling(a_service(router, credentials=tmp_path / "c.json")) as client:
        for headers in wrong:
            answer = await client.get("/v1/me", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_role_that_is_wanting_is_403(tmp_path):
    """A provider is no assessor: 403 `forbidden`; an assessor is let through."""
    path = tmp_path / "c.json"
    provider, assessor = made(path), made(path, label="office", roles=["assessor"], provider=None)

    async with calling(a_service(router, credentials=path)) as client:
        refused = await client.get("/v1/rulings", headers=bearing(provider))
        allowed = await client.get("/v1/rulings", headers=bearing(assessor))

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert allowed.json() == "office"


async def test_a_change_of_the_file_holds_from_the_next_request(tmp_path):
    """A new credential is taken and a revoked one refused while the service runs."""
    path = tmp_path / "c.json"
    first = made(path)

    async with calling(a_service(router, credentials=path)) as client:
        second = made(path, label="tax", provider="tax")
        assert (await client.get("/v1/me", headers=bearing(second))).json()["label"] == "tax"
        credentials.revoke(path, first.split("_")[1], revoked=NOW)
        assert (await client.get("/v1/me", headers=bearing(first))).status_code == 401
        assert (await client.get("/v1/me", headers=bearing(second))).status_code == 200


async def test_a_file_that_turns_bad_changes_nothing(tmp_path):
    """A slip while editing neither locks anybody out nor lets anybody in; repaired, it is read again."""
    path = tmp_path / "c.json"
    token = made(path)
    good = path.read_bytes()

    async with calling(a_service(router, credentials=path)) as client:
        for bad in (b"{", b"", None):
            path.unlink() if bad is None else path.write_bytes(bad)
            assert (await client.get("/v1/me", headers=bearing(token))).status_code == 200
            assert (await client.get("/v1/me")).status_code == 401
        path.write_bytes(good.replace(b'"market"', b'"renamed"', 1))
        os.utime(path, (1, 1))
        assert (await client.get("/v1/me", headers=bearing(token))).json()["label"] == "renamed"


@pytest.mark.parametrize("text", [None, "{", '{"credentials": 1}'])
def test_a_service_does_not_start_on_credentials_it_cannot_read(tmp_path, text):
    """Named but missing or damaged: one sentence, and not an open door."""
    path = tmp_path / "c.json"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CannotStart, match="credentials file"):
        a_service(router, credentials=path)


def test_a_service_does_not_start_on_credentials_that_anybody_can_change(tmp_path):
    """Reading them gives nothing away, they are hashes; writing them would let anybody in."""
    made(tmp_path / "c.json")
    (tmp_path / "c.json").chmod(0o644)
    a_service(router, credentials=tmp_path / "c.json")

    (tmp_path / "c.json").chmod(0o666)

    with pytest.raises(CannotStart, match="chmod o-w"):
        a_service(router, credentials=tmp_path / "c.json")


async def test_without_credentials_everybody_may(tmp_path):
    """Open: every role, no label for the ledger; even an Authorization header makes no difference."""
    async with calling(a_service(router)) as client:
        assert (await client.get("/v1/me")).json()["authid"] is None
        assert (await client.get("/v1/rulings")).status_code == 200
        assert (await client.get("/v1/me", headers=bearing("merit_a_b"))).status_code == 200


async def test_what_anybody_may_see_needs_no_token_but_takes_no_wrong_one(tmp_path):
    """A visitor without a token is nobody; with one it is somebody; with a wrong one it is told."""
    token = made(tmp_path / "c.json")

    async with calling(a_service(router, credentials=tmp_path / "c.json")) as client:
        assert (await client.get("/v1/board")).json() == "anybody"
        assert (await client.get("/v1/board", headers=bearing(token))).json() == "market"
        assert (await client.get("/v1/board", headers=bearing("merit_a_b"))).status_code == 401


@pytest.mark.parametrize(
    ("prefix", "source", "may"),
    [
        (None, "/anything", True),
        ("/binjiang/market", "/binjiang/market", True),
        ("/binjiang/market", "/binjiang/market/new", True),
        ("/binjiang/market/", "/binjiang/market/new", True),
        ("/binjiang/market", "/binjiang/marketing", False),
        ("/binjiang/market", "/binjiang", False),
    ],
)
def test_a_source_is_its_prefix_or_below_it(prefix, source, may):
    """Another provider whose name begins alike is not below."""
    assert Caller("x", frozenset({"provider"}), source_prefix=prefix).may_send_from(source) is may


def test_what_the_ledger_keeps_of_a_caller():
    """CloudEvents Auth Context: a credential is an api_key under its label, the open loopback is unauthenticated."""
    assert (Caller("market", frozenset()).authtype, Caller("market", frozenset()).authid) == ("api_key", "market")
    assert (Caller.open().authtype, Caller.open().authid) == ("unauthenticated", None)
