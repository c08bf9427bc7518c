"""What services tell of a ledger that nobody disturbed: found by the pure parts alone."""

from services.ranking.domain import Board
from services.scoring.domain.book import Book
from services.scoring.handlers import said
from shared.contracts.entries import decode_entry, leaf_hash
from shared.contracts.records import decode_record, standing_changed
from shared.rubric import load


def left_alone(ledger, assessment):
    """The book, the records of scores and the records of standings, as bytes."""
    book, board, scores, standings = Book(load=load), Board(assessment), [], []
    for line in ledger:
        scores.append(said(book, book.apply(decode_entry(line)), 1, leaf_hash(scores[-1]) if scores else None))
        record = decode_record(scores[-1])
        previous = leaf_hash(standings[-1]) if standings else None
        data = board.apply(record)
        standings.append(
            standing_changed(assessment, 1, record.position, time=record.time, previous=previous, data=data)
        )
    return book, scores, standings
