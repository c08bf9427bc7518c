"""`merit import`: a ledger restored verbatim, or not at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import run
from services.intake.marks import FOLDER, Marks
from services.intake.proofs import Prover, signed_to
from services.intake.settings import IntakeSettings
from services.intake.signing import ledger_keys
from services.intake.store import DDL, VERSION, LedgerStore, entries
from shared.chassis.problems import Problem
from shared.chassis.store import Append, EventStore, Statement
from shared.contracts.entries import identity
from shared.proof import checkpoint, tlog_proof
from shared.proof.checkpoint import Checkpoint
from shared.proof.merkle import leaf_hash, root
from tests import bundles
from tests.bundles import KEY

YEAR = bundles.year(60, 5)
SOUND = bundles.bundled(YEAR)
NAME = "binjiang-2020"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "audit.zip"
    made.write_bytes(SOUND)
    return made


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[LedgerStore]:
    """Intake's store in the folder that is restored into."""
    (tmp_path / "data").mkdir()
    store = EventStore.open(f"sqlite:///{tmp_path}/data/intake.sqlite", "intake", DDL, VERSION)
    yield LedgerStore(store)
    store.close()


def restore(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str, str]:
    status = run(["import", str(file), "--data", str(file.parent / "data"), *options])
    return status, *capsys.readouterr()


def test_a_ledger_comes_back_to_the_byte(
    file: Path, opened: LedgerStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Given an empty database, when a bundle is imported, then the same bytes stand at the same positions, identities
    are known, what was replaced is not in force, the state is whole, and receipts prove.
    """
    status, out, _ = restore(file, capsys, "--key", str(KEY.verifier), "--json")
    assert status == 0
    assert json.loads(out) == {"assessment": NAME, "entries": len(YEAR), "written": len(YEAR)}
    assert opened.store.stream(entries(NAME)).read() == YEAR

    rows = bundles.rows(YEAR)
    found = opened.found(NAME, [(row["source"], row["id"]) for row in rows])
    assert [found[row["source"], row["id"]].position for row in rows] == list(range(1, len(rows) + 1))
    replaced = {
        identity(**row["data"]["entry"])
        for row in rows
        if row["type"].split(".")[1] in ("EntryCorrected", "EntryWithdrawn")
    }
    gone = {identity(*key) for key, each in found.items() if not each.in_force}
    assert gone == replaced != set()
    state = opened.load(NAME)
    assert state is not None
    assert (state.position, state.phase) == (len(YEAR), "closed")

    prover = Prover(opened, ledger_keys(IntakeSettings(data=tmp_path / "data")), Marks(tmp_path / "data"))
    origin = f"{prover.key.name}/{NAME}"
    known = [prover.key.named(origin).verifier]
    for position in (1, 33, len(YEAR)):
        receipt = tlog_proof.parse(prover.receipt(NAME, position))
        head = tlog_proof.verified(receipt, leaf_hash(YEAR[position - 1]), origin, known)
        assert head.root == root([leaf_hash(line) for line in YEAR])


def test_only_an_empty_assessment_is_restored_into(
    file: Path, opened: LedgerStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a ledger that has entries, the same or others, then nothing is written and the status is 1."""
    opened.store.commit(append=[Append(entries(NAME), 1, YEAR[:5])])
    status, out, err = restore(file, capsys)
    assert (status, out) == (1, "")
    assert err == f"merit: {NAME} is not empty: its ledger has 5 entries; import into another database\n"
    assert opened.store.stream(entries(NAME)).read() == YEAR[:5]
    opened.store.commit(append=[Append(entries(NAME), 6, YEAR[5:])])
    assert restore(file, capsys)[0] == 1


def test_other_assessments_are_left_alone(file: Path, opened: LedgerStore, capsys: pytest.CaptureFixture[str]) -> None:
    """Given another assessment in the database, then this one is restored beside it."""
    opened.store.commit(append=[Append(entries("binjiang-2019"), 1, YEAR[:5])])
    assert restore(file, capsys)[0] == 0
    assert opened.store.stream(entries("binjiang-2019")).read() == YEAR[:5]


def test_an_import_that_broke_off_goes_on(
    file: Path, opened: LedgerStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Given an import that was killed in its midst, then nothing signs what is there, and the same import goes on; the
    import of another bundle does not.
    """
    half = opened.store.commit
    calls: list[int] = []

    def broken(self: EventStore, **parts: object) -> None:
        calls.append(1)
        if len(calls) > 3:
            raise ZeroDivisionError
        half.__func__(self, **parts)

    with monkeypatch.context() as patched:
        patched.setattr("cli.audit.opened.LINES_AT_ONCE", 10)
        patched.setattr(EventStore, "commit", broken)
        with pytest.raises(ZeroDivisionError):
            restore(file, capsys)
    assert opened.store.stream(entries(NAME)).read() == YEAR[:30]
    prover = Prover(opened, ledger_keys(IntakeSettings(data=tmp_path / "data")), Marks(tmp_path / "data"))
    with pytest.raises(Problem, match=f"was signed here at {len(YEAR)} entries and the database holds 30"):
        prover.checkpoint(NAME)

    other = tmp_path / "other.zip"
    other.write_bytes(bundles.bundled(bundles.stored(bundles.rows(YEAR)[:-1])))
    assert restore(other, capsys)[0] == 1
    status, out, _ = restore(file, capsys)
    assert (status, out) == (0, f"{NAME}: {len(YEAR)} entries restored, {len(YEAR) - 30} of them now\n")
    assert opened.store.stream(entries(NAME)).read() == YEAR
    known = [prover.key.named(f"{prover.key.name}/{NAME}").verifier]
    assert checkpoint.verified(prover.checkpoint(NAME), known[0].name, known).size == len(YEAR)


def test_a_file_that_nobody_signed_needs_no_key(
    opened: LedgerStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Given a file of entries, which no key has signed, when it is imported, then intake may make its key at its first
    start, as for any new ledger; where a bundle with a checkpoint was, it may not.
    """
    lines = tmp_path / "entries.jsonl"
    lines.write_bytes(b"\n".join(YEAR))
    assert restore(lines, capsys)[:2] == (0, f"{NAME}: {len(YEAR)} entries restored\n")
    assert opened.store.stream(entries(NAME)).read() == YEAR
    assert not opened.signed()

    bundle = tmp_path / "other" / "audit.zip"
    bundle.parent.mkdir()
    bundle.write_bytes(SOUND)
    assert restore(bundle, capsys)[0] == 0
    store = EventStore.open(f"sqlite:///{bundle.parent}/data/intake.sqlite", "intake", DDL, VERSION)
    assert LedgerStore(store).signed()
    store.close()


def test_what_was_signed_stays_signed_where_a_file_is_imported(
    opened: LedgerStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Given a database that has lost the entries of a longer ledger, but knows that it was signed, when a file that
    nobody signed is imported, then nothing is written: intake would sign a tree smaller than one it signed.
    """
    opened.store.commit(execute=[signed_to(NAME, len(YEAR) + 1, bytes(32))])
    lines = tmp_path / "entries.jsonl"
    lines.write_bytes(b"\n".join(YEAR))
    said = f"merit: {NAME} was signed here when it had {len(YEAR) + 1} entries, and this has {len(YEAR)}: "
    status, _, told = restore(lines, capsys)
    assert (status, told) == (1, f"{said}import all of it, or into another folder and database\n")
    assert opened.head(NAME) is None
    assert opened.signed()


@pytest.mark.parametrize("kept", ["row", "mark"])
@pytest.mark.parametrize("size", [len(YEAR), 7])
def test_another_ledger_than_was_signed_is_not_imported(
    opened: LedgerStore, capsys: pytest.CaptureFixture[str], tmp_path: Path, kept: str, size: int
) -> None:
    """Given a checkpoint signed here of another ledger, no longer than this one, then nothing is written, and what was
    signed is known as before; where it was a beginning of this one, it is imported, and known as well.
    """
    lines, marks = tmp_path / "entries.jsonl", Marks(tmp_path / "data")
    lines.write_bytes(b"\n".join(YEAR))
    sound = root([leaf_hash(line) for line in YEAR[:size]])

    def sign(digest: bytes) -> None:
        if kept == "row":
            opened.store.commit(execute=[Statement(f"DELETE FROM checkpoints WHERE assessment = '{NAME}'", [()])])
            opened.store.commit(execute=[signed_to(NAME, size, digest)])
        else:
            (tmp_path / "data" / FOLDER / NAME).unlink(missing_ok=True)
            marks.keep(NAME, Checkpoint(KEY.name, size, digest).signed(KEY))

    sign(bytes(32))
    status, _, told = restore(lines, capsys)
    said = f"merit: {NAME} was signed here when it had {size} entries, and this is another: import the one that "
    assert (status, told) == (1, f"{said}was signed, or this into another folder and database\n")
    assert opened.head(NAME) is None

    sign(sound)
    assert restore(lines, capsys)[0] == 0
    assert opened.signed()


def test_what_does_not_hold_is_not_imported(file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Given a bundle with an edited entry, another key than the pinned one, or none at all, then no database is made;
    a wrong standing beside a sound ledger is no reason.
    """
    for raw, options in (
        (bundles.edited(SOUND, "entries.jsonl", lambda raw: raw.replace(b'"5605"', b'"5606"')), []),
        (bundles.resigned(SOUND, bundles.OTHER), ["--key", str(KEY.verifier)]),
    ):
        file.write_bytes(raw)
        status, _, err = restore(file, capsys, *options)
        assert status == 1
        assert "merit verify" in err
    file.write_bytes(SOUND[:500])
    assert restore(file, capsys)[0] == 3
    assert not (tmp_path / "data").exists()
    file.write_bytes(bundles.edited_json(SOUND, "standing.json", lambda each: each.update(state="open")))
    assert restore(file, capsys)[0] == 0


def test_an_unusable_database_is_said_in_one_sentence(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a file where the folder must be, then one sentence and status 3."""
    (file.parent / "data").write_text("x")
    status, out, err = restore(file, capsys)
    assert (status, out, err.count("\n")) == (3, "", 1)


def test_a_file_of_entries_is_restored_as_a_bundle_is(
    opened: LedgerStore, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Given the entries as JSON Lines with their positions, then they come back to the byte; with a line that is no
    entry, or one that is missing, nothing is written.
    """
    file = tmp_path / "entries.jsonl"
    for lines in ([*YEAR[:9], b"{}"], YEAR[:9] + YEAR[10:]):
        file.write_bytes(b"".join(line + b"\n" for line in lines))
        assert restore(file, capsys)[0] == 1
    assert opened.store.stream(entries(NAME)).read() == []
    file.write_bytes(b"".join(line + b"\n" for line in YEAR))
    assert restore(file, capsys)[0] == 0
    assert opened.store.stream(entries(NAME)).read() == YEAR


def test_what_is_no_file_is_not_imported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Given no such file, or nothing in it, then one sentence, and no database is made."""
    (tmp_path / "empty").write_bytes(b"")
    for name in ("none.zip", "empty"):
        status, out, err = restore(tmp_path / name, capsys)
        assert status in (1, 2, 3)
        assert (out, err.count("\n")) == ("", 1)
    assert not (tmp_path / "data").exists()
