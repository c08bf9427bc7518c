"""An upstream's feed over HTTP: the same bytes that it publishes, from any position on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import httpx

LINES = "application/x-ndjson"
ANSWER_SECONDS = 30.0


class HttpUpstream:
    """Reads `<path>` (which assessments there are) and `<path>/<assessment>?generation=&after=&limit=`, one a line."""

    def __init__(self, name: str, path: str, client: httpx.AsyncClient) -> None:
        self.name = name
        self.path = path
        self.client = client

    async def assessments(self) -> list[str]:
        """Every assessment that it has a stream of.

        :raises httpx.HTTPError: it does not answer
        """
        answer = await self.client.get(self.path)
        answer.raise_for_status()
        return answer.json()["assessments"]

    async def read(self, assessment: str, *, generation: int, after: int, limit: int) -> list[bytes]:
        """Records beyond `after` in this generation, or all of a newer one.

        :raises httpx.HTTPError: it does not answer
        """
        words: dict[str, Any] = {"generation": generation, "after": after, "limit": limit}
        answer = await self.client.get(f"{self.path}/{quote(assessment, safe='')}", params=words)
        if answer.status_code == 404:
            return []
        answer.raise_for_status()
        return [line for line in answer.content.split(b"\n") if line]


@asynccontextmanager
async def reaching(name: str, path: str, url: str, token: str | None) -> AsyncGenerator[HttpUpstream]:
    """The feed of the service at this URL, read with this credential."""
    headers = {"Accept": LINES} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=ANSWER_SECONDS, trust_env=False) as client:
        yield HttpUpstream(name, path, client)
