"""Scoring's store: its own copy of each ledger, byte for byte, and the stream of scores."""

from shared.chassis.store import Append, EventStore, Stream

LEDGER, SCORES = "ledger", "scores"
VERSION = 1
DDL: tuple[str, ...] = ()


def ledger(store: EventStore, assessment: str) -> Stream:
    """Give the copy of an assessment's ledger."""
    return store.stream(f"{LEDGER}/{assessment}")


def scores(store: EventStore, assessment: str) -> Stream:
    """Give the stream of an assessment's scores."""
    return store.stream(f"{SCORES}/{assessment}")


def writes(assessment: str, first: int, entries: list[bytes], records: list[bytes], generation: int) -> list[Append]:
    """Give what to write for entries and the records they led to, under the same positions."""
    return [
        Append(f"{LEDGER}/{assessment}", first, entries),
        Append(f"{SCORES}/{assessment}", first, records, generation),
    ]
