"""Talks to a server: every answer is JSON, and every failure one sentence."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, Self, cast

import httpx

from cli.stop import NO_ANSWER, Stop

Words = Sequence[tuple[str, str]]

DEFAULT = "http://127.0.0.1:8000"
ANSWER_SECONDS = 30.0
GONE = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError, httpx.TimeoutException)
BUSY = frozenset({429, 502, 503, 504})


class Declined(Stop):
    """The server answered that it will not or cannot."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = str(problem.get("detail") or f"the server answered {status}")
        super().__init__(detail.rstrip("."), NO_ANSWER if status >= 500 or status in (401, 404) else 1)
        self.http_status, self.problem = status, problem


class Client:
    """A server's HTTP, with patience: what is away is asked again for a while."""

    def __init__(self, server: str | None, token: str | None, *, patience: float = 0.0) -> None:
        self.url = (server or os.environ.get("MERIT_SERVER") or DEFAULT).rstrip("/")
        token = token or os.environ.get("MERIT_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.url, timeout=ANSWER_SECONDS, headers=headers, trust_env=False)
        self._patience = patience

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, words: Words = ()) -> Any:
        """Ask.

        Raises:
            Stop: The server cannot be reached, or declines.

        """
        return self._answer(self.send("GET", path, params=list(words)))

    def post(self, path: str, content: bytes, media: str, *, words: Words = (), head: int | None = None) -> Any:
        """Hand something in; with `head` only while the ledger stands there.

        Raises:
            Stop: The server cannot be reached, or declines.

        """
        sent = {"Content-Type": media} | ({} if head is None else {"If-Match": f'"{head}"'})
        return self._answer(self.send("POST", path, content=content, params=list(words), headers=sent))

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again while the server is away or busy and patience lasts.

        Raises:
            Stop: The server cannot be reached.

        """
        until, pause = time.monotonic() + self._patience, 0.1
        while True:
            try:
                answer = self._http.request(method, path, **request)
            except (*GONE, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                if not isinstance(error, GONE) or time.monotonic() >= until:
                    raise Stop(
                        f"{self.url} does not answer ({error}): start it with merit up, or name --server"
                    ) from None
            else:
                if answer.status_code not in BUSY or time.monotonic() >= until:
                    return answer
            time.sleep(pause)
            pause = min(2 * pause, 5.0)

    @staticmethod
    def _answer(answer: httpx.Response) -> Any:
        if answer.status_code >= 400:
            raise Declined(answer.status_code, problem_of(answer))
        return answer.json()


def problem_of(answer: httpx.Response) -> Mapping[str, Any]:
    """Give a problem's members; of an answer that is none, nothing."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}
