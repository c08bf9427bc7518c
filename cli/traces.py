"""Traces as text: each rule with its points, its clause and the entries it looked at."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.sheets import print_heading, print_unit
from cli.words import word


def print_explanation(answer: Mapping[str, Any], lang: str) -> None:
    """Print the trace of one indicator, or of all of a unit's."""
    print_heading(answer, lang)
    if "indicator" in answer:
        print(f"{answer['unit']} {answer['name']}")
        each = {answer["indicator"]: answer}
    else:
        print_unit(answer, lang)
        each = answer["indicators"]
    for name, explained in each.items():
        print()
        for line in explanation(name, explained, lang):
            print(line)


def explanation(name: str, explained: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Give the lines of one indicator's trace."""
    state = word(explained["state"], lang)
    yield f"{name} {explained['title']}: {explained['points']} {word('of', lang)} {explained['max']} · {state}"
    yield from _node(explained["trace"], lang, 1)
    if explained["absorbed"] != "0":
        yield f"  {word('absorbed', lang)}: {explained['absorbed']}"
    bearing = [_bearing(each, lang) for each in explained["findings"]]
    if bearing:
        yield f"  {word('bears', lang)}: {', '.join(bearing)}"


def _bearing(finding: Mapping[str, Any], lang: str) -> str:
    """A finding with the reading that holds; one for the record has none."""
    reading = f"={finding['reading']}" if finding["reading"] else ""
    return finding["id"] + reading + (f" ({word('ruled', lang)})" if finding["state"] == "ruled" else "")


def _node(node: Mapping[str, Any], lang: str, depth: int) -> Iterator[str]:
    note = node.get("note_zh" if lang == "zh" else "note") or node["note"]
    clause = f" [{node['clause']}]" if node["clause"] else ""
    yield f"{'  ' * depth}{node['points']} {word('of', lang)} {node['max']} · {note or node['rule']}{clause}"
    for each in node["inputs"]:
        yield f"{'  ' * (depth + 1)}- {_input(each, lang)}"
    for part in node["parts"]:
        yield from _node(part, lang, depth + 1)


def _input(given: Mapping[str, Any], lang: str) -> str:
    parts = [f"{given['measure']} {given['value']}", str(given["occurred"])]
    parts += [str(given[name]) for name in ("occasion", "tier", "provider") if given.get(name)]
    if given.get("position") is not None:
        parts.append(f"{word('entry', lang)} {given['position']} {given['source']} {given['id']}")
    if given.get("excluded"):
        parts.append(word("excluded", lang, given["excluded"], given.get("reading", "")))
    elif not given.get("used", True):
        parts.append(word("unused", lang))
    return " · ".join(parts)
