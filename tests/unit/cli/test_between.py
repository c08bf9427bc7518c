"""`merit diff`, `timeline`, `sensitivity` and `tipping` on files: what they print, and their exit status."""

from pathlib import Path
from random import Random

import pytest

from cli.main import run
from tests.oracle import generate
from tests.unit.cli.test_answers import RUBRIC, asked, figures, written
from tests.unit.scoring.test_diff import sums
from tests.unit.scoring.test_oracle import book_of


def changed(tmp_path: Path) -> str:
    """A rubric with another target for K1."""
    file = tmp_path / "other.yaml"
    file.write_text(generate.rubric_text().replace("297", "400"), encoding="utf-8")
    return str(file)


def test_a_file_tells_what_lies_between_two_coordinates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a ledger as exported, then the diff is what scoring says, its parts add up, and as_of does for as-of."""
    log = generate.ledger(Random(11), 90)
    file = written(tmp_path / "year.jsonl", log)
    ends = ["--from", "as-of=2020-06-30,known-at=40", "--to", "as_of=2020-12-31,A03=min"]
    status, answer, err = asked(capsys, "diff", "--entries", file, *ends)
    assert (status, err) == (0, "")
    sums(answer)
    assert answer["from"]["as_of"] == "2020-06-30"
    assert answer["from"]["known_at"]["position"] == 40
    assert answer["to"]["rules"]["readings"]["A03"] == "min"
    assert answer["assessment"] == book_of(log).ledger.assessment


@pytest.mark.parametrize(("lang", "words"), [("en", ["from: as of", "change"]), ("zh", ["起: 截至", "变动"])])
def test_a_table_names_causes(lang: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given two figures for one day, then the table names the later, the values, and how far it moved."""
    file = written(tmp_path / "some.jsonl", figures("99", "198"))
    options = ["--rubric", RUBRIC, "--from", "known-at=1", "--lang", lang]
    assert run(["diff", "--entries", file, *options]) == 0
    out, _ = capsys.readouterr()
    assert "tech_firms 99 → 198" in out
    assert "/binjiang/science f1 SubmissionReceived" in out
    assert "≈+8.33" in out
    assert all(word in out for word in words)


def test_another_rubric_is_tried_on_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a rubric of one's own in a coordinate, then the ledger is scored by it, and the rubric is the cause."""
    file = written(tmp_path / "some.jsonl", figures("99"))
    to = ["--to", f"rubric={changed(tmp_path)}"]
    status, answer, _ = asked(capsys, "diff", "--entries", file, "--rubric", RUBRIC, *to)
    assert status == 0
    assert [cause["kind"] for cause in answer["causes"]] == ["rubric"]
    science = next(unit for unit in answer["units"] if unit["unit"] == "science")
    assert science["change"] == "-103/48"  # 25 x 99/400 less 25 x 99/297


def test_supposed_entries_go_through_the_gate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given entries that nobody sent, then they count; one that the gate refuses is named by its line, and the file
    that was asked is as it was.
    """
    rows = figures("99", "198", "-1", "-2")
    file = written(tmp_path / "some.jsonl", rows[:1])
    before = Path(file).read_bytes()
    good, bad = written(tmp_path / "good.jsonl", rows[1:2]), written(tmp_path / "bad.jsonl", rows[1:3])
    status, answer, _ = asked(capsys, "diff", "--entries", file, "--rubric", RUBRIC, "--with", good)
    assert status == 0
    assert answer["supposed"] == {"after": 1, "entries": 1}
    (cause,) = answer["causes"]
    assert (cause["position"], cause["id"]) == (2, "f1")
    assert run(["diff", "--entries", file, "--rubric", RUBRIC, "--with", good, "--lang", "en"]) == 0
    assert "with 1 supposed entry behind position 1\n" in capsys.readouterr().out
    status, answer, err = asked(capsys, "diff", "--entries", file, "--rubric", RUBRIC, "--with", bad)
    assert (status, answer) == (1, None)
    assert err.startswith(f"merit: {bad}, line 2: out-of-range: ")
    assert Path(file).read_bytes() == before


def test_supposed_entries_stand_behind_what_is_known_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a position that lies back, then what is supposed follows it, and what came later is not known."""
    rows = figures("99", "198", "297")
    file, supposed = written(tmp_path / "some.jsonl", rows[:2]), written(tmp_path / "more.jsonl", rows[2:])
    ends = ["--to", "known-at=1", "--with", supposed, "--rubric", RUBRIC]
    status, answer, _ = asked(capsys, "diff", "--entries", file, *ends)
    assert (status, answer["from"]["known_at"]["position"]) == (0, 1)
    assert answer["causes"][0]["facts"][0]["gone"]["value"] == "99"
    status, _, err = asked(capsys, "diff", "--entries", file, "--from", "known-at=2", *ends)
    assert (status, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_timeline_is_two_tables(lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a figure of May that came in in June, then nothing was known of it in May, and it is known of May now."""
    file = written(tmp_path / "some.jsonl", figures("297"))
    status, answer, _ = asked(capsys, "timeline", "--entries", file, "--rubric", RUBRIC)
    assert status == 0
    may, june = answer["points"][-2:]
    assert (may["as_of"], may["then"], june["as_of"]) == ("2020-05-31", None, "2020-06-01")
    for place in (may["now"], june["now"], june["then"]):
        assert next(unit for unit in place["units"] if unit["unit"] == "science")["rank"] == 1
    assert run(["timeline", "--entries", file, "--rubric", RUBRIC, "--step", "week", "--lang", lang]) == 0
    out, _ = capsys.readouterr()
    assert {"en": "as known then", "zh": "按当时所知"}[lang] in out
    assert "2020-06-01" in out


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ["A01", "move a rank: ", "without readings, so not tried: A07"]), ("zh", ["影响名次: ", "可影响"])],
)
def test_sensitivity_is_a_line_a_reading(
    lang: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given a ledger, then each reading of each open finding has its line, with every unit's rank and total."""
    log = generate.ledger(Random(8), 60)
    file = written(tmp_path / "year.jsonl", log)
    status, answer, _ = asked(capsys, "sensitivity", "--entries", file)
    assert (status, answer) == (0, book_of(log).sensitivity())
    assert run(["sensitivity", "--entries", file, "--lang", lang]) == 0
    out, _ = capsys.readouterr()
    assert all(word in out for word in words)
    assert len([line for line in out.splitlines() if line.startswith("A0")]) >= 10


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ["higher", "missing", "no single one of the others"]), ("zh", ["调高", "未报", "均不改变名次"])],
)
def test_tipping_is_a_line_an_input(
    lang: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Given one figure, then what would change the rank of its unit has its line, and the rest is named."""
    file = written(tmp_path / "some.jsonl", figures("99"))
    status, answer, _ = asked(capsys, "tipping", "science", "--entries", file, "--rubric", RUBRIC)
    assert (status, answer["rank"]) == (0, 1)
    assert run(["tipping", "hr", "--entries", file, "--rubric", RUBRIC, "--lang", lang]) == 0
    out, _ = capsys.readouterr()
    assert all(word in out for word in words)
    (line,) = [line for line in out.splitlines() if line.startswith("R1 trained_person_times hr  ")]
    assert f"{words[1]}  –" in line
    assert "440: " in line  # of 2640, for 25/3 of 50 points: as much as science has


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["diff"], 2),
        (["diff", "--from", "known-at=4"], 3),
        (["diff", "--to", "soon"], 2),
        (["diff", "--to", "as-of="], 2),
        (["diff", "--to", "as-of=2020-06-30,as_of=2020-07-01"], 2),
        (["diff", "--to", "A01=21"], 2),
        (["diff", "--to", "A01=20,A01=50"], 2),
        (["diff", "--to", "A99=1"], 2),
        (["diff", "--to", "rubric=9"], 2),
        (["diff", "--to", "rubric=nowhere.yaml"], 3),
        (["diff", "--with", "nowhere.jsonl"], 3),
        (["timeline", "--step", "year"], 2),
        (["timeline", "--step", "0"], 2),
        (["timeline", "--from", "2020-13-01"], 2),
        (["timeline", "--from", "2020-06-01", "--to", "2020-01-01"], 2),
        (["timeline", "--to", "9999-12-31", "--step", "day"], 2),
        (["timeline", "--from", "0001-01-01"], 3),
        (["timeline", "--as-of", "2019-12-31"], 3),
        (["diff", "--from", "as-of=2019-12-31"], 3),
        (["diff", "--to", "as-of=2019-12-31"], 3),
        (["timeline", "--known-at", "9"], 3),
        (["sensitivity", "--reading", "A01=21"], 2),
        (["sensitivity", "--known-at", "9"], 3),
        (["sensitivity", "--as-of", "2019-12-31"], 3),
        (["tipping", "science", "--as-of", "2019-12-31"], 3),
        (["tipping", "science", "--known-at", "9" * 5000], 2),
        (["tipping", "science", "--known-at", "2020-W53-4T10:00"], 2),
        (["tipping"], 2),
        (["tipping", "nobody"], 2),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    arguments: list[str], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 for wrong usage, 3 where the answer is not there; nothing on stdout."""
    file = written(tmp_path / "some.jsonl", figures("1", "2", "3"))
    found, answer, err = asked(capsys, *arguments, "--entries", file, "--rubric", RUBRIC)
    assert (found, answer) == (status, None)
    assert err.startswith("merit: ")
    assert err.count("\n") == 1
