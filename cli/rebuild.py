"""`merit rebuild`: scoring built anew from its ledger, beside what it has told."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Json
from cli.stop import NO_ANSWER, Stop

if TYPE_CHECKING:
    from services.scoring.rebuild import Rebuilt

SHOWN = 20


def rebuild(
    assessment: Annotated[list[str] | None, typer.Argument(metavar="ASSESSMENT", help="[default: all]")] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Where something differs, tell it anew in a newer generation.")
    ] = False,
    json: Json = False,
) -> int:
    """Score every entry anew, in scoring's database, and compare with what was told. 1 when it differs.

    Scoring may run meanwhile. Nothing changes unless --take-over is given.
    """
    from cli.databases import opened
    from cli.output import print_json
    from services.scoring.store import LEDGER
    from shared.chassis.store import StoreError

    store = opened("scoring")
    try:
        names = assessment or store.assessments(LEDGER)
        unknown = [name for name in names if store.stream(f"{LEDGER}/{name}").head() is None]
        if unknown:
            raise Stop(
                f"scoring's database has no {unknown[0]}: it has {', '.join(store.assessments(LEDGER)) or 'none'}"
            )
        found = [_one(store, name, take_over) for name in names]
    except StoreError as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
    finally:
        store.close()
    if json:
        print_json({"assessments": [_as_json(each) for each in found]})
    else:
        for each in found:
            _say(each)
    return 1 if any(each.disputed or (each.differences and each.generation is None) for each in found) else 0


def _one(store: Any, assessment: str, take_over: bool) -> "Rebuilt":  # noqa: FBT001  the option, handed on
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from services.scoring.rebuild import rebuild
    from services.scoring.store import ledger

    console = Console(stderr=True)
    columns = (TextColumn(assessment), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    head = ledger(store, assessment).head()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task("entries", total=head.position if head else 0)
        return rebuild(
            store, assessment, take_over=take_over, progress=lambda position: progress.update(bar, completed=position)
        )


def _as_json(one: "Rebuilt") -> dict[str, Any]:
    return {
        "assessment": one.assessment,
        "entries": one.entries,
        "differences": [each._asdict() for each in one.differences],
        "disputed": list(one.disputed),
        "generation": one.generation,
    }


def _say(one: "Rebuilt") -> None:
    for position in one.disputed:
        print(f"{one.assessment}: the closing at {position} names another standing than the one found: look at both")
    for each in one.differences[:SHOWN]:
        print(f"{one.assessment}: {each.part}: told {each.told}, found {each.found}")
    if len(one.differences) > SHOWN:
        print(f"{one.assessment}: and {len(one.differences) - SHOWN} more; --json lists all")
    if not one.differences:
        said = "as it was told"
    elif one.generation is None:
        said = f"{len(one.differences)} parts differ from what was told: --take-over tells them anew"
    else:
        said = f"{len(one.differences)} parts differed; generation {one.generation} tells them anew"
    print(f"{one.assessment}: {one.entries} entries scored anew, {said}")
