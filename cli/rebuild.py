"""`merit rebuild`: scoring and ranking built anew from the log, in place or beside, and compared with what was told."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Json
from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
from cli.words import word

if TYPE_CHECKING:
    from cli.rebuilding.feeds import Source
    from shared.chassis.rebuilding import Rebuilt

SHOWN = 20


def rebuild(
    assessment: Annotated[list[str] | None, typer.Argument(metavar="ASSESSMENT", help="[default: all]")] = None,
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="NAME", help="scoring or ranking. [default: both, where their stores are]"),
    ] = None,
    beside: Annotated[
        bool,
        typer.Option("--beside", help="Build a new store beside the one in use, whatever version made that; resumes."),
    ] = False,
    take_over: Annotated[
        bool,
        typer.Option("--take-over", help="Where something differs, tell it anew; the store built beside goes in use."),
    ] = False,
    anew: Annotated[bool, typer.Option("--anew", help="With --beside: drop what an earlier try has built.")] = False,
    from_intake: Annotated[
        bool, typer.Option("--from-intake", help="With --beside: read the ledger from intake, not from scoring's copy.")
    ] = False,
    from_topic: Annotated[
        bool, typer.Option("--from-topic", help="With --beside: read the ledger from Kafka, which is faster.")
    ] = False,
    json: Json = False,
) -> int:
    """Build scoring and ranking anew from the log, and compare with what was told. 1 when it differs.

    They may run meanwhile. Nothing of theirs changes unless --take-over is given.
    """
    from cli.output import print_json
    from cli.rebuilding import feeds
    from cli.rebuilding.settings import RebuildSettings
    from shared.chassis.settings import WrongSettings, load
    from shared.chassis.store import StoreError

    if (anew or from_intake or from_topic) and not beside:
        raise Stop("--anew, --from-intake and --from-topic are said of a store that is built --beside", WRONG_USAGE)
    if from_intake and from_topic:
        raise Stop("the ledger is read from one place: --from-intake or --from-topic", WRONG_USAGE)
    if beside and assessment:
        raise Stop("a store is built --beside as a whole: name no assessment", WRONG_USAGE)
    try:
        settings = load(RebuildSettings)
        source = feeds.entries if from_intake else feeds.topic if from_topic else None
        found = _found(settings, service, assessment or [], beside, take_over, anew, source)
    except WrongSettings as error:
        raise Stop(str(error).rstrip("."), WRONG_USAGE) from None
    except StoreError as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
    if json:
        print_json({"assessments": [_as_json(*each) for each in found]})
    else:
        for each in found:
            _say(*each, in_use=take_over)
    return 1 if any(one.disputed or (one.differences and one.generation is None) for _, _, one in found) else 0


def _found(
    settings: Any,
    service: str | None,
    assessments: Sequence[str],
    beside: bool,  # noqa: FBT001  the options, handed on
    take_over: bool,  # noqa: FBT001
    anew: bool,  # noqa: FBT001
    source: "Source | None",
) -> list[tuple[str, str | None, "Rebuilt"]]:
    from cli.rebuilding.work import built_beside, in_place, jobs

    chosen = jobs(settings, service, take_over=take_over)
    if beside and settings.successor_url and len(chosen) > 1:
        raise Stop("MERITLOG_SUCCESSOR is one service's: name that with --service", WRONG_USAGE)
    found: list[tuple[str, str | None, Rebuilt]] = []
    for job in chosen:
        ahead = [one.assessment for _, _, one in found if one.generation is not None]
        if ahead:
            print(
                f"merit: ranking has yet to read what scoring has just told anew of {', '.join(ahead)}: ask again with "
                "--service ranking",
                file=sys.stderr,
            )
        if not beside:
            found += [(job.service, None, each) for each in in_place(job, assessments, ahead)]
        elif not ahead:
            place, results = built_beside(job, source, anew=anew)
            if results is None:
                print(f"merit: {place} had taken over {job.service}'s store before, and is in use", file=sys.stderr)
            found += [(job.service, place, each) for each in results or ()]
    return found


def _as_json(service: str, place: str | None, one: "Rebuilt") -> dict[str, Any]:
    return {
        "service": service,
        "assessment": one.assessment,
        "entries": one.entries,
        "differences": [each._asdict() for each in one.differences],
        "disputed": list(one.disputed),
        "generation": one.generation,
        "store": place,
    }


def _say(service: str, place: str | None, one: "Rebuilt", *, in_use: bool) -> None:
    name = f"{service} {one.assessment}"
    for position in one.disputed:
        print(f"{name}: the closing at {position} names another standing than the one found: look at both")
    for each in one.differences[:SHOWN]:
        print(f"{name}: {each.part}: told {each.told}, found {each.found}")
    if len(one.differences) > SHOWN:
        print(f"{name}: and {len(one.differences) - SHOWN} more; --json lists all")
    if not one.differences:
        said = "as it was told"
    elif one.generation is None:
        said = f"{word('differ', 'en', len(one.differences))}: --take-over tells it anew"
    else:
        said = f"{word('differ', 'en', len(one.differences))}; generation {one.generation} tells it anew"
    where = f" in {place}, {'now' if in_use else 'not yet'} in use" if place else ""
    print(f"{name}: {word('entries', 'en', one.entries)} built anew{where}, {said}")
