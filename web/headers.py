"""Headers for every answer of the pages, as plain ASGI: a framework's middleware would wrap the streams."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class Headers:
    """Puts the policy on every answer that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                held = list(message.get("headers", ()))
                names = {name.lower() for name, _ in held}
                message["headers"] = [*held, *(pair for pair in HEADERS if pair[0] not in names)]
            await send(message)

        await self.app(scope, receive, guarded)


class HeadToo:
    """Answers HEAD as GET without the body: the framework's routes know only what they were given."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102  (ASGI)
        if scope["type"] != "http" or scope["method"] != "HEAD" or scope["path"].endswith("/stream"):
            await self.app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            await send(message if message["type"] == "http.response.start" else {**message, "body": b""})

        await self.app({**scope, "method": "GET"}, receive, bare)
