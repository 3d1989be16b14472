"""How much of one client is being answered at once, so that there is room and time for everybody else.

Half of the connections: whoever follows a conversation from a thousand windows shuts nobody out. Of those,
some are begun at a time and the others take turns: whoever asks from hundreds of connections as fast as it
can waits for itself, not the others for it. Knows owners and whether a body is whole. A request that is still
arriving does not count: its connection can be closed to make room, one that is being answered cannot.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.server.errors import error_response
from limner.server.security.keys import LOCAL
from limner.server.security.limits import too_many_requests

HEALTH: Final = frozenset({"/health/live", "/health/ready"})
MOST_BEGUN: Final = 16  # at the same moment
LONG_S: Final = 0.5  # what takes longer waits for something, and lets others begin


@dataclass(eq=False)
class _Client:
    """Requests of one owner or, without a key, of one address."""

    num_here: int = 0
    num_answering: int = 0  # their bodies are whole
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_BEGUN))

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Begin when it is one's turn, which ends with the request or after a while."""
        await self.turns.acquire()
        is_over = False

        def end() -> None:
            nonlocal is_over
            if not is_over:
                self.turns.release()
            is_over = True

        timer = asyncio.get_running_loop().call_later(LONG_S, end)
        try:
            yield
        finally:
            timer.cancel()
            end()


class AtOnce:
    """429 for a request beyond `most` of the same client; up to there they take turns.

    Stands behind the doorkeeper. Health is not counted. Lives on the event loop's thread.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most
        self._clients: dict[tuple[str, str], _Client] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in HEALTH:
            await self.app(scope, receive, send)
            return
        name = _name_of(scope)
        client = self._clients.setdefault(name, _Client())
        client.num_here += 1
        try:
            if client.num_answering >= self.most:
                await error_response(too_many_requests(self.most))(scope, receive, send)
            else:
                await self._answer(client, scope, receive, send)
        finally:
            client.num_here -= 1
            if not client.num_here:
                del self._clients[name]

    async def _answer(self, client: _Client, scope: Scope, receive: Receive, send: Send) -> None:
        is_counted = False

        def count() -> None:
            nonlocal is_counted
            if not is_counted and client.num_answering >= self.most:
                raise too_many_requests(self.most)
            client.num_answering += not is_counted
            is_counted = True

        async def counting() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                count()
            return message

        if not _has_body(scope):
            count()
        try:
            async with client.turn():
                await self.app(scope, counting, send)
        finally:
            client.num_answering -= is_counted


def _name_of(scope: Scope) -> tuple[str, str]:
    owner = scope["state"].get("owner", LOCAL)
    return owner, str((scope.get("client") or ("", 0))[0]) if owner == LOCAL else ""


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip(b"0 "))
        for name, value in scope["headers"]
    )
