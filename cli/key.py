"""`merit key`: the ledger's signing key, where intake keeps it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cli.options import Json
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

if TYPE_CHECKING:
    from services.intake.settings import IntakeSettings

T = TypeVar("T")

app = typer.Typer(help="Shows and changes the key that signs the ledger.", rich_markup_mode=None)
Data = Annotated[
    Path | None, typer.Option("--data", metavar="DIR", help="Intake's folder. [default: $MERITLOG_DATA, or .merit]")
]


@app.command()
def show(
    assessment: Annotated[
        str | None, typer.Argument(metavar="ASSESSMENT", help="Its ledger's key. [default: the host's, for settings]")
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print the public key of an assessment's ledger, to be given to whoever verifies it."""
    from cli.output import print_json
    from services.intake.signing import ledger_keys

    settings = settings_of(data)
    if not (settings.data / settings.key).exists():
        raise Stop(f"there is no key at {settings.data / settings.key}: name its file in MERITLOG_KEY")
    keys = sure(lambda: ledger_keys(settings))
    now = str(keys.key.verifier if assessment is None else keys.published(assessment).now)
    if json:
        overs = [{"before": str(each.before), "after": str(each.after)} for each in keys.hand_overs]
        print_json({"key": now, "hand_overs": overs})
    else:
        print(now)


@app.command()
def create(data: Data = None, json: Json = False) -> None:
    """Make a signing key where there is none, and print its public one. Intake does so itself as long as it has signed
    nothing; later only a lost key is a reason.
    """
    from cli.output import print_json
    from services.intake.signing import ledger_key

    settings = settings_of(data)
    path = settings.data / settings.key
    if path.exists():
        raise Stop(f"{path} is there: merit key rotate hands over to another key", 1)
    key = sure(lambda: ledger_key(settings))
    print_json({"key": str(key.verifier)}) if json else print(key.verifier)


@app.command()
def rotate(data: Data = None, json: Json = False) -> None:
    """Hand over to a new signing key, which signs once intake is started again. The secret of the one before is gone;
    what it signed holds for ever, and who pinned it believes the new one by the note that both have signed.
    """
    from cli.output import print_json
    from services.intake.signing import rotate as handed_over

    settings = settings_of(data)
    after = sure(lambda: handed_over(settings))
    if json:
        print_json({"key": str(after.verifier), "hand_overs": str(settings.data / settings.hand_overs)})
    else:
        print(f"{after.verifier} signs from the next start of intake on; the hand-over is in {settings.hand_overs}.")


def settings_of(data: Path | None) -> "IntakeSettings":
    """Give intake's settings.

    Raises:
        Stop: One is wrong.

    """
    from services.intake.settings import IntakeSettings
    from shared.chassis.settings import WrongSettings, load

    given: dict[str, Any] = {} if data is None else {"data": data}
    try:
        return load(IntakeSettings, **given)
    except WrongSettings as error:
        raise Stop(str(error).rstrip("."), WRONG_USAGE) from None


def sure(ask: Callable[[], T]) -> T:
    """What was asked; what is wrong with the files ends the command."""
    from shared.chassis.errors import CannotStart

    try:
        return ask()
    except CannotStart as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
