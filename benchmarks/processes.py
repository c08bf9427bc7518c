"""Processes that are measured from outside: started, waited for, their memory read, stopped."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


@contextlib.contextmanager
def running(*words: str, log: Path, **environment: str) -> Generator[subprocess.Popen[bytes]]:
    """A Python process (`-m module …`) while the block lasts."""
    with log.open("wb") as file:
        command = [sys.executable, *words]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Wait until a URL answers 200."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=5).status_code == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"{url} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def resident(pid: int) -> tuple[int, int]:
    """MiB that a process holds now, and the most it held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    found = {
        name: int(rest.split()[0]) >> 10
        for name, _, rest in (line.partition(":") for line in lines)
        if name in ("VmRSS", "VmHWM")
    }
    return found["VmRSS"], found["VmHWM"]
