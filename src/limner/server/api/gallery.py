"""The pictures of all conversations together, and which of them are favourites.

Knows a service and HTTP. A favourite is a round that its conversation names, so it goes when either goes.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.server.api.conversations import picture_url
from limner.server.api.routes import check_id, keyed_routes
from limner.server.rounds.rounds import told
from limner.server.schemas.shapes import Shape
from limner.server.schemas.wire import Page
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredConversation, StoredRound


class PaintedBody(BaseModel):
    """A picture, the round that painted it, and where that stands."""

    response: str
    conversation: str
    title: str
    text_in: str
    picture: str
    seed: int
    created_at: float
    favourite: bool


class Gallery(Page[PaintedBody]):
    """Pictures, the newest first, a page of them."""

    id_field = "response"


class Liking(Shape):
    """POST /v1/limner/pictures/{response}."""

    favourite: bool


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/limner/pictures."""
    routes = keyed_routes("limner", "/v1/limner/pictures")

    @routes.get("", summary="The pictures of all conversations, the newest first")
    async def pictures(
        owner: Owner,
        limit: Annotated[int, Query(ge=1, le=100)] = 40,
        after: Annotated[str | None, Query(description="A response; from the one after it on.")] = None,
        favourites: Annotated[bool, Query(description="Only those.")] = False,
    ) -> Gallery:
        check_id(after, "response", param="after")
        with told("after"):
            return await run_in_threadpool(_page, service, owner, limit, after, favourites)

    @routes.post("/{response}", summary="Make a picture a favourite, or no longer")
    async def like(
        response: Annotated[str, Path(description="The response that painted it.")],
        asked: Liking,
        owner: Owner,
    ) -> PaintedBody:
        check_id(response, "response")
        with told("response"):
            of = await run_in_threadpool(service.favour, owner, response, liked=asked.favourite)
            return painted_body(await run_in_threadpool(service.get, owner, response), of)

    return routes


def painted_body(round_: StoredRound, of: StoredConversation) -> PaintedBody:
    """The gallery's entry of a round that painted a picture."""
    assert round_.picture is not None
    return PaintedBody(
        response=round_.id,
        conversation=of.id,
        title=of.title,
        text_in=round_.text_in,
        picture=picture_url(round_.picture),
        seed=round_.seed,
        created_at=round_.created,
        favourite=round_.id in of.favourites,
    )


def _page(
    service: ConversationService, owner: str, limit: int, after: str | None, favourites: bool
) -> Gallery:
    found = service.pictures(owner, limit=limit + 1, after=after, favourites=favourites)
    page = found[:limit]
    names = {round_.conversation or "" for round_ in page}
    of = {id: service.conversation(owner, id) for id in names}
    data = [painted_body(round_, of[round_.conversation or ""]) for round_ in page]
    return Gallery.of(data, has_more=len(found) > limit)
