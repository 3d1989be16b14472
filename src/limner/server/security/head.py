"""HEAD: what GET would answer, without the body, for every address that is read.

Knows the two methods. Streams of events are not begun for it.
"""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Asks the application for GET, and keeps the body back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        inner = {**scope, "method": "GET", "query_string": _without_stream(scope["query_string"])}

        async def headers_alone(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self.app(inner, receive, headers_alone)
        finally:
            if "route" in inner:  # the log and the metrics ask which it was
                scope["route"] = inner["route"]


def _without_stream(query: bytes) -> bytes:
    return b"" if "stream" in parse_qs(query.decode("latin-1")) else query
