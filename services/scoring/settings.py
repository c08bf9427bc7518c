"""What scoring is told from outside."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class ScoringSettings(ServiceSettings):
    """Settings of scoring."""

    intake: str | None = Field(None, description="URL of intake, whose feed is read where Kafka leaves a gap.")
    wait_seconds: float = Field(
        5,
        ge=0,
        description="How long a question waits for a position that is not here yet; then 503.",
    )
