"""What was signed last is known beside the database, whatever becomes of that."""

import fcntl
import os
import shutil

import pytest

from services.intake.app import build
from services.intake.marks import FOLDER, Marks
from services.intake.settings import IntakeSettings
from shared.chassis.errors import CannotStart
from shared.chassis.store import StoreError
from shared.proof import checkpoint, notes
from shared.proof.checkpoint import Checkpoint
from shared.proof.notes import Note
from tests.builders import ASSESSMENT, opened, raw, submitted
from tests.services import calling

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
LEDGER = f"/v1/entries/{ASSESSMENT}"
CHECKPOINT = f"/v1/checkpoints/{ASSESSMENT}"


async def began(client, number=1):
    """Open the assessment, and report some figures."""
    assert (await client.post(LEDGER, content=raw(opened(id="opening")), headers=STRUCTURED)).status_code == 201
    await report(client, range(number))


async def report(client, ids):
    for each in ids:
        answer = await client.post(LEDGER, content=raw(submitted(id=f"e{each}")), headers=STRUCTURED)
        assert answer.status_code == 201, answer.text


def restored(folder):
    """Put the backup in the place of the database, without what was committed beside it."""
    for each in folder.glob("intake.sqlite-*"):
        each.unlink()
    shutil.copy(folder / "backup", folder / "intake.sqlite")


async def test_a_restored_database_signs_nothing_smaller_and_takes_in_nothing(tmp_path):
    """
    Given a ledger that was signed at four entries, and then a backup of it with two in its place,
    when intake is started,
    then it is a fork: parked, nothing taken in and nothing signed; what was signed is kept, and with the true database
    all goes on.
    """
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
    shutil.copy(tmp_path / "intake.sqlite", tmp_path / "backup")
    async with calling(build(settings)) as client:
        await report(client, (7, 8))
        signed = (await client.get(CHECKPOINT)).content
    shutil.copy(tmp_path / "intake.sqlite", tmp_path / "true")
    assert (tmp_path / FOLDER / ASSESSMENT).read_bytes() == signed

    restored(tmp_path)
    async with calling(build(settings)) as client:
        said = f"Fork: {ASSESSMENT} was signed here at 4 entries and the database holds 2; "
        assert (await client.get("/readyz")).json()["parked"]["intake"][ASSESSMENT].startswith(said)
        refused = await client.post(LEDGER, content=raw(submitted(id="e9")), headers=STRUCTURED)
        assert (refused.status_code, refused.json()["code"]) == (409, "fork")
        assert refused.json()["detail"].startswith(said)
        unsigned = await client.get(CHECKPOINT)
        assert (unsigned.status_code, unsigned.json()["code"]) == (409, "fork")
    assert (tmp_path / FOLDER / ASSESSMENT).read_bytes() == signed

    shutil.copy(tmp_path / "true", tmp_path / "backup")
    restored(tmp_path)
    async with calling(build(settings)) as client:
        assert (await client.get(CHECKPOINT)).content == signed
        await report(client, (9,))


@pytest.mark.parametrize("more", [(8,), (8, 9)])
async def test_another_history_is_a_fork_however_long(tmp_path, more):
    """
    Given a ledger that was signed, and another history of it in its place that is as long or longer,
    when intake is started,
    then it is a fork: parked, nothing taken in and nothing signed.
    """
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
    shutil.copy(tmp_path / "intake.sqlite", tmp_path / "backup")
    async with calling(build(settings)) as client:
        await report(client, (7,))
        assert (await client.get(CHECKPOINT)).status_code == 200
    restored(tmp_path)
    (tmp_path / FOLDER).rename(tmp_path / "away")
    async with calling(build(settings)) as client:
        await report(client, more)
    (tmp_path / "away").rename(tmp_path / FOLDER)

    async with calling(build(settings)) as client:
        said = f"Fork: {ASSESSMENT} is another ledger here than was signed at 3 entries; "
        assert (await client.get("/readyz")).json()["parked"]["intake"][ASSESSMENT].startswith(said)
        for answer in (
            await client.get(CHECKPOINT),
            await client.post(LEDGER, content=raw(submitted(id="e10")), headers=STRUCTURED),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "fork")
            assert answer.json()["detail"].startswith(said)


async def test_a_database_that_is_gone_is_a_fork_and_its_key_is_not_made_anew(tmp_path):
    """
    Given a folder whose database is gone, and what was signed is there,
    when intake is started,
    then the assessment cannot be opened again under the same name; and without its key it does not start at all.
    """
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
        assert (await client.get(CHECKPOINT)).status_code == 200
    for each in tmp_path.glob("intake.sqlite*"):
        each.unlink()

    async with calling(build(settings)) as client:
        refused = await client.post(LEDGER, content=raw(opened(id="opening")), headers=STRUCTURED)
        assert (refused.status_code, refused.json()["code"]) == (409, "fork")
        assert "the database holds 0; restore" in refused.json()["detail"]
        assert refused.json()["detail"].endswith("in another folder.")
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(CannotStart, match="put it back"):
        async with calling(build(settings)):
            pass


async def test_what_is_no_mark_is_told_and_holds_up_no_ledger(tmp_path):
    """Given a stray file in the folder, and then another origin's mark, then each is told, as no fork."""
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
        assert (await client.get(CHECKPOINT)).status_code == 200
    (tmp_path / FOLDER / "README").write_text("of the office")
    async with calling(build(settings)) as client:
        assert (await client.get(CHECKPOINT)).status_code == 200
        (parked,) = (await client.get("/readyz")).json()["parked"]["intake"].items()
        assert parked[0] == "README"
        assert "move it away" in parked[1]
    mark = tmp_path / FOLDER / ASSESSMENT
    mark.write_text(mark.read_text(encoding="utf-8").replace("meritlog.example/", "other.example/"), encoding="utf-8")
    async with calling(build(settings)) as client:
        answer = await client.get(CHECKPOINT)
        assert answer.status_code == 503
        assert f"is one of other.example/{ASSESSMENT}: move {mark} away" in answer.json()["detail"]


async def test_a_damaged_mark_keeps_another_ledger_from_its_place(tmp_path):
    """Given a folder whose database and key are gone and whose mark is damaged, then nothing begins in its place."""
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
        assert (await client.get(CHECKPOINT)).status_code == 200
    (tmp_path / FOLDER / ASSESSMENT).write_text("")
    for each in tmp_path.glob("intake.sqlite*"):
        each.unlink()
    async with calling(build(settings)) as client:
        assert (await client.post(LEDGER, content=raw(opened(id="opening")), headers=STRUCTURED)).status_code == 503
    (tmp_path / "ledger.key").unlink()
    with pytest.raises(CannotStart, match="put it back"):
        async with calling(build(settings)):
            pass


async def test_a_replica_that_holds_the_folder_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    """Given a replica that was stopped while it kept a mark, then no checkpoint is given until it goes on."""
    monkeypatch.setattr("services.intake.marks.PAUSE", 0)
    async with calling(build(IntakeSettings(data=tmp_path))) as client:
        await began(client)
        (tmp_path / FOLDER).mkdir()
        with (tmp_path / FOLDER / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            refused = await client.get(CHECKPOINT)
            assert refused.status_code == 503
            assert refused.json()["detail"].startswith("No checkpoint is signed")
        assert (await client.get(CHECKPOINT)).status_code == 200


async def test_another_of_the_same_size_is_not_kept(tmp_path):
    """Given a mark, when another root of its size is to be kept, then it is refused and the mark stays."""
    async with calling(build(IntakeSettings(data=tmp_path))) as client:
        await began(client)
        signed = (await client.get(CHECKPOINT)).content
    found = checkpoint.parse(notes.parse(signed).text)
    other = Checkpoint(found.origin, found.size, bytes(32))
    with pytest.raises(StoreError, match="another of this size"):
        Marks(tmp_path).keep(ASSESSMENT, Note(other.text, notes.parse(signed).signatures))
    assert (tmp_path / FOLDER / ASSESSMENT).read_bytes() == signed


async def test_a_replica_that_is_behind_does_not_take_a_mark_back(tmp_path):
    """Given two that share a folder, when the one behind keeps what it signed last, then the longer one stays."""
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
        shorter = notes.parse((await client.get(CHECKPOINT)).content)
        await report(client, (8,))
        longer = (await client.get(CHECKPOINT)).content
    Marks(tmp_path).keep(ASSESSMENT, shorter)
    assert (tmp_path / FOLDER / ASSESSMENT).read_bytes() == longer


async def test_a_folder_that_cannot_be_read_is_said_before_anything_starts(tmp_path):
    """Given something else in the folder's place, then one sentence names it."""
    (tmp_path / FOLDER).write_text("in the way")
    with pytest.raises(CannotStart, match=f"{FOLDER}, cannot be read"):
        async with calling(build(IntakeSettings(data=tmp_path))):
            pass


@pytest.mark.parametrize("damage", ["", "no note\n\nno signature\n", "x\n1\ny\n\n\N{EM DASH} x eHh4eHg=\n"])
async def test_a_damaged_mark_is_told_and_stops_its_assessment(tmp_path, damage):
    """Given a mark that cannot be read, then nothing is signed or taken in, and the file is left as it is."""
    settings = IntakeSettings(data=tmp_path)
    async with calling(build(settings)) as client:
        await began(client)
        assert (await client.get(CHECKPOINT)).status_code == 200
    mark = tmp_path / FOLDER / ASSESSMENT
    mark.write_text(damage, encoding="utf-8")

    async with calling(build(settings)) as client:
        for answer in (
            await client.get(CHECKPOINT),
            await client.post(LEDGER, content=raw(submitted(id="e9")), headers=STRUCTURED),
        ):
            assert answer.status_code == 503
            assert "put one that somebody kept in its place" in answer.json()["detail"]
    assert mark.read_text(encoding="utf-8") == damage


async def test_what_cannot_be_marked_is_not_signed(tmp_path, monkeypatch):
    """Given a disk without room, then no checkpoint is given and no half of one is left; later it is."""
    settings = IntakeSettings(data=tmp_path)

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    async with calling(build(settings)) as client:
        await began(client)
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", full)
            refused = await client.get(CHECKPOINT)
        assert refused.status_code == 503
        assert refused.json()["detail"].endswith("(No space left on device).")
        assert not (tmp_path / FOLDER / ASSESSMENT).exists()
        assert (await client.get(CHECKPOINT)).status_code == 200
        assert {path.name for path in (tmp_path / FOLDER).iterdir()} == {ASSESSMENT, ".lock"}
