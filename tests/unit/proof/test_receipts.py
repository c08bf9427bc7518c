from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.proof import checkpoint, notes, tlog_proof
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import COSIGNATURE, SignerKey
from shared.proof.merkle import ProofError, Tree, leaf_hash
from shared.proof.notes import NoteError
from shared.proof.tlog_proof import TlogProof

ORIGIN = "ledger.example/binjiang-2020"
KEY = SignerKey(ORIGIN, bytes(32))
KNOWN = [KEY.verifier]
ROOT = bytes(range(32))
HEAD = Checkpoint(ORIGIN, 20852163, ROOT)
HASHES = [leaf_hash(str(number).encode()) for number in range(300)]


def tree() -> Tree:
    made = Tree(lambda begin, end: HASHES[begin:end], height=4)
    made.extend(HASHES)
    return made


def receipt(index: int, size: int, extra: bytes | None = None) -> TlogProof:
    head = Checkpoint(ORIGIN, size, tree().root(size))
    return TlogProof(index, tuple(tree().inclusion_proof(index, size)), bytes(head.signed(KEY)), extra)


def test_a_checkpoint_is_three_lines():
    """Origin, size and Base64 of the root, each on its line, as C2SP tlog-checkpoint says."""
    assert HEAD.text == f"{ORIGIN}\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert checkpoint.parse(HEAD.text) == HEAD


def test_a_signed_checkpoint_holds_for_its_log_alone():
    """Signed by its own key it is believed; under another origin, another key, or by a witness alone it is not."""
    raw = bytes(HEAD.signed(KEY))
    witness = SignerKey("witness.example/w", bytes(range(32)), COSIGNATURE)
    witnessed = notes.add(notes.parse(raw), witness, time=1)
    alone = replace(witnessed, signatures=witnessed.signatures[1:])

    assert checkpoint.verified(raw, ORIGIN, KNOWN) == HEAD
    assert checkpoint.verified(bytes(witnessed), ORIGIN, [*KNOWN, witness.verifier]) == HEAD
    with pytest.raises(NoteError, match=r"not of ledger\.example/other"):
        checkpoint.verified(raw, "ledger.example/other", KNOWN)
    with pytest.raises(NoteError, match="not signed by"):
        checkpoint.verified(raw, ORIGIN, [SignerKey(ORIGIN, bytes(range(32))).verifier])
    with pytest.raises(NoteError, match="itself"):
        checkpoint.verified(bytes(alone), ORIGIN, [*KNOWN, witness.verifier])
    with pytest.raises(NoteError, match="its own key"):
        HEAD.signed(KEY.named("ledger.example/other"))


def test_extension_lines_are_passed_over():
    """Somebody's lines after the third are no part of what we read, and stay under the signature."""
    note = notes.sign(HEAD.text + "extension\n", KEY)

    assert checkpoint.verified(bytes(note), ORIGIN, KNOWN) == HEAD


@pytest.mark.parametrize(
    "text",
    [
        "\n",
        f"{ORIGIN}\n",
        f"{ORIGIN}\n1\n",
        HEAD.text.replace("20852163", "020852163"),
        HEAD.text.replace("20852163", "-1"),
        HEAD.text.replace("20852163", "1e3"),
        HEAD.text.replace("20852163", "２"),
        HEAD.text.replace("20852163", "9" * 5000),
        HEAD.text.replace("Hh8=", "Hh8"),
        HEAD.text.replace("AAEC", ""),
        HEAD.text.replace(ORIGIN, ""),
        HEAD.text + "\n",
        HEAD.text + "\nextension\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    """A note may say anything; a checkpoint says three things."""
    with pytest.raises(NoteError):
        checkpoint.parse(text)


@given(st.data(), st.integers(1, 300), st.none() | st.binary(max_size=100))
def test_any_receipt_comes_back_and_proves(data, size, extra):
    """A receipt for any entry at any later size is read as it was written and proves its leaf offline, and no other."""
    index = data.draw(st.integers(0, size - 1))
    made = receipt(index, size, extra)

    read = tlog_proof.parse(bytes(made))

    assert read == made
    assert tlog_proof.verified(read, HASHES[index], ORIGIN, KNOWN).size == size
    with pytest.raises(ProofError):
        tlog_proof.verified(read, leaf_hash(b"another"), ORIGIN, KNOWN)


def test_a_receipt_is_written_as_published():
    """Head, extra, index, one hash a line, a blank line, the checkpoint as it was signed."""
    text = str(receipt(2, 3, b"more"))

    assert text.split("\n")[:4] == ["c2sp.org/tlog-proof@v1", "extra bW9yZQ==", "index 2", text.split("\n")[3]]
    assert text.split("\n")[4:7] == ["", ORIGIN, "3"]
    assert text.endswith("\n")


def test_a_changed_receipt_does_not_prove():
    """The index, a step, the size or the root changed: refused, whoever holds the receipt."""
    text = str(receipt(77, 300))
    step = text.split("\n")[2]
    for changed in (
        text.replace("index 77", "index 76"),
        text.replace(step + "\n", ""),
        text.replace(step, "A" + step[1:] if step[0] != "A" else "B" + step[1:]),
        text.replace("\n300\n", "\n301\n"),
        text.replace(ORIGIN + "\n300", "ledger.example/other\n300"),
    ):
        assert changed != text
        with pytest.raises((ProofError, NoteError)):
            tlog_proof.verified(tlog_proof.parse(changed.encode()), HASHES[77], ORIGIN, KNOWN)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"c2sp.org/tlog-proof@v1\n\n",
        b"c2sp.org/tlog-proof@v2\nindex 0\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 00\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex -1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1\n*\n\nx",
        b"c2sp.org/tlog-proof@v1\nextra *\nindex 1\n\nx",
        b"c2sp.org/tlog-proof@v1\nindex 1",
        b"c2sp.org/tlog-proof@v1\nindex 1\n" + b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n" * 64 + b"\nx",
    ],
)
def test_what_is_no_receipt_is_refused(raw):
    """Cut, of another version, or with other lines: refused in one sentence."""
    with pytest.raises(ProofError):
        tlog_proof.parse(raw)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_receipt_reader_fail_otherwise(raw):
    """Whatever comes in, it is a receipt or it is refused."""
    try:
        tlog_proof.parse(b"c2sp.org/tlog-proof@v1\nindex 0\n" + raw)
    except ProofError:
        return
