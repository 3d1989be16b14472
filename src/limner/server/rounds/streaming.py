"""Server-sent events: written as they come, stopped the moment that the client is gone.

Knows the wire format and when a connection ends. Knows nothing about what the events say.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

KEEP_ALIVE_S: Final = 15.0
DONE: Final = b"data: [DONE]\n\n"


def event_bytes(data: Mapping[str, Any], *, named: bool = True) -> bytes:
    """One event. `named` writes the `event:` line from data["type"], as Responses and Images do."""
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    name = f"event: {data['type']}\n" if named else ""
    return f"{name}data: {body}\n\n".encode()


class EventStream(Response):
    """An answer of events. `gone` is called when the client left or the server stops before the end.

    Comments are sent while nothing happens, so that proxies keep the connection.
    """

    media_type = "text/event-stream"

    def __init__(self, chunks: AsyncIterator[bytes], *, gone: Callable[[], None]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self.chunks = chunks
        self.gone = gone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        leaving = asyncio.create_task(_left(receive))
        coming: asyncio.Task[bytes | None] | None = None
        is_whole = False
        try:
            while True:
                coming = coming or asyncio.create_task(_next(self.chunks))
                await asyncio.wait(
                    {coming, leaving}, timeout=KEEP_ALIVE_S, return_when=asyncio.FIRST_COMPLETED
                )
                if leaving.done():
                    return
                if not coming.done():
                    await send({"type": "http.response.body", "body": b": wait\n\n", "more_body": True})
                    continue
                chunk, coming = coming.result(), None
                if chunk is None:
                    break
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            is_whole = True
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            if not is_whole:
                self.gone()
            for task in (leaving, coming):
                if task is not None:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError, Exception):
                        await task


async def wait_until_left(request: Request) -> None:
    """Return when the client has disconnected. The body must have been read."""
    await _left(request.receive)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _next(chunks: AsyncIterator[bytes]) -> bytes | None:
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        return None
