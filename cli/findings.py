"""What a rubric leaves open: its findings, their readings, and what each can move."""

from typing import Any

from cli.words import word
from shared.contracts.numbers import exact
from shared.rubric.checks import Move, moves
from shared.rubric.model import Finding
from shared.rubric.rubric import Rubric


def findings(rubric: Rubric) -> dict[str, Any]:
    """Give the rubric's heading and every finding."""
    found = {move.finding: move for move in moves(rubric)}
    return {
        "rubric": rubric.id,
        "version": rubric.version,
        "digest": rubric.digest,
        "title": rubric.title,
        "period": {"from": rubric.start.isoformat(), "to": rubric.end.isoformat()},
        "total": exact(rubric.total),
        "findings": [_finding(each, found[each.id]) for each in rubric.findings.values()],
    }


def _finding(finding: Finding, move: Move) -> dict[str, Any]:
    return {
        "id": finding.id,
        "clause": finding.clause,
        "question": finding.question,
        "default": finding.default,
        "moves": move.declared,
        "found": move.found,
        "readings": [
            {"id": each.id, "text": each.text, "moves": move.readings.get(each.id)}
            for each in finding.readings.values()
        ],
        "why": finding.why,
    }


def print_findings(rubric: Rubric, lang: str) -> None:
    """Print them, the default reading first."""
    title = rubric.title if lang == "zh" else rubric.english
    print(f"{title} · {word('rubric', lang, rubric.id, rubric.version)}")
    print(rubric.digest)
    found = {move.finding: move for move in moves(rubric)}
    for finding in rubric.findings.values():
        move = found[finding.id]
        question, why = (finding.question, finding.why) if lang == "zh" else (finding.english, finding.why_english)
        print()
        print(f"{finding.id} [{finding.clause}] {question}")
        print(f"  {word('moves', lang)}: {word(move.declared, lang)}")
        for each in finding.readings.values():
            text = each.text if lang == "zh" else each.english
            what = word("default", lang) if each.id == finding.default else word(move.readings[each.id], lang)
            print(f"  - {each.id}: {text} ({what})")
        if why:
            print(f"  {why}")
