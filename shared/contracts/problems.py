"""Refusals as problem details (RFC 9457): the body that HTTP answers and the row that `refused` lists."""

from typing import Any

from shared.contracts.refusals import Refusal, http_status, title


def problem(code: Refusal, detail: str, *, status: int | None = None, **more: Any) -> dict[str, Any]:
    """Build the body of a refusal: `type`, `title`, `status`, `detail`, `code`, and members of its own beside them.

    `status` takes the place of the code's own where the refusal is by credential (403).
    """
    return {
        "type": f"/problems/{code}",
        "title": title(code),
        "status": status or http_status(code),
        "detail": detail,
        "code": str(code),
        **more,
    }
