"""The pictures of all conversations together, and which of them are favourites.

Knows a service and HTTP. A favourite is a round that its conversation names, so it goes when either goes.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.server.api.conversations import picture_url
from limner.server.errors import not_found
from limner.server.rounds.rounds import told
from limner.server.schemas.shapes import Shape
from limner.server.schemas.wire import ERRORS
from limner.server.security.auth import Owner, needs_key
from limner.server.security.bodies import BodyRoute
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredConversation, StoredRound, is_id


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


class Gallery(BaseModel):
    """Pictures, the newest first, a page of them."""

    object: Literal["list"] = "list"
    data: list[PaintedBody]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Liking(Shape):
    """POST /v1/limner/pictures/{response}."""

    favourite: bool


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/limner/pictures."""
    routes = APIRouter(
        route_class=BodyRoute,
        prefix="/v1/limner/pictures",
        tags=["limner"],
        dependencies=[needs_key],
        responses=ERRORS,
    )

    @routes.get("", summary="The pictures of all conversations, the newest first")
    async def pictures(
        owner: Owner,
        limit: Annotated[int, Query(ge=1, le=100)] = 40,
        after: Annotated[str | None, Query(description="A response; from the one after it on.")] = None,
        favourites: Annotated[bool, Query(description="Only those.")] = False,
    ) -> Gallery:
        if after is not None and not is_id(after, "resp"):
            raise not_found(f"response {after[:60]!r}", param="after")
        with told("after"):
            data, has_more = await run_in_threadpool(_page, service, owner, limit, after, favourites)
        return Gallery(
            data=data,
            first_id=data[0].response if data else None,
            last_id=data[-1].response if data else None,
            has_more=has_more,
        )

    @routes.post("/{response}", summary="Make a picture a favourite, or no longer")
    async def like(
        response: Annotated[str, Path(description="The response that painted it.")],
        asked: Liking,
        owner: Owner,
    ) -> PaintedBody:
        if not is_id(response, "resp"):
            raise not_found(f"response {response[:60]!r}")
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
) -> tuple[list[PaintedBody], bool]:
    found = service.pictures(owner, limit=limit + 1, after=after, favourites=favourites)
    page = found[:limit]
    names = {round_.conversation or "" for round_ in page}
    of = {id: service.conversation(owner, id) for id in names}
    return [painted_body(round_, of[round_.conversation or ""]) for round_ in page], len(found) > limit
