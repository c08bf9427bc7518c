from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.proof import notes
from shared.proof.keys import COSIGNATURE, SignerKey, VerifierKey
from shared.proof.notes import NoteError

# The example note of Go's golang.org/x/mod/sumdb/note, and the key that signed it.
PETER = VerifierKey.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
PETERS = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = SignerKey("a.example/x", bytes(32))
OTHER = SignerKey("b.example/y", bytes(range(32)))
WITNESS = SignerKey("witness.example/w", bytes(range(1, 33)), COSIGNATURE)
TEXT = "one\n\ntwo\n"

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")) | st.just("\n")).map(
    lambda text: f"{text}\n"
)


def test_the_published_note_is_opened():
    """Go's example note is read, and its signature holds."""
    note = notes.parse(PETERS.encode())

    assert notes.opened(note, [PETER]) == (PETER,)
    assert note.text.endswith("what your problem is.\n")
    assert str(note) == PETERS


@given(texts)
def test_a_signed_text_comes_back_as_it_was(text):
    """Blank lines, dashes and any script: text and signatures are read as they were written, and hold."""
    note = notes.sign(text, KEY, OTHER)

    read = notes.parse(bytes(note))

    assert read == note
    assert read.text == text
    assert notes.opened(read, [OTHER.verifier, KEY.verifier]) == (KEY.verifier, OTHER.verifier)


def test_lines_of_unknown_keys_are_passed_over():
    """A note holds by its known keys alone; a line of the same name but another id is a stranger's."""
    note = notes.sign(TEXT, SignerKey(KEY.name, bytes(range(32))), KEY)

    assert notes.opened(note, [KEY.verifier]) == (KEY.verifier,)


def test_a_note_without_a_known_signature_is_refused():
    """Signed by strangers is not signed."""
    with pytest.raises(NoteError, match=r"not signed by a\.example/x"):
        notes.opened(notes.sign(TEXT, OTHER), [KEY.verifier])
    with pytest.raises(NoteError, match="not signed"):
        notes.opened(notes.sign(TEXT, OTHER), [])


def test_a_changed_text_or_signature_is_refused():
    """One letter in the text, or one bit in a known key's signature, though another known key's holds."""
    note = notes.sign(TEXT, KEY, OTHER)
    line = note.signatures[0]
    flipped = replace(line, raw=bytes([line.raw[0] ^ 1]) + line.raw[1:])

    for changed in (replace(note, text="one\n\ntwo.\n"), replace(note, signatures=(note.signatures[1], flipped))):
        with pytest.raises(NoteError, match="was changed"):
            notes.opened(changed, [KEY.verifier, OTHER.verifier])


def test_a_witness_can_add_its_signature():
    """A witness's line stands beside the log's and holds with its time; one key counts once however often it stands."""
    note = notes.add(notes.sign(TEXT, KEY), WITNESS, time=1679315147)
    twice = replace(note, signatures=(*note.signatures, note.signatures[0]))

    assert notes.opened(notes.parse(bytes(twice)), [KEY.verifier, WITNESS.verifier]) == (KEY.verifier, WITNESS.verifier)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text",
        b"text\n",
        b"text\n\n",
        PETERS.encode()[:-1],
        PETERS.replace("— ", "- ").encode(),
        PETERS.replace("— PeterNeumann ", "— Peter+Neumann ").encode(),
        PETERS.replace("— PeterNeumann ", "—  ").encode(),
        PETERS.replace("x08go/", "*08go/").encode(),
        PETERS.replace("AM=\n", "AM\n").encode(),
        PETERS.replace("AM=\n", "AN=\n").encode(),
        (PETERS + "more\n").encode(),
        PETERS.replace("then", "then\r").encode(),
        PETERS.replace("then", "then\x00").encode(),
        PETERS.encode().replace(b"then", b"\xff"),
        b"text\n\n" + "— a AAAAAA==\n".encode(),
        (PETERS + PETERS.split("\n\n")[1] * 100).encode(),
        b"x" * 1_000_001,
    ],
)
def test_what_is_no_note_is_refused(raw):
    """Cut, garbled, with control characters, or beyond all measure: refused in one sentence."""
    with pytest.raises(NoteError):
        notes.parse(raw)


@pytest.mark.parametrize("text", ["", "no new line", "a\rb\n", "a\tb\n"])
def test_what_no_note_can_carry_is_not_signed(text):
    """A text that a reader would refuse is refused before it is signed; so is a note without a key."""
    with pytest.raises(NoteError):
        notes.sign(text, KEY)
    with pytest.raises(NoteError):
        notes.sign("text\n")


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(raw):
    """Whatever comes in, it is a note or it is refused."""
    try:
        note = notes.parse(raw)
    except NoteError:
        return
    assert bytes(note) == raw
