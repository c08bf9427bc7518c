"""A bundle verified, beside one pass that hashes each of its entries and decodes it, and does nothing with either."""

import io
import time
from hashlib import sha256

from benchmarks import synthetic
from benchmarks.table import Pairs, Row
from cli.audit.opened import Bundle
from cli.audit.verifying import verify
from services.scoring.domain import Book
from shared.contracts.entries import decode_entry
from shared.proof import bundle
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import SignerKey, key_name
from shared.proof.merkle import leaf_hash, root
from shared.proof.succession import Succession

AT_ONCE = 10_000
KEY = SignerKey(key_name("ledger.example", synthetic.ASSESSMENT), bytes(range(32)))


def rows(*, quick: bool) -> list[Row]:
    """Entries a second, without the gate and with it."""
    many, fewer = (3_000, 1_000) if quick else (1_000_000, 100_000)
    return [
        _row(
            many, gate=False, goal="≤ 2x", limit="digests one by one, by a library that lets nothing else run meanwhile"
        ),
        _row(fewer, gate=True, goal="", limit="the gate, in the interpreter: every check of every entry again"),
    ]


def _row(count: int, *, gate: bool, goal: str, limit: str) -> Row:
    opened = Bundle(io.BytesIO(_bundle(count)))
    pairs = Pairs([], [])
    for _ in range(3):
        start = time.perf_counter()
        if not verify(opened, [KEY.verifier], gate=gate).holds:
            raise SystemExit("the bundle does not hold")
        pairs.ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        for lines in opened.entries.batches():
            for line in lines:
                sha256(b"\0" + line).digest()
                decode_entry(line)
        pairs.peer.append(time.perf_counter() - start)
    how = "and put through the gate again" if gate else "without the gate (--quick)"
    return Row(
        f"a bundle of {count:,} entries verified, {how}",
        f"{count / min(pairs.ours):,.0f}/s",
        f"{count / min(pairs.peer):,.0f}/s hashed and decoded once",
        f"{pairs.ratio:.1f}x the time",
        goal,
        limit,
    )


def _bundle(count: int) -> bytes:
    lines = list(synthetic.entries(count))
    batches = [lines[at : at + AT_ONCE] for at in range(0, count, AT_ONCE)]
    book = Book(lambda position: decode_entry(lines[position - 1]))
    book.extend_stored(batches)
    claim = book.standing_and_flags()
    head = Checkpoint(KEY.name, count, root([leaf_hash(line) for line in lines]))
    signed = bundle.Signed(bytes(head.signed(KEY)), bytes(Succession(KEY.verifier)))
    manifest = bundle.Manifest(
        assessment=synthetic.ASSESSMENT,
        origin=KEY.name,
        entries=count,
        coordinate=bundle.coordinate(claim[0], {}),
    )
    return b"".join(bundle.pieces(manifest, claim, signed, batches))
