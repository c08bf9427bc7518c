"""What every service is told from outside: environment variables with the prefix `MERITLOG_`, secrets as files."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

PREFIX = "MERITLOG_"


class FileSource(PydanticBaseSettingsSource):
    """`MERITLOG_<NAME>_FILE=path`: the setting is what the file holds, without the final line break.

    So a secret stands in a file that only its service may read (0440), and neither in the environment nor in a
    list of processes.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  (its signature)
        """What the file named by the environment holds, or None."""
        path = os.environ.get(f"{PREFIX}{field_name.upper()}_FILE")
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise WrongSettings(
                f"{PREFIX}{field_name.upper()}_FILE names {path}, which cannot be read: {reason}."
            ) from error

    def __call__(self) -> dict[str, Any]:
        """Every setting given as a file."""
        values = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value is not None}


class WrongSettings(Exception):
    """A setting is missing or cannot be what it says; the message names the variable. Exit status 2."""


class ServiceSettings(BaseSettings):
    """What all services share; a service adds its own by a subclass in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address to listen on; any but loopback needs `MERITLOG_CREDENTIALS`.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    data: Path = Field(Path(".merit"), description="Folder of the SQLite files, keys and credentials.")
    database: SecretStr | None = Field(
        None,
        description="Where this service keeps its own store: `postgresql://…` or `sqlite:///path`; else in `data`.",
    )
    kafka: str | None = Field(
        None, description="Bootstrap servers, `host:port,host:port`; without them streams stay in process."
    )
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How brokers are spoken to; said in full, because SASL alone would be plaintext."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, where the protocol has one."
    )
    kafka_username: str | None = Field(None, description="SASL account of this service.")
    kafka_password: SecretStr | None = Field(None, description="Its password.")
    kafka_ca: Path | None = Field(None, description="Certificates that brokers are checked against; else the system's.")
    credentials: Path | None = Field(None, description="File made by `merit credential`; who may call, and as what.")
    token: SecretStr | None = Field(None, description="This service's own credential, sent when it reads from another.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto`: colours on a terminal, else JSON lines."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level written; `debug` adds a line for every request answered well."
    )
    max_body: int = Field(
        16 * 1024 * 1024, ge=1024, description="Largest request body in bytes; beyond it 413 `too-large`."
    )
    body_seconds: float = Field(30, gt=0, description="Longest silence while a request body is read; then 408.")
    start_seconds: float = Field(
        2, ge=0, description="How long opening the port waits for the service behind it; then it answers 503 meanwhile."
    )
    drain_seconds: int = Field(20, ge=0, description="On SIGTERM, how long requests in hand may take to end.")
    otlp: str | None = Field(None, description="OpenTelemetry collector (`http://host:4318`) that traces are sent to.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files: no `.env`, which would differ with the working directory."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, FileSource(settings_cls)

    @property
    def database_url(self) -> str | None:
        """The database's URL in the clear, for the store."""
        return self.database.get_secret_value() if self.database else None


S = TypeVar("S", bound=ServiceSettings)


def load(kind: type[S], **given: Any) -> S:
    """Settings from arguments, environment and files.

    :raises WrongSettings: in one sentence, naming the variable; never the value, which may be a secret
    """
    try:
        return kind(**given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = f"{PREFIX}{'_'.join(map(str, first['loc'])).upper()}"
        raise WrongSettings(f"{name} is wrong: {first['msg'].lower()}.") from None
    except SettingsError as error:
        raise WrongSettings(f"{error}.") from None


class Row(NamedTuple):
    """One line of the reference page of settings."""

    variable: str
    type: str
    default: str
    meaning: str


def rows(kind: type[ServiceSettings], *, own: bool = False) -> Iterator[Row]:
    """A line for every setting of a service, in the order of the model; with `own`, only what the base has not."""
    for name, field in kind.model_fields.items():
        if own and name in ServiceSettings.model_fields:
            continue
        default = "" if field.default is None else f"`{field.default}`"
        yield Row(f"{PREFIX}{name.upper()}", kind_of(field.annotation), default, field.description or "")


def kind_of(annotation: Any) -> str:
    """A type as a reader of the page knows it: `text`, `secret`, `file`, `number`, or the choices."""
    if get_origin(annotation) is Literal:
        return " ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return kind_of(next(arm for arm in get_args(annotation) if arm is not type(None)))
    words = {
        str: "text",
        SecretStr: "secret",
        Path: "path",
        int: "whole number",
        float: "number",
        bool: "`true` `false`",
    }
    return words.get(annotation, getattr(annotation, "__name__", str(annotation)))


def page(own: dict[str, type[ServiceSettings]]) -> str:
    """The reference page of settings, as Markdown, from the models: `own` is each service's model by its name."""
    lines = [
        "# Settings",
        "",
        "Environment variables. Every one can also be given as `<NAME>_FILE=path`: the file's content is the value, so",
        "that secrets stand in files that only the service may read (0440). Arguments of a command go before",
        "variables, variables before files.",
        "",
        "## All services",
        "",
        *table(rows(ServiceSettings)),
    ]
    for name, kind in own.items():
        lines += ["", f"## {name}", "", *(table(rows(kind, own=True)) or ["Nothing of its own."])]
    return "\n".join(lines) + "\n"


def table(lines: Iterator[Row]) -> list[str]:
    """Markdown lines, or nothing when there are no rows."""
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines]
    return ["| variable | is | default | meaning |", "|---|---|---|---|", *body] if body else []
