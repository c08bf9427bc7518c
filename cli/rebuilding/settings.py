"""What `merit rebuild` is told from outside: the settings of the service that it rebuilds, and these."""

from pydantic import Field, SecretStr

from shared.chassis.settings import ServiceSettings


class RebuildSettings(ServiceSettings):
    """Settings of `merit rebuild`."""

    successor: SecretStr | None = Field(
        None,
        description="With `--beside`: the empty database to build in, as `MERITLOG_DATABASE`; else a file in `data`.",
    )
    intake: str | None = Field(None, description="With `--from-intake`: URL of intake; else its store in `data`.")
    scoring: str | None = Field(
        None, description="URL of scoring, whose feed ranking is rebuilt from; else its store in `data`."
    )

    @property
    def successor_url(self) -> str | None:
        """The successor's URL in the clear."""
        return self.successor.get_secret_value() if self.successor else None
