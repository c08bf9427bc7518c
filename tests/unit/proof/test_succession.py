import pytest

from shared.proof import notes, succession
from shared.proof.keys import BadKey, SignerKey
from shared.proof.notes import NoteError
from shared.proof.succession import Succession, handed_over, read_hand_over

HOST, ORIGIN = "ledger.example", "ledger.example/binjiang-2020"
KEYS = [SignerKey(HOST, bytes([number]) * 32) for number in range(4)]
OVERS = [read_hand_over(bytes(handed_over(KEYS[at], KEYS[at + 1]))) for at in range(3)]


def under(key, name=ORIGIN):
    return key.named(name).verifier


def test_the_published_text_comes_back():
    """With and without hand-overs; every one of its lines is a key's or a note's."""
    for number in range(4):
        published = Succession(under(KEYS[number]), tuple(OVERS[:number]))
        assert succession.parse(bytes(published)) == published
        assert bytes(published).startswith(f"{under(KEYS[number])}\n".encode())


@pytest.mark.parametrize("pinned", range(4))
def test_belief_goes_forward_only(pinned):
    """Who pinned a key believes it and those that came after, and none that came before."""
    published = Succession(under(KEYS[3]), tuple(OVERS))
    believed = published.believed([under(KEYS[pinned])])
    assert believed == [under(key) for key in KEYS[pinned:]]


def test_a_link_that_is_missing_or_false_ends_it():
    """Left out, signed by the later key alone, or changed after it was signed."""
    text = OVERS[0].note.text
    alone = read_hand_over(bytes(notes.sign(text, KEYS[1])))
    swapped = text.replace(str(KEYS[1].verifier), str(KEYS[2].verifier))
    changed = read_hand_over(f"{swapped}\n{''.join(map(str, OVERS[0].note.signatures))}".encode())
    for path in ((OVERS[1],), (alone, OVERS[1]), (changed,)):
        assert Succession(under(KEYS[2]), path).believed([under(KEYS[0])]) == [under(KEYS[0])]


def test_a_hand_over_of_another_host_leads_nowhere():
    """One key may sign for two hosts; what it hands over under one name is nothing under another."""
    other = [SignerKey("other.example", key.seed) for key in KEYS]
    over = read_hand_over(bytes(handed_over(other[0], other[1])))
    assert Succession(under(KEYS[1]), (over,)).believed([under(KEYS[0])]) == [under(KEYS[0])]


def test_a_key_pinned_under_another_log_is_not_led_on():
    """The same key pinned for another assessment says nothing about this one."""
    pinned = under(KEYS[0], f"{HOST}/binjiang-2021")
    assert Succession(under(KEYS[3]), tuple(OVERS)).believed([pinned]) == [pinned]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"x\n",
        f"{under(KEYS[0])}\n\nx\n".encode(),
        f"{under(KEYS[0])}\n\n{OVERS[0].note.text}\n".encode(),
        f"{under(KEYS[0])}\n\n".encode() + bytes(notes.sign("a text\n", KEYS[0])),
        bytes(Succession(under(KEYS[1]), (OVERS[0],))).replace(b"hand-over v1", b"hand-over v2"),
    ],
)
def test_what_is_no_succession_is_refused(raw):
    """In one sentence."""
    with pytest.raises(NoteError):
        succession.parse(raw)


def test_a_key_hands_over_to_another_of_its_name():
    """Not to itself, and not to another host's."""
    with pytest.raises(BadKey):
        handed_over(KEYS[0], KEYS[0])
    with pytest.raises(BadKey):
        handed_over(KEYS[0], SignerKey("other.example", KEYS[1].seed))
