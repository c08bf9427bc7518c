"""Small signed ledgers and their bundles, and the ways to tamper with them."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import msgspec

from services.scoring.domain import Book, Coordinate
from shared.contracts import standing as contract
from shared.contracts.entries import decode_entry
from shared.proof import bundle
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import SignerKey, key_name
from shared.proof.merkle import leaf_hash, root
from shared.proof.succession import Succession
from tests.oracle import generate

HOST = "ledger.example"
ORIGIN = key_name(HOST, generate.ASSESSMENT)
KEY = SignerKey(ORIGIN, bytes(range(32)))
OTHER = SignerKey(ORIGIN, bytes(range(1, 33)))

LIVE = Coordinate()

Row = dict[str, Any]


def stored(rows: Sequence[Row]) -> list[bytes]:
    """The lines of these rows, each naming the one before, at the next position: what a ledger would have stored."""
    lines: list[bytes] = []
    for position, row in enumerate(rows, 1):
        chained = {name: value for name, value in row.items() if name != "previous"} | {"position": position}
        if lines:
            chained["previous"] = "sha256:" + leaf_hash(lines[-1]).hex()
        lines.append(generate.stored(chained))
    return lines


def rows(lines: Sequence[bytes]) -> list[Row]:
    """The lines as they can be changed."""
    return [json.loads(line) for line in lines]


def said(name: str, data: Row, last: Row, **more: Any) -> Row:
    """One more event of the office, accepted when the last one was."""
    return {
        "specversion": "1.0",
        "id": f"{name}-{last['position']}",
        "source": "/binjiang/sme-office",
        "type": f"meritlog.{name}.v1",
        "time": last["acceptedtime"],
        "acceptedtime": last["acceptedtime"],
        "assessment": last["assessment"],
        "position": last["position"] + 1,
        "data": data,
        **more,
    }


def year(size: int = 40, seed: int = 3) -> list[bytes]:
    """A ledger with a figure of 5605 firms, a corrected ruling, another, and a closing with the right digest."""
    ledger = [row for row in generate.ledger(Random(seed), size) if row["type"] not in STATEMENTS]
    ledger = rows(stored(ledger))
    figure = {"indicator": "M1", "measure": "new_firms", "value": "5605", "occurred": "2020-01-01"}
    ledger.append(said("SubmissionReceived", figure, ledger[-1], subject="market", provider="market"))
    first = said("RulingMade", {"finding": "A03", "reading": "min", "reason": "解释"}, ledger[-1])
    ledger.append(first)
    named = {"source": first["source"], "id": first["id"]}
    data = {"finding": "A03", "reading": "first", "reason": "再解释"}
    ledger.append(said("EntryCorrected", {"entry": named, "reason": "更正", "data": data}, first))
    ledger.append(said("RulingMade", {"finding": "A27", "reading": "dense", "reason": "并列"}, ledger[-1]))
    lines = stored(ledger)
    standing = book(lines).standing(Coordinate())
    closing = {
        "as_of": standing["as_of"],
        "known_at": str(len(lines)),
        "rubric": str(standing["rules"]["version"]),
        "readings": standing["rules"]["readings"],
        "standing": contract.digest(standing),
        "reason": "年终",
    }
    return stored([*ledger, said("AssessmentClosed", closing, rows(lines)[-1])])


STATEMENTS = {f"meritlog.Assessment{name}.v1" for name in ("Frozen", "Closed", "Restated")}


def book(lines: Sequence[bytes]) -> Book:
    """The lines, folded."""
    folded = Book()
    folded.extend(map(decode_entry, lines))
    return folded


def signed(lines: Sequence[bytes], key: SignerKey = KEY) -> bundle.Signed:
    """A checkpoint over these lines."""
    head = Checkpoint(key.name, len(lines), root([leaf_hash(line) for line in lines]))
    return bundle.Signed(bytes(head.signed(key)), bytes(Succession(key.verifier)))


def bundled(
    lines: Sequence[bytes],
    at: Coordinate = LIVE,
    *,
    by: bundle.Signed | None = None,
    unsigned: bool = False,
    standing: Row | None = None,
) -> bytes:
    """A bundle of these lines, signed over them unless told otherwise."""
    standing = standing or book(lines).standing(at)
    note = None if unsigned else by or signed(lines)
    manifest = bundle.Manifest(
        assessment=standing["assessment"],
        origin=None if unsigned else ORIGIN,
        entries=len(lines),
        coordinate=bundle.coordinate(standing, at.readings),
    )
    claim = {name: part for name, part in standing.items() if name != "flags"}, Listed(standing["flags"])
    return b"".join(bundle.pieces(manifest, claim, note, [lines]))


class Listed(list[Row]):
    """Flags that somebody may have touched."""

    def encoded(self, between: bytes) -> Iterator[bytes]:
        yield between.join(map(msgspec.json.encode, self))


def members(raw: bytes) -> dict[str, bytes]:
    """The members of an archive."""
    with ZipFile(io.BytesIO(raw)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def zipped(members: dict[str, bytes], **of_info: Any) -> bytes:
    """An archive of these members, as anybody's program writes it."""
    out = io.BytesIO()
    with ZipFile(out, "w", of_info.pop("compression", ZIP_STORED)) as archive:
        for name, raw in members.items():
            archive.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), raw, archive.compression)
    return out.getvalue()


def edited(raw: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A bundle one of whose members was changed."""
    found = members(raw)
    changed = change(found[name])
    assert changed != found[name]
    return zipped(found | {name: changed})


def edited_json(raw: bytes, name: str, change: Callable[[Any], Any]) -> bytes:
    """A bundle one of whose JSON members was changed in place."""

    def changed(member: bytes) -> bytes:
        value = json.loads(member)
        change(value)
        return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"

    return edited(raw, name, changed)


def rehashed(text: str) -> str:
    """A rubric's digest."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def resigned(raw: bytes, key: SignerKey) -> bytes:
    """A bundle signed by somebody else over what it holds, who names his key in it."""
    found = members(raw)
    lines = found[bundle.ENTRIES].splitlines()
    by = signed(lines, key)
    return zipped(found | {bundle.CHECKPOINT: by.checkpoint, bundle.KEYS: by.keys})


def renamed(key: SignerKey, assessment: str) -> SignerKey:
    """The key under another assessment's name."""
    return replace(key, name=key_name(HOST, assessment))
