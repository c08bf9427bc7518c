"""`merit check` and `merit standings` on files that are not as they should be: line, code, reason."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from cli.main import run
from shared.contracts.refusals import Refusal
from tests.oracle import generate

RUBRIC = str(generate.RUBRIC)
YEAR = Path(__file__).parents[3] / "samples" / "binjiang-2020.jsonl"


def figure(id_: str = "a", **changed: object) -> dict:
    """One figure, K1 of the science bureau; what is changed goes into `data` where it belongs there."""
    data = {"indicator": "K1", "measure": "tech_firms", "value": "99", "occurred": "2020-05-31"}
    event = {
        "specversion": "1.0",
        "id": id_,
        "source": "/binjiang/science",
        "type": "meritlog.SubmissionReceived.v1",
        "time": "2020-06-01T09:00:00+08:00",
        "subject": "science",
        "assessment": "binjiang-2020",
        "provider": "science",
    }
    inside = {name: value for name, value in changed.items() if name in (*data, "note")}
    return event | {name: value for name, value in changed.items() if name not in inside} | {"data": data | inside}


def line(id_: str = "a", **changed: object) -> bytes:
    return json.dumps(figure(id_, **changed), ensure_ascii=False).encode()


def with_value(literal: bytes, id_: str = "a") -> bytes:
    """The figure with a JSON literal for its value, however odd."""
    return line(id_).replace(b'"99"', literal)


def checked(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict]:
    """The report of `merit check`, which says the same in words and says it of every file that `standings` reads."""
    status = run(["check", str(file), *options, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert run(["check", str(file), *options]) == status
    said = capsys.readouterr().out.splitlines()[:-1]
    words = [f"{file}: line {each['line']}: {each['code']}: {each['reason']}" for each in report["refused"]]
    assert all(row.startswith(expected) for row, expected in zip(said, words, strict=True))
    assert run(["standings", "--entries", str(file), *options, "--json"]) == (0 if report["accepted"] else 3)
    out, err = capsys.readouterr()
    assert bool(out) == bool(report["accepted"])
    assert ("refused and left out" in err) == bool(report["refused"])
    return status, report


WRONG = {
    "cut off": (line()[:60], "malformed"),
    "a string": (b'"entry"', "malformed"),
    "a list": (b"[]", "malformed"),
    "null": (b"null", "malformed"),
    "NaN": (with_value(b"NaN"), "malformed"),
    "Infinity": (with_value(b"-Infinity"), "malformed"),
    "1e5000": (with_value(b"1e5000"), "malformed"),
    "a thousand million digits, nearly": (with_value(b"1" * 300_000), "too-large"),
    "400 decimals": (line(value="0." + "1" * 400), "out-of-range"),
    "negative": (line(value="-1"), "out-of-range"),
    "30 February": (line(occurred="2020-02-30"), "malformed"),
    "30 February as time": (line(time="2020-02-30T09:00:00Z"), "malformed"),
    "no offset": (line(time="2020-06-01T09:00:00"), "malformed"),
    "NUL escaped": (line("a\0b"), "malformed"),
    "NUL bare": (line().replace(b"99", b"9\x009"), "malformed"),
    "only NUL": (b"\0\0\0", "malformed"),
    "a control character": (line("a\x1bb"), "malformed"),
    "Latin-1": (line().replace(b'"a"', b'"\xe9"'), "malformed"),
    "a lone surrogate": (with_value(rb'"\ud800"'), "malformed"),
    "named twice": (line().replace(b'"value": "99"', b'"value": "1", "value": "2"'), "malformed"),
    "deep": (b"[" * 100_000, "malformed"),
    "deep inside": (with_value(b'{"x":' * 2000 + b"1" + b"}" * 2000), "malformed"),
    "large": (line(note="x" * 300_000), "too-large"),
    "byte order mark": (b"\xef\xbb\xbf" + line(), "malformed"),
    "UTF-16": (line().decode().encode("utf-16-le"), "malformed"),
    "position 0": (line(position=0, acceptedtime="2020-06-02T00:00:00Z"), "malformed"),
    "position in words": (line(position="three", acceptedtime="2020-06-02T00:00:00Z"), "malformed"),
    "acceptedtime in words": (line(acceptedtime="noon"), "malformed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_line_that_is_wrong_takes_no_other_along(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Between two good lines it is refused with its line and code, and both others count."""
    raw, code = WRONG[name]
    file = tmp_path / "some.jsonl"
    file.write_bytes(b"\n".join([line("first"), raw, line("last", value="100")]))

    status, report = checked(file, capsys, "--rubric", RUBRIC)

    assert (status, report["accepted"]) == (1, 2)
    assert [(each["line"], each["code"]) for each in report["refused"]] == [(2, code)]
    assert report["refused"][0]["reason"]


@pytest.mark.parametrize(
    "raw",
    [
        with_value(b"1e3"),
        with_value(b"1e400"),
        line(value="1" * 400),
        line("i" * 10_240),
        line(extension="kept"),
        line() + b"\r",
    ],
)
def test_a_line_that_is_only_odd_is_taken(raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Large numbers are read exactly; a long id, an unknown attribute and CRLF are no fault."""
    file = tmp_path / "some.jsonl"
    file.write_bytes(raw + b"\n")

    assert checked(file, capsys, "--rubric", RUBRIC) == (0, {"accepted": 1, "refused": []})


@pytest.mark.parametrize("content", [b"", b"\n\r\n  \n"])
def test_an_empty_file_has_nothing_wrong_and_no_standing(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 for `check`; 3 for `standings`."""
    file = tmp_path / "some.jsonl"
    file.write_bytes(content)

    assert checked(file, capsys, "--rubric", RUBRIC) == (0, {"accepted": 0, "refused": []})


def test_a_compressed_file_is_no_file_of_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of what would be its lines is refused."""
    file = tmp_path / "some.jsonl.gz"
    file.write_bytes(gzip.compress(line()))

    status, report = checked(file, capsys, "--rubric", RUBRIC)

    assert (status, report["accepted"], {each["code"] for each in report["refused"]}) == (1, 0, {"malformed"})


def test_positions_rise_and_may_leave_some_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two lines with one position the first holds; a line without one takes the next; a gap is known by its ends."""
    accepted = "2020-06-02T00:00:00Z"
    rows = [(2, "1"), (2, "2"), (1, "3"), (5, "4"), (None, "5")]
    file = tmp_path / "some.jsonl"
    lines = [
        line(f"l{number}", position=at, acceptedtime=accepted, value=value) for number, (at, value) in enumerate(rows)
    ]
    file.write_bytes(b"\n".join(lines))

    status, report = checked(file, capsys, "--rubric", RUBRIC)
    run(["standings", "--entries", str(file), "--rubric", RUBRIC, "--json"])

    assert (status, report["accepted"], [each["line"] for each in report["refused"]]) == (1, 3, [2, 3])
    assert json.loads(capsys.readouterr().out)["known_at"]["position"] == 6


def test_every_code_comes_out_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Given the sample year and a file that opens nothing,
    when both are checked,
    then every refusal code of the contract is given, with line, code and reason, and no other.
    """
    file = tmp_path / "some.jsonl"
    file.write_bytes(line())

    status, year = checked(YEAR, capsys)
    _, unopened = checked(file, capsys)

    found = Counter(each["code"] for each in year["refused"] + unopened["refused"])
    assert status == 1
    assert set(found) == set(Refusal)
    assert all(each["line"] and each["reason"] for each in year["refused"])
    assert [(each["line"], each["code"]) for each in unopened["refused"]] == [(1, "unknown-assessment")]
