"""Plays the drafts through the gate, in the order of their moments, and writes the lines."""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from samples.binjiang_2020.disputes import disputes, mended
from samples.binjiang_2020.drafts import NOTE, Draft, Json, YearSoFar, at, draft, office
from samples.binjiang_2020.office import work
from samples.binjiang_2020.refused import refusals
from samples.binjiang_2020.reports import OPENED, completeness, reports
from services.scoring.domain.book import Book
from services.scoring.domain.coordinate import Coordinate
from shared.contracts.entries import decode_entry
from shared.contracts.standing import digest
from shared.gate.outcomes import Accepted, Known, Refused
from shared.gate.replay import Replay
from shared.rubric import Rubric, load

ROOT = Path(__file__).resolve().parents[2]
RUBRIC = ROOT / "rubrics" / "binjiang-2020.yaml"
SEED = 2020
AFTER_CLOSE = date(2021, 2, 25)
ADOPTED = date(2020, 9, 1)
SECOND_VERSION = {
    "\nversion: 1\n": "\nversion: 2  # 第二版, 自 2020-09-01 起 (合成数据 synthetic)\n",
    "每个试点计一次，合计限5分": "每个试点（以 occasion 区分）计一次，合计限5分",
    "each pilot counts once, up to the cap of 5": "each pilot, by its occasion, counts once, up to the cap of 5",
}


def _carried(text: str) -> tuple[Rubric, Json]:
    """A rubric, and how an event carries its exact text."""
    rubric = load(text)
    carried = {"id": rubric.id, "version": str(rubric.version), "digest": rubric.digest, "content": text}
    return rubric, carried


def opening() -> Json:
    """The event that opens the assessment, with the rubric's exact text."""
    rubric, carried = _carried(RUBRIC.read_text(encoding="utf-8"))
    data: Json = {
        "rubric": carried,
        "period": {"from": rubric.start.isoformat(), "to": rubric.end.isoformat()},
        "timezone": rubric.timezone,
        "clock": "sample",
        "note": f"{NOTE}: 以下数据均为合成, 与任何单位的实际工作无关",
    }
    return office("AssessmentOpened", "opening", at(OPENED, 8), data)


def adoption() -> Json:
    """The event that puts a second version in force: an explanation is worded anew, and no rule differs."""
    text = RUBRIC.read_text(encoding="utf-8")
    for before, after in SECOND_VERSION.items():
        if text.count(before) != 1:
            message = f"the rubric does not say once: {before}"
            raise ValueError(message)
        text = text.replace(before, after)
    reason = f"{NOTE}: 第二版补充试点加分的说明, 计分规则不变"
    data: Json = {"rubric": _carried(text)[1], "supersedes": "1", "reason": reason}
    return office("RubricAdopted", "rubric/2", at(ADOPTED, 9, 30), data)


def drafts() -> Iterator[Draft]:
    """Every draft of the year, in no order."""
    random = Random(SEED)
    sent = [*reports(random), *work(random)]
    yield from map(draft, (opening(), adoption(), *sent))
    yield from completeness()
    yield from disputes(sent, random)
    yield from refusals(sent, mended(sent)[0], AFTER_CLOSE)


class Year:
    """The year as it is played: what the drafts may ask, and the lines that came of them."""

    def __init__(self) -> None:
        """Start before the first line."""
        self.replay = Replay(load)
        self.book = Book()
        self.lines: list[str] = []
        self.counts: Counter[str] = Counter()
        self._positions: dict[tuple[str, str], int] = {}
        self._occurred: Counter[tuple[str, str]] = Counter()

    def play(self, draft: Draft) -> None:
        """Add a draft's line.

        Raises:
            ValueError: The gate says something else than the draft wants.

        """
        text = draft.make(self._so_far())
        outcome = self.replay.read(text.encode())
        said = outcome.code if isinstance(outcome, Refused) else None
        if said != draft.refused:
            reason = outcome.reason if isinstance(outcome, Refused) else "accepted"
            message = f"wanted {draft.refused}, got {said} ({reason}): {text[:400]}"
            raise ValueError(message)
        self.counts[said or ("known" if isinstance(outcome, Known) else "accepted")] += 1
        self.lines.append(text)
        if isinstance(outcome, Accepted):
            self._learn(outcome)

    def _learn(self, outcome: Accepted) -> None:
        self.book.extend([decode_entry(outcome.stored)])
        event = outcome.event
        self._positions[event.source, event.id] = outcome.position
        if event.provider and "occurred" in event.data:
            self._occurred[event.provider, event.data["occurred"][:7]] += 1

    def _so_far(self) -> YearSoFar:
        return YearSoFar(
            head=self.replay.state.position,
            positions=self._positions,
            standing=lambda as_of, known_at: self.book.standing(Coordinate(date.fromisoformat(as_of), known_at)),
            digest=digest,
            reported=lambda provider, month: self._occurred[provider, month],
        )


def play() -> Year:
    """Play the whole year."""
    year = Year()
    for each in sorted(drafts(), key=lambda draft: draft.moment):
        year.play(each)
    return year


def main() -> None:
    """Write the file, and say on stderr what is in it."""
    year = play()
    target = ROOT / "samples" / "binjiang-2020.jsonl"
    target.write_text("\n".join(year.lines) + "\n", encoding="utf-8")
    counts = ", ".join(f"{name} {number}" for name, number in year.counts.most_common())
    sys.stderr.write(f"{target.name}: {len(year.lines)} lines ({counts})\n")


if __name__ == "__main__":
    main()
