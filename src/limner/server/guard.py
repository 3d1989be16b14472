"""What every request passes on its way in and out: headers, the log, Host and Origin, its body, its key.

Knows HTTP only. Nothing here looks at a URL that was built from the Host header; paths are the server's own.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
import traceback
from collections.abc import Callable
from typing import Final

from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.server import page
from limner.server.errors import SENTENCES, ApiError, error_response
from limner.server.security.at_once import AtOnce
from limner.server.security.cross_origin import CrossOrigin, Preflight
from limner.server.security.head import HeadAsGet
from limner.server.security.hosts import HostAndOrigin, own_names
from limner.server.security.keys import PUBLIC_PATHS, Doorkeeper
from limner.server.security.limits import too_large, too_many_large_bodies
from limner.server.settings import ServerSettings

log = logging.getLogger("limner.server")

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HEADERS: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())

# (method, route, status, seconds, owner), once an answer is sent
Observe = Callable[[str, str, int, float, str | None], None]


class Answering:
    """The outermost middleware: security headers, request id, access log line, and a plain error for any
    uncaught exception.
    """

    def __init__(self, app: ASGIApp, *, observe: Observe | None = None) -> None:
        self.app = app
        self.observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope.setdefault("state", {}).setdefault("request_id", f"req_{secrets.token_hex(16)}")
        start = time.perf_counter()
        status = 0

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = [*_HEADERS, (b"x-request-id", request_id.encode())]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        except Exception as error:
            # The message may hold what a user wrote; the kind and the place do not.
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s\n%s", request_id, type(error).__name__, frames.rstrip())
            if status == 0:
                await error_response(ApiError(500, SENTENCES[500]))(scope, receive, with_headers)
        finally:
            seconds = time.perf_counter() - start
            route = getattr(scope.get("route"), "path", "unknown")
            if self.observe is not None:
                self.observe(scope["method"], route, status, seconds, scope["state"].get("owner"))
            path = scope.get("raw_path", b"").partition(b"?")[0].decode("ascii", "replace")[:160]
            owner = scope["state"].get("owner", "-")
            level = logging.DEBUG if path.startswith("/health/") and status == 200 else logging.INFO
            log.log(
                level,
                "%s %s %s %d %.3fs %s",
                request_id,
                scope["method"],
                path or "/",
                status,
                seconds,
                owner[:16],
            )


class BodyLimit:
    """413 for a body that is too large, by its header or while it arrives; 408 for one that never ends; 503
    for a large one while many others are held.
    """

    def __init__(
        self, app: ASGIApp, *, max_bytes: int, timeout_s: float, small_bytes: int, max_large_bytes: int
    ) -> None:
        self.app = app
        self.max_bytes = max_bytes
        self.timeout_s = timeout_s
        self.small_bytes = small_bytes
        self.free_bytes = max_large_bytes  # for bodies above small_bytes; on the event loop's thread alone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and not (value.isdigit() and int(value) <= self.max_bytes):
                await error_response(too_large(self.max_bytes))(scope, receive, send)
                return
        body = _Body(self, receive)
        try:
            await self.app(scope, body.receive, send)
        finally:
            self.free_bytes += body.held_bytes


class _Body:
    """One body while it arrives, and what it holds of the memory for large ones until it is answered."""

    def __init__(self, limit: BodyLimit, receive: Receive) -> None:
        self.limit = limit
        self.incoming = receive
        self.deadline = time.monotonic() + limit.timeout_s
        self.num_bytes = 0
        self.held_bytes = 0
        self.is_whole = False

    async def receive(self) -> Message:
        if self.is_whole:  # from now on only the client's leaving is waited for
            return await self.incoming()
        try:
            message = await asyncio.wait_for(self.incoming(), max(0.0, self.deadline - time.monotonic()))
        except TimeoutError:
            raise ApiError(
                408, "The request's body did not arrive in time; try again.", code="request_timeout"
            ) from None
        if message["type"] == "http.request":
            self.num_bytes += len(message.get("body", b""))
            self.is_whole = not message.get("more_body", False)
            if self.num_bytes > self.limit.max_bytes:
                raise too_large(self.limit.max_bytes)
            if self.num_bytes > self.limit.small_bytes:
                self._hold(self.num_bytes - self.held_bytes)
        return message

    def _hold(self, num_bytes: int) -> None:
        if num_bytes > self.limit.free_bytes:
            raise too_many_large_bodies()
        self.limit.free_bytes -= num_bytes
        self.held_bytes += num_bytes


def guard(app: Starlette, settings: ServerSettings, *, observe: Observe | None = None) -> None:
    """Put the guards in front of an application, the last one added being the first that a request meets."""
    limits = settings.limits
    public = PUBLIC_PATHS | page.paths()
    app.add_middleware(HeadAsGet)
    app.add_middleware(AtOnce, most=limits.max_requests_at_once)
    app.add_middleware(Doorkeeper, keys=settings.keys, operator_keys=settings.operator_keys, public=public)
    app.add_middleware(
        BodyLimit,
        max_bytes=limits.max_body_bytes,
        timeout_s=limits.body_timeout_s,
        small_bytes=limits.max_text_body_bytes,
        max_large_bytes=limits.max_large_bodies_bytes,
    )
    if settings.allowed_origins:
        app.add_middleware(Preflight, origins=settings.allowed_origins)
    app.add_middleware(
        HostAndOrigin,
        names=None if settings.keys is not None else own_names(settings.host, settings.allowed_hosts),
        origins=settings.allowed_origins,
    )
    app.add_middleware(Answering, observe=observe)
    if settings.allowed_origins:
        app.add_middleware(CrossOrigin, origins=settings.allowed_origins)
