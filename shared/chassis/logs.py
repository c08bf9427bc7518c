"""One line a happening, as JSON or for a terminal: ours through structlog, libraries' through the same pipe."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import stamina.instrumentation
import structlog

# Never in a log: what opens doors, and free text that may name a person (the log is kept longer than it is watched).
WITHHELD = frozenset(
    {"authorization", "cookie", "token", "secret", "password", "reason_text", "note", "grounds", "data"}
)
# Libraries that tell of every retry and every connection at "info".
CHATTY = ("aiokafka", "faststream", "httpx", "httpcore", "uvicorn", "asyncio", "stamina")


def withhold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out what must not be written down, whoever passed it."""
    for key in WITHHELD & event.keys():
        event[key] = "(withheld)"
    return event


def configure(format_: Literal["auto", "console", "json"] = "auto", level: str = "info") -> None:
    """Set up logging once for the process, to stderr; stdout is for answers.

    Lines carry UTC time, level, `service`, and `request` (the id in `X-Request-ID`) where there is one.
    """
    console = format_ == "console" or (format_ == "auto" and sys.stderr.isatty())
    least = logging.getLevelNamesMapping()[level.upper()]
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        withhold,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        cache_logger_on_first_use=False,  # tests and `merit up` configure more than once
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering(console=console)],
        )
    )
    stamina.instrumentation.set_on_retry_hooks([])  # whoever retries says so in its own words
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def rendering(*, console: bool) -> list[Any]:
    """How a line is written: a short traceback on a terminal, one line with its frames in JSON."""
    if console:
        return [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def logger(service: str) -> structlog.typing.FilteringBoundLogger:
    """A service's logger; every line says which service speaks."""
    return structlog.get_logger(service=service)
