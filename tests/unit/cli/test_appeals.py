"""`merit appeals` on files: what it prints of the sample year, and of a file without an appeal."""

from pathlib import Path

import pytest

from cli.main import run
from tests.services import ROOT
from tests.unit.cli.test_answers import RUBRIC, figures, written

YEAR = str(ROOT / "samples/binjiang-2020.jsonl")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["· hr · D · entry 871", "· upheld", "correction · entry 1259", "hr D 2.05 → 2.55", "not decided yet"]),
        (
            "zh",
            ["· hr · D · 记录 871", "· 成立", "更正 · 记录 1259", "hr 总分 103.05 → 103.55", "驳回", "没有后续记录"],
        ),
    ],
)
def test_the_sample_year_tells_its_appeals(lang: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Given the sample year, then each appeal has its state, and the upheld one what its correction moved."""
    assert run(["appeals", "--entries", YEAR, "--lang", lang]) == 0
    out, _ = capsys.readouterr()
    assert [word for word in words if word not in out] == []


def test_a_file_without_appeals_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given figures only, then that there is no appeal is the answer."""
    file = written(tmp_path / "some.jsonl", figures("99"))
    assert run(["appeals", "--entries", file, "--rubric", RUBRIC, "--lang", "en"]) == 0
    assert "there is no appeal" in capsys.readouterr().out
    assert run(["appeals", "--entries", file, "--rubric", RUBRIC, "--known-at", "9"]) == 3
