"""What scoring is told from outside."""

from pydantic import Field, field_validator

from shared.chassis.settings import ServiceSettings
from shared.proof.keys import VerifierKey


class ScoringSettings(ServiceSettings):
    """Settings of scoring."""

    intake: str | None = Field(None, description="URL of intake, whose feed is read where Kafka leaves a gap.")
    ledger_key: str | None = Field(
        None,
        description="Public key that intake's checkpoints must be signed with, as `merit key show` prints it; else the"
        " one that intake names is taken at its word.",
    )
    checkpoint_seconds: float = Field(
        30, ge=0, description="How often a ledger that has grown is held against intake's checkpoint; 0: never."
    )
    wait_seconds: float = Field(
        5,
        ge=0,
        description="How long a question waits for a position that is not here yet; then 503.",
    )

    @field_validator("ledger_key")
    @classmethod
    def _a_key(cls, text: str | None) -> str | None:
        return str(VerifierKey.parse(text)) if text else None
