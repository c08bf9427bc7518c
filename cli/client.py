"""Talks to a server: every answer is JSON, and every failure one sentence."""

import json
import os
import time
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Self, TypeVar, cast

import httpx

from cli.stop import NO_ANSWER, WRONG_USAGE, Stop

T = TypeVar("T")
Words = Sequence[tuple[str, str]]

DEFAULT = "http://127.0.0.1:8000"
ANSWER_SECONDS = 30.0
NO_ADDRESS = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError)
BATCH = "application/cloudevents-batch+json"
UNAUTHENTICATED = 401
BUSY = frozenset({429, 502, 503, 504, 507})
REFUSED = frozenset({403, 409, 412, 413, 422})
"""The answer is no; any other failure is no answer."""
STARTING_SECONDS = 5.0
"""How long a server is waited for that has not answered yet, by those who have patience: it may be starting."""


class Declined(Stop):
    """The server answered that it will not or cannot."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        detail = str(problem.get("detail") or f"the server answered {status}").rstrip(".")
        if status == UNAUTHENTICATED:
            detail += ": give one with --token, MERIT_TOKEN or MERIT_TOKEN_FILE"
        super().__init__(detail, 1 if status in REFUSED else NO_ANSWER)
        self.http_status, self.problem = status, problem


class Answer(dict[str, Any]):
    """What a server answered; where a member is missing that Meritlog's has, it is another's."""

    def __missing__(self, name: str) -> NoReturn:
        """Say so."""
        raise Stop(f"the server's answer has no {name}: is it a Meritlog server?")


def _token_kept() -> str:
    """Read the credential from the file that MERIT_TOKEN_FILE names, as a secret is mounted; empty without one."""
    name = os.environ.get("MERIT_TOKEN_FILE")
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        told = f"MERIT_TOKEN_FILE names {name}, which cannot be read ({why}): name a credential's file"
        raise Stop(told, WRONG_USAGE) from None


class Client:
    """A server's HTTP, with patience: what went away or is busy is asked again for a while."""

    def __init__(self, server: str | None, token: str | None, *, patience: float = 0.0) -> None:
        self.url = (server or os.environ.get("MERIT_SERVER") or DEFAULT).rstrip("/")
        token = (token or os.environ.get("MERIT_TOKEN") or _token_kept()).strip()
        if not (token.isascii() and token.isprintable()):
            raise Stop("that is no token: give the one that merit credential create printed", WRONG_USAGE)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            self._http = httpx.Client(base_url=self.url, timeout=ANSWER_SECONDS, headers=headers, trust_env=False)
        except httpx.InvalidURL as error:
            raise Stop(f"{self.url} is no address of a server ({error}): write {DEFAULT}", WRONG_USAGE) from None
        weakref.finalize(self, self._http.close)
        self._patience = patience
        self._met = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, words: Words = ()) -> Answer:
        """Ask.

        Raises:
            Stop: The server cannot be reached, or declines.

        """
        return self._answer(self.send("GET", path, params=list(words)), Answer)

    def post(self, path: str, content: bytes, media: str, *, head: int | None = None) -> Answer:
        """Hand something in; with `head` only while the ledger stands there.

        Raises:
            Stop: The server cannot be reached, or declines.

        """
        sent = {"Content-Type": media} | ({} if head is None else {"If-Match": f'"{head}"'})
        return self._answer(self.send("POST", path, content=content, headers=sent), Answer)

    def post_batch(self, path: str, content: bytes) -> list[Answer]:
        """Hand in a batch of events and give the result of each.

        Raises:
            Stop: The server cannot be reached, or declines.

        """
        answer = self.send("POST", path, content=content, headers={"Content-Type": BATCH})
        return cast("list[Answer]", self._answer(answer, list))

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request, again while the server is away or busy and patience lasts.

        Raises:
            Stop: The server cannot be reached.

        """
        began, pause = time.monotonic(), 0.1
        until = began + self._patience
        while True:
            try:
                answer = self._http.request(method, path, **request)
            except NO_ADDRESS as error:
                raise Stop(f"{self.url} is no address of a server ({error}): write {DEFAULT}", WRONG_USAGE) from None
            except httpx.RequestError as error:
                if time.monotonic() >= (until if self._met else min(until, began + STARTING_SECONDS)):
                    raise Stop(
                        f"{self.url} does not answer ({error}): start it with merit up, or name --server"
                    ) from None
            else:
                self._met = True
                if answer.status_code not in BUSY or time.monotonic() >= until:
                    return answer
            time.sleep(pause)
            pause = min(2 * pause, 5.0)

    @contextmanager
    def fetch(self, path: str, words: Words = ()) -> Generator[Iterator[bytes]]:
        """Ask for something large, which comes piece by piece.

        Raises:
            Stop: The server cannot be reached, declines, or breaks off.

        """
        try:
            with self._http.stream("GET", path, params=list(words)) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise Declined(answer.status_code, problem_of(answer))
                yield answer.iter_bytes()
        except NO_ADDRESS as error:
            raise Stop(f"{self.url} is no address of a server ({error}): write {DEFAULT}", WRONG_USAGE) from None
        except httpx.RequestError as error:
            raise Stop(f"{self.url} does not answer ({error}): start it with merit up, or name --server") from None

    @staticmethod
    def _answer(answer: httpx.Response, kind: type[T]) -> T:
        if answer.status_code >= 400:
            raise Declined(answer.status_code, problem_of(answer))
        try:
            read = json.loads(answer.content, object_hook=Answer)
        except ValueError:
            read = None
        if not isinstance(read, kind):
            raise Stop("the server's answer cannot be read: is it a Meritlog server?")
        return read


def problem_of(answer: httpx.Response) -> Mapping[str, Any]:
    """Give a problem's members; of an answer that is none, nothing."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}
