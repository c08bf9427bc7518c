"""Explanations as text: sentences, the questions that bear on the points, and the trace with its entries."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.differences import signed
from cli.sheets import print_heading, print_unit
from cli.words import word
from shared.contracts.numbers import read_points
from shared.rubric.phrases import number


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
    """Give the lines of one indicator: what it is told as, the questions that bear on it, then its trace."""
    state = word(explained["state"], lang)
    title = _either(explained, "title", lang)
    yield f"{name} {title}: {explained['points']} {word('of', lang)} {explained['max']} · {state}"
    for sentence in explained["told"]:
        yield f"  {sentence[lang]}"
    if explained["absorbed"] != "0":
        yield f"  {word('absorbed', lang)}: {number(read_points(explained['absorbed']))}"
    if explained["findings"]:
        yield f"  {word('bears', lang)}:"
    for finding in explained["findings"]:
        yield f"  - {_bearing(finding, lang)}"
    yield f"  {word('trace', lang)}:"
    yield from _node(explained["trace"], lang, 2)


def _bearing(finding: Mapping[str, Any], lang: str) -> str:
    """A finding with the reading that holds, and what the points would be by another; one for the record has none."""
    ruled = f" ({word('ruled', lang)})" if finding["state"] == "ruled" else ""
    asked = _either(finding, "question", lang)
    held = [_either(each, "text", lang) for each in finding["readings"] if each["holds"]]
    said = [f"{finding['id']}{ruled} {asked}", *(word("read-as", lang, text) for text in held)]
    others = [each for each in finding["readings"] if not each["holds"]]
    moving = [each for each in others if each["change"] != "0" or each["state"] != _held_state(finding)]
    said += [
        word("would-be", lang, _either(each, "text", lang), each["points"], signed(each["change"])) for each in moving
    ]
    if others and not moving:
        said.append(word("would-not-move", lang))
    return " ".join(said)


def _held_state(finding: Mapping[str, Any]) -> str | None:
    return next((each["state"] for each in finding["readings"] if each["holds"]), None)


def _either(named: Mapping[str, Any], chinese: str, lang: str) -> str:
    return named[chinese] if lang == "zh" else named["english"] or named[chinese]


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
