"""Pages of other sites that the operator lets in (`--allow-origin`): what their browsers must be told.

Knows the headers of the Fetch standard's CORS protocol. Whether a page may send at all is `hosts.py`'s
business; which key it needs, `keys.py`'s. Credentials of a browser (cookies) are never taken.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from limner.server.errors import ApiError, error_response

METHODS: Final = "DELETE, GET, HEAD, POST"
# What OpenAI's JavaScript client reads beside the body, and what tells how a file is called.
EXPOSED: Final = "Content-Disposition, ETag, Retry-After, x-request-id, x-should-retry"
MAX_AGE_S: Final = 600
MAX_ASKED: Final = 4096  # characters of the header names that a page asks for


class CrossOrigin:
    """Outermost: lets a page of an allowed origin read every answer, errors of any kind among them."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin") if scope["type"] == "http" else None

        async def readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"vary", b"Origin")]
                if origin in self.origins and origin is not None:
                    extra += [
                        (b"access-control-allow-origin", origin.encode("latin-1")),
                        (b"access-control-expose-headers", EXPOSED.encode()),
                        (b"cross-origin-resource-policy", b"cross-origin"),
                    ]
                held = [
                    pair
                    for pair in message["headers"]
                    if len(extra) == 1 or pair[0].lower() != b"cross-origin-resource-policy"
                ]
                message = {**message, "headers": [*held, *extra]}
            await send(message)

        await self.app(scope, receive, readable if scope["type"] == "http" else send)


class Preflight:
    """Answers what a browser asks before it lets a page send; such a question carries no key."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self.app = app
        self.origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_asked = scope["type"] == "http" and scope["method"] == "OPTIONS"
        if not is_asked or _header(scope, b"access-control-request-method") is None:
            await self.app(scope, receive, send)
            return
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        if _header(scope, b"origin") not in self.origins:
            return error_response(foreign_origin())
        asked = _header(scope, b"access-control-request-headers") or ""
        if len(asked) > MAX_ASKED:
            return error_response(ApiError(400, "The page asks for too many headers; send fewer."))
        return Response(
            status_code=204,
            headers={
                "Access-Control-Allow-Methods": METHODS,
                # Clients name their own version in headers that nobody can list beforehand.
                "Access-Control-Allow-Headers": asked,
                "Access-Control-Max-Age": str(MAX_AGE_S),
            },
        )


def foreign_origin() -> ApiError:
    """403: a page that was not let in."""
    return ApiError(
        403,
        "Pages of other sites may not send requests here; the operator can allow one with --allow-origin.",
        code="foreign_origin",
    )


def _header(scope: Scope, name: bytes) -> str | None:
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else None
