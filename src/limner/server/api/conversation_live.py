"""What a page follows of a conversation that others may add to: rounds in progress, changes as they come, and
which rounds the model still reads.

Knows a service and the desk. Changes are looked for in the store, so that it does not matter who made them:
another tab, another client, another replica. Rounds in progress are those of the replica that is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from limner.dialogue.boxes import Box
from limner.server.api.conversations import Conversations, Id
from limner.server.api.routes import check_id, keyed_routes
from limner.server.errors import not_found
from limner.server.rounds.rounds import EXPECTED, Desk, RunningRound, desk_of, told
from limner.server.rounds.streaming import EventStream, event_bytes
from limner.server.schemas.wire import Listing
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import NotThere, StoredConversation

LOOK_EVERY_S: Final = 1.0
MOST_LOOKING: Final = 2
PACE_S: Final = 0.02  # between two looks, so that hundreds of followed conversations leave time for others
# Each event of the stream, as a client reads it.
EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
}


class InProgressBody(BaseModel):
    """A round that was requested and is not finished; its id is its response's id."""

    id: str
    parent: str | None
    text_in: str
    seed: int | None
    region: Box | None
    created_at: float


class InProgress(Listing[InProgressBody]):
    """Rounds in progress, the oldest first."""


class StillRead(Listing[str]):
    """Ids of the rounds that the model would read before the next instruction, oldest first."""

    num_rounds: int  # on the way to the response that was named


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/conversations/{id}/in_progress, /events and /read."""
    routes = keyed_routes("limner", "/v1/conversations/{id}")
    held = Conversations(service, settings)
    standings = Standings(held)

    @routes.get("/in_progress", summary="Rounds that are being painted or wait for it")
    async def in_progress(request: Request, id: Id, owner: Owner) -> InProgress:
        await run_in_threadpool(held.find, owner, id)
        found = running_in(desk_of(request), owner, id)
        return InProgress(data=[in_progress_body(one) for one in found])

    @routes.get(
        "/events",
        summary="Whenever the conversation changes, as server-sent events",
        response_class=Response,
        responses={200: {"content": {"text/event-stream": {"schema": EVENT}}}},
    )
    async def events(request: Request, id: Id, owner: Owner) -> Response:
        await run_in_threadpool(held.find, owner, id)
        return EventStream(changes(standings, desk_of(request), owner, id), gone=lambda: None)

    @routes.get("/read", summary="Which rounds the model still reads")
    async def read(
        id: Id,
        owner: Owner,
        at: Annotated[str, Query(description="The response that would be gone on from.")],
        text: Annotated[
            str, Query(description="What would be said, which may point at earlier rounds.", max_length=4000)
        ] = "",
    ) -> StillRead:
        check_id(at, "response", param="at")
        with told("at"):
            round_ = await run_in_threadpool(service.get, owner, at)
            if round_.conversation != id:
                raise not_found(f"response {at!r} in this conversation", param="at")
            found = await run_in_threadpool(service.read_at, owner, at, text)
        return StillRead(data=[one.id for one in found], num_rounds=round_.depth + 1)

    return routes


def running_in(desk: Desk, owner: str, conversation: str) -> list[RunningRound]:
    """The owner's rounds of a conversation that are not answered yet."""
    found = [one for one in desk.running.values() if (one.owner, one.conversation) == (owner, conversation)]
    return sorted(found, key=lambda one: one.created)


def in_progress_body(running: RunningRound) -> InProgressBody:
    """The list entry of a round in progress."""
    return InProgressBody(id=running.id, created_at=running.created, **asdict(running.asked))


class Standings:
    """How conversations stand: looked up once for all who follow the same one, and few at a time."""

    def __init__(self, held: Conversations) -> None:
        self._held = held
        self._turns = asyncio.Semaphore(MOST_LOOKING)
        self._looks: dict[tuple[str, str], asyncio.Task[StoredConversation]] = {}

    async def of(self, owner: str, id: str) -> StoredConversation:
        """As it stood a moment ago; NotThere when it is gone."""
        look = self._looks.get((owner, id))
        if look is None:
            look = self._looks[owner, id] = asyncio.create_task(self._look(owner, id))
        return await asyncio.shield(look)

    async def _look(self, owner: str, id: str) -> StoredConversation:
        try:
            async with self._turns:
                found = await run_in_threadpool(self._held.find, owner, id)
                await asyncio.sleep(PACE_S)
            return found
        finally:  # whoever asks from now on within the second is told the same
            asyncio.get_running_loop().call_later(LOOK_EVERY_S / 2, self._looks.pop, (owner, id), None)


async def changes(standings: Standings, desk: Desk, owner: str, id: str) -> AsyncIterator[bytes]:
    """How the conversation stands, now and whenever that is something else; ends when it is deleted, or the
    server stops.
    """
    last: dict[str, Any] | None = None
    number = 0
    while not desk.is_draining:
        try:
            now = _standing(await standings.of(owner, id), desk)
        except NotThere:
            yield event_bytes({"type": "conversation.deleted", "sequence_number": number})
            return
        except EXPECTED:  # whoever asks again is told
            return
        if now != last:
            yield event_bytes({"type": "conversation.changed", "sequence_number": number, **now})
            last, number = now, number + 1
        await asyncio.sleep(LOOK_EVERY_S)


def _standing(found: StoredConversation, desk: Desk) -> dict[str, Any]:
    return {
        "num_rounds": found.num_rounds,
        "newest": found.head,
        "title": found.title,
        "in_progress": [one.id for one in running_in(desk, found.owner, found.id)],
    }
