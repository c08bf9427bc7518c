"""Writes the test vectors of the audit bundle: `python -m docs.vectors`. A test reads them, and keeps them current.

The ledger is synthetic and small; its keys are made of counted bytes and sign nothing else.
"""

import hashlib
import io
import json
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from services.scoring.domain import Book, Coordinate
from shared.contracts import standing as contract
from shared.contracts.entries import decode_entry
from shared.gate.outcomes import Accepted
from shared.gate.replay import Replay
from shared.proof import bundle
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import SignerKey
from shared.proof.merkle import leaf_hash, root
from shared.proof.succession import Succession, handed_over, read_hand_over
from shared.rubric import load

FOLDER = Path(__file__).parent / "reference/bundle"
HOST, ASSESSMENT = "ledger.example", "vectors-2020"
ORIGIN = f"{HOST}/{ASSESSMENT}"
KEY, LATER, STRANGER = (SignerKey(ORIGIN, bytes(range(first, first + 32))) for first in (0, 32, 64))

RUBRIC = """\
language: 1
id: vectors-2020
version: 1
title: 测试向量（虚构）
document: {title: 测试向量（虚构）, digest: "sha256:0000000000000000000000000000000000000000000000000000000000000000"}
period: {from: 2020-01-01, to: 2020-12-31}
timezone: Asia/Shanghai
assessor: office
total: 20
units:
  - {id: a, name: 甲局}
  - {id: b, name: 乙局}
providers:
  - {id: office, name: 考核办, calendar: none}
  - {id: statistics, name: 统计局, calendar: none}
blocks:
  - {id: work, name: 工作实绩, max: 20, clause: 一}
findings:
  - id: Q1
    clause: 一.1
    text: 完成率不到70%的不得分
    question: 恰为70%得分吗
    readings: {below: 低于70%不得分, inclusive: 70%及以下不得分}
    moves: rank
    why: “不到”不含本数
indicators:
  - id: X
    block: work
    units: all
    name: 企业
    max: 20
    clause: 一.1
    text: 完成50家得20分，未完成的按比例；不到70%的不得分。
    measures: [{id: firms, name: 企业数, providers: statistics, in: 家, whole: true, from: 0}]
    rule:
      cliff:
        of: {proportion: {actual: firms, target: 50}}
        share: 70%
        inclusive: {reading: Q1, below: false, inclusive: true}
"""


def event(kind: str, month: int, data: dict[str, Any], **more: str) -> dict[str, Any]:
    """One event of the vectors' year."""
    members = {"specversion": "1.0", "id": f"{kind}-{month}", "source": "/vectors", "type": f"meritlog.{kind}.v1"}
    return members | {"time": f"2020-{month:02}-01T09:00:00+08:00", "assessment": ASSESSMENT, "data": data} | more


def firms(month: int, unit: str, value: str) -> dict[str, Any]:
    """One figure."""
    data = {"indicator": "X", "measure": "firms", "value": value, "occurred": f"2020-{month - 1:02}-28"}
    return event("SubmissionReceived", month, data, subject=unit, provider="statistics")


def events() -> list[dict[str, Any]]:
    """Open, five figures, a correction, a withdrawal, a ruling that is corrected."""
    rubric = {"id": ASSESSMENT, "version": 1, "digest": digest(RUBRIC.encode()), "content": RUBRIC}
    period = {"from": "2020-01-01", "to": "2020-12-31"}
    opening = event("AssessmentOpened", 1, {"rubric": rubric, "period": period, "timezone": "Asia/Shanghai"})
    corrected = {"indicator": "X", "measure": "firms", "value": "35", "occurred": "2020-02-28"}
    ruling = {"finding": "Q1", "reading": "inclusive", "reason": "含本数"}
    other = {"finding": "Q1", "reading": "below", "reason": "不含本数"}
    return [
        opening,
        firms(2, "a", "20"),
        firms(3, "b", "30"),
        event("EntryCorrected", 4, {"entry": named("SubmissionReceived-3"), "reason": "误报", "data": corrected})
        | {"provider": "statistics"},
        event("RulingMade", 5, ruling),
        firms(6, "a", "42"),
        event("EntryCorrected", 7, {"entry": named("RulingMade-5"), "reason": "更正", "data": other}),
        firms(8, "b", "44"),
        firms(9, "a", "48"),
        event("EntryWithdrawn", 10, {"entry": named("SubmissionReceived-9"), "reason": "重复"})
        | {"provider": "statistics"},
    ]


def named(id_: str) -> dict[str, str]:
    """How an event is referred to."""
    return {"source": "/vectors", "id": id_}


def digest(raw: bytes) -> str:
    """SHA-256 as it is written."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def stored(every: Iterable[dict[str, Any]]) -> list[bytes]:
    """What a ledger stores of these events."""
    replay = Replay(load)
    outcomes = [replay.read(json.dumps(each, ensure_ascii=False).encode()) for each in every]
    return [outcome.stored for outcome in outcomes if isinstance(outcome, Accepted)]


def book(lines: Iterable[bytes]) -> Book:
    """The entries, folded."""
    made = Book()
    made.extend(map(decode_entry, lines))
    return made


def closed() -> list[bytes]:
    """The ledger, with a closing that names the digest of its standing."""
    lines = stored(events())
    standing = book(lines).standing()
    at = {"as_of": standing["as_of"], "known_at": len(lines), "rubric": 1, "readings": standing["rules"]["readings"]}
    closing = {**at, "standing": contract.digest(standing), "reason": "年终"}
    return stored([*events(), event("AssessmentClosed", 12, closing)])


def signed(lines: list[bytes], key: SignerKey = KEY, published: Succession | None = None) -> bundle.Signed:
    """A checkpoint over these lines, and the key beside it."""
    head = Checkpoint(key.name, len(lines), root([leaf_hash(line) for line in lines]))
    return bundle.Signed(bytes(head.signed(key)), bytes(published or Succession(key.verifier)))


def bundled(lines: list[bytes], by: bundle.Signed | None, at: Coordinate | None = None) -> bytes:
    """A bundle of these lines."""
    at = at or Coordinate()
    claim = book(lines).standing_and_flags(at)
    manifest = bundle.Manifest(
        assessment=ASSESSMENT,
        origin=ORIGIN if by else None,
        entries=len(lines),
        coordinate=bundle.coordinate(claim[0], at.readings),
    )
    return b"".join(bundle.pieces(manifest, claim, by, [lines]))


def changed(raw: bytes, name: str, change: Callable[[bytes], bytes], compression: int = ZIP_STORED) -> bytes:
    """A bundle one of whose members was changed, or added."""
    with ZipFile(io.BytesIO(raw)) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = change(members.get(name, b""))
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for each, data in members.items():
            archive.writestr(ZipInfo(each, (1980, 1, 1, 0, 0, 0)), data, compression)
    return out.getvalue()


def swap(one: bytes, other: bytes) -> Callable[[bytes], bytes]:
    """A change of some bytes where they stand first."""
    return lambda raw: raw.replace(one, other, 1)


def lines_of(choose: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    """A change of the order or the number of lines."""
    return lambda raw: b"".join(choose(raw.splitlines(keepends=True)))


def vectors() -> dict[str, tuple[bytes, dict[str, list[str]] | None]]:
    """Every vector: its bytes, and the faults of each check; None where it cannot be read as a bundle."""
    lines = closed()
    sound = bundled(lines, signed(lines))
    earlier = Coordinate(date(2020, 6, 30), 6, 1, {"Q1": "inclusive"})
    host = [SignerKey(HOST, key.seed) for key in (KEY, LATER)]
    path = Succession(LATER.verifier, (read_hand_over(bytes(handed_over(*host))),))
    other = SignerKey(f"{HOST}/vectors-2021", KEY.seed)
    value = swap(b'"value":"42"', b'"value":"43"')
    return {
        "sound": (sound, {}),
        "earlier-coordinate": (bundled(lines, signed(lines), earlier), {}),
        "key-handed-over": (bundled(lines, signed(lines, LATER, path)), {}),
        "value-changed": (
            changed(sound, "entries.jsonl", value),
            {"entries": ["broken"], "checkpoint": ["root"]},
        ),
        "order-changed": (
            changed(sound, "entries.jsonl", lines_of(lambda each: [*each[:4], each[5], each[4], *each[6:]])),
            {"entries": ["missing", "out-of-order"], "checkpoint": ["root"]},
        ),
        "first-dropped": (
            changed(sound, "entries.jsonl", lines_of(lambda each: each[1:])),
            {"entries": ["missing", "count"], "checkpoint": ["cut-short"]},
        ),
        "middle-dropped": (
            changed(sound, "entries.jsonl", lines_of(lambda each: each[:5] + each[6:])),
            {"entries": ["missing", "count"], "checkpoint": ["cut-short"]},
        ),
        "last-dropped": (
            changed(sound, "entries.jsonl", lines_of(lambda each: each[:-1])),
            {"entries": ["count"], "checkpoint": ["cut-short"]},
        ),
        "last-added": (
            bundled(lines, signed(lines[:-1])),
            {"checkpoint": ["added"]},
        ),
        "rubric-changed": (
            changed(sound, "rubrics/1.yaml", swap(b"target: 50", b"target: 49")),
            {"rubrics": ["rubric-file"]},
        ),
        "ruling-changed": (changed(sound, "rulings.json", swap(b"inclusive", b"below")), {"rulings": ["ruling"]}),
        "result-changed": (changed(sound, "standing.json", swap(b"16.80", b"17.80")), {"standing": ["differs"]}),
        "checkpoint-changed": (
            changed(sound, "checkpoint.txt", swap(b"\n11\n", b"\n12\n")),
            {"checkpoint": ["cut-short"], "signature": ["not-signed"]},
        ),
        "key-changed": (
            changed(sound, "keys.txt", lambda _: bytes(Succession(STRANGER.verifier))),
            {"signature": ["other-key"]},
        ),
        "signed-by-a-stranger": (
            bundled(lines, signed(lines, STRANGER)),
            {"signature": ["other-key", "not-signed"]},
        ),
        "another-ledger": (bundled(lines, signed(lines, other)), {"signature": ["other-ledger"]}),
        "unsigned": (bundled(lines, None), {"signature": ["unsigned"]}),
        "cut-short": (sound[: len(sound) // 2], None),
        "compressed": (changed(sound, "manifest.json", bytes, ZIP_DEFLATED), None),
        "climbs-out": (changed(sound, "../outside.txt", lambda _: b"x"), None),
    }


def index() -> dict[str, Any]:
    """What the vectors are checked with, and what is to be found."""
    lines = closed()
    return {
        "key": str(KEY.verifier),
        "leaves": [leaf_hash(line).hex() for line in lines],
        "root": root([leaf_hash(line) for line in lines]).hex(),
        "vectors": {name: "unreadable" if faults is None else faults for name, (_, faults) in vectors().items()},
    }


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, (raw, _) in vectors().items():
        (FOLDER / f"{name}.zip").write_bytes(raw)
    (FOLDER / "vectors.json").write_bytes(bundle.pretty(index()))


if __name__ == "__main__":
    main()
