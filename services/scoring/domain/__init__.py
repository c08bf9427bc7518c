"""Scoring: what is known of an assessment, and its standing at any coordinate."""

from services.scoring.domain.book import Book
from services.scoring.domain.change import Change, Changed, Total
from services.scoring.domain.coordinate import (
    Coordinate,
    Unanswerable,
    read_coordinate,
    read_date,
    read_known_at,
    read_readings,
)
from services.scoring.domain.supposed import Unsupposable
from services.scoring.domain.timeline import Step, read_step

__all__ = [
    "Book",
    "Change",
    "Changed",
    "Coordinate",
    "Step",
    "Total",
    "Unanswerable",
    "Unsupposable",
    "read_coordinate",
    "read_date",
    "read_known_at",
    "read_readings",
    "read_step",
]
