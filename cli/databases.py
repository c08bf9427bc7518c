"""The services' databases, as their settings name them: made, or brought up to this program's version."""

from collections.abc import Iterator, Sequence

from cli.stop import NO_ANSWER, WRONG_USAGE, Stop
from services.intake import store as intake
from services.notifier import store as notifier
from services.ranking import store as ranking
from services.scoring import store as scoring
from shared.chassis.settings import ServiceSettings, WrongSettings, load
from shared.chassis.store import EventStore, StoreError

TABLES: dict[str, tuple[Sequence[str], int]] = {
    "intake": (intake.DDL, intake.VERSION),
    "scoring": (scoring.DDL, scoring.VERSION),
    "ranking": (ranking.DDL, ranking.VERSION),
    "notifier": (notifier.DDL, notifier.VERSION),
}


def migrated(names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Make the tables of these services (none: of all) and give each one's version.

    Raises:
        Stop: There is no such service, or its database cannot be used.

    """
    for name in names or TABLES:
        opened(name, alone=len(names) == 1).close()
        yield name, TABLES[name][1]


def opened(name: str, *, alone: bool = True) -> EventStore:
    """Open the database of a service, as its settings name it; `alone`: no other service is asked for.

    Raises:
        Stop: There is no such service, or its database cannot be used.

    """
    if name not in TABLES:
        raise Stop(f"there is no service {name}: they are {', '.join(TABLES)}", WRONG_USAGE)
    try:
        settings = load(ServiceSettings)
    except WrongSettings as error:
        raise Stop(str(error).rstrip("."), WRONG_USAGE) from None
    if settings.database_url and not alone:
        raise Stop("MERITLOG_DATABASE is one service's: name that service", WRONG_USAGE)
    url = settings.database_url or f"sqlite:///{settings.data / name}.sqlite"
    try:
        return EventStore.open(url, name, *TABLES[name])
    except StoreError as error:
        raise Stop(str(error).rstrip("."), NO_ANSWER) from None
