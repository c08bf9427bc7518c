"""Ranking's store: the stream of standings, and each assessment's board as it is after the last record."""

import msgspec

from services.ranking.domain import Board
from shared.chassis.store import Append, EventStore, Head, Statement, StoreError

STANDINGS = "standings"
UPSTREAM = "scores"
"""What ranking reads, as its store names it."""
VERSION = 1
DDL = ("CREATE TABLE IF NOT EXISTS boards (assessment TEXT PRIMARY KEY, board BYTEA NOT NULL)",)

_decode = msgspec.json.Decoder(Board).decode


def standings(assessment: str) -> str:
    """Name the stream of an assessment's standings."""
    return f"{STANDINGS}/{assessment}"


def load(store: EventStore, assessment: str) -> Board | None:
    """Give the board as it was last stored, or None where there is none."""
    rows = store.query("SELECT board FROM boards WHERE assessment = ?", (assessment,))
    return _decode(bytes(rows[0][0])) if rows else None


def at_rest(store: EventStore, assessment: str) -> tuple[Head, Board]:
    """Give how far ranking has read, and the board as it is there.

    :raises StoreError: it has no board of this assessment
    """
    sql = """SELECT h.generation, h.position, h.digest, b.board FROM upstream_heads AS h
        JOIN boards AS b ON b.assessment = h.assessment WHERE h.upstream = ? AND h.assessment = ?"""
    rows = store.query(sql, (UPSTREAM, assessment))  # at once, so that both are of one moment
    if not rows:
        raise StoreError(f"Ranking's store has no board of {assessment}; drop it, and let it read the scores again.")
    return Head(*rows[0][:3]), _decode(bytes(rows[0][3]))


def writes(board: Board, first: int, records: list[bytes]) -> tuple[Append, Statement]:
    """Give what to write once these records were made, the last one at the board's position."""
    return Append(standings(board.assessment), first, records, board.generation), keeping(board)


def keeping(board: Board) -> Statement:
    """Give how a board is stored."""
    sql = "INSERT INTO boards VALUES (?, ?) ON CONFLICT (assessment) DO UPDATE SET board = excluded.board"
    return Statement(sql, [(board.assessment, msgspec.json.encode(board))])
