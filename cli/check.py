"""`merit check`: what the gate would say to each line of a file."""

from typing import Annotated

import typer

from cli.options import Json


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Entries as JSON Lines; - reads standard input.")],
    rubric: Annotated[
        str | None, typer.Option("--rubric", metavar="FILE", help="The rubric in force where the file opens none.")
    ] = None,
    json: Json = False,
) -> int:
    """Say what the gate would say to each line. 1 when any would be refused."""
    from cli import files
    from cli.output import print_json
    from shared.gate.replay import check_lines, report

    if file == rubric == "-":
        raise typer.BadParameter("standard input can only be one of the two: name a file for the other")
    base = files.rubric(rubric) if rubric is not None else None
    found = report(check_lines(files.lines(file), files.load_once, base))
    if json:
        print_json(found)
    else:
        for each in found["refused"]:
            whose = f" ({each['source']} {each['id']})" if each["id"] is not None else ""
            print(f"{file}: line {each['line']}: {each['code']}: {each['reason']}{whose}")
        print(f"{found['accepted']} accepted, {len(found['refused'])} refused")
    return 1 if found["refused"] else 0
