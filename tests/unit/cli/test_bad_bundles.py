"""What is no bundle, or one that was made to do harm: one sentence, status 3, nothing written, little memory."""

import io
import json
import resource
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from cli.main import run
from shared.proof import archive, bundle
from shared.proof.archive import BadBundle
from tests import bundles

SOUND = bundles.bundled(bundles.year(20))
MEMBERS = bundles.members(SOUND)


def refused(folder: Path, capsys: pytest.CaptureFixture[str], raw: bytes) -> str:
    """What is said of these bytes; nothing else is written, on the screen or beside the file."""
    file = folder / "audit.zip"
    file.write_bytes(raw)
    status = run(["verify", str(file), "--json"])
    out, err = capsys.readouterr()
    assert (status, out) == (3, "")
    assert err.startswith("merit: ")
    assert err.count("\n") == 1
    assert [each.name for each in folder.iterdir()] == ["audit.zip"]
    return err


def with_bit(raw: bytes, mask: int) -> bytes:
    """The archive with one of its first member's flags set, in both its headers."""
    changed = bytearray(raw)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[raw.index(sign) + at] |= mask
    return bytes(changed)


def overlapping() -> bytes:
    """An archive whose list gives the bytes of one member to another as well."""
    raw = bytearray(SOUND)
    first = raw.index(b"PK\x01\x02")
    second = raw.index(b"PK\x01\x02", first + 4)
    size = struct.unpack("<L", raw[first + 24 : first + 28])[0]
    raw[first + 20 : first + 28] = struct.pack("<LL", size + 100, size + 100)
    assert second > first
    return bytes(raw)


def with_name(old: bytes, new: bytes) -> bytes:
    """The archive whose list calls a member otherwise than where it stands."""
    at = SOUND.rindex(old)
    return SOUND[:at] + new + SOUND[at + len(old) :]


def twice() -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as made:
        for name, raw in MEMBERS.items():
            made.writestr(name, raw)
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("standing.json", b"{}")
    return out.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "no bundle"),
    "a text": (lambda: b"position 1\n" * 100, "no bundle"),
    "only an end": (lambda: SOUND[-22:], "cannot be read"),
    "no members": (lambda: bundles.zipped({}), "missing"),
    "more behind it": (lambda: SOUND + b"\0", "does not end as"),
    "a name that climbs out": (
        lambda: bundles.zipped(MEMBERS | {"../../etc/cron.d/x": b"x"}),
        "has no member '../../etc",
    ),
    "a name from the root": (lambda: bundles.zipped(MEMBERS | {"/etc/passwd": b"x"}), "has no member '/etc/passwd'"),
    "a folder": (lambda: bundles.zipped(MEMBERS | {"rubrics/": b""}), "has no member"),
    "a name with a control character": (lambda: bundles.zipped(MEMBERS | {"a\x1b[2J": b""}), r"'a\x1b[2J'"),
    "another name where it stands": (lambda: with_name(b"standing.json", b"standing.jsom"), "another name where"),
    "a name twice": (twice, "'standing.json' twice"),
    "a compressed member": (lambda: bundles.zipped(MEMBERS, compression=ZIP_DEFLATED), "is compressed"),
    "an encrypted member": (lambda: with_bit(SOUND, 1), "is encrypted"),
    "members over each other": (overlapping, "one over the other"),
    "too many members": (
        lambda: bundles.zipped(MEMBERS | {f"rubrics/{at}.yaml": b"" for at in range(1, 1500)}),
        "more than 1000",
    ),
    "rulings without end": (lambda: bundles.zipped(MEMBERS | {"rulings.json": b" " * (33 << 20)}), "at most"),
    "a checkpoint without keys": (
        lambda: bundles.zipped({name: raw for name, raw in MEMBERS.items() if name != "keys.txt"}),
        "keys.txt is missing",
    ),
    "no entries": (
        lambda: bundles.zipped({name: raw for name, raw in MEMBERS.items() if name != "entries.jsonl"}),
        "entries.jsonl is missing",
    ),
    "a line without end": (lambda: bundles.edited(SOUND, "entries.jsonl", lambda raw: raw[:-1]), "cut short"),
    "a line longer than an entry": (
        lambda: bundles.edited(SOUND, "entries.jsonl", lambda raw: raw + b"x" * (1 << 20) + b"\n"),
        "longer than an entry",
    ),
    "empty lines": (lambda: bundles.edited(SOUND, "entries.jsonl", lambda raw: raw + b"\n"), "shorter or longer"),
    "another format": (
        lambda: bundles.edited_json(SOUND, "manifest.json", lambda each: each.update(format="x")),
        "does not say that this is",
    ),
    "a later version": (
        lambda: bundles.edited_json(SOUND, "manifest.json", lambda each: each.update(version=2)),
        "of version 2",
    ),
    "no coordinate": (
        lambda: bundles.edited_json(SOUND, "manifest.json", lambda each: each.pop("coordinate")),
        "coordinate",
    ),
    "a manifest that is none": (lambda: bundles.edited(SOUND, "manifest.json", lambda _: b"\xff"), "not UTF-8"),
    "a manifest as deep as one likes": (lambda: bundles.edited(SOUND, "manifest.json", lambda _: b"[" * 60_000), ""),
    "a standing that names something twice": (
        lambda: bundles.edited(SOUND, "standing.json", lambda raw: raw.replace(b"{", b'{"state": "open",', 1)),
        "named twice",
    ),
    "a standing with NaN": (
        lambda: bundles.edited(SOUND, "standing.json", lambda raw: raw.replace(b"true", b"NaN", 1)),
        "standing.json cannot be read",
    ),
}


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_bundle_gets_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    """Given a file that is no bundle, then one sentence says why, the status is 3, and nothing is unpacked."""
    make, why = BAD[bad]
    assert why in refused(tmp_path, capsys, make())


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_bundle_is_not_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    """Given the same and a folder for the ledger, when it is imported, then one sentence says why not, and no ledger
    was begun.
    """
    make, why = BAD[bad]
    file, data = tmp_path / "audit.zip", tmp_path / "data"
    file.write_bytes(make())
    status = run(["import", str(file), "--data", str(data)])
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    if file.read_bytes().startswith(b"PK"):
        assert (status, why in err) == (3, True)
    else:  # it is taken for entries as lines, of which none is one
        assert status in (1, 3)
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["audit.zip"]


def test_a_bomb_is_not_let_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given an archive of a megabyte that unzips to a gigabyte, then it is refused for being compressed, at once."""
    file = tmp_path / "audit.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as made:
        for name, raw in MEMBERS.items():
            if name != "entries.jsonl":
                made.writestr(name, raw)
        with made.open("entries.jsonl", "w") as member:
            for _ in range(64):
                member.write(bytes(1 << 24))
    assert file.stat().st_size < 1 << 21
    began = time.monotonic()
    assert run(["verify", str(file)]) == 3
    assert "is compressed" in capsys.readouterr().err
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("seed", range(40))
def test_a_bundle_that_was_cut_short_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    """Given the beginning of a bundle, however much of it, then it cannot be read."""
    refused(tmp_path, capsys, SOUND[: Random(seed).randrange(len(SOUND))])


def test_no_bytes_make_the_reader_of_archives_fail_otherwise() -> None:
    """Given an archive with some of its bytes changed, then it is read or refused, and its members lie inside it."""
    random, sound, refusals = Random(0), bundles.zipped({"a": b"xyz" * 9, "b": b"", "c": b"1"}), 0
    for _ in range(3000):
        raw = bytearray(sound)
        for _ in range(random.randrange(1, 6)):
            raw[random.randrange(len(raw))] = random.randrange(256)
        try:
            found = archive.members(io.BytesIO(bytes(raw)))
        except BadBundle:
            refusals += 1
            continue
        assert all(0 <= each.begin <= each.begin + each.size <= len(raw) for each in found.values())
    assert 0 < refusals < 3000


def test_what_is_there_must_be_readable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given no such file, a folder, or a name that can be none, then one sentence and status 3."""
    for name in (tmp_path / "none.zip", tmp_path, "a\0b"):
        assert run(["verify", str(name)]) == 3
        assert "cannot be read" in capsys.readouterr().err


def test_a_gigabyte_is_read_in_little_memory(tmp_path: Path) -> None:
    """Given a bundle of a gigabyte, most of it one endless line, then it is refused in 200 MB of address space beyond
    what the program takes.
    """
    file = tmp_path / "large.zip"
    large = 1 << 30
    with ZipFile(file, "w") as made:
        for name, raw in MEMBERS.items():
            if name != "entries.jsonl":
                made.writestr(name, raw)
        made.writestr("entries.jsonl", b"x" * (8 << 20))
    raw = bytearray(file.read_bytes())
    begin = raw.index(b"x" * 100)
    end = raw.index(b"PK\x01\x02")
    with file.open("wb") as out:  # the same with the endless line drawn out, as a file with holes
        out.write(raw[:begin])
        out.seek(begin + large)
        directory = bytes(raw[end:])
        size = struct.pack("<LL", 8 << 20, 8 << 20)
        assert size in directory
        directory = directory.replace(size, struct.pack("<LL", large, large))
        moved = begin + large - end
        at = directory.rindex(b"PK\x05\x06") + 16
        (offset,) = struct.unpack("<L", directory[at : at + 4])
        out.write(directory[:at] + struct.pack("<L", offset + moved) + directory[at + 4 :])
    script = "import sys; from cli.main import run; sys.exit(run(['verify', sys.argv[1]]))"

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))

    done = subprocess.run(
        [sys.executable, "-c", script, str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=limited,
    )
    assert done.returncode == 3, done.stderr
    assert "longer than an entry" in done.stderr


def test_the_same_ledger_gives_the_same_bytes() -> None:
    """Given one ledger and one coordinate, then its bundle is the same to the byte, and any unzip reads it."""
    lines = bundles.year(20)
    assert bundles.bundled(lines) == SOUND == bundles.bundled(lines)
    with ZipFile(io.BytesIO(SOUND)) as made:
        assert made.testzip() is None
        assert made.read("entries.jsonl").splitlines() == lines
        assert json.loads(made.read("manifest.json"))["format"] == bundle.FORMAT
        assert made.read("rubrics/1.yaml").decode() == json.loads(lines[0])["data"]["rubric"]["content"]
