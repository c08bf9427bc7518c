"""What `merit rebuild` does, for each service that follows from the log: in place, or beside."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.databases import TABLES
from cli.rebuilding import feeds
from cli.rebuilding.feeds import Source
from cli.rebuilding.settings import RebuildSettings
from cli.stop import WRONG_USAGE, Stop
from services.ranking.beside import beside as ranking_beside
from services.ranking.rebuild import rebuild as rebuild_ranking
from services.scoring.beside import beside as scoring_beside
from services.scoring.rebuild import rebuild as rebuild_scoring
from shared.chassis import beside
from shared.chassis.beside import Beside
from shared.chassis.rebuilding import Rebuilt
from shared.chassis.store import EventStore, NoStore, WrongStore

UPSTREAM = {"scoring": "entries", "ranking": "scores"}
"""The services that can be built anew, in the order of the flow, and what each follows from."""
Heard = Callable[[str, int, int], None]


class Job(NamedTuple):
    """One service, the database that it runs on, and what else was asked."""

    service: str
    url: str
    settings: RebuildSettings
    take_over: bool


def jobs(settings: RebuildSettings, service: str | None, *, take_over: bool) -> list[Job]:
    """Give what is to be done: one service, or both where their stores are.

    Raises:
        Stop: There is none.

    """
    if service is not None and service not in UPSTREAM:
        raise Stop(f"{service} cannot be built anew: {' and '.join(UPSTREAM)} can", WRONG_USAGE)
    found = [Job(name, url, settings, take_over) for name in UPSTREAM if (url := _where(settings, name))]
    chosen = [job for job in found if service in (None, job.service)]
    if not chosen:
        where = "the database in MERITLOG_DATABASE" if settings.database_url else settings.data
        raise Stop(f"there is no store of {service or 'scoring or ranking'} in {where}: name where it is")
    return chosen


def _where(settings: RebuildSettings, name: str) -> str | None:
    """Give the database in use of a service; None where there is none."""
    url = settings.database_url or f"sqlite:///{settings.data / name}.sqlite"
    try:
        EventStore.peek(url, name, TABLES[name][1]).close()
    except NoStore:
        return None
    return url


def in_place(job: Job, assessments: Sequence[str], apart: Sequence[str] = ()) -> list[Rebuilt]:
    """Build assessments anew in the store that is in use; `apart` from some.

    Raises:
        Stop: One is not there, or the store is of another version.
        StoreError: Nothing was changed.

    """
    ddl, version = TABLES[job.service]
    url = beside.followed(job.url, job.service, version)
    with feeds.peeked(url, job.service, version) as there:
        stands = there.versions()[job.service]
        if stands < version:
            raise Stop(
                f"the store of {job.service} is of version {stands}, and this program's is {version}: build a new one "
                "with --beside, or stop the service and run merit migrate"
            )
        known = there.followed(UPSTREAM[job.service])
    if unknown := [name for name in assessments if name not in known]:
        raise Stop(f"{job.service}'s database has no {unknown[0]}: it has {', '.join(known) or 'none'}")
    store = EventStore.open(url, job.service, ddl, version)
    try:
        with _progress(job.service) as heard:
            return [_one(job, store, name, heard) for name in assessments or known if name not in apart]
    finally:
        store.close()


def _one(job: Job, store: EventStore, assessment: str, heard: Heard) -> Rebuilt:
    head = store.followed_head(UPSTREAM[job.service], assessment)

    def progress(position: int) -> None:
        heard(assessment, position, head.position if head else position)

    if job.service == "scoring":
        return rebuild_scoring(store, assessment, take_over=job.take_over, progress=progress)
    with feeds.scores(job.settings) as scores:
        return rebuild_ranking(store, assessment, scores, take_over=job.take_over, progress=progress)


def built_beside(job: Job, source: Source | None, *, anew: bool) -> tuple[str, list[Rebuilt] | None]:
    """Build a new store beside the one in use, and let it take over where that is asked; its place, and what it holds.

    Entries are read from scoring's own copy, or from the `source` that is named. None where an earlier call had built
    it and let it take over, and only its last step was missing.

    Raises:
        StoreError: The one in use is as it was.

    """
    version, given = TABLES[job.service][1], job.settings.successor_url
    url = job.url if given else beside.followed(job.url, job.service, version)
    target = given or beside.next_file(url)
    place = beside.place_of(target, url)
    with feeds.peeked(url, job.service, version) as old, _progress(job.service) as heard:
        if old.taken_over() == place:
            _finished(target, job.service)
            return place, None
        if by := old.taken_over():
            raise WrongStore(f"The store of {job.service} was taken over by {by} before; rebuild that one.")
        if anew:
            beside.discard(target, job.service)
        with _begun(job, old, target, heard, source) as building:
            return place, building.take_over(place) if job.take_over else building.compare()


@contextmanager
def _begun(job: Job, old: EventStore, target: str, heard: Heard, source: Source | None) -> Generator[Beside]:
    with ExitStack() as held:
        if job.service == "scoring":
            entries = held.enter_context(source(job.settings)) if source else None
            building = scoring_beside(old, target, heard, entries)
        else:
            building = ranking_beside(old, target, heard, held.enter_context(feeds.scores(job.settings)))
        held.callback(building.new.close)
        yield building


def _finished(target: str, service: str) -> None:
    if beside.is_unfinished(target, service):
        store = EventStore.open(target, service, *TABLES[service], building=True)
        store.finish()
        store.close()


@contextmanager
def _progress(service: str) -> Generator[Heard]:
    """Show how far each assessment is, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        bars: dict[str, int] = {}

        def heard(assessment: str, position: int, head: int) -> None:
            if assessment not in bars:
                bars[assessment] = shown.add_task(f"{service} {assessment}")
            shown.update(bars[assessment], completed=position, total=head)  # pyright: ignore[reportArgumentType]

        yield heard
