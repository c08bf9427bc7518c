"""`merit demo`: the sample year, played into a fresh `merit up`, on the sample's own clock."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder of the demonstration; it goes on from there.")
]
Port = Annotated[int, typer.Option("--port", metavar="N", help="Port of the board.")]
Speed = Annotated[
    float, typer.Option("--speed", min=0, metavar="DAYS", help="Days of the year in a second; 0: at once.")
]
Leave = Annotated[bool, typer.Option("--leave", help="End when the year is played, instead of keeping the board open.")]


def demo(data: Data = Path(".merit/demo"), port: Port = 8000, speed: Speed = 5, leave: Leave = False) -> int:
    """Play the synthetic sample year on a live board. Ctrl-C stops; again goes on."""
    from cli.playing import play

    return play(data, port, speed, leave=leave)
