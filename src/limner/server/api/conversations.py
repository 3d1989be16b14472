"""The Conversations API: conversations and their items, as OpenAI's clients make and read them.

A conversation is a tree of rounds; its items are those on the way to its newest round. Knows HTTP and items;
the tree, people and files of a conversation are `conversation_views.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from limner.server.api.conversation_items import ConversationItems
from limner.server.api.response_desk import ResponseDesk
from limner.server.api.routes import check_id, keyed_routes
from limner.server.errors import not_found
from limner.server.rounds.rounds import desk_of, told
from limner.server.schemas import answers
from limner.server.schemas.response_input import response_of_item
from limner.server.schemas.shapes import ConversationCreate, ConversationUpdate, Include, Item, ItemsCreate
from limner.server.schemas.wire import (
    AnyItem,
    ConversationBody,
    ConversationFacts,
    ConversationList,
    Deleted,
    ItemList,
)
from limner.server.security.auth import Owner
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService
from limner.store.records import StoredConversation, StoredRound

Id = Annotated[str, Path(description="As `POST /v1/conversations` returned it.")]
ItemId = Annotated[str, Path(description="An item's id.")]
Limit = Annotated[int, Query(ge=1, le=100)]
TITLE = "title"


def router(service: ConversationService, settings: ServerSettings) -> APIRouter:
    """/v1/conversations and their items."""
    routes = keyed_routes("conversations", "/v1/conversations")
    held = Conversations(service, settings)

    @routes.get("", summary="List conversations, the newest first")
    async def every(owner: Owner, limit: Limit = 20, after: str | None = None) -> ConversationList:
        return await run_in_threadpool(held.page, owner, limit, after)

    @routes.post("", summary="Begin a conversation")
    async def create(owner: Owner, asked: ConversationCreate | None = None) -> ConversationBody:
        return await run_in_threadpool(held.create, owner, asked or ConversationCreate())

    @routes.get("/{id}", summary="Retrieve a conversation")
    async def retrieve(id: Id, owner: Owner) -> ConversationBody:
        return conversation_body(await run_in_threadpool(held.find, owner, id))

    @routes.post("/{id}", summary="Change a conversation's metadata")
    async def update(id: Id, asked: ConversationUpdate, owner: Owner) -> ConversationBody:
        return await run_in_threadpool(held.update, owner, id, asked)

    @routes.delete("/{id}", summary="Forget a conversation with all its rounds")
    async def delete(id: Id, owner: Owner) -> Deleted:
        await run_in_threadpool(held.delete, owner, id)
        return Deleted(id=id, object="conversation.deleted")

    _add_items(routes, held)
    return routes


def _add_items(routes: APIRouter, held: Conversations) -> None:
    """/items."""

    @routes.get("/{id}/items", summary="List the items on the way to the newest round")
    async def items(
        id: Id,
        owner: Owner,
        include: Include,
        limit: Limit = 20,
        after: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> ItemList:
        return await run_in_threadpool(held.items, owner, id, include, limit=limit, after=after, order=order)

    @routes.post("/{id}/items", summary="Add rounds whose answers are known")
    async def add_items(
        request: Request, id: Id, asked: ItemsCreate, owner: Owner, include: Include
    ) -> ItemList:
        desk = desk_of(request)
        await desk.lock(owner, id)
        try:
            return await run_in_threadpool(held.add, owner, id, asked.items, include)
        finally:
            desk.unlock(owner, id)

    @routes.get("/{id}/items/{item_id}", summary="Retrieve an item")
    async def item(id: Id, item_id: ItemId, owner: Owner, include: Include) -> AnyItem:
        return await run_in_threadpool(held.item, owner, id, item_id, include)

    @routes.delete("/{id}/items/{item_id}", summary="Forget an item")
    async def delete_item(id: Id, item_id: ItemId, owner: Owner) -> ConversationBody:
        return await run_in_threadpool(held.delete_item, owner, id, item_id)


class Conversations:
    """What the endpoints do with a service. Not on the event loop."""

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.settings = settings
        self.desk = ResponseDesk(service, settings)
        self.kept_items = ConversationItems(service, self.desk.transcripts)

    def page(self, owner: str, limit: int, after: str | None) -> ConversationList:
        check_id(after, "conversation", param="after")
        with told("after"):
            found = self.service.conversations(owner, limit=limit + 1, after=after)
        return ConversationList.of([*map(conversation_body, found[:limit])], has_more=len(found) > limit)

    def create(self, owner: str, asked: ConversationCreate) -> ConversationBody:
        title, metadata = _split(asked.metadata or {})
        with told("metadata"):
            made = self.service.new_conversation(owner, title=title or "", metadata=metadata)
        if asked.items:
            try:
                self.add(owner, made.id, asked.items, ())
            except BaseException:
                self.service.delete_conversation(owner, made.id)
                raise
        return conversation_body(self.find(owner, made.id))

    def find(self, owner: str, id: str) -> StoredConversation:
        check_id(id, "conversation")
        return self.service.conversation(owner, id)

    def update(self, owner: str, id: str, asked: ConversationUpdate) -> ConversationBody:
        self.find(owner, id)
        title, metadata = _split(asked.metadata or {})
        with told("metadata"):
            return conversation_body(self.service.rename(owner, id, title or "", metadata=metadata))

    def delete(self, owner: str, id: str) -> None:
        self.find(owner, id)
        self.service.delete_conversation(owner, id)

    def items(
        self,
        owner: str,
        id: str,
        include: Sequence[str],
        *,
        limit: int,
        after: str | None,
        order: str,
    ) -> ItemList:
        self.find(owner, id)
        tree = self.service.tree(owner, id)
        path = path_to(tree, tree[-1].id if tree else None)
        return self._page(path, include, limit=limit, after=after, order=order)

    def add(self, owner: str, id: str, items: Sequence[Item], include: Sequence[str]) -> ItemList:
        self.find(owner, id)
        with told("items"):
            parts = self.kept_items.add(owner, id, items)
            read = self.desk.kept.item_reader(include)
            return answers.page_of(parts, read, limit=len(parts) or 1, after=None, order="asc")

    def item(self, owner: str, id: str, item_id: str, include: Sequence[str]) -> AnyItem:
        return self.desk.kept.item_reader(include)(self._part_of(owner, id, item_id))

    def delete_item(self, owner: str, id: str, item_id: str) -> ConversationBody:
        self.kept_items.remove(owner, self._part_of(owner, id, item_id))
        return conversation_body(self.find(owner, id))

    def _part_of(self, owner: str, id: str, item_id: str) -> answers.Part:
        for part in answers.parts_of(self._round_of(owner, id, item_id)):
            if part.id == item_id:
                return part
        raise not_found(f"item {item_id[:60]!r}")

    def _round_of(self, owner: str, id: str, item_id: str) -> StoredRound:
        self.find(owner, id)
        response_id = response_of_item(item_id)
        if response_id is None:
            raise not_found(f"item {item_id[:60]!r}")
        round_ = self.service.get(owner, response_id)
        if round_.conversation != id:
            raise not_found(f"item {item_id[:60]!r}")
        return round_

    def _page(
        self,
        rounds: Sequence[StoredRound],
        include: Sequence[str],
        *,
        limit: int,
        after: str | None,
        order: str,
    ) -> ItemList:
        parts = [part for round_ in rounds for part in answers.parts_of(round_)]
        read = self.desk.kept.item_reader(include)
        return answers.page_of(parts, read, limit=limit, after=after, order=order)


def conversation_body(found: StoredConversation) -> ConversationBody:
    """A conversation as it goes over the wire; its title is part of the metadata."""
    picture = found.last_picture
    return ConversationBody(
        id=found.id,
        created_at=int(found.created),
        metadata={**found.metadata, **({TITLE: found.title} if found.title else {})},
        limner=ConversationFacts(
            num_rounds=found.num_rounds, last_picture=None if picture is None else picture_url(picture)
        ),
    )


def picture_url(digest: str) -> str:
    """Where a picture is read."""
    return f"/v1/pictures/{digest}.png"


def path_to(tree: Sequence[StoredRound], id: str | None) -> list[StoredRound]:
    """The rounds of a tree from the first to `id`."""
    by_id = {round_.id: round_ for round_ in tree}
    path: list[StoredRound] = []
    while id is not None:
        path.append(by_id[id])
        id = by_id[id].parent
    return path[::-1]


def _split(metadata: dict[str, str]) -> tuple[str | None, dict[str, str]]:
    """The title, and the metadata beside it."""
    rest = dict(metadata)
    return rest.pop(TITLE, None), rest
