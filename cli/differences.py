"""Diffs and timelines as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.output import print_table
from cli.words import word
from shared.contracts.numbers import read_points, shown
from shared.rubric.phrases import number

Json = Mapping[str, Any]


def print_diff(answer: Json, lang: str) -> None:
    """Print both coordinates, the units before and after, and under each what moved it."""
    print(answer["assessment"])
    for name in ("from", "to"):
        print(f"{word(name, lang)}: {coordinate(answer[name], lang)}")
    if "supposed" in answer:
        supposed = answer["supposed"]
        print(word("supposed", lang, supposed["entries"], supposed["after"]))
    print()
    columns = [word(each, lang) for each in ("rank", "unit", "name", "total", "change")]
    rows = [
        [
            moved(unit["rank"]),
            unit["unit"],
            unit["name"],
            moved({end: total and total["total"] for end, total in unit["total"].items()}),
            signed(unit["change"]),
        ]
        for unit in answer["units"]
    ]
    print_table(columns, rows, [True, False, False, True, True])
    for unit in answer["units"]:
        if unit["parts"]:
            print()
            print(f"{unit['unit']} {unit['name']}")
            print_table(*parts(answer, unit, lang))
            clauses = [f"{name} {each['clauses'][0]}" for name, each in unit["indicators"].items() if each["clauses"]]
            if clauses:
                print(f"{word('clause', lang)}: {', '.join(clauses)}")
    print()
    if any("≈" in signed(part["change"]) for unit in answer["units"] for part in (unit, *unit["parts"])):
        print(word("rounded", lang))
    if answer["without_effect"]:
        print(word("without-effect", lang, answer["without_effect"]))
    print(answer["note_zh" if lang == "zh" else "note"])


def coordinate(end: Json, lang: str) -> str:
    """Write one end of a diff."""
    rules, known = end["rules"], end["known_at"]
    return (
        f"{word('as-of', lang)} {end['as_of']} · {word('known-at', lang)} {known['position']} ({known['accepted']})"
        f" · {word('rubric', lang, rules['rubric'], rules['version'])} · {word(end['state'], lang)}"
    )


def parts(answer: Json, unit: Json, lang: str) -> tuple[list[str], list[list[str]], list[bool]]:
    """Give a unit's table of parts: what each cause did to it."""
    rows: list[list[str]] = []
    for part in unit["parts"]:
        cause = answer["causes"][part["cause"]]
        shifts = list(_shifts(unit, part["cause"], lang))
        if "limits" in part:
            shifts.append(f"{word('limits', lang)} {signed(part['limits'])}")
        rank = moved(part["rank"]) if "rank" in part else ""
        rows.append([signed(part["change"]), rank, ", ".join(shifts), why(cause, unit["unit"], lang)])
    columns = [word(each, lang) for each in ("change", "rank", "indicator", "cause")]
    return columns, rows, [True, True, False, False]


def _shifts(unit: Json, cause: int, lang: str) -> Iterator[str]:
    """Say what a cause did to each indicator of a unit."""
    for name, indicator in unit["indicators"].items():
        for part in indicator["parts"]:
            if part["cause"] == cause:
                states = {end: state and word(state, lang) for end, state in part.get("state", {}).items()}
                yield f"{name} {signed(part['change'])}" + (f" ({moved(states)})" if states else "")


def why(cause: Json, unit: str, lang: str) -> str:
    """Write a cause: the entry, and what it put in the place of what; of other units it is said that they are."""
    said: list[str] = []
    if "position" in cause:
        kind = cause["type"].split(".")[1]
        said.append(f"{word('entry', lang)} {cause['position']} {cause['source']} {cause['id']} {kind}")
    if cause["kind"] == "rubric":
        said.append(moved({end: _rubric(cause[end], lang) for end in ("from", "to")}))
    elif cause["kind"] == "entry":
        said += [_fact(fact, unit) for fact in cause["facts"]]
    else:
        said.append(f"{cause['finding']} {moved(cause)} [{cause['clause']}]")
    if cause.get("by") == "as-of":
        said.append(word("as-of", lang))
    return " · ".join(said)


def _rubric(rubric: Json, lang: str) -> str:
    """Name a rubric; two of one version are told apart by their digests."""
    return f"{word('rubric', lang, rubric['rubric'], rubric['version'])} ({rubric['digest'][7:15]})"


def _fact(fact: Json, unit: str) -> str:
    came, gone = fact["came"], fact["gone"]
    either = came or gone
    values = moved({"from": gone and gone["value"], "to": came and came["value"]})
    name = f"{either['measure']} {values}"
    days = dict.fromkeys(each["occurred"] for each in (gone, came) if each)
    about = "" if fact["unit"] == unit else f"{fact['unit']} "
    return f"{about}{fact['indicator']} {name} ({' → '.join(days)})"


def moved(ends: Json) -> str:
    """Write what was and what is; one word where it is the same."""
    before, after = ("–" if ends[end] is None else str(ends[end]) for end in ("from", "to"))
    return before if before == after else f"{before} → {after}"


def signed(exact: str) -> str:
    """Write a change with its sign: as a decimal where a short one is exact, else rounded, and marked so."""
    value = read_points(exact)
    sign, text = "+" if value > 0 else "", number(value)
    return f"≈{sign}{shown(value)}" if "/" in text else f"{sign}{text}"


def print_timeline(answer: Json, lang: str) -> None:
    """Print two tables, as known then and as known now: rank and total of every unit at the end of every step."""
    rules, known = answer["rules"], answer["known_at"]
    print(f"{answer['assessment']} · {word(answer['state'], lang)}")
    rubric = word("rubric", lang, rules["rubric"], rules["version"])
    print(f"{word('known-at', lang)} {known['position']} ({known['accepted']}) · {word('rules', lang)} {rubric}")
    for when in ("then", "now"):
        print()
        print(word(f"known-{when}", lang))
        columns = [word("as-of", lang), *(unit["unit"] for unit in answer["units"])]
        rows = [[point["as_of"], *_cells(point[when], answer["units"])] for point in answer["points"]]
        print_table(columns, rows, [False, *(True for _ in answer["units"])])


def _cells(point: Json | None, units: list[Json]) -> Iterator[str]:
    found = {} if point is None else {unit["unit"]: unit for unit in point["units"]}
    for each in units:
        unit = found.get(each["unit"])
        tied = "=" if unit and unit["tied"] else ""
        yield "–" if unit is None else f"{unit['rank']}{tied} {unit['total']}{'*' if unit['provisional'] else ''}"
