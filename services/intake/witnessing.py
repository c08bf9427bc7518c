"""Witnesses: others who sign our checkpoints once they have seen that each is the one before, grown.

They are asked as C2SP tlog-witness has it. None is needed. Where some are named, each ledger's checkpoint is sent to
them when it has grown, and what they sign stands below our own signature wherever that checkpoint is given.
"""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import httpx
import structlog

from services.intake.ledgers import Ledgers
from services.intake.store import ENTRIES
from shared.chassis.errors import CannotStart
from shared.chassis.problems import Problem
from shared.proof import notes
from shared.proof.checkpoint import parse
from shared.proof.keys import COSIGNATURE, BadKey, VerifierKey
from shared.proof.notes import NoteError, Signature

ANSWER_SECONDS = 10.0
MOST_SIGNED = 64 * 1024
"""Bytes of a witness's answer."""


class Unwitnessed(Exception):
    """A witness did not sign; one sentence."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Whose signature, and where it is asked for."""

    key: VerifierKey
    url: str


def read_witnesses(path: Path) -> list[Witness]:
    """Read a file of witnesses: on each line a verifier key and the URL below which `add-checkpoint` lies.

    :raises CannotStart: it cannot be read, or a line is no witness
    """
    found: list[Witness] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"The file of witnesses {path} cannot be read ({error}); mend it, or name none.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            key, url = line.split()
            witness = Witness(VerifierKey.parse(key), url.rstrip("/"))
        except (ValueError, BadKey) as error:
            raise CannotStart(f"Line {number} of {path} is no witness: a key, a space and a URL.") from error
        if witness.key.kind != COSIGNATURE or not url.startswith(("http://", "https://")):
            raise CannotStart(f"Line {number} of {path} is no witness: a cosignature key (0x04) and an http URL.")
        found.append(witness)
    return found


class Witnessing:
    """Asks every witness about every ledger, and keeps what each signed last."""

    def __init__(self, ledgers: Ledgers, witnesses: list[Witness], client: httpx.AsyncClient) -> None:
        """Ask these with this client."""
        self.ledgers = ledgers
        self.witnesses = witnesses
        self.client = client
        self._sizes: dict[tuple[str, str], int] = {}
        self.log: structlog.typing.FilteringBoundLogger = structlog.get_logger(service="intake")

    async def run(self, seconds: float) -> None:
        """Ask about what has grown, every so many seconds."""
        while True:
            for assessment in await self.ledgers.ask(self.ledgers.store.store.assessments, ENTRIES):
                try:
                    await self.once(assessment)
                except Problem as problem:
                    self.log.warning("nothing to witness", assessment=assessment, reason=problem.detail)
            await asyncio.sleep(seconds)

    async def once(self, assessment: str) -> None:
        """Ask every witness that has not signed this ledger's checkpoint yet.

        :raises Problem: there is no checkpoint now
        """
        note = notes.parse(await self.ledgers.checkpoint(assessment))
        there = {(line.name, line.key_id) for line in note.signatures}
        for witness in self.witnesses:
            if (witness.key.name, witness.key.id) in there:
                continue
            try:
                line = await self._signed(assessment, note, witness)
            except (httpx.HTTPError, Unwitnessed) as error:
                reason = str(error) or type(error).__name__
                self.log.warning("not witnessed", assessment=assessment, witness=witness.key.name, reason=reason)
            else:
                self.ledgers.prover.witnessed(assessment, note.text, line)

    async def _signed(self, assessment: str, note: notes.Note, witness: Witness) -> Signature:
        """Get a witness's signature; where it knows another size than we think, once more from that."""
        size = parse(note.text).size
        old = self._sizes.get((assessment, witness.url), 0)
        answer = await self._asked(assessment, note, witness, old, size)
        if answer.status_code == 409:
            try:
                old = int(answer.text[:20])
            except ValueError:
                raise Unwitnessed("it knows another ledger") from None
            if not 0 <= old <= size:
                raise Unwitnessed(f"it has signed {old} entries, and there are {size}")
            answer = await self._asked(assessment, note, witness, old, size)
        if answer.status_code != 200 or len(answer.content) > MOST_SIGNED:
            raise Unwitnessed(f"it answered {answer.status_code}")
        self._sizes[assessment, witness.url] = size
        return cosignature(note, answer.content, witness.key)

    async def _asked(self, assessment: str, note: notes.Note, witness: Witness, old: int, size: int) -> httpx.Response:
        proof = await self.ledgers.prove(self.ledgers.prover.steps, assessment, old, size)
        lines = "".join(f"{b64encode(step).decode()}\n" for step in proof)
        own = notes.Note(note.text, note.signatures[:1])
        return await self.client.post(f"{witness.url}/add-checkpoint", content=f"old {old}\n{lines}\n{own}".encode())


def cosignature(note: notes.Note, answer: bytes, key: VerifierKey) -> Signature:
    """Find a witness's signature among the lines that it answered.

    :raises Unwitnessed: none of them is its own, or it does not hold
    """
    try:
        signed = notes.parse(note.text.encode() + b"\n" + answer)
        notes.opened(signed, [key])
    except NoteError as error:
        raise Unwitnessed(str(error)) from error
    return next(line for line in signed.signatures if (line.name, line.key_id) == (key.name, key.id))
