"""Standings and scorecards as tables."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cli.output import print_table
from cli.words import word


def print_heading(answer: Mapping[str, Any], lang: str) -> None:
    """Say which assessment, in which state (an answer about one indicator has that one's), and at which coordinate."""
    rules, known = answer["rules"], answer["known_at"]
    state = [] if "indicator" in answer else [word(answer["state"], lang)]
    print(" · ".join([answer["assessment"], *state]))
    print(
        f"{word('as-of', lang)} {answer['as_of']} · {word('known-at', lang)} {known['position']} ({known['accepted']})"
        f" · {word('rules', lang)} {word('rubric', lang, rules['rubric'], rules['version'])}"
    )
    print()


def print_standing(answer: Mapping[str, Any], lang: str) -> None:
    """Print the ranked units."""
    print_heading(answer, lang)
    units = answer["units"]
    blocks = list(units[0]["blocks"]) if units else []
    graded = any("grade" in unit for unit in units)
    columns = [word(each, lang) for each in ("rank", "unit", "name", "total", "attainable")] + blocks
    columns += ["grade"] if graded else []
    rows = [
        [
            f"{unit['rank']}{'=' if unit['tied'] else ''}",
            unit["unit"],
            unit["name"],
            unit["total"] + ("*" if unit["provisional"] else ""),
            unit["attainable"],
            *(unit["blocks"][block]["points"] for block in blocks),
            *([unit.get("grade", "")] if graded else []),
        ]
        for unit in units
    ]
    print_table(columns, rows, [True, False, False, True, True, *(True for _ in blocks), *([False] if graded else [])])
    if answer["provisional"]:
        print(f"* {word('provisional', lang)}")
    print_remarks(answer, lang)


def print_scorecard(answer: Mapping[str, Any], lang: str) -> None:
    """Print one unit, indicator by indicator."""
    print_heading(answer, lang)
    print_unit(answer, lang)
    print()
    columns = [word(each, lang) for each in ("indicator", "points", "max", "state", "absorbed")]
    rows = [
        [
            name,
            each["points"],
            each["max"],
            word(each["state"], lang),
            "" if each["absorbed"] == "0" else each["absorbed"],
        ]
        for name, each in answer["indicators"].items()
    ]
    print_table(columns, rows, [False, True, True, False, True])
    print_remarks(answer, lang)


def print_unit(answer: Mapping[str, Any], lang: str) -> None:
    """Print a unit's name, rank and total in one line."""
    provisional = f" · {word('provisional', lang)}" if answer["provisional"] else ""
    print(
        f"{answer['unit']} {answer['name']} · {word('rank', lang)} {answer['rank']}{'=' if answer['tied'] else ''}"
        f" · {word('total', lang)} {answer['total']} · {word('attainable', lang)} {answer['attainable']}{provisional}"
    )


def print_remarks(answer: Mapping[str, Any], lang: str) -> None:
    """Print how many flags there are of each code, and which questions still can move a rank."""
    counts: Mapping[str, int] = answer.get("flagged") or Counter(flag["code"] for flag in answer["flags"])
    if counts:
        print(f"{word('flags', lang)}: " + ", ".join(f"{word(code, lang)} {many}" for code, many in counts.items()))
    moving = [each["id"] for each in answer["findings"] if each["state"] == "open" and each["moves"] == "rank"]
    if moving:
        print(f"{word('findings', lang)}: {' '.join(moving)}")
