"""What we sign and prove, checked by code that is not ours: Go's note, transparency-dev's Merkle tree and receipts."""

import json
import subprocess
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from shared.proof import notes
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import COSIGNATURE, SignerKey, key_name
from shared.proof.merkle import Tree, leaf_hash
from shared.proof.tlog_proof import TlogProof

pytestmark = pytest.mark.needs("go")

LEAVES = [f'{{"position":{number}}}'.encode() for number in range(70)]
ORIGIN = key_name("ledger.example", "考绩 2020+1")
KEY = SignerKey(ORIGIN, bytes(range(32)))
WITNESS = SignerKey("witness.example/w1", bytes(range(1, 33)), COSIGNATURE)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """The Go program, asked many cases at once: "ok" or its reason for each."""
    program = tmp_path_factory.mktemp("go") / "go_verify"
    source = Path(__file__).parent / "go_verify"
    subprocess.run(["go", "build", "-mod=readonly", "-o", program, "."], cwd=source, check=True, timeout=300)

    def asked(cases: list[dict]) -> list[str]:
        lines = "".join(json.dumps(case, default=lambda raw: b64encode(raw).decode()) + "\n" for case in cases)
        done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True, timeout=60)
        return done.stdout.splitlines()

    return asked


def tree() -> Tree:
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    made = Tree(lambda begin, end: hashes[begin:end], height=3)
    made.extend(hashes)
    return made


def inclusion(index: int, size: int) -> dict:
    proof = tree().inclusion_proof(index, size)
    root = tree().root(size)
    return {
        "What": "inclusion",
        "Leaf": LEAVES[index],
        "Index": index,
        "Second": size,
        "SecondRoot": root,
        "Proof": proof,
    }


def consistency(first: int, second: int) -> dict:
    proof = tree().consistency_proof(first, second)
    roots = {"FirstRoot": tree().root(first), "SecondRoot": tree().root(second)}
    return {"What": "consistency", "First": first, "Second": second, "Proof": proof, **roots}


def receipt(index: int, size: int, extra: bytes | None = None) -> dict:
    note = notes.add(Checkpoint(ORIGIN, size, tree().root(size)).signed(KEY), WITNESS, time=1593561603)
    made = TlogProof(index, tuple(tree().inclusion_proof(index, size)), bytes(note), extra)
    keys = {"Keys": [str(KEY.verifier)], "Witnesses": [str(WITNESS.verifier)]}
    return {"What": "receipt", "Receipt": bytes(made), "Leaf": LEAVES[index], "Origin": ORIGIN, **keys}


def test_every_leaf_in_every_tree_is_found_by_others(judge):
    """2,485 inclusion proofs: every leaf in every size up to 70."""
    cases = [inclusion(index, size) for size in range(1, 71) for index in range(size)]

    assert set(judge(cases)) == {"ok"}


def test_every_pair_of_sizes_is_found_consistent_by_others(judge):
    """2,556 consistency proofs: every pair of sizes up to 70, the empty tree too."""
    cases = [consistency(first, second) for second in range(71) for first in range(second + 1)]

    assert set(judge(cases)) == {"ok"}


def test_others_refuse_what_we_would_refuse(judge):
    """The judge does judge: another leaf, another root, a dropped step are refused by it as well."""
    right, pair = inclusion(5, 70), consistency(33, 70)

    answers = judge(
        [
            right | {"Leaf": b"another"},
            right | {"Proof": right["Proof"][:-1]},
            pair | {"FirstRoot": pair["SecondRoot"]},
            pair | {"Proof": pair["Proof"][1:]},
        ]
    )

    assert [answer.split(":")[0] for answer in answers] == ["no"] * 4


def test_notes_are_opened_by_others_with_our_keys(judge):
    """A checkpoint signed by its log and a witness opens with both verifier keys, and not when a letter changes."""
    note = notes.add(Checkpoint(ORIGIN, 70, tree().root()).signed(KEY), WITNESS, time=1593561603)
    text = "Blank lines\n\nand 考绩: — dashes.\n"
    keys = {"Keys": [str(KEY.verifier)], "Witnesses": [str(WITNESS.verifier)]}
    changed = replace(note, text=note.text.replace("70", "71"))

    answers = judge(
        [
            {"What": "note", "Text": note.text.encode(), "Note": bytes(note), **keys},
            {"What": "note", "Text": text.encode(), "Note": bytes(notes.sign(text, KEY)), "Keys": keys["Keys"]},
            {"What": "note", "Text": changed.text.encode(), "Note": bytes(changed), **keys},
        ]
    )

    assert answers[:2] == ["ok", "ok"]
    assert answers[2].startswith("no:")


def test_others_sign_with_our_key_as_we_do(judge):
    """Ed25519 has one signature for a key and a text: with our encoded key, Go writes the very same note."""
    text = Checkpoint(ORIGIN, 70, tree().root()).text

    case = {"What": "signed alike", "Text": text.encode(), "Note": bytes(notes.sign(text, KEY)), "Secret": KEY.secret}

    assert judge([case]) == ["ok"]


def test_receipts_are_followed_by_others(judge):
    """A receipt leads others from the stored bytes to the checkpoint that the log signed; other bytes it does not."""
    cases = [receipt(index, size) for index, size in ((0, 1), (0, 70), (69, 70), (63, 64), (33, 50))]
    other = receipt(5, 70, b"more") | {"Leaf": b"another"}

    answers = judge([*cases, receipt(5, 70, b"more"), other])

    assert answers[:-1] == ["ok"] * 6
    assert answers[-1].startswith("no:")


def test_a_bundles_checkpoint_and_hand_over_are_opened_by_others(judge):
    """The notes in the bundle's test vectors open with the keys that stand beside them, in code that is not ours."""
    folder = Path(__file__).parents[2] / "docs/reference/bundle"
    with ZipFile(folder / "key-handed-over.zip") as bundle:
        checkpoint, keys = bundle.read("checkpoint.txt"), bundle.read("keys.txt").decode()
    now, _, note = keys.partition("\n\n")
    text = note.partition("\n\n")[0] + "\n"
    both = text.splitlines()[2:]

    answers = judge(
        [
            {"What": "note", "Text": checkpoint.partition(b"\n\n")[0] + b"\n", "Note": checkpoint, "Keys": [now]},
            {"What": "note", "Text": text.encode(), "Note": note.encode(), "Keys": both},
            {"What": "note", "Text": text.encode(), "Note": note.encode(), "Keys": [now]},
        ]
    )

    assert answers[:2] == ["ok", "ok"]
    assert answers[2].startswith("no:")
