"""`merit rubric`: what is wrong with a rubric file, and what it leaves open."""

import typer

app = typer.Typer(help="Checks and shows rubric files.", rich_markup_mode=None)
