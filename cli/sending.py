"""Sends the lines of a file in batches and says what became of each."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from cli.asked import path
from cli.client import REFUSED, Client, Declined, problem_of
from cli.stop import Stop

STRUCTURED = "application/cloudevents+json"
LINES_AT_ONCE = 500
BYTES_AT_ONCE = 8 * 1024 * 1024
ACCEPTED, KNOWN = 201, 200


@dataclass(slots=True)
class Report:
    """What became of the lines so far."""

    accepted: int = 0
    known: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    head: int = 0

    def add(self, number: int, result: dict[str, Any]) -> None:
        """Count one line's result."""
        status = result.get("status")
        if status == ACCEPTED:
            self.accepted += 1
            self.head = max(self.head, result["position"])
        elif status == KNOWN:
            self.known += 1
        else:
            names = {"line": number, "source": result.get("source"), "id": result.get("id")}
            self.refused.append({**names, "code": result.get("code"), "reason": result.get("detail")})

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {"accepted": self.accepted, "known": self.known, "refused": self.refused}


Numbered = tuple[int, bytes]


def numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    """Number the lines from 1, blank ones counted and left out."""
    for number, raw in enumerate(lines, 1):
        text = raw.strip()
        if text:
            yield number, text


def batches(lines: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Part lines into batches; what is no JSON goes alone, since it would spoil the array around it."""
    batch: list[Numbered] = []
    size = 0
    for each in lines:
        alone = not _is_json(each[1])
        if batch and (alone or len(batch) >= LINES_AT_ONCE or size + len(each[1]) > BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        if alone:
            yield [each]
            continue
        batch.append(each)
        size += len(each[1])
    if batch:
        yield batch


def _is_json(raw: bytes) -> bool:
    try:
        json.loads(raw.decode())  # bytes it would also take with a byte order mark, or in UTF-16
    except (ValueError, RecursionError):
        return False
    return True


def assessment_of(lines: Iterable[Numbered]) -> str | None:
    """Name the assessment of the first line that names one."""
    for _, raw in lines:
        try:
            event = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        named: object = cast("dict[str, object]", event).get("assessment") if isinstance(event, dict) else None
        if isinstance(named, str) and named:
            return named
    return None


def send(client: Client, assessment: str, batch: list[Numbered], report: Report) -> None:
    """Send one batch and count what became of it.

    Raises:
        Stop: The server cannot be reached, or takes nothing at all.

    """
    where = path("entries", assessment)
    if len(batch) == 1:
        number, raw = batch[0]
        answer = client.send("POST", where, content=raw, headers={"Content-Type": STRUCTURED})
        body = dict(problem_of(answer))
        if answer.status_code not in REFUSED | {ACCEPTED, KNOWN}:
            raise Declined(answer.status_code, body)
        report.add(number, {"status": answer.status_code, **body})
        return
    content = b"[" + b",\n".join(raw for _, raw in batch) + b"]"
    results = client.post_batch(where, content)
    if len(results) != len(batch):
        raise Stop("the server's answer does not fit the batch: is it a Meritlog server?")
    for (number, _), result in zip(batch, results, strict=True):
        report.add(number, result)


def send_all(client: Client, assessment: str, lines: Iterable[Numbered], tell: Callable[[int, Report], None]) -> Report:
    """Send everything; `tell` hears after each batch how many bytes it had.

    Raises:
        Stop: The server cannot be reached.

    """
    report = Report()
    for batch in batches(lines):
        send(client, assessment, batch, report)
        tell(sum(len(raw) + 1 for _, raw in batch), report)
    return report
