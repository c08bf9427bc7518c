"""Witnesses sign checkpoints after they have checked them, as C2SP tlog-witness has it."""

import json
from base64 import b64decode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.intake.app import build
from services.intake.settings import IntakeSettings
from services.intake.witnessing import Witness, Witnessing, read_witnesses
from shared.chassis.errors import CannotStart
from shared.proof import checkpoint, merkle, notes
from shared.proof.keys import COSIGNATURE, SignerKey, VerifierKey
from tests.builders import ASSESSMENT, opened, raw, submitted
from tests.services import calling

KEY = SignerKey("witness.example/w1", bytes(range(32)), COSIGNATURE)


class FakeWitness:
    """Checks as the specification says, keeps what it signed last, and signs."""

    def __init__(self, log: VerifierKey):
        self.log, self.size, self.root, self.key, self.answers = log, 0, merkle.EMPTY, KEY, []
        self.app = Starlette(routes=[Route("/w/add-checkpoint", self.add, methods=["POST"])])

    async def add(self, request):
        head, _, signed = (await request.body()).partition(b"\n\n")
        first, *steps = head.decode().split("\n")
        word, _, old = first.partition(" ")
        assert word == "old"
        found = checkpoint.verified(signed, self.log.name, [self.log])
        assert len(notes.parse(signed).signatures) == 1
        answer = self.judged(int(old), found, [b64decode(step) for step in steps], signed)
        self.answers.append(answer.status_code)
        return answer

    def judged(self, old, found, proof, signed) -> Response:
        if old != self.size:
            return PlainTextResponse(f"{self.size}\n", 409, {"Content-Type": "text/x.tlog.size"})
        try:
            merkle.verify_consistency(old, found.size, self.root, found.root, proof)
        except merkle.ProofError:
            return PlainTextResponse("", 422)
        self.size, self.root = found.size, found.root
        line = notes.signed_by(notes.parse(signed).text, self.key, 1609462800)
        return PlainTextResponse(str(line))


@pytest.fixture
async def intake(tmp_path):
    """Intake with an assessment of three entries; its client, its log's key, and who asks witnesses."""
    service = build(IntakeSettings(data=tmp_path, start_seconds=5))
    async with calling(service) as client:
        for each in (opened(), submitted(1), submitted(2)):
            assert (await sent(client, each)).status_code == 201
        key = VerifierKey.parse((await client.get(f"/v1/checkpoints/{ASSESSMENT}/keys")).text)
        yield client, key, service.app.state.ledgers


async def sent(client, members):
    headers = {"Content-Type": "application/cloudevents+json"}
    return await client.post(f"/v1/entries/{ASSESSMENT}", content=raw(members), headers=headers)


async def held(client, key):
    """Whether the checkpoint now is the ledger's own, and the names of the witnesses that signed it."""
    note = (await client.get(f"/v1/checkpoints/{ASSESSMENT}")).content
    found = checkpoint.verified(note, key.name, [key, KEY.verifier])
    return found.size, [each.name for each in notes.opened(notes.parse(note), [key, KEY.verifier])[1:]]


def asking(ledgers, witness, *more) -> Witnessing:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(witness.app))
    return Witnessing(ledgers, [Witness(KEY.verifier, "http://witness/w"), *more], client)


async def test_a_witness_signs_what_has_grown(intake):
    """Given a witness, then it signs the head, again when the ledger has grown, and is not asked in between; what it
    has not seen yet is our own checkpoint alone.
    """
    client, key, ledgers = intake
    witness = FakeWitness(key)
    asked = asking(ledgers, witness)
    assert await held(client, key) == (3, [])
    await asked.once(ASSESSMENT)
    await asked.once(ASSESSMENT)
    assert await held(client, key) == (3, [KEY.name])
    await sent(client, submitted(3))
    assert await held(client, key) == (4, [])
    await asked.once(ASSESSMENT)
    assert await held(client, key) == (4, [KEY.name])
    assert witness.answers == [200, 200]
    receipt = (await client.get(f"/v1/receipts/{ASSESSMENT}/2")).text
    assert KEY.name in receipt


async def test_a_witness_that_knows_the_ledger_already_is_asked_from_there(intake):
    """Given an intake that was started again, then the witness says which size it knows, and signs from that."""
    client, key, ledgers = intake
    witness = FakeWitness(key)
    await asking(ledgers, witness).once(ASSESSMENT)
    for value in range(4, 9):
        await sent(client, submitted(value))
    await asking(ledgers, witness).once(ASSESSMENT)
    assert witness.answers == [200, 409, 200]
    assert await held(client, key) == (8, [KEY.name])


@pytest.mark.parametrize("fault", ["larger", "no size", "another key", "another text", "500", "away"])
async def test_a_witness_that_does_not_sign_changes_nothing(intake, fault):
    """Given a witness that knows more than there is, signs something else, or does not answer, then the checkpoint is
    ours alone, and the next witness is asked all the same.
    """
    client, key, ledgers = intake
    witness = FakeWitness(key)
    match fault:
        case "larger":
            witness.size = 99
        case "no size":
            witness.judged = lambda *_: PlainTextResponse("x", 409)
        case "another key":
            witness.key = SignerKey(KEY.name, bytes(range(1, 33)), COSIGNATURE)
        case "another text":
            witness.judged = lambda *_: PlainTextResponse(str(notes.signed_by("x\n", KEY, 1)))
        case "500":
            witness.judged = lambda *_: PlainTextResponse("", 500)
        case "away":
            witness.app = Starlette()
    asked = asking(ledgers, witness)
    await asked.once(ASSESSMENT)
    assert await held(client, key) == (3, [])


def test_a_file_of_witnesses(tmp_path):
    """A key and a URL on each line, blank lines and remarks passed over; another line is one sentence at the start."""
    file = tmp_path / "witnesses"
    file.write_text(f"# ours\n\n{KEY.verifier} https://witness.example/w/\n")
    assert read_witnesses(file) == [Witness(KEY.verifier, "https://witness.example/w")]
    log = SignerKey("witness.example/w1", bytes(32)).verifier
    for line in ("x", f"{KEY.verifier}", f"{KEY.verifier} ftp://x", f"{log} https://x", f"{KEY.verifier} https://x y"):
        file.write_text(line)
        with pytest.raises(CannotStart, match=r"Line 1 of .* is no witness"):
            read_witnesses(file)
    with pytest.raises(CannotStart, match="cannot be read"):
        read_witnesses(tmp_path / "none")


async def test_witnesses_are_asked_while_intake_runs(tmp_path, intake):
    """Given a file of witnesses that cannot be reached, then intake works, and says so in its log alone."""
    file = tmp_path / "witnesses"
    file.write_text(f"{KEY.verifier} http://127.0.0.1:9\n")
    settings = IntakeSettings(data=tmp_path / "other", start_seconds=5, witnesses=file, witness_seconds=0.01)
    async with calling(build(settings)) as client:
        assert (await sent(client, opened())).status_code == 201
        assert json.loads((await client.get("/readyz")).content)["status"] == "ready"
