"""What the pages are told from outside."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class WebSettings(ServiceSettings):
    """Where the services are; `MERITLOG_TOKEN` is the credential that the pages read with, a `viewer`'s."""

    intake_url: str = Field("http://127.0.0.1:8000", description="Base URL of intake.")
    scoring_url: str = Field("http://127.0.0.1:8000", description="Base URL of scoring.")
    ranking_url: str = Field("http://127.0.0.1:8000", description="Base URL of ranking.")
