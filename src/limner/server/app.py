"""The web application: every router behind one stack of guards.

Knows which parts there are and in which order a request meets them. Each part knows its own endpoints.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import limner
from limner.server import page, safety
from limner.server.api import (
    chat_completions,
    conversation_find,
    conversation_live,
    conversation_views,
    conversations,
    facts,
    files,
    gallery,
    health,
    images,
    models,
    moderation,
    people,
    provenance_desk,
    responses,
)
from limner.server.document import describe, methods_at, operation_id
from limner.server.errors import ApiError, error_response, from_http_exception, from_validation_error
from limner.server.guard import guard
from limner.server.pictures.sources import remembering
from limner.server.rounds.metrics import Metrics
from limner.server.rounds.rounds import DAMAGED, EXPECTED, Desk, answer_to
from limner.server.rounds.store_errors import takes_anything_new
from limner.server.security.bodies import HeavyBodies
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService

# The first that takes a path answers it: "import" is no conversation's id.
PARTS: Final = (
    responses,
    conversation_live,
    conversation_views,
    conversations,
    chat_completions,
    images,
    files,
    gallery,
    people,
    moderation,
    provenance_desk,
    models,
    conversation_find,
    facts,
    health,
)
ABOUT: Final = (
    "Limner over HTTP, in OpenAI's shapes. A conversation lives in the Responses API: `previous_response_id` "
    "goes on from any earlier answer, and two requests with the same one are siblings."
)


def server_app(service: ConversationService, settings: ServerSettings) -> FastAPI:
    """The whole application over a service that is ready."""
    app = FastAPI(
        title="Limner",
        version=limner.__version__,
        description=ABOUT,
        docs_url=None,  # its page comes from a foreign server
        redoc_url=None,
        separate_input_output_schemas=False,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,  # the address would be made of the Host header
    )
    metrics = Metrics()
    metrics.watch_engine(lambda: service.engine.stats)
    metrics.watch_painter(lambda: service.painter.spending)
    metrics.watch_store(lambda: takes_anything_new(service))
    app.state.heavy_bodies = HeavyBodies()
    app.state.desk = Desk(limits=settings.limits, metrics=metrics)
    settings = replace(settings, safety_hook=safety.hook_of(service, settings) or "none")
    service = remembering(moderation.guarded(service, moderation.load_safety(settings.safety_hook)))
    for part in PARTS:
        app.include_router(part.router(service, settings))
    app.router.routes.extend(page.routes())
    answer_errors(app)
    describe(app, with_keys=settings.keys is not None)
    guard(app, settings, observe=metrics.requested)
    return app


def answer_errors(app: FastAPI) -> None:
    """Every error in one shape."""

    async def told(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if isinstance(error, ApiError) and error.code == DAMAGED:
            app.state.desk.metrics.damaged()
        answer = error_response(from_http_exception(error))
        if error.status_code == 405:
            answer.headers["Allow"] = ", ".join(methods_at(app, request.scope["path"])) or "GET"
        return answer

    async def expected(request: Request, error: Exception) -> Response:
        return await told(request, answer_to(error))

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return error_response(from_validation_error(error))

    app.add_exception_handler(HTTPException, told)
    for kind in EXPECTED:
        app.add_exception_handler(kind, expected)
    app.add_exception_handler(RequestValidationError, invalid)
