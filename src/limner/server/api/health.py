"""Whether the server lives, and whether it takes rounds; and its numbers for Prometheus."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.server.api.routes import answer_in
from limner.server.errors import error_response
from limner.server.rounds.metrics import side_by_side
from limner.server.rounds.rounds import desk_of
from limner.server.rounds.store_errors import answer_of, store_full
from limner.server.schemas.wire import ERRORS, ErrorBody
from limner.server.security.auth import IsOperator, Owner, needs_key
from limner.server.security.limits import draining
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoreFailed


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """The model is loaded and rounds are taken."""

    status: Literal["ready"] = "ready"


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/health/live, /health/ready, /metrics."""
    routes = APIRouter(tags=["health"])

    @routes.get("/health/live", summary="The process answers")
    async def live() -> Alive:
        return Alive()

    @routes.get(
        "/health/ready",
        summary="Rounds are taken",
        response_model=Ready,
        responses={503: {"model": ErrorBody, "description": "Loading, about to stop, or no room."}},
    )
    async def ready(request: Request) -> Ready | Response:
        if desk_of(request).is_draining:
            return error_response(draining())
        try:
            is_full = await run_in_threadpool(lambda: service.store.is_full)
        except StoreFailed as error:  # the store has logged it
            return error_response(answer_of(error))
        if is_full:
            return error_response(store_full(503))
        return Ready()

    @routes.get(
        "/metrics",
        summary="Numbers for Prometheus",
        dependencies=[needs_key],
        response_class=Response,
        responses={**ERRORS, **answer_in("text/plain")},
    )
    async def metrics(request: Request, owner: Owner, is_operator: IsOperator) -> Response:
        desk, of = desk_of(request), None if is_operator else owner
        text = await run_in_threadpool(desk.metrics.text, of)
        if desk.others is not None:
            text = side_by_side(await desk.others.numbers(text, of))
        return Response(text, media_type="text/plain; version=0.0.4")

    return routes
