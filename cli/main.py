"""`merit`: one command line for all of it.

A command imports what it needs when it runs, so that `merit --help` answers at once.
"""

import io
import os
import sys
from collections.abc import Sequence

import typer

from cli import (
    answers,
    check,
    compare,
    credential,
    demo,
    emit,
    export,
    key,
    office,
    ops,
    rebuild,
    restore,
    rubric,
    topics,
    up,
    verify,
)
from cli.stop import Stop

app = typer.Typer(
    name="merit",
    help="Scores departments against a published rubric, from an append-only log; explains every point.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(check.check)
app.command()(answers.standings)
app.command()(answers.unit)
app.command()(answers.explain)
app.command()(answers.appeals)
app.command()(compare.diff)
app.command()(compare.timeline)
app.command()(compare.sensitivity)
app.command()(compare.tipping)
app.command()(up.up)
app.command()(demo.demo)
app.command()(emit.emit)
app.command("open")(office.open_)
app.command()(office.adopt)
app.command()(office.rule)
app.command(context_settings={"ignore_unknown_options": True})(office.determine)  # so that -1 is points
for say in (office.freeze, office.close, office.restate, office.appeal):
    app.command()(say)
app.command()(export.export)
app.command()(verify.verify)
app.command("import")(restore.import_)
app.command()(ops.status)
app.command()(ops.migrate)
app.command()(rebuild.rebuild)
app.command()(topics.topics)
app.add_typer(rubric.app, name="rubric")
app.add_typer(credential.app, name="credential")
app.add_typer(key.app, name="key")


def run(arguments: Sequence[str]) -> int:
    """Run one command and give its exit status; an error is one sentence on stderr."""
    command = typer.main.get_command(app)
    try:
        status = command.main(list(arguments) or ["--help"], prog_name="merit", standalone_mode=False)
        sys.stdout.flush()
    except Stop as stop:
        return _say(stop.reason, stop.status)
    except (BrokenPipeError, SystemExit):
        # Whoever read us has left (typer exits then); the interpreter would complain when it flushes on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
        return 0
    except OSError as fault:
        return _say(f"cannot go on: {fault.strerror or fault}", 3)
    except typer.TyperException as fault:
        return _wrong_usage(fault)
    if not arguments:
        return 2
    return status if isinstance(status, int) else 0


def _wrong_usage(fault: typer.TyperException) -> int:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "merit"
    said = fault.format_message().strip().rstrip(".").splitlines()
    return _say(f"{'; '.join(part.strip() for part in said if part.strip())}: see {path} --help", 2)


def _say(reason: str, status: int) -> int:
    print(f"merit: {reason}", file=sys.stderr)
    return status


def main() -> None:
    """Entry point of the `merit` script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names are Chinese, whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
