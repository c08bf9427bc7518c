"""Sensitivity and tipping facts as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.differences import signed
from cli.output import print_table
from cli.sheets import print_heading
from cli.words import word

Json = Mapping[str, Any]


def print_sensitivity(answer: Json, lang: str) -> None:
    """Print a line for each reading of each open finding, with what it moves, and what the others do together."""
    print_heading(answer, lang)
    units = sorted(unit["unit"] for unit in answer["findings"][0]["readings"][0]["units"]) if answer["findings"] else []
    columns = [word("finding", lang), word("reading", lang), word("moves", lang), *units]
    rows = [
        [
            finding["id"],
            each["reading"] + ("*" if each["holds"] else ""),
            word(f"{each['moves']}-moves", lang),
            *_standing(each, units),
        ]
        for finding in answer["findings"]
        for each in finding["readings"]
    ]
    print_table(columns, rows, [False, False, False, *(True for _ in units)])
    print(f"{word('moving', lang)}: {' '.join(answer['moving']) or word('none', lang)}")
    others = answer["others"]
    named = " ".join(others["findings"])
    if others["move_a_rank"] == "can":
        named = " ".join(f"{finding}={reading}" for finding, reading in others["as_read"].items())
    print(word(f"others-{others['move_a_rank']}", lang, named, others["combinations"]))
    if answer["questions"]:
        print(f"{word('questions', lang)}: {' '.join(answer['questions'])}")


def _standing(reading: Json, units: list[str]) -> Iterator[str]:
    found = {unit["unit"]: unit for unit in reading["units"]}
    for name in units:
        unit = found[name]
        change = "" if unit["change"] == "0" else f" ({signed(unit['change'])})"
        yield f"{unit['rank']}{'=' if unit['tied'] else ''} {unit['total']}{change}"


def print_tipping(answer: Json, lang: str) -> None:
    """Print every input of a unit that can change its rank, and name those that cannot."""
    print_heading(answer, lang)
    heading = f"{word('rank', lang)} {answer['rank']} · {word('total', lang)} {answer['total']}"
    print(f"{answer['unit']} {answer['name']} · {heading}")
    print()
    rows: list[list[str]] = []
    still: list[str] = []
    for name, value, tips in _inputs(answer, lang):
        if tips:
            rows.append([name, value, *tips])
        else:
            still.append(name)
    if rows:
        columns = [word(each, lang) for each in ("input", "value", "down", "up")]
        print_table(columns, rows, [False, True, False, False])
    if still:
        print(word("none-tips", lang, ", ".join(dict.fromkeys(still))))
    if any(figure["tried"] == "halving" for figure in answer["figures"]):
        print(word("halving", lang))


def _inputs(answer: Json, lang: str) -> Iterator[tuple[str, str, list[str]]]:
    """Give each input: its name, what it is now, and the changes down and up that tip; none where it does not."""
    rank = word("rank", lang)
    for each in answer["figures"]:
        about = " ".join(filter(None, (each["indicator"], each["measure"], each["provider"], each.get("occasion"))))
        value = each["value"] or word("missing", lang)
        if "other" in each:
            tips = [f"{tip['value']}: {rank} {tip['rank']}" for tip in each["other"]]
            yield about, value, [" ", ", ".join(tips)] if tips else []
        else:
            sides = [_side(each[side], rank) for side in ("down", "up")]
            yield about, value, sides if each["tips"] else []
    for each in answer["awards"]:
        about = f"{each['indicator']} {each['line']} {each['name']}"
        tips = [f"{word('without', lang)}: {rank} {each['without']['rank']}", " "] if each["tips"] else []
        yield about, each["points"], tips
    for each in answer["more"]:
        about = f"{each['indicator']} {each['line']} {word('one-more', lang)}"
        sign = "-" if each["takes"] else "+"
        yield about, "", [" ", f"{sign}{each['with']['points']}: {rank} {each['with']['rank']}"] if each["tips"] else []


def _side(tip: Json | None, rank: str) -> str:
    if tip is None:
        return "–"
    change = f" ({signed(tip['change'])})" if "change" in tip else ""
    return f"{tip['value']}{change}: {rank} {tip['rank']}"
