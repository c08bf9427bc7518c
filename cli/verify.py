"""`merit verify`: an audit bundle, checked offline."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Json, Language, language

if TYPE_CHECKING:
    from cli.audit.report import Report
    from shared.proof.keys import VerifierKey

Keys = Annotated[
    list[str] | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="The ledger's key, got from its owner another way; a witness's, that must have signed too; or a file of"
        " keys, one a line. May be repeated.",
    ),
]


def verify(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="An audit bundle, as merit export writes it.")],
    key: Keys = None,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out the gate, which takes most of the time.")] = False,
    json: Json = False,
    lang: Language = None,
) -> int:
    """Check an audit bundle offline: hashes, signatures, the gate, and the standing scored anew. 1 when it does not
    hold, 3 when it cannot be read.
    """
    words = language(lang)
    pinned = keys(key or [])

    from cli.audit.verifying import as_json
    from cli.output import print_json

    report = verified(bundle, pinned, gate=not quick)
    if json:
        print_json(as_json(report))
    else:
        _print(report, words)
    return 0 if report.holds else 1


def verified(name: str, pinned: "list[VerifierKey]", *, gate: bool = True) -> "Report":
    """Verify a bundle in a file, showing how far it is.

    Raises:
        Stop: It cannot be read.

    """
    from cli.audit.opened import Bundle, opened
    from cli.audit.verifying import verify
    from cli.progress import bars
    from cli.stop import Stop
    from shared.proof.archive import BadBundle
    from shared.proof.bundle import ENTRIES

    try:
        with opened(name) as file, bars() as progress:
            bundle = Bundle(file)
            bar = progress.add_task("verified", total=bundle.members[ENTRIES].size)
            return verify(bundle, pinned, gate=gate, told=lambda size: progress.advance(bar, size))
    except BadBundle as error:
        said = str(error)
        raise Stop(said if said.startswith(name) else f"{name} cannot be verified: {said.rstrip('.')}") from None


def _listed(name: str) -> list[str]:
    """Give the lines of a file that are keys; the notes that a ledger publishes below its key are passed over."""
    from pathlib import Path

    above, _, _ = Path(name).read_text(encoding="utf-8").partition("\n\n")
    return [line for line in above.split("\n") if line.strip()]


def keys(asked: list[str]) -> "list[VerifierKey]":
    """Read keys, or files of them.

    Raises:
        Stop: One is no key.

    """
    from cli.stop import WRONG_USAGE, Stop
    from shared.proof.keys import BadKey, VerifierKey

    found: list[VerifierKey] = []
    for each in asked:
        try:
            found += [VerifierKey.parse(line) for line in ([each] if "+" in each else _listed(each))]
        except (OSError, ValueError) as fault:
            why = fault if isinstance(fault, BadKey) else "no such key, and no such file"
            raise Stop(f"{each[:80]} is no key ({str(why).rstrip('.')})", WRONG_USAGE) from None
    if asked and not found:
        raise Stop(f"{asked[0][:80]} names no key", WRONG_USAGE)
    return found


def _print(report: "Report", lang: str) -> None:
    from cli.audit.words import heading, named, said, verdict
    from cli.output import print_table

    print(heading(report.manifest, lang))
    print()
    rows: list[list[str]] = []
    for check in report.checks:
        first, *others = said(check, lang)
        rows.append([*named(check, lang), first])
        rows += [["", "", line] for line in others]
    print_table(["", "", ""], rows, [False, False, False])
    print()
    print(verdict(report, lang))
