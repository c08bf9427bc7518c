"""A standing's digest: what a closing names, so that the ledger's checkpoint signs what the assessor saw."""

import hashlib
from collections.abc import Mapping
from typing import Any

from shared.contracts.canonical import jcs


def digest(standing: Mapping[str, Any]) -> str:
    """Digest a standing as the contract writes it: `sha256:` and the hex of SHA-256 over its JCS form.

    It covers `assessment`, `as_of`, `known_at.position`, `rules` and `units` without `name`: what is the same for
    everyone who scores the same entries by the same rules, and neither names nor flags nor the state.
    """
    covered = {
        "assessment": standing["assessment"],
        "as_of": standing["as_of"],
        "known_at": {"position": standing["known_at"]["position"]},
        "rules": standing["rules"],
        "units": [{name: unit[name] for name in unit if name != "name"} for unit in standing["units"]],
    }
    return "sha256:" + hashlib.sha256(jcs(covered)).hexdigest()
