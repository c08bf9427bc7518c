"""Verifies a bundle: every check that needs nobody's word, and one that needs a key."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, cast

import msgspec

from cli import files
from cli.audit.chain import Chain, against
from cli.audit.compared import differences
from cli.audit.opened import Bundle
from cli.audit.passage import Passage
from cli.audit.report import NOT_ASKED, UNSIGNED, UNSOUND, Check, Report
from services.scoring.domain import Book, Coordinate, Unanswerable
from services.scoring.domain.identities import MANY
from services.scoring.keeping import fold_beside
from shared.contracts import kinds
from shared.contracts.entries import decode_entry
from shared.proof import bundle, checkpoint, notes, succession
from shared.proof.archive import BadBundle
from shared.proof.checkpoint import Checkpoint
from shared.proof.extracts import Extracts
from shared.proof.keys import COSIGNATURE, VerifierKey, key_name
from shared.proof.notes import NoteError
from shared.rubric.faults import RubricError

TOLD_APART = 32 * 1024 * 1024
"""Bytes of a standing in which differences are looked for one by one."""
Told = Callable[[int], None]
NO_ENTRY_OF_OURS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    RubricError,
    msgspec.MsgspecError,
)
"""What folding may raise where entries are not those that a gate let through."""


def verify(
    opened: Bundle, pinned: Sequence[VerifierKey], *, gate: bool = True, told: Told = lambda _size: None
) -> Report:
    """Check a bundle in one pass over its entries.

    :raises BadBundle: it cannot be read
    """
    reading = Reading(opened, gate=gate)
    reading.read(told)
    signature, signed = signature_of(opened, pinned)
    checks = [
        reading.chain.check,
        Check("checkpoint", left_out=UNSIGNED if not opened.signed else UNSOUND)
        if signed is None
        else against(signed, reading.chain.tree),
        signature,
        rubrics(opened, reading.extracts, reading.digests),
        rulings(opened, reading.extracts),
        reading.passage.check if reading.passage else Check("gate", left_out=NOT_ASKED),
        standing(opened, reading),
        closings(reading),
    ]
    if opened.manifest.entries != reading.chain.tree.size:
        checks[0].fault("count", entries=reading.chain.tree.size, said=opened.manifest.entries)
    return Report(cast("dict[str, Any]", msgspec.to_builtins(opened.manifest)), checks, reading.chain.tree)


class Reading:
    """One pass over the entries: chained, put through the gate, and folded into a book."""

    def __init__(self, opened: Bundle, *, gate: bool) -> None:
        self.entries = opened.entries
        self.chain = Chain(opened.manifest.assessment, opened.entries)
        self.chain.check.said = {"entries": opened.manifest.entries}
        self.passage = Passage(opened.entries, files.load_once) if gate else None
        self.extracts = Extracts()
        self.digests = Check("rubrics")
        self.book = Book(opened.entries.entry, load=files.load_once)
        self.unsound: str | None = None
        """Why there is no standing to be had of these entries."""
        self._many = opened.manifest.entries >= MANY

    def read(self, told: Told) -> None:
        """Read all entries.

        :raises BadBundle: they cannot be read
        """
        sound = self._sound(told)
        try:
            if self._many:
                fold_beside(self.book, sound)
            else:
                for lines in sound:
                    self.book.extend(map(decode_entry, lines))
        except BadBundle:
            raise
        except NO_ENTRY_OF_OURS as error:
            self.unsound = f"{type(error).__name__}: {error}"
            for _ in sound:  # the other checks go on
                pass

    def _sound(self, told: Told) -> Iterator[list[bytes]]:
        """Give the lines that may be folded, once all else has seen them."""
        for lines in self.entries.batches(told):
            links = self.chain.follow(lines)
            self._extract(lines)
            if self.passage is None:
                yield lines if all(links) else [line for line, link in zip(lines, links, strict=True) if link]
            else:
                taken = self.passage.read(lines, [link and link.previous for link in links])
                yield [line for line, accepted in zip(lines, taken, strict=True) if accepted is not None]

    def _extract(self, lines: Sequence[bytes]) -> None:
        for line in self.extracts.telling(lines):
            try:
                entry = self.extracts.read(line)
                if entry.type not in kinds.CARRIES_RUBRIC:
                    continue
                carried = entry.data["rubric"]
                if "sha256:" + sha256(carried["content"].encode()).hexdigest() != carried["digest"]:
                    self.digests.fault("rubric-digest", position=entry.position)
            except NO_ENTRY_OF_OURS:
                continue  # the gate says what is wrong with it


def signature_of(opened: Bundle, pinned: Sequence[VerifierKey]) -> tuple[Check, Checkpoint | None]:
    """Say whether the checkpoint is signed by whom it must be; and give it, whoever signed it."""
    check = Check("signature")
    logs = [key for key in pinned if key.kind != COSIGNATURE]
    if not opened.signed:
        if pinned or opened.manifest.origin is not None:
            check.fault("unsigned")
        check.left_out = UNSIGNED
        return check, None
    raw = opened.read(bundle.CHECKPOINT)
    try:
        note = notes.parse(raw)
        signed = checkpoint.parse(note.text)
    except NoteError as error:
        check.fault("no-checkpoint", reason=str(error))
        return check, None
    check.said = {"origin": signed.origin}
    _check_origin(check, opened, signed, logs)
    try:
        named = succession.parse(opened.read(bundle.KEYS))
    except NoteError as error:
        check.fault("no-key", reason=str(error))
        return check, signed
    known = named.believed(logs) if logs else [named.now]
    if logs and named.now not in known:
        check.fault("other-key", key=str(named.now), pinned=str(logs[0]))
    witnesses = [key for key in pinned if key.kind == COSIGNATURE]
    _check_signed(check, raw, signed.origin, [*known, *witnesses], witnesses)
    if not logs:
        check.remarks.append("not-pinned")
        check.said["key"] = str(named.now)
    return check, signed


def _check_origin(check: Check, opened: Bundle, signed: Checkpoint, logs: Sequence[VerifierKey]) -> None:
    """See that the checkpoint is of the ledger that the bundle and the pinned key name."""
    manifest = opened.manifest
    own = key_name(succession.host_of(signed.origin), manifest.assessment)
    if signed.origin != manifest.origin or signed.origin != own:
        check.fault("other-ledger", origin=signed.origin, wanted=manifest.origin or own)
    elif logs and signed.origin not in {key.name for key in logs}:
        check.fault("other-ledger", origin=signed.origin, wanted=logs[0].name)


def _check_signed(
    check: Check, raw: bytes, origin: str, known: Sequence[VerifierKey], witnesses: Sequence[VerifierKey]
) -> None:
    try:
        checkpoint.verified(raw, origin, known)
        held = notes.opened(notes.parse(raw), known)
    except NoteError as error:
        check.fault("not-signed", reason=str(error))
        return
    for witness in witnesses:
        if witness not in held:
            check.fault("not-witnessed", witness=witness.name)
    check.said["witnesses"] = [key.name for key in held if key.kind == COSIGNATURE]


def rubrics(opened: Bundle, extracts: Extracts, check: Check) -> Check:
    """Compare the rubrics' files with the texts that the entries carry."""
    check.said = {"rubrics": len(extracts.rubrics)}
    there = opened.rubrics
    for position, text in extracts.rubrics.items():
        if position not in there:
            check.fault("no-rubric-file", position=position)
            continue
        own, raw = text.encode(), opened.read(there[position])
        if raw != own:
            pairs = zip(raw.split(b"\n"), own.split(b"\n"), strict=False)
            line = next((at for at, (one, other) in enumerate(pairs, 1) if one != other), 0)
            check.fault("rubric-file", position=position, line=line or min(raw.count(b"\n"), own.count(b"\n")) + 1)
    for position in sorted(there.keys() - extracts.rubrics.keys()):
        check.fault("rubric-of-none", position=position)
    return check


def rulings(opened: Bundle, extracts: Extracts) -> Check:
    """Compare the file of rulings with what the entries rule."""
    check = Check("rulings", said={"rulings": len(extracts.rulings)})
    claimed = bundle.read_json(bundle.RULINGS, opened.read(bundle.RULINGS))
    if not isinstance(claimed, list) or not all(isinstance(each, dict) for each in cast("list[Any]", claimed)):
        check.fault("no-rulings")
        return check
    theirs = {each.get("position"): each for each in cast("list[dict[str, Any]]", claimed)}
    ours = {each["position"]: each for each in extracts.rulings}
    for position in dict.fromkeys([*ours, *theirs]):
        if ours.get(position) != theirs.get(position):
            finding = (ours.get(position) or theirs[position]).get("finding")
            check.fault("ruling", position=position, finding=finding)
    if not check.faults and claimed != extracts.rulings:
        check.fault("no-rulings")
    return check


def standing(opened: Bundle, reading: Reading) -> Check:
    """Score the entries and compare the standing with the one claimed."""
    asked = opened.manifest.coordinate
    check = Check("standing", said=cast("dict[str, Any]", msgspec.to_builtins(asked)))
    if reading.unsound:
        check.left_out, check.said = UNSOUND, {"reason": reading.unsound}
        return check
    try:
        at = Coordinate(date.fromisoformat(asked.as_of), asked.known_at, asked.rubric, asked.readings)
        found = reading.book.standing_and_flags(at)
    except Unanswerable as fault:
        check.fault("no-answer", reason=fault.reason)
    except NO_ENTRY_OF_OURS as error:
        check.left_out, check.said = UNSOUND, {"reason": f"{type(error).__name__}: {error}"}
    else:
        if not opened.equals(bundle.STANDING, bundle.standing_parts(found)):
            _compare(check, opened, found)
    return check


def _compare(check: Check, opened: Bundle, found: bundle.Claim) -> None:
    """Name where the standing claimed differs; whoever wrote the bundle may have spaced it out in his own way."""
    size = opened.members[bundle.STANDING].size
    if size > TOLD_APART:
        check.fault("standing-differs", size=size)
        return
    claimed = bundle.read_json(bundle.STANDING, opened.read(bundle.STANDING))
    for difference in differences(claimed, {**found[0], "flags": list(found[1])}):
        check.fault(difference.code, **difference.named)


def closings(reading: Reading) -> Check:
    """Score anew what each closing and restatement names, and compare the digests."""
    check = Check("closings", said={"closings": len(reading.book.ledger.closings)})
    if reading.unsound:
        check.left_out, check.said = UNSOUND, {"reason": reading.unsound}
        return check
    try:
        for closing, found in reading.book.closings():
            if found != closing.standing:
                check.fault("closing", position=closing.position, claimed=closing.standing, found=found)
    except NO_ENTRY_OF_OURS as error:
        check.left_out, check.said = UNSOUND, {"reason": f"{type(error).__name__}: {error}"}
    return check


def as_json(report: Report) -> Mapping[str, Any]:
    """Give a report as JSON."""
    return {
        "holds": report.holds,
        **{name: report.manifest[name] for name in ("assessment", "origin", "entries", "coordinate")},
        "checks": [
            {
                "check": each.name,
                "holds": each.holds,
                **({"left_out": each.left_out} if each.left_out else {}),
                **({"remarks": each.remarks} if each.remarks else {}),
                "said": each.said,
                "faults": [{"code": fault.code, **fault.named} for fault in each.faults],
                **({"more": each.more} if each.more else {}),
            }
            for each in report.checks
        ],
    }
