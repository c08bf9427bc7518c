"""`merit rubric`: what is wrong with a rubric file, and what it leaves open."""

from typing import Annotated

import typer

from cli.options import Json, Language, language

app = typer.Typer(help="Checks and shows rubric files.", rich_markup_mode=None)
File = Annotated[str, typer.Argument(metavar="FILE", help="A rubric; - reads standard input.")]


@app.command()
def check(file: File, json: Json = False) -> int:
    """Name every fault with its line and what to do; run the rubric's own examples. 1 when there are any."""
    from cli import files
    from cli.output import print_json
    from shared.rubric import checks

    faults = checks.check(files.text(file))
    if json:
        named = ("line", "path", "message", "advice")
        print_json({"file": file, "faults": [{name: getattr(fault, name) for name in named} for fault in faults]})
    else:
        for fault in faults:
            print(f"{file}: {fault}")
        print(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}")
    return 1 if faults else 0


@app.command()
def show(file: File, json: Json = False, lang: Language = None) -> None:
    """Show what the text leaves open: the findings with their readings, and what each can move."""
    from cli import files
    from cli.findings import findings, print_findings
    from cli.output import print_json

    words = language(lang)
    rubric = files.rubric(file)
    if json:
        print_json(findings(rubric))
    else:
        print_findings(rubric, words)
