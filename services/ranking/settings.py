"""What ranking is told from outside."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class RankingSettings(ServiceSettings):
    """Settings of ranking."""

    scoring: str | None = Field(None, description="URL of scoring, whose feed is read where Kafka leaves a gap.")
