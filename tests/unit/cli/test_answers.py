"""`merit check`, `standings`, `unit`, `explain` and `rubric` on files: what they print, and their exit status."""

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from cli.main import run
from tests.oracle import binjiang, generate

RUBRIC = str(generate.RUBRIC)


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_bytes(b"".join(generate.stored(row) + b"\n" for row in rows))
    return str(path)


def bare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines as a sender has them: without what intake adds."""
    return [{name: value for name, value in row.items() if name not in ADDED} for row in rows]


ADDED = ("position", "acceptedtime", "previous")


def figures(*values: str, month: int = 6) -> list[dict[str, Any]]:
    """Lines of one figure each, K1 of the science bureau, without an opening."""
    return [
        {
            "specversion": "1.0",
            "id": f"f{place}",
            "source": "/binjiang/science",
            "type": "meritlog.SubmissionReceived.v1",
            "time": f"2020-{month + place:02}-01T09:00:00+08:00",
            "subject": "science",
            "assessment": "binjiang-2020",
            "provider": "science",
            "data": {"indicator": "K1", "measure": "tech_firms", "value": value, "occurred": "2020-05-31"},
        }
        for place, value in enumerate(values)
    ]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    """Status, answer (JSON read), and what stderr said."""
    status = run([*arguments, "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, err


def test_a_file_with_its_opening_gives_the_standing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Given a ledger as exported, then its standing is what the slow scorer says, at any coordinate."""
    log = generate.ledger(Random(11), 90)
    file = written(tmp_path / "year.jsonl", log)
    status, answer, _ = asked(capsys, "standings", "--entries", file)
    assert (status, answer) == (0, binjiang.standing(log))
    options = ["--as-of", "2020-06-30", "--known-at", "40", "--reading", "A03=min", "--reading", "A16=latest"]
    status, answer, _ = asked(capsys, "standings", "--entries", file, *options)
    then = binjiang.standing(log, binjiang.date(2020, 6, 30), 40, {"A03": "min", "A16": "latest"})
    assert (status, answer) == (0, then)


def test_lines_without_position_are_counted_as_accepted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`time` stands in for acceptance; a refused line is left out, counted on stderr, and the status is 0."""
    rows = figures("99", "-1", "198")
    file = written(tmp_path / "some.jsonl", rows)
    status, answer, err = asked(capsys, "standings", "--entries", file, "--rubric", RUBRIC)
    assert status == 0
    assert answer["known_at"] == {"position": 2, "accepted": "2020-08-01T01:00:00Z"}
    assert answer["assessment"] == "binjiang-2020"
    science = next(unit for unit in answer["units"] if unit["unit"] == "science")
    assert science["indicators"]["K1"]["exact"] == "50/3"
    assert err == f"merit: 1 line was refused and left out: merit check {file} says why\n"


@pytest.mark.parametrize(
    ("known_at", "position"),
    [("2020-06-01", 1), ("2020-07-01T09:00:00+08:00", 2), ("2020-07-01T08:59:59", 1), ("3", 3)],
)
def test_known_at_on_the_command_line(
    known_at: str, position: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A position, a date (its end), or a time, without offset in the assessment's time zone."""
    file = written(tmp_path / "some.jsonl", figures("1", "2", "3"))
    status, answer, _ = asked(capsys, "standings", "--entries", file, "--rubric", RUBRIC, "--known-at", known_at)
    assert (status, answer["known_at"]["position"]) == (0, position)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--known-at", "4"], 3),
        (["--known-at", "2019-01-01"], 3),
        (["--known-at", "soon"], 2),
        (["--as-of", "2020-02-30"], 2),
        (["--as-of", "20200101"], 2),
        (["--reading", "A01"], 2),
        (["--reading", "A01=30"], 2),
        (["--reading", "A99=x"], 2),
        (["--reading", "A01=20", "--reading", "A01=50"], 2),
        (["--lang", "fr"], 2),
        (["--nonsense"], 2),
        (["surplus"], 2),
    ],
)
def test_what_cannot_be_answered_is_one_sentence(
    options: list[str], status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 for wrong usage, 3 where the answer is not there; nothing on stdout."""
    file = written(tmp_path / "some.jsonl", figures("1", "2", "3"))
    found, answer, err = asked(capsys, "standings", "--entries", file, "--rubric", RUBRIC, *options)
    assert (found, answer) == (status, None)
    assert err.startswith("merit: ")
    assert err.count("\n") == 1


def test_files_that_are_not_there_or_no_rubric(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unreadable is 3; a rubric with faults names the first, and where to see all."""
    file = written(tmp_path / "some.jsonl", figures("1"))
    broken = tmp_path / "broken.yaml"
    broken.write_text("language: 1\nid: [", encoding="utf-8")
    for arguments in (
        ["standings", "--entries", str(tmp_path / "none.jsonl")],
        ["standings", "--entries", str(tmp_path)],
        ["standings", "--entries", file, "--rubric", str(broken)],
        ["standings", "--entries", file, "--rubric", "no\0file"],
        ["check", str(tmp_path / "none.jsonl")],
        ["rubric", "show", str(broken)],
    ):
        status, answer, err = asked(capsys, *arguments)
        assert (status, answer, err.count("\n")) == (3, None, 1), arguments


def test_a_file_of_nothing_accepted_has_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an opening and without a rubric nothing can be accepted: 3, and the count says why."""
    file = written(tmp_path / "some.jsonl", figures("1"))
    status, answer, err = asked(capsys, "standings", "--entries", file)
    assert (status, answer) == (3, None)
    assert "1 line was refused" in err


def test_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`-` reads it; entries and rubric cannot both be it."""
    lines = b"\n".join(generate.stored(row) for row in figures("297"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines)))
    status, answer, _ = asked(capsys, "unit", "science", "--entries", "-", "--rubric", RUBRIC)
    assert (status, answer["indicators"]["K1"]["points"]) == (0, "25.00")
    assert asked(capsys, "unit", "science", "--entries", "-", "--rubric", "-")[0] == 2
    assert asked(capsys, "check", "-", "--rubric", "-")[0] == 2


def test_a_rubric_beside_a_file_that_opens_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ledger stays under its own rubric; the answer is by the other, or by a version of the ledger's."""
    log = generate.ledger(Random(3), 30)
    file = written(tmp_path / "year.jsonl", log)
    other = tmp_path / "other.yaml"
    other.write_text(generate.rubric_text().replace("version: 1", "version: 9", 1), encoding="utf-8")
    status, answer, err = asked(capsys, "standings", "--entries", file, "--rubric", str(other))
    assert (status, answer["rules"]["version"], err) == (0, 9, "")
    status, answer, _ = asked(capsys, "standings", "--entries", file, "--rubric", "1")
    assert (status, answer["rules"]["version"]) == (0, 1)
    assert asked(capsys, "standings", "--entries", file, "--rubric", "77")[0] == 2


def test_check_reports_each_refused_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 when any would be refused; blank lines count for `line`, an exact duplicate for neither."""
    good, bad, again = figures("1", "-1", "2")
    file = tmp_path / "some.jsonl"
    lines = [generate.stored(good), b"", b"{", generate.stored(bad), generate.stored(good), generate.stored(again)]
    file.write_bytes(b"\n".join(lines))
    status, answer, _ = asked(capsys, "check", str(file), "--rubric", RUBRIC)
    assert (status, answer["accepted"]) == (1, 2)
    assert [(each["line"], each["source"], each["id"], each["code"]) for each in answer["refused"]] == [
        (3, None, None, "malformed"),
        (4, "/binjiang/science", "f1", "out-of-range"),
    ]
    assert run(["check", str(file), "--rubric", RUBRIC]) == 1
    assert "line 4: out-of-range: " in capsys.readouterr().out
    assert asked(capsys, "check", written(tmp_path / "good.jsonl", [good]), "--rubric", RUBRIC)[0] == 0


def test_a_trace_reads_in_chinese_and_english(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Points, clause, entry and the findings that bear on them, in plain lines; the same each time."""
    file = written(tmp_path / "some.jsonl", figures("198"))
    said = []
    for lang in ("zh", "en", "en"):
        assert run(["explain", "science", "K1", "--entries", file, "--rubric", RUBRIC, "--lang", lang]) == 0
        said.append(capsys.readouterr().out)
    assert "16.67 ／ 25" in said[0]
    assert "记录 1 /binjiang/science f0" in said[0]
    assert "16.67 of 25" in said[1]
    assert "entry 1 /binjiang/science f0" in said[1]
    assert said[1].splitlines()[0] == "binjiang-2020", "the state of the indicator is not the assessment's"
    assert said[1] == said[2]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("command", [["standings"], ["unit", "hr"], ["explain", "hr"]])
def test_tables_are_plain_where_there_is_no_terminal(
    command: list[str], lang: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No colours, no boxes; the coordinate stands above."""
    log = generate.ledger(Random(5), 60)
    assert run([*command, "--entries", written(tmp_path / "year.jsonl", log), "--lang", lang]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert (
        f"{'截至' if lang == 'zh' else 'as of'} 2020-12-31 · {'已知至' if lang == 'zh' else 'known at'} {len(log)} "
        in out
    )


def test_a_terminal_gets_a_table_of_rich(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names with brackets are text, not markup."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    file = written(tmp_path / "year.jsonl", generate.ledger(Random(5), 60))
    assert run(["standings", "--entries", file]) == 0
    assert "区市监局" in capsys.readouterr().out


def test_rubric_check_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rubric of the repository has no fault; one that does not add up has, with its line, and exits 1."""
    assert asked(capsys, "rubric", "check", RUBRIC)[:2] == (0, {"file": RUBRIC, "faults": []})
    text = generate.rubric_text()
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("total: 120", "total: 121", 1), encoding="utf-8")
    status, answer, _ = asked(capsys, "rubric", "check", str(wrong))
    assert status == 1
    assert answer["faults"]
    assert all(fault["line"] > 0 and fault["advice"] for fault in answer["faults"])
    status, answer, _ = asked(capsys, "rubric", "show", RUBRIC)
    a01 = next(finding for finding in answer["findings"] if finding["id"] == "A01")
    assert (status, a01["default"], [each["id"] for each in a01["readings"]]) == (0, "50", ["50", "20"])
    assert (a01["moves"], a01["found"]) == ("rank", "rank")
    for lang in ("zh", "en"):
        assert run(["rubric", "show", RUBRIC, "--lang", lang]) == 0
        assert "A01" in capsys.readouterr().out
