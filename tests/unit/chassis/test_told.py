"""What services are told (settings) and what they tell (logs)."""

import json
import logging
import sys
from pathlib import Path

import pytest
import structlog
from pydantic import Field, SecretStr

from shared.chassis import logs, settings
from shared.chassis.settings import ServiceSettings, WrongSettings, load, page


class NoticeSettings(ServiceSettings):
    """A service's own."""

    attempts: int = Field(12, ge=1, description="How often | at most.")
    key: SecretStr | None = Field(None, description="Its key.")


@pytest.fixture(autouse=True)
def _nobody_else_speaks(monkeypatch):
    for variable in [name for name in __import__("os").environ if name.startswith("MERITLOG_")]:
        monkeypatch.delenv(variable)


def test_arguments_go_before_variables_before_files(tmp_path, monkeypatch):
    """A setting comes from the nearest: argument, environment, file, default."""
    (tmp_path / "attempts").write_text("3\n")

    assert load(NoticeSettings).attempts == 12
    monkeypatch.setenv("MERITLOG_ATTEMPTS_FILE", str(tmp_path / "attempts"))
    assert load(NoticeSettings).attempts == 3
    monkeypatch.setenv("MERITLOG_ATTEMPTS", "4")
    assert load(NoticeSettings).attempts == 4
    assert load(NoticeSettings, attempts=5).attempts == 5


def test_a_secret_comes_from_a_file_and_is_not_shown(tmp_path, monkeypatch):
    """A mounted secret is the file's content without its line break; printing the settings does not show it."""
    (tmp_path / "db").write_text("postgresql://u:hunter2@db/x\n")
    (tmp_path / "db").chmod(0o440)
    monkeypatch.setenv("MERITLOG_DATABASE_FILE", str(tmp_path / "db"))

    told = load(ServiceSettings)

    assert told.database_url == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in repr(told)


def test_an_empty_variable_counts_as_none(monkeypatch):
    """Compose files pass variables that nobody set."""
    monkeypatch.setenv("MERITLOG_PORT", "")
    monkeypatch.setenv("MERITLOG_KAFKA_FILE", "")

    assert (load(ServiceSettings).port, load(ServiceSettings).kafka) == (8000, None)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MERITLOG_PORT", "70000"),
        ("MERITLOG_PORT", "http"),
        ("MERITLOG_LOG_LEVEL", "loud"),
        ("MERITLOG_KAFKA_PROTOCOL", "SASL"),
        ("MERITLOG_TOKEN_FILE", "/nowhere/token"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(monkeypatch, variable, value):
    """The variable, what is wrong with it, and not the value, which may be a secret."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(WrongSettings, match=variable) as refusal:
        load(ServiceSettings)

    assert str(refusal.value).endswith(".")
    assert "\n" not in str(refusal.value)
    assert value not in str(refusal.value) or variable.endswith("_FILE")


def test_the_page_lists_every_setting_once():
    """Base settings in one table, a service's own in another, with kind, default and meaning; and none undescribed."""
    text = page({"notifier": NoticeSettings, "plain": ServiceSettings})

    assert text.count("| MERITLOG_PORT | whole number | `8000` |") == 1
    assert "| MERITLOG_ATTEMPTS | whole number | `12` | How often \\| at most. |" in text
    assert "| MERITLOG_KEY | secret |  | Its key. |" in text
    assert "## plain\n\nNothing of its own." in text
    assert all(field.description for field in ServiceSettings.model_fields.values())


def test_no_dotenv_is_read(tmp_path, monkeypatch):
    """What a service is told does not depend on where it is started."""
    (tmp_path / ".env").write_text("MERITLOG_PORT=1234\n")
    monkeypatch.chdir(tmp_path)

    assert load(ServiceSettings).port == 8000


@pytest.fixture
def lines(capsys):
    """JSON log lines written so far; logging is as it was afterwards."""
    root = logging.getLogger()
    before = (root.handlers, root.level, structlog.get_config())
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers, root.level = before[0], before[1]
    structlog.configure(**before[2])


def test_a_line_says_when_who_and_what(lines):
    """JSON with UTC time, level, service and the request's id; Chinese as it is."""
    logs.configure("json")

    with structlog.contextvars.bound_contextvars(request="r1"):
        logs.logger("intake").info("接受", assessment="binjiang-2020")

    (line,) = lines()
    assert line["timestamp"].endswith("Z")
    del line["timestamp"]
    assert line == {
        "event": "接受", "service": "intake", "level": "info", "request": "r1", "assessment": "binjiang-2020"
    }  # fmt: skip


def test_what_opens_doors_or_names_persons_is_withheld(lines):
    """Tokens, cookies, free text of entries: blanked, whoever passes them."""
    logs.configure("json")

    logs.logger("intake").info("x", authorization="Bearer merit_a_b", note="张三", data={"a": 1}, password="hunter2")

    (line,) = lines()
    assert {line[key] for key in ("authorization", "note", "data", "password")} == {"(withheld)"}


def test_a_traceback_has_no_values(lines):
    """An exception is written with its frames, without the variables in them, which may hold a token."""
    logs.configure("json")
    token = "merit_a_" + "b" * 8

    try:
        len(token) / 0
    except ZeroDivisionError:
        logs.logger("intake").exception("failed")

    (line,) = lines()
    assert "ZeroDivisionError" in line["exception"]
    assert token not in json.dumps(line)


def test_libraries_speak_through_the_same_pipe(lines):
    """A library's warning is a JSON line; its chatter is not written; below the level nothing is."""
    logs.configure("json", "warning")

    logging.getLogger("aiokafka").info("joining group")
    logging.getLogger("somebody").warning("disk %s", "full")
    logs.logger("intake").info("not this")

    (line,) = lines()
    assert (line["event"], line["level"]) == ("disk full", "warning")


def test_a_terminal_gets_readable_lines(capsys, lines):
    """`console` is for people, without the variables of frames there too."""
    logs.configure("console")
    secret = "merit_a_" + "c" * 8

    try:
        len(secret) / 0
    except ZeroDivisionError:
        logs.logger("intake").exception("failed")

    text = capsys.readouterr().err
    assert "failed" in text
    assert secret not in text
    assert settings.PREFIX not in text
    assert Path(__file__).name in text
    assert not sys.stderr.isatty()
