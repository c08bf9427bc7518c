"""What the libraries' errors mean to who asked the store: each becomes one of ours, in one sentence."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError

from shared.chassis.store.errors import Conflict, StoreError, StoreFull, Unavailable, WrongStore

# What a server says at the door has no error code in psycopg, only words.
REFUSED_AT_THE_DOOR = ("password authentication failed", "no password supplied", "no pg_hba.conf entry")


@contextmanager
def translated() -> Generator[None]:
    """The libraries' errors as the store's own, each one sentence."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"Somebody else wrote first ({first_line(error)}); read again, and send it again.") from error
    except (PersistenceError, sqlite3.Error, psycopg.Error, TimeoutError) as error:
        raise meaning(error) from error


def meaning(error: Exception) -> StoreError:
    """What a database's error means to who asked."""
    cause = error.__cause__ or error
    text = first_line(error)
    if isinstance(cause, psycopg.errors.DiskFull) or "disk is full" in text:
        return StoreFull("The disk of the database is full; make room, nothing was written and nothing is lost.")
    if "disk I/O error" in text:
        return Unavailable(f"The disk of the database does not take it ({text}); see whether it is full or failing.")
    if "readonly database" in text or "unable to open database file" in text:
        return WrongStore(
            f"The database file cannot be written ({text}); check its folder, its owner and its permissions."
        )
    if "file is not a database" in text or "malformed" in text:
        return WrongStore(f"The database file is damaged or no database ({text}); restore it from a backup.")
    if any(words in str(error) for words in REFUSED_AT_THE_DOOR):
        return WrongStore(f"The database refuses the account ({text}); check user and password.")
    if (
        isinstance(cause, (sqlite3.OperationalError, psycopg.OperationalError, TimeoutError, psycopg.InterfaceError))
        and "no such table" not in text
    ):
        return Unavailable(f"The database does not answer ({text}).")
    return StoreError(f"The database refused: {text}.")


def first_line(error: Exception) -> str:
    """The line of a database's message that says what happened."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__
