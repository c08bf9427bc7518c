"""Prints answers: JSON with the same bytes each time, tables by rich on a terminal and plain elsewhere."""

import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any


def print_json(answer: Any) -> None:
    """Print an answer as JSON, two spaces deep, Chinese as it is."""
    print(json.dumps(answer, ensure_ascii=False, indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    """Print a table; `right` says which columns are numbers. Columns without names get no heading."""
    if sys.stdout.isatty():
        _rich(columns, rows, right)
        return
    every = [columns, *rows] if any(columns) else rows
    widths = [max(_width(row[place]) for row in every) for place in range(len(columns))]
    for row in every:
        cells = [_padded(text, width, to) for text, width, to in zip(row, widths, right, strict=True)]
        print("  ".join(cells).rstrip())


def _rich(columns: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    headed = any(columns)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=headed, show_edge=headed)
    for name, to_right in zip(columns, right, strict=True):
        table.add_column(name, justify="right" if to_right else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, width: int, to_right: bool) -> str:  # noqa: FBT001  a cell's alignment
    space = " " * (width - _width(text))
    return space + text if to_right else text + space
