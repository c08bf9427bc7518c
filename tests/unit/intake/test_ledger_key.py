"""The ledger's key on the disk."""

import os

import pytest

from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_key, ledger_keys, rotate
from shared.chassis.errors import CannotStart
from shared.proof import succession


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
