"""Appeals as text: each with its state, the decision, and what followed."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.differences import moved
from cli.sheets import print_heading
from cli.words import word

Json = Mapping[str, Any]
STATES = {"open": "undecided", "upheld": "upheld", "rejected": "rejected", "withdrawn": "withdrawn"}


def print_appeals(answer: Json, lang: str) -> None:
    """Print every appeal, oldest first."""
    print_heading(answer, lang)
    if not answer["appeals"]:
        print(word("no-appeals", lang))
    for place, each in enumerate(answer["appeals"]):
        if place:
            print()
        for line in appeal(each, lang):
            print(line)


def appeal(each: Json, lang: str) -> Iterator[str]:
    """Give the lines of one appeal."""
    about = filter(None, (each["indicator"], each["entry"] and entry(each["entry"], lang)))
    yield f"{entry(each, lang)} · {each['unit']} · {' · '.join(about)} · {word(STATES[each['state']], lang)}"
    yield f"  {word('filed', lang)} {each['filed']} · {each['grounds']}"
    decision = each["decision"]
    if decision is not None:
        yield f"  {word('decided', lang)} {decision['accepted']} · {entry(decision, lang)} · {decision['reason']}"
    for follower in each["followed"]:
        yield from _followed(follower, lang)
    if decision is not None and not each["followed"]:
        yield f"  {word('nothing-followed', lang)}"


def _followed(follower: Json, lang: str) -> Iterator[str]:
    ended = f" · {word('ended', lang, follower['ended'])}" if "ended" in follower else ""
    kind = word(follower["type"].split(".")[1], lang)
    yield f"  {word('followed', lang)} {follower['accepted']} · {kind} · {entry(follower, lang)}{ended}"
    for change in follower["changes"]:
        points = {"from": _points(change["before"], lang), "to": _points(change["after"], lang)}
        yield f"    {change['unit']} {change['indicator']} {moved(points)}"
    for total in follower["totals"]:
        ends = {"from": total["total"]["before"], "to": total["total"]["after"]}
        ranks = {"from": total["rank"]["before"], "to": total["rank"]["after"]}
        yield f"    {total['unit']} {word('total', lang)} {moved(ends)} · {word('rank', lang)} {moved(ranks)}"
    if not follower["changes"] and not follower["totals"]:
        yield f"    {word('moved-nothing', lang)}"


def _points(result: Json | None, lang: str) -> str | None:
    if result is None:
        return None
    return result["points"] if result["state"] == "scored" else f"{result['points']} {word(result['state'], lang)}"


def entry(named: Json, lang: str) -> str:
    """Name an entry by position, source and id."""
    return f"{word('entry', lang)} {named['position']} {named['source']} {named['id']}"
