"""What intake is told from outside."""

from pathlib import Path

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class IntakeSettings(ServiceSettings):
    """Settings of intake."""

    origin: str = Field(
        "meritlog.example",
        description="Host name in the origin of checkpoints, `<origin>/<assessment>`; never changed later.",
    )
    key: str = Field(
        "ledger.key",
        description="File of the ledger's signing key; a relative path lies in `data`. Made at the first start.",
    )
    hand_overs: str = Field(
        "ledger.hand-overs",
        description="File of the notes by which earlier keys handed over to later ones (`merit key rotate`); public.",
    )
    witnesses: Path | None = Field(
        None,
        description="File of witnesses that sign checkpoints too: on each line a verifier key and a URL (C2SP"
        " tlog-witness).",
    )
    witness_seconds: float = Field(30, gt=0, description="How often they are asked about ledgers that have grown.")
    batch_entries: int = Field(10_000, ge=1, description="Most entries taken in one batch request.")
    sample_clock: bool = Field(
        default=False,
        description="Accept entries at the `time` they name, in assessments opened with `clock: sample`.",
    )
