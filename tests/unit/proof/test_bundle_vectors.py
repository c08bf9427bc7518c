"""The test vectors of the audit bundle: read by `merit verify`, and by a verifier written after the page alone."""

import base64
import hashlib
import io
import json
import re
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cli.main import run
from docs import vectors

FOLDER = Path(__file__).parents[3] / "docs/reference/bundle"
INDEX = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", INDEX["vectors"])
def test_merit_verify_finds_what_the_vectors_say(name, capsys):
    """Every vector has the faults that are listed, in the checks that are listed; the sound ones have none."""
    expected = INDEX["vectors"][name]
    status = run(["verify", str(FOLDER / f"{name}.zip"), "--key", INDEX["key"], "--json"])
    out, err = capsys.readouterr()
    if expected == "unreadable":
        assert (status, out, err.count("\n")) == (3, "", 1)
        return
    found = {each["check"]: [fault["code"] for fault in each["faults"]] for each in json.loads(out)["checks"]}
    assert status == (1 if expected else 0)
    assert all(set(codes) <= set(found[check]) for check, codes in expected.items())
    if not expected:
        assert not any(found.values())


@pytest.mark.parametrize("name", INDEX["vectors"])
def test_a_verifier_that_shares_no_code_finds_the_same(name):
    """Up to the step that needs the rubric language, the page is enough to find every fault."""
    expected = INDEX["vectors"][name]
    try:
        found = Verifier((FOLDER / f"{name}.zip").read_bytes(), INDEX["key"]).faults()
    except Unreadable:
        assert expected == "unreadable"
        return
    assert expected != "unreadable"
    mine = {check: codes for check, codes in expected.items() if check in found}
    assert all(set(codes) <= set(found[check]) for check, codes in mine.items())
    if not expected:
        assert not any(found.values())


def test_the_intermediate_values_are_those_of_the_sound_bundle():
    """Leaf hashes and root are listed for whoever looks for the step where his verifier goes astray."""
    lines = ZipFile(FOLDER / "sound.zip").read("entries.jsonl").split(b"\n")[:-1]
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    assert [leaf.hex() for leaf in leaves] == INDEX["leaves"]
    assert mth(leaves).hex() == INDEX["root"]


def test_the_vectors_are_those_that_would_be_written_now():
    """The same to the byte, wherever they are made."""
    made = vectors.vectors()
    assert json.loads(json.dumps(vectors.index())) == INDEX
    assert {file.stem for file in FOLDER.glob("*.zip")} == set(made)
    for name, (raw, _) in made.items():
        assert (FOLDER / f"{name}.zip").read_bytes() == raw, "run python -m docs.vectors"


# -- the second verifier: the standard library, Ed25519, and docs/reference/bundle.md


class Unreadable(Exception):
    pass


def mth(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def read_key(text):
    name, key_id, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4].hex() == key_id
    return name, raw[1:]


def opened(note):
    """The text of a note, and its signatures by name and key id."""
    text, _, signatures = note.rpartition(b"\n\n")
    found = {}
    for line in signatures.decode().split("\n")[:-1]:
        _, name, encoded = line.split(" ")
        raw = base64.b64decode(encoded)
        found[name, raw[:4]] = raw[4:]
    return text + b"\n", found


def signed(note, name, public):
    text, signatures = opened(note)
    key_id = hashlib.sha256(name.encode() + b"\n\1" + public).digest()[:4]
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signatures.get((name, key_id), b""), text)
    except InvalidSignature:
        return False
    return True


class Verifier:
    def __init__(self, raw, pinned):
        try:
            archive = ZipFile(io.BytesIO(raw))
        except BadZipFile as error:
            raise Unreadable from error
        infos = archive.infolist()
        names = [info.filename for info in infos]
        fixed = "manifest.json", "standing.json", "checkpoint.txt", "keys.txt", "entries.jsonl", "rulings.json"
        stored = all(info.compress_type == 0 and not info.flag_bits & 1 for info in infos)
        if (
            not stored
            or len(set(names)) < len(names)
            or not all(name in fixed or re.fullmatch(r"rubrics/[1-9]\d*\.yaml", name) for name in names)
        ):
            raise Unreadable
        self.members = {name: archive.read(name) for name in names}
        self.manifest = json.loads(self.members["manifest.json"])
        if (self.manifest["format"], self.manifest["version"]) != ("meritlog-bundle", 1):
            raise Unreadable
        self.pinned = read_key(pinned)
        self.lines = self.members["entries.jsonl"].split(b"\n")[:-1]
        self.entries = [json.loads(line) for line in self.lines]
        self.leaves = [hashlib.sha256(b"\0" + line).digest() for line in self.lines]

    def faults(self):
        return {
            "entries": list(self.chain()),
            "checkpoint": list(self.checkpoint()),
            "signature": list(self.signature()),
            "rubrics": list(self.rubrics()),
            "rulings": list(self.rulings()),
        }

    def chain(self):
        if len(self.lines) != self.manifest["entries"]:
            yield "count"
        expected, before, digest = 1, 0, None
        for entry, leaf in zip(self.entries, self.leaves, strict=True):
            position = entry["position"]
            if position > expected:
                yield "missing"
            elif position < expected:
                yield "out-of-order"
            if position == before + 1 and entry.get("previous") != digest:
                yield "broken"
            before, digest = position, "sha256:" + leaf.hex()
            expected = max(expected, position + 1)

    def checkpoint(self):
        if "checkpoint.txt" not in self.members:
            return
        _, size, root = opened(self.members["checkpoint.txt"])[0].decode().split("\n")[:3]
        if len(self.leaves) < int(size):
            yield "cut-short"
        elif mth(self.leaves[: int(size)]) != base64.b64decode(root):
            yield "root"
        elif len(self.leaves) > int(size):
            yield "added"

    def signature(self):
        if "checkpoint.txt" not in self.members:
            yield "unsigned"
            return
        note = self.members["checkpoint.txt"]
        origin = opened(note)[0].decode().split("\n")[0]
        host = origin.rpartition("/")[0]
        if (
            origin != self.manifest["origin"]
            or origin != f"{host}/{self.manifest['assessment']}"
            or origin != self.pinned[0]
        ):
            yield "other-ledger"
        first, *rest = self.members["keys.txt"].removesuffix(b"\n").split(b"\n\n")
        believed = [self.pinned[1]]
        for text, signatures in zip(rest[::2], rest[1::2], strict=True):
            name, what, *keys = text.decode().split("\n")
            assert (name, what) == (host, "meritlog hand-over v1")
            (_, before), (_, after) = map(read_key, keys)
            over = text + b"\n\n" + signatures + b"\n"
            if before in believed and signed(over, host, before) and signed(over, host, after):
                believed.append(after)
        if read_key(first.decode())[1] not in believed:
            yield "other-key"
        if not any(signed(note, origin, public) for public in believed):
            yield "not-signed"

    def rubrics(self):
        carried = {}
        for entry in self.entries:
            if entry["type"] in ("meritlog.AssessmentOpened.v1", "meritlog.RubricAdopted.v1"):
                rubric = entry["data"]["rubric"]
                text = carried[f"rubrics/{entry['position']}.yaml"] = rubric["content"].encode()
                if "sha256:" + hashlib.sha256(text).hexdigest() != rubric["digest"]:
                    yield "rubric-digest"
        if carried != {name: raw for name, raw in self.members.items() if name.startswith("rubrics/")}:
            yield "rubric-file"

    def rulings(self):
        made, in_force = [], {}
        for entry in self.entries:
            kind, data = entry["type"].split(".")[1], entry["data"]
            if kind in ("EntryCorrected", "EntryWithdrawn"):
                ended = in_force.pop((data["entry"]["source"], data["entry"]["id"]), None)
                if ended is None:
                    continue
                ended["until"] = entry["position"]
                data = data.get("data")
            if kind == "RulingMade" or (kind == "EntryCorrected" and ended is not None):
                ruling = {name: entry[name] for name in ("position", "source", "id", "acceptedtime")}
                ruling |= {name: data.get(name) for name in ("finding", "reading", "reason")} | {"until": None}
                made.append(ruling)
                in_force[entry["source"], entry["id"]] = ruling
        if made != json.loads(self.members["rulings.json"]):
            yield "ruling"
