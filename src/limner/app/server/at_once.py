"""How many requests of one client are being answered at once: half of the connections, so that whoever
follows a conversation from a thousand windows leaves room for everybody else.

Knows owners and whether a body is whole. A request that is still arriving does not count: its connection can
be closed to make room for another, one that is being answered cannot.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.app.server.errors import error_response
from limner.app.server.keys import LOCAL
from limner.app.server.limits import too_many_requests

HEALTH: Final = frozenset({"/health/live", "/health/ready"})

Client = tuple[str, str]


class AtOnce:
    """429 for a request beyond so many of the same owner or, without a key, of the same address.

    Stands behind the doorkeeper. Health is not counted. Lives on the event loop's thread.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most
        self._answering: Counter[Client] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH:
            await self.app(scope, receive, send)
            return
        client = _client(scope)
        is_counted = False

        def count() -> None:
            nonlocal is_counted
            if is_counted:
                return
            if self._answering[client] >= self.most:
                raise too_many_requests(self.most)
            self._answering[client] += 1
            is_counted = True

        async def counting() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                count()
            return message

        if self._answering[client] >= self.most:
            await error_response(too_many_requests(self.most))(scope, receive, send)
            return
        if not _has_body(scope):
            count()
        try:
            await self.app(scope, counting, send)
        finally:
            if is_counted:
                self._answering[client] -= 1
                self._answering += Counter()  # drops zeros


def _client(scope: Scope) -> Client:
    owner = scope["state"].get("owner", LOCAL)
    return owner, str((scope.get("client") or ("", 0))[0]) if owner == LOCAL else ""


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 "))
        for name, value in scope["headers"]
    )
