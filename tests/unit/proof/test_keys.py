import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.proof.keys import COSIGNATURE, BadKey, SignerKey, VerifierKey, key_name

# The example key of Go's golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
SEED = bytes(range(32))


def test_the_published_key_is_read_and_written():
    """Go's example key is read, belongs together, and is written again as it was."""
    public, secret = VerifierKey.parse(PETER), SignerKey.parse(PETER_SECRET)

    assert secret.verifier == public
    assert (str(public), secret.secret) == (PETER, PETER_SECRET)
    assert public.id.hex() == "c74f20a3"


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_what_a_key_signs_only_that_key_holds(seed, text):
    """A signature holds for its text and key, and for no other; the same seed gives the same key and signature."""
    key, other = SignerKey("a.example/x", seed), SignerKey("a.example/x", bytes(a ^ 1 for a in seed))

    signature = key.sign(text)

    assert SignerKey("a.example/x", seed).sign(text) == signature
    assert key.verifier.holds(text, signature)
    assert not key.verifier.holds(text + b".", signature)
    assert not other.verifier.holds(text, signature)


def test_a_key_goes_through_pem_and_text():
    """A key comes back from PEM (under the name it is given) and from its own text."""
    key = SignerKey("ledger.example/binjiang-2020", SEED)

    assert SignerKey.from_pem(key.name, key.pem) == key
    assert SignerKey.parse(key.secret + "\n") == key
    assert VerifierKey.parse(str(key.verifier)) == key.verifier


def test_one_key_under_two_names_is_two_keys():
    """The id hangs on the name: a signature for one assessment's log is not taken for another's."""
    first = SignerKey("ledger.example/a", SEED)
    second = first.named("ledger.example/b")

    assert first.verifier.public == second.verifier.public
    assert first.verifier.id != second.verifier.id


def test_a_witness_signs_with_its_time():
    """A cosignature carries its time, and no other time holds."""
    witness = SignerKey("witness.example/w", SEED, COSIGNATURE)

    signature = witness.sign(b"text\n", time=1679315147)

    assert witness.verifier.holds(b"text\n", signature)
    assert int.from_bytes(signature[:8], "big") == 1679315147
    assert not witness.verifier.holds(b"text\n", (1).to_bytes(8, "big") + signature[8:])
    assert not witness.verifier.holds(b"text\n", signature[8:])
    with pytest.raises(BadKey, match="time"):
        witness.sign(b"text\n")


def test_a_key_does_not_show_its_secret():
    """A key in a log line or a traceback shows its name only."""
    assert "PRIVATE" not in repr(SignerKey.parse(PETER_SECRET))
    assert SignerKey.parse(PETER_SECRET).seed.hex() not in repr(SignerKey.parse(PETER_SECRET))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"),
        PETER.replace("PeterNeumann", "PeterNeuman"),
        PETER.replace("PeterNeumann", "Peter Neumann"),
        PETER[:-4],
        PETER + "AAAA",
        PETER.replace("+ARpc", "+BRpc"),
        PETER_SECRET,
    ],
)
def test_what_is_no_verifier_key_is_refused(text):
    """Mistyped, cut, renamed or of another kind: refused in one sentence."""
    with pytest.raises(BadKey):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        PETER,
        PETER_SECRET.replace("c74f20a3", "c74f20a4"),
        PETER_SECRET[:-8],
        PETER_SECRET.replace("PRIVATE", "PUBLIC"),
    ],
)
def test_what_is_no_signer_key_is_refused_without_repeating_it(text):
    """Refused, and the sentence holds nothing of the secret."""
    with pytest.raises(BadKey) as refusal:
        SignerKey.parse(text)

    assert "AYEKF" not in str(refusal.value)


@pytest.mark.parametrize("pem", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_pem_key_is_refused(pem):
    """Refused in one sentence."""
    with pytest.raises(BadKey):
        SignerKey.from_pem("a.example/x", pem)


def test_a_seed_has_32_bytes():
    """Too short a seed makes no key, nor do names with spaces or plus."""
    with pytest.raises(BadKey):
        SignerKey("a.example/x", b"short")
    for name in ("", "a b", "a+b", "a\u2003b", "a\nb"):
        with pytest.raises(BadKey):
            SignerKey(name, SEED)


@pytest.mark.parametrize(
    ("assessment", "name"),
    [
        ("binjiang-2020", "ledger.example/binjiang-2020"),
        ("a b+c/d", "ledger.example/a%20b%2Bc%2Fd"),
        ("考绩", "ledger.example/%E8%80%83%E7%BB%A9"),
    ],
)
def test_every_assessment_has_a_name_that_keys_can_bear(assessment, name):
    """Whatever an assessment is called, its log's name has no space and no plus, and no two are alike."""
    assert key_name("ledger.example", assessment) == name
    SignerKey(name, SEED)
