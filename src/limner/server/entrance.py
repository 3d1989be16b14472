"""The server's front while the model loads: it answers at once, and hands over when there is a service.

Knows loading, serving and failing to load. Torch is not imported here, so that the address is open within
moments of the command.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from limner.server import page
from limner.server.errors import ApiError, error_response
from limner.server.guard import guard
from limner.server.security.limits import loading
from limner.server.settings import ServerSettings

_REST: Final = re.compile(r"^/v1/|^/metrics$")


class Entrance:
    """An application that is first the waiting room and then the server."""

    def __init__(self, settings: ServerSettings) -> None:
        self.app: ASGIApp = waiting_room(settings)

    def open(self, app: ASGIApp) -> None:
        """From now on, requests go to `app`; those under way end where they began."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def waiting_room(settings: ServerSettings) -> ASGIApp:
    """Answers what can be answered without a model: the page, that the process lives, and 503."""

    async def live(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def wait(request: Request) -> Response:
        return error_response(loading())

    async def nothing(request: Request, error: Exception) -> Response:
        if _REST.match(request.scope["path"]):
            return error_response(loading())
        return error_response(ApiError(404, "There is nothing at this address."))

    routes = [Route("/health/live", live), Route("/health/ready", wait), Route("/openapi.json", wait)]
    room = Starlette(routes=[*routes, *page.routes()], exception_handlers={404: nothing})
    guard(room, settings)
    return room
