"""The ledger's key on the disk."""

import os

import pytest

from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_key
from shared.chassis.errors import CannotStart


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
