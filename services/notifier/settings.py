"""What the notifier is told from outside."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class NotifierSettings(ServiceSettings):
    """Settings of the notifier."""

    ranking: str | None = Field(None, description="URL of ranking, whose feed is read where Kafka leaves a gap.")
    allow_private: bool = Field(
        default=False, description="Send webhooks to private and loopback addresses too; for tests and closed networks."
    )
    webhook_seconds: float = Field(15, gt=0, description="How long a receiver may take to answer.")
