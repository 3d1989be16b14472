"""GET /v1/models: the one model that is served."""

from __future__ import annotations

import time
from typing import Final, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from limner.server.api.routes import check_model, keyed_routes
from limner.server.schemas.wire import Listing
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService

AI_NOTICE: Final = (
    "You are talking to an AI. Its words and pictures are generated, and its pictures are marked as such."
)


class Model(BaseModel):
    """A model as OpenAI lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "limner"
    is_ai: Literal[True] = True
    notice: str = AI_NOTICE


class Models(Listing[Model]):
    """All models, which is one."""


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/models and /v1/models/{model}."""
    routes = keyed_routes("models", "/v1/models")
    ours = Model(id=settings.model, created=int(time.time()))

    @routes.get("", summary="List models")
    async def every(owner: Owner) -> Models:
        return Models(data=[ours])

    @routes.get("/{model:path}", summary="Retrieve a model")
    async def one(model: str, owner: Owner) -> Model:
        check_model(model, settings)
        return ours

    return routes
