"""Whether a service lives (its loop turns) and whether it can work (what it needs is there), each with reasons."""

import time
from collections.abc import Callable, Sequence

from fastapi.responses import JSONResponse

from shared.chassis.metrics import Metrics


class Health:
    """What one service knows of itself; written by whatever runs in it, read by `/healthz` and `/readyz`.

    `wait` and `clear` tell of something that is not there yet (database, broker, a follower that failed and will
    start again); what is not `needed` for answering is named and leaves the service ready. `beat` is called by a loop
    each time round. A parked assessment is named and counted but does not make the service unready: the others go on.
    """

    def __init__(self, service: str, metrics: Metrics, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.metrics = metrics
        self.clock = clock
        self.stopping = False
        self.waiting: dict[str, str] = {}
        self.spared: set[str] = set()
        self.beats: dict[str, tuple[float, float]] = {}
        self.parked: dict[str, str] = {}

    def wait(self, name: str, reason: str, *, needed: bool = True) -> None:
        """`name` is not there: say why, in one sentence."""
        self.waiting[name] = reason
        (self.spared.discard if needed else self.spared.add)(name)

    def clear(self, name: str) -> None:
        """`name` is there."""
        self.waiting.pop(name, None)

    def beat(self, name: str, within: float) -> None:
        """The loop `name` went round, and will again within so many seconds; if not, the process is not alive."""
        self.beats[name] = (self.clock(), within)

    def park(self, assessment: str, reason: str) -> None:
        """This assessment stopped at a record that cannot be used."""
        self.parked[assessment] = reason
        self.metrics.parked.set(len(self.parked))

    def unpark(self, assessment: str) -> None:
        """This assessment goes on."""
        self.parked.pop(assessment, None)
        self.metrics.parked.set(len(self.parked))

    def stuck(self) -> dict[str, str]:
        """Loops that did not come round in time."""
        now = self.clock()
        return {
            name: f"{name} has not come round for {now - last:.0f} s; it should within {within:g} s."
            for name, (last, within) in self.beats.items()
            if now - last > within
        }

    def reasons(self) -> dict[str, str]:
        """What is missing now, and why."""
        return {**self.waiting, **({"stopping": "The service is stopping."} if self.stopping else {})}

    def is_ready(self) -> bool:
        """Whether everything is there that is needed for answering."""
        found = not self.stopping and self.waiting.keys() <= self.spared
        self.metrics.ready.set(found)
        return found


def alive(services: Sequence[Health]) -> JSONResponse:
    """`/healthz`: 200 while every loop turns, else 503 with those that do not. That it answers at all is the rest."""
    stuck = {health.service: loops for health in services if (loops := health.stuck())}
    return JSONResponse({"status": "stuck" if stuck else "alive", "stuck": stuck}, 503 if stuck else 200)


def ready(services: Sequence[Health]) -> JSONResponse:
    """`/readyz`: 200 when every service can answer, else 503; what is missing and who is parked is named in both."""
    reasons = {health.service: found for health in services if (found := health.reasons())}
    parked = {health.service: health.parked for health in services if health.parked}
    waits = [health.service for health in services if not health.is_ready()]  # all are asked: each has its metric
    body = {"status": "waiting" if waits else "ready", "reasons": reasons, "parked": parked}
    return JSONResponse(body, 503 if waits else 200)
