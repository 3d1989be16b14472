"""Finding what was said or painted: conversations by words, and the round that a downloaded picture tells of.

Knows a service and HTTP. What matches is the store's business (`store/search.py`).
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from limner.server.api.conversations import conversation_body
from limner.server.api.routes import keyed_routes
from limner.server.errors import not_found
from limner.server.rounds.rounds import told
from limner.server.schemas.wire import ConversationList
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import is_digest


class RoundPlace(BaseModel):
    """Where a round stands: its response, the conversation that it is in, and what was said in it."""

    response: str
    conversation: str | None
    text_in: str


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/limner/conversations and /v1/limner/nodes/{node}."""
    routes = keyed_routes("limner", "/v1/limner")

    @routes.get("/conversations", summary="Conversations in which these words stand, the newest first")
    async def find(
        owner: Owner,
        q: Annotated[str, Query(description="Words, in any order and case.", max_length=200)],
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> ConversationList:
        with told("q"):
            found = await run_in_threadpool(service.find, owner, q, limit + 1)
        return ConversationList.of([*map(conversation_body, found[:limit])], has_more=len(found) > limit)

    @routes.get("/nodes/{node}", summary="The newest round of a history node, as a picture's file tells it")
    async def node(node: Annotated[str, Path(description="64 hex digits.")], owner: Owner) -> RoundPlace:
        round_ = None
        if is_digest(node):
            round_ = await run_in_threadpool(service.round_of_node, owner, node)
        if round_ is None:
            raise not_found(f"round of the node {node[:80]!r}")
        return RoundPlace(response=round_.id, conversation=round_.conversation, text_in=round_.text_in)

    return routes
