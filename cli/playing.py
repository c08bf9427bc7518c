"""Plays a file of entries into a server of its own, at so many days of the file a second."""

import json
import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli import files
from cli.client import Client
from cli.sending import Numbered, Report, assessment_of, batches, numbered, send
from cli.stop import Stop

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "binjiang-2020.jsonl"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
DAY = 86_400.0
LONGEST_PAUSE = 2.0
"""Seconds; the months between the close and the restatement are not sat out."""


def play(data: Path, port: int, speed: float, *, leave: bool) -> int:
    """Start a server on `data`, play the year into it and keep it open; the exit status.

    Raises:
        Stop: The sample is not there, or the server does not start.

    """
    if not SAMPLE.exists():
        raise Stop(f"{SAMPLE} is not there: run it in a checkout of the project")
    console = Console(stderr=True)
    for ended in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended, signal.default_int_handler)
    with _server(data, port) as url, Client(url, None, patience=START_SECONDS) as client:
        lines = list(numbered(files.lines(str(SAMPLE))))
        assessment = assessment_of(lines) or ""
        console.print(
            f"The board: {url}/assessments/{assessment}   (a synthetic year; Ctrl-C stops, again goes on)",
            highlight=False,
            soft_wrap=True,
        )
        _show(f"{url}/assessments/{assessment}")
        try:
            report = _play(client, assessment, lines, speed, console)
            counts = f"{report.accepted} accepted, {report.known} known, {len(report.refused)} refused as they must be"
            console.print(f"played: {counts}")
            if not leave:
                console.print("The year is over; the board stays until Ctrl-C.")
                signal.pause()
        except KeyboardInterrupt:
            console.print("stopped; `merit demo` goes on from here")
    return 0


def _show(board: str) -> None:
    """Open the board where there is a desktop to open it on; a browser in the terminal would take it over."""
    if sys.stderr.isatty() and (
        sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        webbrowser.open(board)


@contextmanager
def _server(data: Path, port: int) -> Generator[str]:
    """Run `merit up` beside this process, with settings of its own, and end it with it."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("MERITLOG_")}
    given |= {"MERITLOG_SAMPLE_CLOCK": "true", "MERITLOG_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "cli", "up", "--data", str(data), "--port", str(port)]
    # A session of its own: Ctrl-C reaches the player, which then ends the server in good order.
    running = subprocess.Popen(command, env=given, stderr=subprocess.PIPE, text=True, start_new_session=True)  # noqa: S603
    try:
        yield _address(running)
    finally:
        running.terminate()
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _address(running: "subprocess.Popen[str]") -> str:
    """Wait until the server says where it listens."""
    heard: list[str] = []
    for said in running.stderr or ():
        if " listens on " in said:
            return said.rsplit(" ", 1)[1].strip()
        heard.append(said.strip())
    raise Stop(heard[-1].removeprefix("merit: ") if heard else "the server did not start: run merit up to see why")


def _play(client: Client, assessment: str, lines: list[Numbered], speed: float, console: Console) -> Report:
    report = Report()
    columns = (
        TextColumn("{task.fields[day]}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("year", total=len(lines), day=" " * 10)
        played = 0
        if speed > 0:
            played = _known(client, assessment, lines)
            progress.update(bar, completed=played)
        pace = _Pace(speed)
        for batch in _portions(lines[played:], speed):
            day = pace.wait(batch[-1][1])
            send(client, assessment, batch, report)
            progress.update(bar, advance=len(batch), day=day)
    return report


def _known(client: Client, assessment: str, lines: list[Numbered]) -> int:
    """Tell how many lines were played before: those up to the last one that the ledger holds."""
    states = client.get("/v1/assessments")["assessments"]
    head = next((each["head"]["position"] for each in states if each["assessment"] == assessment), 0)
    if head == 0:
        return 0
    last = json.loads(client.send("GET", f"/v1/entries/{assessment}/{head}").content)
    for place in range(len(lines) - 1, -1, -1):
        try:
            event = json.loads(lines[place][1])
        except ValueError:
            continue
        if (event.get("source"), event.get("id")) == (last["source"], last["id"]):
            return place + 1
    return 0


def _portions(lines: list[Numbered], speed: float) -> Iterator[list[Numbered]]:
    if speed == 0:
        yield from batches(lines)
    else:
        for each in lines:
            yield [each]


class _Pace:
    """Waits until a line's moment has come, in the sample's time."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._day = ""
        self._before: datetime | None = None
        self._due = time.monotonic()

    def wait(self, raw: bytes) -> str:
        """Wait for the line's moment and give its day."""
        try:
            moment = datetime.fromisoformat(json.loads(raw)["time"])
        except (ValueError, TypeError, KeyError):
            return self._day
        if moment.tzinfo is None or self._before is None or moment >= self._before:
            self._day = moment.date().isoformat()
        if moment.tzinfo is None or self._speed == 0:
            return self._day
        if self._before is not None and moment > self._before:
            apart = (moment - self._before).total_seconds() / DAY / self._speed
            self._due += min(apart, LONGEST_PAUSE)
        self._before = max(moment, self._before or moment)
        time.sleep(max(0.0, self._due - time.monotonic()))
        return self._day
