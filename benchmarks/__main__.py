"""`python -m benchmarks [--quick] [NAME …]`: the table of figures, or some of its parts."""

import argparse
import importlib
import platform
import time

from benchmarks.table import Row, markdown
from tests.means import HOW, there

PARTS = {
    "commands": (),
    "rubric": (),
    "ingest": (),
    "rebuild": (),
    "columns": (),
    "stored_json": (),
    "standings": (),
    "bundles": (),
    "coordinates": (),
    "memory": (),
    "streams": ("docker",),
    "catching_up": ("docker",),
}
"""The parts, and what each needs."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(PARTS)}; without, all")
    parser.add_argument("--quick", action="store_true", help="small numbers: whether it runs, not what it measures")
    asked = parser.parse_args()
    if unknown := set(asked.names) - PARTS.keys():
        parser.error(f"there is no part {', '.join(sorted(unknown))}; they are {', '.join(PARTS)}")
    found: list[Row] = []
    for name in asked.names or PARTS:
        missing = next((means for means in PARTS[name] if not there(means)), None)
        if missing:
            print(f"{name}: no {missing}: {HOW[missing]}", flush=True)
            continue
        print(f"{name} …", flush=True)
        found += importlib.import_module(f"benchmarks.{name}").rows(quick=asked.quick)
    print(f"\n{machine()}\n\n{markdown(found)}")


def machine() -> str:
    """What the figures were taken on: absolute ones mean little elsewhere."""
    start = time.perf_counter()
    for _ in range(1_000_000):
        pass
    nanoseconds = (time.perf_counter() - start) * 1000
    return f"Python {platform.python_version()}, {platform.machine()}; an empty loop takes {nanoseconds:.0f} ns a turn."


if __name__ == "__main__":
    main()
