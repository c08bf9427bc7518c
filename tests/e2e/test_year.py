"""The sample year through `merit up`, as a user would play it: one process, real sockets, SQLite."""

import itertools
import json
import signal
from collections import Counter

import pytest

from services.scoring.domain.book import Book
from shared.contracts.entries import decode_entry, leaf_hash
from shared.gate.outcomes import Accepted
from shared.gate.replay import check_lines
from shared.proof import merkle, tlog_proof
from shared.proof.keys import VerifierKey
from shared.rubric import load
from tests.running import NAME, STRUCTURED, YEAR, shown, up, wait_for
from tests.services import free_port

SETTLED_SECONDS = 180


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return [line for line in YEAR.read_bytes().split(b"\n") if line]


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    """The stored forms that the year's file leads to."""
    with YEAR.open("rb") as file:
        return [line.outcome.stored for line in check_lines(file, load) if isinstance(line.outcome, Accepted)]


@pytest.fixture(scope="module")
def played(tmp_path_factory, lines):
    """The year, sent line by line, with the process killed twice on the way."""
    data, port = tmp_path_factory.mktemp("year"), free_port(24000, 24499)
    answers = Counter()
    cuts = [0, len(lines) // 3, 2 * len(lines) // 3, len(lines)]
    for begin, end in itertools.pairwise(cuts):
        with up(data, port) as client:
            for line in lines[begin:end]:
                answer = client.post(f"/v1/entries/{NAME}", content=line, headers=STRUCTURED)
                answers[answer.status_code, answer.json().get("code")] += 1
            client.process.send_signal(signal.SIGKILL)
    return data, port, answers


def test_the_year_ends_in_the_standing_of_its_file(played, entries):
    """
    Given the sample year, sent line by line to a process that was killed twice meanwhile,
    when it is started once more,
    then ledger, standing and board are those that the file alone leads to.
    """
    data, port, _ = played
    book = Book(load=load)
    book.extend(map(decode_entry, entries))

    with up(data, port) as client:
        wait_for(lambda: shown(client) == len(entries), SETTLED_SECONDS)
        ledger = client.get(f"/v1/entries/{NAME}").content
        standing = client.get(f"/v1/standings/{NAME}").json()
        board = client.get(f"/v1/board/{NAME}", params={"view": "live"}).json()

    def told(line: bytes) -> dict:  # over HTTP the ledger also names how the caller was known
        return {name: value for name, value in json.loads(line).items() if name not in ("authtype", "previous")}

    assert [told(line) for line in ledger.splitlines()] == [told(line) for line in entries]
    assert standing == json.loads(json.dumps(book.standing()))
    assert [(unit["unit"], unit["rank"], unit["exact"]) for unit in board["units"]] == [
        (unit["unit"], unit["rank"], unit["exact"]) for unit in standing["units"]
    ]


def test_every_refusal_is_answered_and_kept(played):
    """
    Given the lines of the year that must be refused,
    when they were sent,
    then each was answered with its code and status, and can be looked up with its reason.
    """
    data, port, answers = played

    with up(data, port) as client:
        kept = client.get(f"/v1/refused/{NAME}", params={"limit": 1000}).json()["refused"]
        first = client.get(f"/v1/refused/{NAME}", params={"source": kept[-1]["source"], "id": kept[-1]["id"]}).json()

    refused = Counter({key: number for key, number in answers.items() if key[1] is not None})
    assert Counter(row["code"] for row in kept) == Counter({code: n for (_, code), n in refused.items()})
    assert {status for status, _ in refused} == {409, 413, 422}
    assert all(row["reason"] for row in kept)
    assert first["refused"] == [kept[-1]]


def test_receipts_prove_entries_offline(played, entries):
    """
    Given a receipt and the key that a checkpoint names,
    when the receipt is checked with neither the server nor its database,
    then it proves the stored bytes, and nothing else.
    """
    data, port, _ = played

    with up(data, port) as client:
        stored = client.get(f"/v1/entries/{NAME}/500").content
        receipt = client.get(f"/v1/receipts/{NAME}/500").content
        checkpoint = client.get(f"/v1/checkpoints/{NAME}")

    key = VerifierKey.parse(checkpoint.headers["x-verifier-key"])
    proof = tlog_proof.parse(receipt)
    assert tlog_proof.verified(proof, merkle.leaf_hash(stored), key.name, [key]).size == len(entries)
    with pytest.raises(merkle.ProofError):
        tlog_proof.verified(proof, merkle.leaf_hash(stored + b" "), key.name, [key])


def test_a_dropped_store_is_rebuilt_to_the_same_bytes(played, entries):
    """
    Given scoring's store was lost,
    when it is built again from the ledger,
    then the stream of scores has the same bytes, and ranking takes nothing twice.
    """
    data, port, _ = played
    with up(data, port) as client:
        wait_for(lambda: shown(client) == len(entries), SETTLED_SECONDS)
        before = client.get(f"/v1/scores/{NAME}", params={"limit": 10_000}).content
        standings = client.get(f"/v1/changes/{NAME}", params={"after": 0, "limit": 10_000}).content
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(60) == 0
    for file in data.glob("scoring.sqlite*"):
        file.unlink()

    with up(data, port) as client:
        wait_for(lambda: client.get(f"/v1/scores/{NAME}", params={"after": len(entries) - 1}).content, SETTLED_SECONDS)
        after = client.get(f"/v1/scores/{NAME}", params={"limit": 10_000}).content
        again = client.get(f"/v1/changes/{NAME}", params={"after": 0, "limit": 10_000}).content
        parked = client.get("/readyz").json()["parked"]

    assert len(before.splitlines()) == len(entries)
    assert after == before
    assert again == standings
    assert parked == {}


def test_the_ledger_is_one_chain(played):
    """
    Given the ledger as its feed gives it,
    when each entry's `previous` is compared with the digest of the one before,
    then all fit, and positions have no gap.
    """
    data, port, _ = played
    with up(data, port) as client:
        feed = client.get(f"/v1/entries/{NAME}").content.splitlines()

    heads = [json.loads(line) for line in feed]
    assert [head["position"] for head in heads] == list(range(1, len(feed) + 1))
    assert [head.get("previous") for head in heads] == [None, *map(leaf_hash, feed[:-1])]
