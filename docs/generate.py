"""Writes the generated reference pages: `python -m docs.generate`, or `make docs`. A test keeps them current."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from docs import messages
from shared.chassis import openapi, settings
from shared.chassis.service import VERSION
from shared.contracts.schemas import schemas

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs/reference"
SERVICES = [
    name for name in ("intake", "scoring", "ranking", "notifier") if (ROOT / f"services/{name}/app.py").exists()
]
METHODS = ("get", "post", "put", "patch", "delete")


def settings_page() -> str:
    """Every setting of every service, from the models that read them."""
    return settings.page(
        {name: settings_of(f"services.{name}.settings") for name in SERVICES} | pages_settings() | commands_settings()
    )


def pages_settings() -> dict[str, type[settings.ServiceSettings]]:
    """The settings of the pages, which are no service of the stream but are told things all the same."""
    return {"web": settings_of("web.settings")}


def commands_settings() -> dict[str, type[settings.ServiceSettings]]:
    """The settings of commands that have their own."""
    return {"merit rebuild": settings_of("cli.rebuilding.settings")}


def settings_of(module: str) -> type[settings.ServiceSettings]:
    """The one model that a settings module defines."""
    found = importlib.import_module(module)
    (kind,) = [
        each
        for each in vars(found).values()
        if isinstance(each, type) and issubclass(each, settings.ServiceSettings) and each.__module__ == module
    ]
    return kind


def commands_page() -> str:
    """Every command of `merit` with its arguments and options, from the command line itself."""
    cli = importlib.import_module("cli.main")
    lines = [
        "# Commands",
        "",
        "`make setup` leaves `merit` at `.venv/bin/merit`. Exit status: 0 done; 1 the answer is no (a check failed,",
        "something was refused); 2 wrong usage; 3 could not answer (unreachable, unreadable). Errors are one",
        "sentence on stderr.",
    ]
    for words, command in walk(typer.main.get_command(cli.app), ["merit"]):
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option" and not p.hidden and p.name != "help"]
        usage = " ".join([*words, *map(shown, arguments)])
        lines += ["", f"## {' '.join(words)}", "", f"`{usage}`", "", " ".join((command.help or "").split())]
        rows = [(f"`{shown(p)}`", p.help) for p in arguments if getattr(p, "help", None)]
        rows += [(f"`{' '.join([*p.opts, *p.secondary_opts])}`", p.help) for p in options]
        if rows:
            lines += ["", "| | |", "|---|---|", *(f"| {cell(name)} | {cell(text or '')} |" for name, text in rows)]
    return "\n".join(lines) + "\n"


def shown(argument: Any) -> str:
    """An argument as usage lines show it."""
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def walk(command: Any, words: list[str]) -> Iterator[tuple[list[str], Any]]:
    """Every command under this one that does something, with the words that call it."""
    below = getattr(command, "commands", {})
    if not below:
        yield words, command
    for name, each in below.items():
        if not each.hidden:
            yield from walk(each, [*words, name])


def http_page() -> str:
    """Every path of every service, from its OpenAPI document."""
    lines = [
        "# HTTP",
        "",
        "The first path segment after `/v1` belongs to one service, so any router can split them; `merit up` serves",
        "all on one port. Errors are problem+json (RFC 9457): `type` is `/problems/<code>`, and `code` stands beside",
        "it. Each service describes itself in full at `/openapi.json`; copies lie beside this page.",
    ]
    for name in SERVICES:
        lines += ["", f"## {name}", "", f"[openapi/{name}.json](openapi/{name}.json)", "", "| | |", "|---|---|"]
        for path, method, what in operations(document(name)):
            lines.append(f"| `{method.upper()} {path}` | {cell(what)} |")
    return "\n".join(lines) + "\n"


def document(name: str) -> dict[str, Any]:
    """A service's OpenAPI document."""
    module = importlib.import_module(f"services.{name}.app")
    return openapi.document(module.build(settings_of(f"services.{name}.settings")()).app)


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Path, method and the first paragraph of what is said about it."""
    for path, operation in described["paths"].items():
        for method in METHODS:
            if method in operation:
                said = operation[method]
                text = (said.get("description") or said.get("summary") or "").split("\n\n")[0]
                yield path, method, " ".join(text.split())


def cell(text: str) -> str:
    """Text that fits one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def as_text(value: Any) -> str:
    """JSON as it is committed."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "commands.md": commands_page,
    "http.md": http_page,
    "events.md": messages.events_page,
    "topics.md": messages.topics_page,
    "asyncapi.json": lambda: as_text(messages.asyncapi(VERSION)),
    **{f"openapi/{name}.json": lambda name=name: as_text(document(name)) for name in SERVICES},
    **{f"schemas/{messages.short(kind)}.json": lambda kind=kind: as_text(schemas()[kind]) for kind in schemas()},
}


def main() -> int:
    """Write every page that is not current and name it."""
    for name, page in PAGES.items():
        path, text = REFERENCE / name, page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
