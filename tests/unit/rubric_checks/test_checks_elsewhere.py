# ruff: noqa: E501  the rows of the tables are read across
"""What `rubric check` finds in rubrics of other kinds: quotas, raters, votes, cliffs, holds; and what never is a rubric."""

from pathlib import Path

import pytest

from cli.main import run
from shared.rubric.checks import check

ROOM = Path(__file__).parents[1] / "rubric/rubrics"
TARGETS, COHORT, LEDGER = (
    (ROOM / f"sample-{name}.yaml").read_text(encoding="utf-8")
    for name in ("targets-2021", "cohort-2022", "ledger-2023")
)
BINJIANG = (Path(__file__).parents[3] / "rubrics/binjiang-2020.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (COHORT, "leaders: 50%", "leaders: 0%", "what leaders says of rating has no weight"),
        (COHORT, "peers: 20%", "peers: -20%", "what peers says of rating has no weight"),
        (COHORT, "peers: 20%, citizens: 30%", "peers: 20%", "citizens reports rating and has no weight"),
        (COHORT, "from: 0, lists: true", "from: 0", "the votes of votes cannot be told apart"),
        (COHORT, "share: 40%", "share: -40%", "the quota of the grade excellent leaves room for nobody"),
        (COHORT, "count: 2", "count: 0", "the quota of the grade good leaves room for nobody"),
        (COHORT, "count: 2", "count: 2, share: 10%", "the grade good has two quotas"),
        (COHORT, "at_least: 80", "at_least: 101", "the grade excellent asks for 101 points, nobody can have more than 100"),
        (COHORT, "at_least: 20, block", "at_least: 31, block", "the grade good asks for 31 points, nobody can have more than 30"),
        (COHORT, "hold_total: 80", "hold_total: 100", "the total is held at 100, and nobody can have more than 100"),
        (COHORT, "bar: [excellent]", "bar: [best]", "there is no grade best"),
        (TARGETS, "target: 90}", "target: {difference: [5, 5]}}", "a target is 0"),
        (TARGETS, "target: 90}", "target: {product: [0, finished]}}", "a target is 0"),
        (TARGETS, "share: 60%", "share: 60", "everything lies below a share of 6000 %"),
        (TARGETS, "share: 60%", "share: 0", "nothing lies below a share of 0 %"),
        (TARGETS, "start: 12", "start: 21", "`start` gives 21 points, the maximum here is 16"),
        (LEDGER, "of: gathered, steps", "of: gathered, unreported: 30, steps", "`unreported` gives 30 points, the maximum here is 20"),
        (LEDGER, "counts_from: 2023-03-01", "counts_from: 2024-03-01", "nothing of E1 ever counts"),
        (LEDGER, "lines: [honour]", "lines: [honour, honour]", "the line honour is listed twice"),
        (LEDGER, "{cap: 4, lines: [project]}", "{cap: 4, lines: [project, city]}", "the line city is listed twice"),
        (LEDGER, "needs: {block: tasks", "needs: {block: task", "the block extra needs task, which is no other block"),
        (LEDGER, "needs: {block: tasks", "needs: {block: extra", "the block extra needs extra, which is no other block"),
        (LEDGER, "at_least: 20}}", "at_least: 61}}", "the block extra needs more of tasks than there is"),
        (BINJIANG, "value: 10, tier: outstanding}], points: 10", "value: 10, tier: best}], points: 10", "there is no tier best"),
        (BINJIANG, "value: 10, tier: outstanding}], points: 10", "value: 11, tier: outstanding}], points: 10", "judgement is at most 10"),
        (BINJIANG, "{verdict: pass}, points: 50", "{verdict: passed}, points: 0", "verdict is one of pass, fail"),
        (BINJIANG, "{line: D4, incident: 甲, points: 2}, {line: D4, incident: 乙, points: 2}", "{line: D4, incident: 甲, points: 3}, {line: D4, incident: 乙, points: 1}", "the line D4 is worth 1 to 2 points"),
    ],
)  # fmt: skip
def test_one_thing_changed(text: str, old: str, new: str, message: str) -> None:
    """Given a sound rubric with one thing wrong, then it is named, where it or the part around it begins."""
    assert old in text
    broken = text.replace(old, new, 1)
    line = text[: text.index(old)].count("\n") + 1
    found = [fault for fault in check(broken) if message in fault.message]
    assert found
    assert abs(found[0].line - line) <= 5, (found[0].line, line)
    assert all(fault.advice for fault in found)


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 1, "the file is empty"),
        (b"a: &a [x, x]\nb: [*a, *a]\n", 1, "anchors and aliases are not read"),
        (b"language: 1\n\tid: x\n", 1, "line 2"),
        (b"\x00\xff\xfe\x01" * 100, 3, "is not UTF-8"),
        (b"- a\n- b\n", 1, "names with values are expected"),
        (b"42", 1, "names with values are expected"),
        (b"language: 1\nid: 5\nversion: one\nunits: 7\n", 1, "a list is expected here"),
        (b'a: "' + b"x" * 10_000_000 + b'"', 1, "has 10000005 bytes"),
        (b"# " + "考".encode() * 200_000, 1, "has 600002 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_rubric(
    content: bytes, status: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given anything else, then one sentence says so, and nothing breaks."""
    file = tmp_path / "rubric.yaml"
    file.write_bytes(content)
    assert run(["rubric", "check", str(file)]) == status
    out, err = capsys.readouterr()
    assert said in out + err
    assert "Traceback" not in out + err
