"""Makes what a deployment keeps secret, once: credentials of the services and of the office, on request passwords.

    python deploy/make_secrets.py DIR [--databases HOST] [--origin NAME]

What is there already stays. `DIR/credentials.json` holds hashes; `DIR/<service>/token` is what that service calls
others with, `DIR/office.token` what the office calls with. With `--databases`, `DIR/postgres/{password,services}`
and `DIR/<service>/database` too, for a PostgreSQL at HOST; with `--origin`, `DIR/intake/ledger.key`, the key that
intake's replicas sign with.
"""

import argparse
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

from shared.chassis.credentials import BadCredentials, Role, create
from shared.proof.keys import BadKey, SignerKey

WITH_STORE = ("intake", "scoring", "ranking", "notifier")
READS_ALL: tuple[Role, ...] = ("auditor",)
READS_WHAT_IS_SHOWN: tuple[Role, ...] = ("viewer",)
OFFICE: tuple[Role, ...] = ("assessor", "auditor")


def main(arguments: list[str]) -> int:
    """Make what is missing; exit status 0, or 3 where it cannot be written."""
    parser = argparse.ArgumentParser(description="Makes a deployment's credentials and passwords, once.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--databases", metavar="HOST", help="also passwords and URLs of a PostgreSQL there")
    parser.add_argument("--origin", metavar="NAME", help="also the ledger's key, under this host name")
    wanted = parser.parse_args(arguments)
    try:
        tokens(wanted.folder)
        if wanted.databases:
            databases(wanted.folder, wanted.databases)
        if wanted.origin and not (wanted.folder / "intake/ledger.key").exists():
            keep(wanted.folder / "intake/ledger.key", SignerKey(wanted.origin, secrets.token_bytes(32)).secret + "\n")
    except (BadCredentials, BadKey, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 3
    return 0


def tokens(folder: Path) -> None:
    """A credential for each service and one for the office."""
    accounts = {name: (folder / name / "token", READS_ALL) for name in WITH_STORE}
    accounts |= {"web": (folder / "web/token", READS_WHAT_IS_SHOWN), "office": (folder / "office.token", OFFICE)}
    for label, (file, roles) in accounts.items():
        if not file.exists():
            created = datetime.now(UTC).isoformat(timespec="seconds")
            keep(file, create(folder / "credentials.json", label=label, roles=roles, created=created))


def databases(folder: Path, host: str) -> None:
    """PostgreSQL's own password, the one of the services' accounts, and each service's URL."""
    for name in ("password", "services"):
        if not (folder / "postgres" / name).exists():
            keep(folder / "postgres" / name, secrets.token_hex(24))
    password = (folder / "postgres/services").read_text()
    for name in WITH_STORE:
        if not (folder / name / "database").exists():
            keep(folder / name / "database", f"postgresql://{name}:{password}@{host}/{name}")


def keep(file: Path, secret: str) -> None:
    """Write a secret that only its owner may read; a file that is half written is not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(secret)
    fresh.replace(file)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
