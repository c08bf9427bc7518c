"""A ledger as it stood at a position, to go on from by oneself: what is folded into it never touches the first."""

import copy
from dataclasses import replace

from services.scoring.domain.columns import FOREVER, LAID_OUT, Columns
from services.scoring.domain.ledger import Ledger
from shared.contracts.entries import Entry


def branch(ledger: Ledger, known_at: int) -> tuple[Ledger, dict[int, Entry]]:
    """Give a ledger that knows what this one knew at a position, and the dict to put its own entries in.

    Whatever is added to the first meanwhile lies beyond the position, and is left out.
    """
    added: dict[int, Entry] = {}

    def entry_at(position: int) -> Entry:
        return added[position] if position in added else ledger.entry_at(position)

    new = copy.copy(ledger)
    new.entry_at = entry_at
    new.head = known_at
    new.count = ledger.place(known_at + 1)
    new.runs = [run for run in ledger.runs if run[1] < new.count]
    new.where = ledger.where[: new.count].copy()
    new.tables = [_table(table, known_at) for table in list(ledger.tables)]
    new.rows = {(table.unit, table.indicator): table for table in new.tables}
    new.numbers = {pair: number for number, pair in enumerate(new.rows)}
    new.said = [replace(said) for said in list(ledger.said) if said.position <= known_at]
    new.statements = ledger.statements.copy()
    new.statements.clear()
    for said in new.said:
        said.until = said.until if said.until <= known_at else FOREVER
        new.statements[said.kind].append(said)
    new.editions = [edition for edition in ledger.editions if edition.position <= known_at]
    new.closings = [closing for closing in ledger.closings if closing.position <= known_at]
    new.evidence = ledger.evidence.copy()
    for unit, shown in list(ledger.evidence.items()):
        new.evidence[unit] = [each for each in list(shown) if each[0] <= known_at]
    new.identities = ledger.identities.copy()
    new.day_ends = {}
    new.because = 0, ()
    return new, added


def _table(table: Columns, known_at: int) -> Columns:
    new = copy.copy(table)
    new.count = table.known(known_at)
    for name in LAID_OUT:
        setattr(new, name, getattr(table, name)[: new.count].copy())
    new.until[new.until > known_at] = FOREVER
    new.ends = 0
    new.own_words()
    return new
