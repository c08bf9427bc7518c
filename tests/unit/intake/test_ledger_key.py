"""The ledger's key on the disk."""

import os

import pytest

from services.intake.app import build
from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_key, ledger_keys, rotate
from shared.chassis.errors import CannotStart
from shared.proof import succession
from tests.builders import ASSESSMENT, opened, raw
from tests.services import calling

STRUCTURED = {"Content-Type": "application/cloudevents+json"}


def test_a_key_is_made_once_for_its_owner_only(tmp_path):
    """Made at the first start, read at the next; nothing else is left in the folder."""
    settings = IntakeSettings(data=tmp_path)

    made, read = ledger_key(settings), ledger_key(settings)

    assert made.secret == read.secret
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.key"]
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_leaves_no_half_key(tmp_path, monkeypatch):
    """
    Given a disk without room for the key,
    when intake starts,
    then it says so, and nothing stands where the next start would take it for a damaged key.
    """

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(CannotStart, match="No space left"):
            ledger_key(IntakeSettings(data=tmp_path))

    assert list(tmp_path.iterdir()) == []
    assert ledger_key(IntakeSettings(data=tmp_path))


def test_a_damaged_key_is_not_replaced(tmp_path):
    """Another key would belie every checkpoint signed so far."""
    (tmp_path / "ledger.key").write_text("")

    with pytest.raises(CannotStart, match="put the one back that signed so far"):
        ledger_key(IntakeSettings(data=tmp_path))

    assert (tmp_path / "ledger.key").read_text() == ""


async def test_a_key_that_signed_is_not_replaced_by_another(tmp_path):
    """
    Given a ledger whose checkpoints were signed, and whose key is not there,
    when intake starts,
    then it says what to do; put back, the same key signs, and one that is made by hand does too.
    """
    settings, path = IntakeSettings(data=tmp_path), tmp_path / "ledger.key"

    async def key_of_a_checkpoint() -> str:
        async with calling(build(settings)) as client:
            await client.post(f"/v1/entries/{ASSESSMENT}", content=raw(opened(id="opening")), headers=STRUCTURED)
            return (await client.get(f"/v1/checkpoints/{ASSESSMENT}")).headers["x-verifier-key"]

    first = await key_of_a_checkpoint()
    kept = path.read_text()
    path.unlink()
    with pytest.raises(CannotStart, match=r"is not at .*ledger\.key; put it back"):
        await key_of_a_checkpoint()
    assert not path.exists()

    path.write_text(kept)
    assert await key_of_a_checkpoint() == first
    path.unlink()
    ledger_key(settings)
    assert await key_of_a_checkpoint() != first


def test_a_key_hands_over_to_another(tmp_path):
    """
    Given a key that has signed,
    when it hands over twice,
    then who pinned the first believes the third, and no secret but the third's is left.
    """
    settings = IntakeSettings(data=tmp_path)
    first = ledger_key(settings)
    second = rotate(settings)
    third = rotate(settings)

    keys = ledger_keys(settings)
    published = succession.parse(bytes(keys.published("binjiang-2020")))

    assert keys.key == third
    assert published == keys.published("binjiang-2020")
    pinned = first.named("meritlog.example/binjiang-2020").verifier
    assert published.now in published.believed([pinned])
    assert published.now.public == third.verifier.public
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.hand-overs", "ledger.key"]
    kept = "".join(path.read_text() for path in tmp_path.iterdir())
    assert first.secret not in kept
    assert second.secret not in kept
    assert (tmp_path / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ledger.hand-overs").stat().st_mode & 0o777 == 0o644


def test_what_no_key_hands_over_is_not_begun(tmp_path):
    """Without a key there is nothing to hand over from; a damaged note is not written over."""
    settings = IntakeSettings(data=tmp_path)
    with pytest.raises(CannotStart, match="no key"):
        rotate(settings)
    assert list(tmp_path.iterdir()) == []

    ledger_key(settings)
    (tmp_path / "ledger.hand-overs").write_text("x\n\ny\n")
    for ask in (rotate, ledger_keys):
        with pytest.raises(CannotStart, match="put the file back"):
            ask(settings)
    assert (tmp_path / "ledger.hand-overs").read_text() == "x\n\ny\n"
