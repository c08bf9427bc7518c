"""`merit verify`: what holds is said to hold, and every kind of edit is caught and named."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cli.audit.compared import differences
from cli.audit.words import FAULTS
from cli.main import run
from services.scoring.domain import Coordinate
from shared.proof import bundle, notes
from shared.proof.checkpoint import Checkpoint
from shared.proof.keys import COSIGNATURE, SignerKey
from shared.proof.merkle import leaf_hash, root
from shared.proof.succession import Succession, handed_over, read_hand_over
from tests import bundles
from tests.bundles import KEY, ORIGIN, OTHER
from tests.services import ROOT

YEAR = bundles.year()
SOUND = bundles.bundled(YEAR)
FIGURE = next(at for at, line in enumerate(YEAR) if b'"value":"5605"' in line)
RULING = len(YEAR) - 2
CHECKS = ["entries", "checkpoint", "signature", "rubrics", "rulings", "gate", "standing", "closings"]


class Verifier:
    """Runs the command on bytes."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys

    def __call__(self, raw: bytes, *options: str, pinned: bool = True) -> tuple[int, str, str]:
        file = self.folder / "audit.zip"
        file.write_bytes(raw)
        keys = ["--key", str(KEY.verifier)] if pinned else []
        status = run(["verify", str(file), *keys, *options])
        return status, *self.capsys.readouterr()

    def report(self, raw: bytes, *options: str, pinned: bool = True) -> dict[str, Any]:
        status, out, _ = self(raw, "--json", *options, pinned=pinned)
        report = json.loads(out)
        assert status == (0 if report["holds"] else 1)
        return report

    def faults(self, raw: bytes, *options: str, pinned: bool = True) -> dict[str, list[dict[str, Any]]]:
        """The faults of each check that does not hold."""
        checks = self.report(raw, *options, pinned=pinned)["checks"]
        return {each["check"]: each["faults"] for each in checks if each["faults"]}


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verifier:
    return Verifier(tmp_path, capsys)


def codes(faults: dict[str, list[dict[str, Any]]]) -> dict[str, list[str]]:
    return {check: [fault["code"] for fault in found] for check, found in faults.items()}


# -- what holds


@pytest.mark.parametrize(
    "at", [Coordinate(), Coordinate(date(2020, 6, 30), 20, 1, {"A03": "mean", "A16": "latest"}), Coordinate(known_at=1)]
)
def test_a_sound_bundle_holds_at_any_coordinate(verify: Verifier, at: Coordinate) -> None:
    """Given a bundle as the ledger writes it and its pinned key, then all checks hold and the status is 0."""
    report = verify.report(bundles.bundled(YEAR, at))
    assert report["holds"]
    assert [each["check"] for each in report["checks"]] == CHECKS
    assert all(each["holds"] for each in report["checks"])


@pytest.mark.parametrize("seed", range(25))
def test_what_random_ledgers_export_verifies(verify: Verifier, seed: int) -> None:
    """Given a random ledger with corrections, withdrawals and rulings, then its bundle holds as it is written."""
    lines = bundles.year(60, seed)
    assert verify.faults(bundles.bundled(lines)) == {}


@pytest.mark.parametrize("seed", range(60))
def test_any_byte_of_any_member_that_is_changed_is_noticed(verify: Verifier, seed: int) -> None:
    """Given a sound bundle, when one byte of one member becomes another, then it does not hold or cannot be read."""
    random = Random(seed)
    found = bundles.members(SOUND)
    name = random.choice(sorted(found))
    raw = bytearray(found[name])
    at = random.randrange(len(raw))
    raw[at] = random.choice([byte for byte in b'0123456789abcxyz"{},: \n' if byte != raw[at]])
    if name.endswith(".json") and json_equal(bytes(raw), found[name]):
        pytest.skip("another space in JSON that says the same")
    status, _, _ = verify(bundles.zipped(found | {name: bytes(raw)}))
    assert status in (1, 3)


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def test_without_a_key_it_says_so_plainly(verify: Verifier) -> None:
    """Given no pinned key, then the bundle's own is used, and both the check and the verdict say what that is worth."""
    status, out, _ = verify(SOUND, pinned=False)
    assert status == 0
    assert "NOT PINNED" in out
    assert str(KEY.verifier) in out
    assert out.endswith("It holds, by the key that it brings ITSELF.\n")
    status, out, _ = verify(SOUND, "--lang", "zh", pinned=False)
    assert "未指定公钥" in out


def test_a_bundle_that_nobody_signed_says_so(verify: Verifier) -> None:
    """Given a bundle of a file, then it is said that nobody vouches for it; a pinned key finds nothing to hold."""
    status, out, _ = verify(bundles.bundled(YEAR, unsigned=True), pinned=False)
    assert (status, out.splitlines()[-1]) == (0, "It agrees with itself, and NOBODY HAS SIGNED it.")
    found = bundles.members(SOUND)
    torn = bundles.zipped({name: raw for name, raw in found.items() if name not in (bundle.CHECKPOINT, bundle.KEYS)})
    assert codes(verify.faults(torn, pinned=False)) == {"signature": ["unsigned"]}
    report = verify.report(bundles.bundled(YEAR, unsigned=True))
    assert not report["holds"]
    assert codes(verify.faults(bundles.bundled(YEAR, unsigned=True))) == {"signature": ["unsigned"]}


def test_one_screen_says_it_all_in_both_languages(verify: Verifier) -> None:
    """Given a sound bundle, then a dozen lines say what was checked, in English or Chinese."""
    _, english, _ = verify(SOUND)
    _, chinese, _ = verify(SOUND, "--lang", "zh")
    assert english.endswith("The bundle holds.\n")
    assert chinese.endswith("包内一切成立。\n")
    assert len(english.splitlines()) == len(chinese.splitlines()) <= 14
    assert "\n\n\n" not in english + chinese


def test_every_fault_has_words_in_both_languages() -> None:
    """Given the faults that the checks name, then each has its sentence in English and in Chinese, and none is idle."""
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "cli/audit").glob("*.py"))
    named = set(re.findall(r"""(?:fault|Fault)\(\s*"([a-z-]+)\"""", source)) | {"unit-added", "unit-missing"}
    assert named == set(FAULTS)
    for english, chinese in FAULTS.values():
        assert set(re.findall(r"{\w+}", chinese)) <= set(re.findall(r"{\w+}", english))


def test_what_a_bundle_says_does_not_reach_the_terminal_as_a_command(verify: Verifier) -> None:
    """Given escape sequences where a bundle is told of, then they are shown as signs that cannot be printed."""

    def renamed(standing: Any) -> None:
        standing["units"][0]["unit"] = "\x1b[2Jmarket"
        standing["units"][1]["name"] = "\x1b]0;x\x07"

    _, out, _ = verify(bundles.edited_json(SOUND, bundle.STANDING, renamed))
    assert "\ufffd[2Jmarket is no unit" in out
    raw = bundles.edited_json(SOUND, bundle.MANIFEST, lambda each: each.update(assessment="\x1b[2J"))
    _, more, _ = verify(raw)
    assert "\x1b" not in out + more


def test_the_gate_may_be_left_out(verify: Verifier) -> None:
    """Given --quick, then the gate is not asked, all else is, and the report says so."""
    report = verify.report(SOUND, "--quick")
    assert report["holds"]
    assert {each["check"]: each["holds"] for each in report["checks"]} == dict.fromkeys(CHECKS, True) | {"gate": None}


# -- entries that were edited


def plain_edit(line: bytes) -> bytes:
    row = json.loads(line)
    row["data"]["value"] = "5899"
    return bundles.generate.stored(row)


def test_a_changed_value_is_named_by_its_entry(verify: Verifier) -> None:
    """Given one figure edited, then the entry that names another digest is told, the root differs, and so does what it
    scores.
    """
    lines = [*YEAR[:FIGURE], plain_edit(YEAR[FIGURE]), *YEAR[FIGURE + 1 :]]
    raw = bundles.edited(SOUND, bundle.ENTRIES, lambda _: joined(lines))
    faults = verify.faults(raw)
    assert faults["entries"] == [{"code": "broken", "position": FIGURE + 2, "before": FIGURE + 1}]
    assert codes(faults)["checkpoint"] == ["root"]
    _, out, _ = verify(raw)
    assert f"entry {FIGURE + 2} does not name the digest of entry {FIGURE + 1}" in out
    assert out.endswith("The bundle does NOT hold.\n")
    _, out, _ = verify(raw, "--lang", "zh")
    assert f"记录 {FIGURE + 2} 所指前一条的摘要与此处的记录 {FIGURE + 1} 不符" in out


def joined(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


EDITS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], dict[str, Any]]] = {
    "the last entry": (lambda lines: [*lines[:-1], lines[-1].replace("年终".encode(), "年中".encode())], {}),
    "two entries in the other order": (
        lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]],
        {"code": "out-of-order", "position": 10, "before": 11},
    ),
    "one dropped from the middle": (
        lambda lines: lines[:9] + lines[10:],
        {"code": "missing", "first": 10, "last": 10},
    ),
    "the first dropped": (lambda lines: lines[1:], {"code": "missing", "first": 1, "last": 1}),
    "one added in the middle": (
        lambda lines: [*lines[:9], lines[8], *lines[9:]],
        {"code": "out-of-order", "position": 9, "before": 9},
    ),
    "one that is no entry": (
        lambda lines: [*lines[:9], b"x" * 100, *lines[10:]],
        {"code": "no-entry", "position": 10},
    ),
    "one of another assessment": (
        lambda lines: [*lines[:9], lines[9].replace(b'"binjiang-2020"', b'"binjiang-2021"'), *lines[10:]],
        {"code": "other-assessment", "position": 10, "assessment": "binjiang-2021"},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("quick", [[], ["--quick"]])
def test_entries_out_of_their_place_are_named(verify: Verifier, edit: str, quick: list[str]) -> None:
    """Given entries that were edited with no care, then the place is named, and the tree is not the one signed."""
    change, fault = EDITS[edit]
    raw = bundles.edited(SOUND, bundle.ENTRIES, lambda _: joined(change(list(YEAR))))
    faults = verify.faults(raw, *quick)
    assert "checkpoint" in faults
    assert not fault or fault in faults["entries"]


CLEVER: dict[str, Callable[[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "a value": lambda rows: [*rows[:FIGURE], json.loads(plain_edit(YEAR[FIGURE])), *rows[FIGURE + 1 :]],
    "the order": lambda rows: [*rows[:9], rows[10], rows[9], *rows[11:]],
    "dropped from the middle": lambda rows: rows[:FIGURE] + rows[FIGURE + 1 :],
    "dropped from the end": lambda rows: rows[:-1],
    "added at the end": lambda rows: [*rows, bundles.said("RecusalRecorded", {"scope": "M1", "reason": "x"}, rows[-2])],
    "added in the middle": lambda rows: [
        *rows[:9],
        bundles.said("RecusalRecorded", {"scope": "M1", "reason": "x"}, rows[8]),
        *rows[9:],
    ],
    "added at the start": lambda rows: [
        rows[0],
        bundles.said("RecusalRecorded", {"scope": "M1", "reason": "x"}, rows[0]),
        *rows[1:],
    ],
}


@pytest.mark.parametrize("edit", CLEVER)
def test_a_forger_who_chains_anew_is_caught_by_the_checkpoint(verify: Verifier, edit: str) -> None:
    """Given a ledger rewritten with positions and digests put right, and a standing scored from it, under the old
    checkpoint, then the chain holds and the checkpoint does not.
    """
    lines = bundles.stored(CLEVER[edit](bundles.rows(YEAR)))
    faults = codes(verify.faults(bundles.bundled(lines, by=bundles.signed(YEAR))))
    kind = {"dropped from the end": "cut-short", "dropped from the middle": "cut-short", "added at the end": "added"}
    assert faults["checkpoint"] == [kind.get(edit, "root")]
    assert "entries" not in faults


def test_a_forger_who_signs_anew_is_caught_by_the_pinned_key(verify: Verifier) -> None:
    """Given the same, signed anew with another key under the ledger's name, then only who pinned the key sees it."""
    lines = bundles.stored(CLEVER["a value"](bundles.rows(YEAR)))
    raw = bundles.bundled(lines, by=bundles.signed(lines, OTHER))
    assert codes(verify.faults(raw))["signature"] == ["other-key", "not-signed"]
    assert "signature" not in verify.faults(raw, pinned=False)


def test_an_entry_that_the_gate_would_not_take_is_named(verify: Verifier) -> None:
    """Given a signed ledger with an entry that no gate lets in, then the gate is what does not hold."""
    rows = bundles.rows(YEAR[:-1])
    rows[FIGURE]["data"]["value"] = "-1"
    lines = bundles.stored(rows)
    faults = verify.faults(bundles.bundled(lines))
    assert list(faults) == ["gate", "standing"]  # what was not let in counts nothing
    assert faults["gate"][0] | {"reason": ""} == {
        "code": "refused",
        "position": FIGURE + 1,
        "source": rows[FIGURE]["source"],
        "id": rows[FIGURE]["id"],
        "refusal": "out-of-range",
        "reason": "",
    }


@pytest.mark.parametrize("quick", [[], ["--quick"]])
@pytest.mark.parametrize("many", [False, True])
def test_a_line_that_was_never_an_entry_is_named_without_the_gate(
    verify: Verifier, quick: list[str], many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a signed ledger in which something that is not scored is no UTF-8, or nothing says when an entry came, or
    not in words, then that line is named.
    """
    if many:
        monkeypatch.setattr("cli.audit.verifying.MANY", 1)
    *before, last = YEAR[: FIGURE + 1]
    standing = bundles.book([*before, last]).standing()
    head, _, rest = re.split(rb'("acceptedtime":"[^"]*",)', last)
    for line in (
        last.replace(b'"value":', b'"note":"\xe5\x90","value":'),
        last.replace(b'"value":', b'"note":"\xed\xa0\x80","value":'),
        last.replace(b'"specversion"', b'"seen":["\xff"],"specversion"'),
        head + rest,
        head + b'"acceptedtime":1,' + rest,
    ):
        lines = [*before, line]
        raw = bundles.bundled(lines, standing=standing, by=bundles.signed(lines))
        assert verify.faults(raw, *quick)["entries"] == [{"code": "no-entry", "position": len(lines)}]


def test_the_same_entry_twice_is_named(verify: Verifier) -> None:
    """Given a ledger that has one event at two positions, then the second is told, with the first."""
    rows = bundles.rows(YEAR[:-1])
    lines = bundles.stored([*rows, rows[FIGURE]])
    faults = verify.faults(bundles.bundled(lines))
    assert faults["gate"] == [{"code": "twice", "position": len(lines), "first": FIGURE + 1}]


def test_an_entry_written_otherwise_than_the_ledger_stores_is_named(verify: Verifier) -> None:
    """Given an entry with a space that the stored form has not, signed so, then the gate says it."""
    lines = [*YEAR[:-1], YEAR[-1].replace(b'":', b'": ', 1)]
    assert codes(verify.faults(bundles.bundled(lines))) == {"gate": ["not-as-stored"]}


# -- the list, edit by edit, on the screen


def of_lines(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return bundles.edited(SOUND, bundle.ENTRIES, lambda _: joined(change(list(YEAR))))


def other_figure(lines: list[bytes]) -> list[bytes]:
    return [*lines[:FIGURE], plain_edit(lines[FIGURE]), *lines[FIGURE + 1 :]]


def other_root(note: bytes) -> bytes:
    origin, size, _, *rest = note.split(b"\n")
    return b"\n".join([origin, size, b"A" * 43 + b"=", *rest])


PLANTED: dict[str, tuple[Callable[[], bytes], dict[str, str]]] = {
    "an entry's value": (
        lambda: of_lines(other_figure),
        {"entries": f"entry {FIGURE + 2} does not name the digest of entry {FIGURE + 1}", "checkpoint": "the root"},
    ),
    "the order": (
        lambda: of_lines(lambda lines: [*lines[:9], lines[10], lines[9], *lines[11:]]),
        {"entries": "entry 10 stands behind entry 11", "checkpoint": "the root"},
    ),
    "an entry dropped": (
        lambda: of_lines(lambda lines: lines[:9] + lines[10:]),
        {"entries": "entry 10 is missing", "checkpoint": "some were dropped"},
    ),
    "an entry added": (
        lambda: of_lines(lambda lines: [*lines[:9], lines[8], *lines[9:]]),
        {"entries": "entry 9 stands behind entry 9", "checkpoint": "the root"},
    ),
    "a rubric figure": (
        lambda: bundles.edited(SOUND, "rubrics/1.yaml", lambda raw: raw.replace(b"5900", b"5800", 1)),
        {"rubrics": "line"},
    ),
    "a ruling": (
        lambda: bundles.edited(SOUND, bundle.RULINGS, lambda raw: raw.replace(b'"dense"', b'"competition"')),
        {"rulings": "A27"},
    ),
    "the result": (
        lambda: bundles.edited_json(SOUND, bundle.STANDING, lambda each: each["units"][0].update(total="99.00")),
        {"standing": "total is claimed to be 99.00"},
    ),
    "the checkpoint": (
        lambda: bundles.edited(SOUND, bundle.CHECKPOINT, other_root),
        {"checkpoint": "the root", "signature": ""},
    ),
    "the key": (
        lambda: bundles.edited(SOUND, bundle.KEYS, lambda _: bytes(Succession(OTHER.verifier))),
        {"signature": ""},
    ),
}
SCREEN = 24
"""Lines."""


def test_however_much_was_changed_it_is_told_on_one_screen(verify: Verifier) -> None:
    """Given a bundle with every figure and every claimed total changed, when it is verified, then of each check the
    first faults are told and the others counted; --json has more of them.
    """

    def other_results(standing: Any) -> None:
        for unit in standing["units"]:
            unit |= {"rank": 9, "total": "1.00", "exact": "1", "attainable": "1.00"}

    lines = [line.replace(b'"value":"', b'"value":"9') for line in YEAR]
    raw = bundles.edited(SOUND, bundle.ENTRIES, lambda _: joined(lines))
    raw = bundles.edited_json(raw, bundle.STANDING, other_results)
    _, out, _ = verify(raw, "--lang", "en")
    assert len(out.splitlines()) <= 2 * SCREEN
    assert re.search(r"(?m)^ +and \d+ more$", out)
    assert len(verify.faults(raw)["standing"]) > len(re.findall("is claimed to be", out))


@pytest.mark.parametrize("pinned", [True, False], ids=["key pinned", "no key"])
@pytest.mark.parametrize("edit", PLANTED)
def test_each_kind_of_planted_edit_is_named_on_one_screen(verify: Verifier, edit: str, pinned: bool) -> None:
    """Given a bundle with one thing changed by hand, when it is verified with the ledger's key or without, then one
    screen says of each check whether it holds, and of what was changed where; the status is 1.
    """
    make, named = PLANTED[edit]
    status, out, err = verify(make(), "--lang", "en", pinned=pinned)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert len(lines) <= SCREEN
    assert lines[-1] == "The bundle does NOT hold."
    told = {line.split()[0]: line for line in lines if line and line.split()[0] in CHECKS}
    assert list(told) == CHECKS
    for check, words in named.items():
        assert " DOES NOT HOLD " in told[check]
        assert words in out


# -- what stands beside the entries


def test_a_rubric_figure_is_caught_in_the_file_and_in_the_entry(verify: Verifier) -> None:
    """Given a target changed in the rubric's file, then its line is named; changed in the entry, its digest is wrong;
    with the digest put right as well, the chain and the root are.
    """
    text = json.loads(YEAR[0])["data"]["rubric"]["content"]
    at = next(at for at, line in enumerate(text.split("\n"), 1) if "5900" in line)
    raw = bundles.edited(SOUND, "rubrics/1.yaml", lambda raw: raw.replace(b"5900", b"5800", 1))
    assert verify.faults(raw) == {"rubrics": [{"code": "rubric-file", "position": 1, "line": at}]}

    rows = bundles.rows(YEAR)
    rows[0]["data"]["rubric"]["content"] = changed = text.replace("5900", "5800")
    faults = codes(verify.faults(bundles.bundled(bundles.stored(rows), by=bundles.signed(YEAR))))
    assert faults["rubrics"] == ["rubric-digest"]
    assert faults["checkpoint"] == ["root"]
    assert "refused" in faults["gate"]

    rows[0]["data"]["rubric"]["digest"] = bundles.rehashed(changed)
    faults = codes(verify.faults(bundles.bundled(bundles.stored(rows), by=bundles.signed(YEAR))))
    assert "rubrics" not in faults
    assert faults["checkpoint"] == ["root"]


def test_files_of_rubrics_are_those_of_the_entries(verify: Verifier) -> None:
    """Given a rubric's file left out, or one more, then it is named."""
    found = bundles.members(SOUND)
    text = found.pop("rubrics/1.yaml")
    assert codes(verify.faults(bundles.zipped(found))) == {"rubrics": ["no-rubric-file"]}
    raw = bundles.zipped(found | {"rubrics/1.yaml": text, "rubrics/7.yaml": text})
    assert verify.faults(raw) == {"rubrics": [{"code": "rubric-of-none", "position": 7}]}


def test_a_ruling_is_caught_in_the_file_and_in_the_entry(verify: Verifier) -> None:
    """Given another reading in the file of rulings, then position and finding are named; in the entry, chain and
    standing tell.
    """
    raw = bundles.edited_json(SOUND, bundle.RULINGS, lambda rulings: rulings[-1].update(reading="competition"))
    assert verify.faults(raw) == {"rulings": [{"code": "ruling", "position": RULING + 1, "finding": "A27"}]}
    for change in (list.clear, list.reverse, lambda rulings: rulings.append(rulings[0])):
        assert list(verify.faults(bundles.edited_json(SOUND, bundle.RULINGS, change))) == ["rulings"]

    lines = list(YEAR)
    lines[RULING] = lines[RULING].replace(b'"dense"', b'"competition"')
    raw = bundles.edited(SOUND, bundle.ENTRIES, lambda _: joined(lines))
    faults = verify.faults(raw)
    assert faults["entries"] == [{"code": "broken", "position": RULING + 2, "before": RULING + 1}]
    assert faults["rulings"] == [{"code": "ruling", "position": RULING + 1, "finding": "A27"}]
    assert {"code": "differs", "member": "rules.readings.A27"}.items() <= faults["standing"][-1].items()


def test_rulings_say_when_they_ended() -> None:
    """Given a ruling that was corrected, then the file says at which position, and what took its place."""
    rulings = json.loads(bundles.members(SOUND)[bundle.RULINGS])
    assert [(each["finding"], each["reading"], each["until"]) for each in rulings[-3:]] == [
        ("A03", "min", RULING),
        ("A03", "first", None),
        ("A27", "dense", None),
    ]


def test_a_result_that_was_edited_is_named_by_unit_and_indicator(verify: Verifier) -> None:
    """Given points, a total, a rank, a unit or a heading changed in the standing, then each is named."""
    standing = json.loads(bundles.members(SOUND)[bundle.STANDING])
    unit = standing["units"][0]["unit"]
    indicator = next(iter(standing["units"][0]["indicators"]))

    def points(standing: Any) -> None:
        standing["units"][0]["indicators"][indicator]["points"] = "99.00"
        standing["units"][0]["total"] = "99.00"

    faults = verify.faults(bundles.edited_json(SOUND, bundle.STANDING, points))
    found = standing["units"][0]["indicators"][indicator]["points"]
    named = {"code": "differs", "unit": unit, "member": "points", "claimed": "99.00"}
    assert faults["standing"][0] == named | {"indicator": indicator, "found": found}
    assert faults["standing"][1] == named | {"member": "total", "found": standing["units"][0]["total"]}
    assert list(faults) == ["standing"]
    _, out, _ = verify(bundles.edited_json(SOUND, bundle.STANDING, points))
    assert f"{unit} {indicator}: points is claimed to be 99.00, and is {found}" in out

    assert [fault["code"] for fault in standing_faults(verify, lambda each: each["units"].pop())] == ["unit-missing"]
    swapped = standing_faults(verify, lambda each: each["units"].insert(0, each["units"].pop()))
    assert [fault["member"] for fault in swapped] == ["units"]
    twice = standing_faults(verify, lambda each: each["units"].append(each["units"][-1]))
    assert [fault["code"] for fault in twice] == ["unit-twice"]
    more = standing_faults(verify, lambda each: each["units"].append({"unit": "reform-2"}))
    assert more[0] == {"code": "unit-added", "unit": "reform-2"}
    for member in ("as_of", "state", "provisional", "flags", "findings", "known_at", "rules", "assessment"):
        faults = standing_faults(verify, lambda each, member=member: each.update({member: "x"}))
        assert [fault["member"] for fault in faults] == [member]
    assert [fault["code"] for fault in standing_faults(verify, dict.clear)][-1] == "differs"


def standing_faults(verify: Verifier, change: Callable[[Any], Any]) -> list[dict[str, Any]]:
    faults = verify.faults(bundles.edited_json(SOUND, bundle.STANDING, change))
    assert list(faults) == ["standing"]
    return faults["standing"]


def test_a_standing_without_end_is_not_read(verify: Verifier) -> None:
    """Given tens of megabytes where the standing must be, then it is said to be another one, without looking where;
    spaced out otherwise, a standing is the same.
    """
    raw = bundles.edited(SOUND, bundle.STANDING, lambda raw: raw + b" " * (33 << 20))
    assert codes(verify.faults(raw)) == {"standing": ["standing-differs"]}
    raw = bundles.edited(SOUND, bundle.STANDING, lambda raw: json.dumps(json.loads(raw)).encode())
    assert verify.faults(raw) == {}


def test_what_standings_tell_since_may_be_absent() -> None:
    """Given a bundle of an older program, then members that standings have since got are no difference; one that was
    there from the beginning, or that no program finds, is.
    """
    claimed = json.loads(bundles.members(SOUND)[bundle.STANDING])
    found = json.loads(bundles.members(SOUND)[bundle.STANDING])
    found["new"] = found["units"][0]["new"] = found["units"][0]["indicators"]["C1"]["new"] = "x"
    assert list(differences(claimed, found)) == []
    assert len(list(differences(found, claimed))) == 3
    del claimed["units"][0]["tied"]
    assert [each.named["member"] for each in differences(claimed, found)] == ["tied"]


def test_a_coordinate_that_is_not_the_standings_is_caught(verify: Verifier) -> None:
    """Given another coordinate in the manifest, then the standing there is another; beyond the entries is none."""
    for change in ({"as_of": "2020-03-31"}, {"known_at": 5}, {"readings": {"A03": "mean"}}):
        raw = bundles.edited_json(SOUND, bundle.MANIFEST, lambda each, change=change: each["coordinate"].update(change))
        assert list(verify.faults(raw)) == ["standing"]
    for change in ({"known_at": 500}, {"rubric": 9}, {"readings": {"A03": "x"}}, {"as_of": "2020-02-30"}):
        raw = bundles.edited_json(SOUND, bundle.MANIFEST, lambda each, change=change: each["coordinate"].update(change))
        report = verify.report(raw)
        assert [each["check"] for each in report["checks"] if not each["holds"]] == ["standing"]


def test_a_closing_that_names_another_digest_is_named(verify: Verifier) -> None:
    """Given a ledger whose closing names a digest that its standing has not, then its position is told."""
    rows = bundles.rows(YEAR)
    rows[-1]["data"]["standing"] = "sha256:" + "0" * 64
    faults = verify.faults(bundles.bundled(bundles.stored(rows)))
    assert [(fault["code"], fault["position"]) for fault in faults["closings"]] == [("closing", len(rows))]


# -- checkpoint and key


def test_an_edited_checkpoint_is_caught(verify: Verifier) -> None:
    """Given another size or root in the checkpoint, then its signature does not hold, nor do the entries."""
    size = str(len(YEAR)).encode()
    raw = bundles.edited(SOUND, bundle.CHECKPOINT, lambda note: note.replace(b"\n" + size, b"\n" + size + b"0", 1))
    assert codes(verify.faults(raw)) == {"checkpoint": ["cut-short"], "signature": ["not-signed"]}
    raw = bundles.edited(SOUND, bundle.CHECKPOINT, lambda note: note.replace(b"\n\n", b"\nmore\n\n"))
    assert codes(verify.faults(raw)) == {"signature": ["not-signed"]}
    raw = bundles.edited(SOUND, bundle.CHECKPOINT, lambda note: note[:40])
    assert codes(verify.faults(raw))["signature"] == ["no-checkpoint"]


def test_a_checkpoint_of_another_ledger_is_caught(verify: Verifier) -> None:
    """Given a true checkpoint of another assessment of the same host, or of another host, then both are named."""
    for key in (bundles.renamed(KEY, "binjiang-2021"), SignerKey("other.example/binjiang-2020", KEY.seed)):
        head = Checkpoint(key.name, len(YEAR), root([leaf_hash(line) for line in YEAR]))
        by = bundle.Signed(bytes(head.signed(key)), bytes(Succession(key.verifier)))
        faults = verify.faults(bundles.bundled(YEAR, by=by))
        assert faults["signature"][0] == {"code": "other-ledger", "origin": key.name, "wanted": ORIGIN}


def test_the_key_in_the_bundle_is_the_pinned_one(verify: Verifier) -> None:
    """Given a bundle whose key was exchanged, then that is named though the pinned key's signature holds."""
    raw = bundles.edited(SOUND, bundle.KEYS, lambda _: bytes(Succession(OTHER.verifier)))
    assert codes(verify.faults(raw)) == {"signature": ["other-key"]}
    assert codes(verify.faults(raw, pinned=False)) == {"signature": ["not-signed"]}
    raw = bundles.edited(SOUND, bundle.KEYS, lambda raw: raw[:-9])
    assert codes(verify.faults(raw)) == {"signature": ["no-key"]}


def test_a_key_that_was_handed_over_is_believed(verify: Verifier) -> None:
    """Given a ledger that signs with its third key, then who pinned the first or the third believes it; a hand-over
    that the earlier key did not sign leads nowhere.
    """
    third = SignerKey(ORIGIN, bytes(range(2, 34)))
    host = [SignerKey(bundles.HOST, key.seed) for key in (KEY, OTHER, third)]
    path = [read_hand_over(bytes(handed_over(host[at], host[at + 1]))) for at in (0, 1)]
    by = bundles.signed(YEAR, third)
    known = bundle.Signed(by.checkpoint, bytes(Succession(third.verifier, tuple(path))))
    assert verify.faults(bundles.bundled(YEAR, by=known)) == {}
    assert verify.faults(bundles.bundled(YEAR, by=known), "--key", str(third.verifier), pinned=False) == {}

    leap = bundle.Signed(by.checkpoint, bytes(Succession(third.verifier, (path[1],))))
    assert codes(verify.faults(bundles.bundled(YEAR, by=leap))) == {"signature": ["other-key", "not-signed"]}
    text = f"{bundles.HOST}\nmeritlog hand-over v1\n{host[0].verifier}\n{host[2].verifier}\n"
    forged = read_hand_over(bytes(notes.sign(text, host[2])))
    false = bundle.Signed(by.checkpoint, bytes(Succession(third.verifier, (forged,))))
    assert codes(verify.faults(bundles.bundled(YEAR, by=false))) == {"signature": ["other-key", "not-signed"]}


def test_a_witness_that_is_asked_for_must_have_signed(verify: Verifier) -> None:
    """Given a witness's key beside the ledger's, then its cosignature must be there and hold."""
    witness = SignerKey("witness.example/w1", bytes(range(3, 35)), COSIGNATURE)
    asked = ["--key", str(witness.verifier)]
    assert verify.faults(SOUND, *asked)["signature"] == [{"code": "not-witnessed", "witness": witness.name}]
    by = bundles.signed(YEAR)
    note = notes.add(notes.parse(by.checkpoint), witness, time=1609462800)
    raw = bundles.bundled(YEAR, by=bundle.Signed(bytes(note), by.keys))
    assert verify.faults(raw, *asked) == {}
    changed = bytes(note).replace(b"witness.example/w1 ", b"witness.example/w1 A", 1)
    assert "signature" in verify.faults(bundles.edited(raw, bundle.CHECKPOINT, lambda _: changed), *asked)


@pytest.mark.parametrize("key", ["x", "a+b", "a+12345678+AAAA", str(KEY.verifier)[:-4], "/no/such/file"])
def test_what_is_no_key_is_wrong_usage(verify: Verifier, key: str) -> None:
    """Given something else where a key is asked for, then the status is 2."""
    status, out, err = verify(SOUND, "--key", key, pinned=False)
    assert (status, out) == (2, "")
    assert "is no key" in err


def test_keys_may_stand_in_a_file(verify: Verifier) -> None:
    """Given the keys as the server publishes them in a file, then the first is pinned."""
    file = verify.folder / "keys.txt"
    host = [SignerKey(bundles.HOST, key.seed) for key in (KEY, OTHER)]
    note = read_hand_over(bytes(handed_over(*host)))
    file.write_bytes(bytes(Succession(KEY.verifier, (note,))))
    assert verify.faults(SOUND, "--key", str(file), pinned=False) == {}
